// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/leader/ballot_election.hpp>
#include <synod/protocol/multi_paxos/core.hpp>
#include <synod/protocol/multi_paxos/wire.hpp>
#include <synod/quorum/majority.hpp>

namespace synod {

// Leader-based multi-Paxos: see protocol/multi_paxos/core.hpp.
template <class Quorum = majority, class Leader = ballot_election>
struct multi_paxos {
  static_assert(quorum<Quorum>,
                "synod::multi_paxos: Quorum does not model synod::quorum: it needs a nested "
                "`system`, `bind(membership)` and `name()`");

  using quorum_family = Quorum;

  template <class Machine>
  using core = multi_paxos_core<typename Machine::command, Quorum, Leader>;

  // How its messages travel, given a coder of values.
  template <class Machine, class Coder>
  using wire = multi_paxos_wire<typename Machine::command, typename Leader::message, Coder>;

  static constexpr bool elects_leader = true;
  static constexpr bool progresses_when_partially_connected =
      Leader::progresses_when_partially_connected;
  static constexpr char const* name() { return "multi_paxos"; }
};

}  // namespace synod
