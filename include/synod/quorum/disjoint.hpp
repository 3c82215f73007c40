// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/concepts.hpp>
#include <synod/core/maybe.hpp>

#include <bit>
#include <cstdint>

namespace synod {

struct disjoint_quorums {
  node_set phase1;
  node_set phase2;
};

// A phase-1 and a phase-2 quorum that do not meet, if the system has such (invariant I11). Monotone
// predicates have such a pair exactly if some set and its complement are one, so every set of
// voters is tried once: for families of one's own, and for checkers. The cost doubles with every
// voter.
template <quorum_system System>
maybe<disjoint_quorums> find_disjoint_quorums(System const& system, node_set voters) {
  std::uint64_t const all = voters.bits();
  std::uint64_t part = all;
  for (;;) {
    node_set const inside(part);
    if (system.phase1(inside) && system.phase2(voters - inside)) {
      return disjoint_quorums{inside, voters - inside};
    }
    if (part == 0) return {};
    part = (part - 1) & all;  // the next smaller subset
  }
}

}  // namespace synod
