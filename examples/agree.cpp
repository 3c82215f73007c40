// SPDX-License-Identifier: BSL-1.0
// Three nodes agree on one value: first in memory, then under the simulator.
#include <synod/protocol/single_decree.hpp>
#include <synod/testing/single_decree.hpp>

#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

struct number {  // a state machine: here, a number that is set once
  using command = std::uint64_t;
  std::uint64_t is = 0;
  void apply(command const& to) { is = to; }
};
using paxos = synod::single_decree<>::core<number>;

int main() {
  auto const members = *synod::membership::make(
      synod::config_number(1), {{.id = synod::node_id(1), .index = synod::node_index(0)},
                                {.id = synod::node_id(2), .index = synod::node_index(1)},
                                {.id = synod::node_id(3), .index = synod::node_index(2)}});
  std::vector<paxos> nodes;
  for (auto const& one : members.members())
    nodes.push_back(paxos({.self = one.id, .members = members}));
  std::vector<paxos::output_type> out(3);
  for (std::size_t i = 0; i < 3; ++i) nodes[i].start(0, {}, out[i]);
  for (std::size_t i = 0; i < 3; ++i) {  // each wants a value of its own
    synod::batch<std::uint64_t> mine;
    mine.add(synod::session_id(i + 1), synod::sequence(1), {}, 100 + i);
    (void)nodes[i].propose(0, std::move(mine), out[i]);
  }
  for (synod::time_ns now = 0;
       !nodes[0].is_chosen() || !nodes[1].is_chosen() || !nodes[2].is_chosen(); now += 1'000'000) {
    for (std::size_t i = 0; i < 3; ++i) {
      nodes[i].tick(now, out[i]);
      paxos::output_type const done = std::exchange(out[i], {});
      if (!done.persist.empty()) nodes[i].persisted(now, done.persist.back().number, out[i]);
      auto const deliver = [&](auto const& one) {
        one.to.for_each([&](synod::node_index to) {
          nodes[to.value].step(now, members.members()[i].id, paxos::message_type(one.message),
                               out[to.value]);
        });
      };
      for (auto const& one : done.send_now) deliver(one);
      for (auto const& one : done.send_after) deliver(one);  // what they wait for is durable by now
    }
  }
  for (auto const& one : nodes)
    std::printf("%llu\n", static_cast<unsigned long long>(one.value().commands()[0]));

  synod::testing::cluster<synod::single_decree<>, number> simulated({.seed = 1, .nodes = 3});
  auto const report =
      simulated.run();  // loss, crashes, torn disks; every invariant after every event
  std::printf("%llu events, %zu violations\n", static_cast<unsigned long long>(report.events),
              report.violations.size());
  return report.good() ? 0 : 1;
}
