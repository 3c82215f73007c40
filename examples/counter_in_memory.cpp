// SPDX-License-Identifier: BSL-1.0
// Three replicas of a counter in one process: no socket, no file, no thread.
#include <synod/cereal/codec.hpp>
#include <synod/protocol/multi_paxos.hpp>
#include <synod/runtime/memory_cluster.hpp>

#include <cstdint>
#include <iostream>

struct counter {  // a state machine is a plain struct
  using command = std::int64_t;
  std::int64_t total = 0;
  std::int64_t apply(command const& by) { return total += by; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(total);
  }
};

int main() {
  synod::memory_cluster<synod::multi_paxos<>, counter, synod::cereal_codec> replicas;
  for (std::int64_t i = 1; i <= 100; ++i) {
    auto const total = replicas.submit(i, i % 3);  // at any of them
    if (!total) {
      std::cerr << total.error() << '\n';  // total.refused(), or total.unknown()
      return 1;
    }
  }
  replicas.crash(0);  // one of three may fail, whichever it is
  std::cout << *replicas.submit(std::int64_t{0}, 1) << '\n';
}
