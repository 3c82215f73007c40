// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/masterless/core.hpp>
#include <synod/protocol/multi_paxos/masterless/wire.hpp>
#include <synod/quorum/majority.hpp>

namespace synod {

// Multi-Paxos without a leader: see protocol/multi_paxos/masterless/core.hpp.
template <class Quorum = majority>
struct masterless_multi_paxos {
  static_assert(quorum<Quorum>,
                "synod::masterless_multi_paxos: Quorum does not model synod::quorum: it needs a "
                "nested `system`, `bind(membership)` and `name()`");

  using quorum_family = Quorum;

  template <class Machine>
  using core = masterless_core<typename Machine::command, Quorum>;

  // How its messages travel, given a coder of values.
  template <class Machine, class Coder>
  using wire = masterless_wire<typename Machine::command, Coder>;

  static constexpr bool elects_leader = false;
  // Whoever reaches a quorum gets things decided.
  static constexpr bool progresses_when_partially_connected = true;
  static constexpr char const* name() { return "masterless_multi_paxos"; }
};

}  // namespace synod
