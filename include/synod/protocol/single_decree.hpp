// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/single_decree/core.hpp>
#include <synod/protocol/single_decree/wire.hpp>
#include <synod/quorum/majority.hpp>

namespace synod {

// Paxos for one value: see protocol/single_decree/core.hpp.
template <class Quorum = majority>
struct single_decree {
  static_assert(quorum<Quorum>,
                "synod::single_decree: Quorum does not model synod::quorum: it needs a nested "
                "`system`, `bind(membership)` and `name()`");

  template <class Machine>
  using core = single_decree_core<typename Machine::command, Quorum>;

  // How its messages travel, given a coder of values.
  template <class Machine, class Coder>
  using wire = single_decree_wire<typename Machine::command, Coder>;

  static constexpr bool elects_leader = false;
  static constexpr bool progresses_when_partially_connected = true;
  static constexpr char const* name() { return "single_decree"; }
};

}  // namespace synod
