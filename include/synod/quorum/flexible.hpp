// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/quorum/count_system.hpp>

#include <cstdint>

namespace synod {

// Flexible Paxos with sizes fixed in the type: any Q1 voters for phase 1, any Q2 for phase 2, of at
// most N. Sizes that need not meet do not compile. A configuration may have fewer voters than N, as
// long as both quorums can be reached; one with more is refused when it is bound, and so is never
// proposed.
template <std::uint32_t Q1, std::uint32_t Q2, std::uint32_t N = Q1 + Q2 - 1>
struct flexible {
  static_assert(Q1 >= 1 && Q2 >= 1,
                "synod::flexible<Q1, Q2, N>: a quorum of nobody meets nobody; Q1 and Q2 must be at "
                "least 1");
  static_assert(Q1 <= N && Q2 <= N && N <= node_set::capacity,
                "synod::flexible<Q1, Q2, N>: Q1 and Q2 must be at most N, and N at most 64");
  static_assert(std::uint64_t{Q1} + Q2 > N,
                "synod::flexible<Q1, Q2, N>: quorums that need not meet; Q1 + Q2 must be more "
                "than N");

  using system = count_system;

  static constexpr char const* name() { return "flexible"; }

  static bound_quorums<system> bind(membership const& members) {
    node_set const voters = members.voters();
    auto bound = count_system::bind(voters, Q1, Q2, "synod::flexible");
    if (bound.system && voters.size() > N && !SYNOD_MUTATION(quorums_need_not_meet)) {
      return count_system::refuse({error_code::too_many_members, voters.size(), "synod::flexible",
                                   "have at most N voters, or name a larger N"});
    }
    return bound;
  }
};

}  // namespace synod
