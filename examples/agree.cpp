// SPDX-License-Identifier: BSL-1.0
// Three nodes agree on one value: in memory, and then under the simulator.
#include <synod/protocol/single_decree.hpp>
#include <synod/runtime/cores_in_memory.hpp>
#include <synod/testing/single_decree.hpp>

#include <cstdint>
#include <iostream>

struct number {  // a state machine: here, a value that is set once
  using command = std::uint64_t;
  std::uint64_t is = 0;
  void apply(command const& to) { is = to; }
};

int main() {
  synod::cores_in_memory<synod::single_decree<>, number> nodes(3);
  for (std::uint64_t i = 0; i < 3; ++i) (void)nodes.propose(i, 100 + i);  // each wants its own
  if (!nodes.run_until_all([](auto const& one) { return one.is_chosen(); })) return 1;
  for (std::size_t i = 0; i < 3; ++i) std::cout << nodes.at(i).value().commands()[0] << '\n';

  // The same under loss, crashes and torn disks, every invariant checked after every event.
  synod::testing::cluster<synod::single_decree<>, number> simulated({.seed = 1, .nodes = 3});
  auto const report = simulated.run();
  for (auto const& one : report.violations) std::cout << one.invariant << ": " << one.text << '\n';
  std::cout << report.events << " events, " << report.operations << " operations\n";
  return report.good() ? 0 : 1;
}
