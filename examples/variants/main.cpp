// SPDX-License-Identifier: BSL-1.0
// One program, one template argument switched at a time, and what that changes: messages and round
// trips for a decision, and decisions a second, on a simulated network.
#include <synod/leader/stable.hpp>
#include <synod/protocol/masterless_multi_paxos.hpp>
#include <synod/protocol/multi_paxos.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/testing/load_run.hpp>

#include <cstdint>
#include <cstdio>

namespace {

struct counter {
  using command = std::uint64_t;
  std::uint64_t total = 0;
  void apply(command const& by) { total += by; }
};

struct situation {
  char const* name;
  unsigned proposers;
  std::uint32_t loss;  // in parts per million
};
constexpr situation situations[] = {
    {"one proposes", 1, 0}, {"all five propose", 5, 0}, {"the same, 30 % lost", 5, 300'000}};

template <class Protocol>
void show(char const* written) {
  std::printf("%s\n", written);
  for (situation const& one : situations) {
    synod::testing::load_options given;
    given.proposers = one.proposers;
    given.loss = one.loss;
    given.length_ns = 20'000'000'000;
    auto const found = synod::testing::load_run<Protocol, counter>(given).run();
    std::printf("  %-20s %6.1f messages, %5.1f round trips each, %6.1f decisions/s\n", one.name,
                found.messages_each(), found.round_trips_each(), found.per_second());
  }
}

}  // namespace

int main() {
  std::puts("five nodes, 10 ms for a message and its answer, 20 s:");
  show<synod::multi_paxos<>>("multi_paxos<>");
  show<synod::multi_paxos<synod::flexible<4, 2>>>("multi_paxos<flexible<4, 2>>");
  show<synod::multi_paxos<synod::majority, synod::stable>>("multi_paxos<majority, stable>");
  show<synod::masterless_multi_paxos<>>("masterless_multi_paxos<>");
  return 0;
}
