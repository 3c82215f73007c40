// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "named_quorum.hpp"

#include <synod/testing/cluster.hpp>
#include <synod/testing/cluster_types.hpp>
#include <synod/testing/load_run.hpp>
#include <synod/testing/simulate.hpp>

#include <string>
#include <vector>

namespace synod_sim {

// A machine that remembers the last number it was given.
struct number_machine {
  using command = std::uint64_t;
  std::uint64_t last = 0;
  void apply(command const& by) { last = by; }
};

// What the program runs for one protocol with one leader policy. Each file of this folder that
// instantiates a cluster registers it, so that they compile beside each other.
struct runner {
  std::string protocol;
  std::string leader;  // "none" where there is none to choose
  std::string host;    // "cores", bare; or "nodes", with sessions, reads, snapshots and first boot
  synod::testing::fault_families faults;
  synod::testing::simulation_report (*run)(synod::testing::simulation_options const&) = nullptr;
  synod::testing::minimal_failure (*shrink)(synod::testing::cluster_options) = nullptr;
  // Where there is something to measure: a log under load.
  synod::testing::load_figures (*load)(synod::testing::load_options const&) = nullptr;
  bool promises_progress = true;  // while one node reaches a quorum, whatever else is cut
};

inline std::vector<runner>& runners() {
  static std::vector<runner> all;
  return all;
}

template <class Cluster>
runner make_runner(char const* protocol, char const* leader, char const* host = "cores") {
  runner made;
  made.protocol = protocol;
  made.leader = leader;
  made.host = host;
  made.faults = Cluster::setup::faults();
  made.promises_progress = Cluster::protocol::progresses_when_partially_connected;
  made.run = [](synod::testing::simulation_options const& wanted) {
    return synod::testing::simulate<Cluster>(wanted);
  };
  made.shrink = [](synod::testing::cluster_options failed) {
    return synod::testing::shrink<Cluster>(std::move(failed));
  };
  return made;
}

// The same with a load to measure.
template <class Protocol>
runner make_measured_runner(char const* protocol, char const* leader) {
  runner made = make_runner<synod::testing::cluster<Protocol, number_machine>>(protocol, leader);
  made.load = [](synod::testing::load_options const& wanted) {
    return synod::testing::load_run<Protocol, number_machine>(wanted).run();
  };
  return made;
}

struct registered {
  explicit registered(runner one) { runners().push_back(std::move(one)); }
};

}  // namespace synod_sim
