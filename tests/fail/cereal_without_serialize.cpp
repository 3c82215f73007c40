// SPDX-License-Identifier: BSL-1.0
// expect: synod::cereal_codec: the value needs `template <class A> void serialize(A& ar)
#include <synod/cereal/codec.hpp>

struct command {
  int amount = 0;
};

int main() {
  synod::cereal_codec codec;
  command found;
  return codec.decode({}, found) ? 1 : 0;
}
