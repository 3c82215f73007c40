// SPDX-License-Identifier: BSL-1.0
// expect: synod::cereal_codec: an enumeration needs `constexpr bool is_enumerator(E)`
#include <synod/cereal/codec.hpp>

enum class colour { red, blue };

struct command {
  colour paint = colour::red;

  template <class A>
  void serialize(A& ar) {
    ar(paint);
  }
};

int main() {
  synod::cereal_codec codec;
  command found;
  return codec.decode({}, found) ? 1 : 0;
}
