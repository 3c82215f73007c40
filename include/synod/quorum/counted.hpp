// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/quorum/count_system.hpp>

namespace synod {

// Flexible Paxos with sizes that stand in the membership record (spec.phase1, spec.phase2), so that
// they can change with the members. Checked wherever a configuration is bound: at construction,
// when one is proposed, and again at its slot.
struct counted {
  using system = count_system;

  static constexpr char const* name() { return "counted"; }

  static bound_quorums<system> bind(membership const& members) {
    quorum_spec const& spec = members.spec();
    return count_system::bind(members.voters(), spec.phase1, spec.phase2, "synod::counted");
  }
};

}  // namespace synod
