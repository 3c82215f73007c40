// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/quorum/count_system.hpp>

namespace synod {

// More than half of the voters, in both phases. Half of an even number is not enough: two halves
// need not meet.
struct majority {
  using system = count_system;

  static constexpr char const* name() { return "majority"; }

  static bound_quorums<system> bind(membership const& members) {
    std::uint32_t const voters = members.voters().size();
    std::uint32_t const size = SYNOD_MUTATION(majority_is_half) ? (voters + 1) / 2 : voters / 2 + 1;
    return count_system::bind(members.voters(), size, size, "synod::majority");
  }
};

}  // namespace synod
