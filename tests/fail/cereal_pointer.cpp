// SPDX-License-Identifier: BSL-1.0
// expect: synod::cereal_codec: pointers cannot be part of a value that goes over the wire
#include <synod/cereal/codec.hpp>

#include <cereal/types/memory.hpp>

#include <memory>

struct command {
  std::shared_ptr<int> shared;

  template <class A>
  void serialize(A& ar) {
    ar(shared);
  }
};

int main() {
  synod::cereal_codec codec;
  command found;
  return codec.decode({}, found) ? 1 : 0;
}
