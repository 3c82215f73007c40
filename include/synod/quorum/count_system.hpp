// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/membership.hpp>

#include <cstdint>

namespace synod {

// Quorums by number: any `phase1` voters form one for phase 1, any `phase2` voters one for phase 2.
// The families majority, flexible and counted only differ in where the two numbers come from.
class count_system {
 public:
  // Refuses numbers that nobody can reach, and numbers whose quorums need not meet (hazard H11), in
  // which case the conflict names one such pair.
  static bound_quorums<count_system> bind(node_set voters, std::uint32_t phase1,
                                          std::uint32_t phase2, char const* where) {
    std::uint32_t const larger = phase1 > phase2 ? phase1 : phase2;
    if (larger > voters.size()) {
      return refuse({error_code::quorum_cannot_be_reached, larger, where,
                     "ask for at most as many members as there are voters"});
    }
    bool const guarded =
        !SYNOD_MUTATION(quorums_need_not_meet) && !SYNOD_MUTATION(majority_is_half);
    if (guarded && phase1 + phase2 <= voters.size()) {
      node_set const first = lowest(voters, phase1);
      return refuse({error_code::quorums_do_not_meet, phase1 + phase2, where,
                     "make the two sizes add up to more than the voters"},
                    first, lowest(voters - first, phase2));
    }
    return {count_system(voters, phase1, phase2), {}};
  }

  static bound_quorums<count_system> refuse(error why, node_set phase1 = {}, node_set phase2 = {}) {
    return {{}, {why, phase1, phase2}};
  }

  [[nodiscard]] bool phase1(node_set members) const {
    return counted(members).has_at_least(phase1_);
  }
  [[nodiscard]] bool phase2(node_set members) const {
    return counted(members).has_at_least(phase2_);
  }

  [[nodiscard]] std::uint32_t phase1_size() const { return phase1_; }
  [[nodiscard]] std::uint32_t phase2_size() const { return phase2_; }

 private:
  count_system(node_set voters, std::uint32_t phase1, std::uint32_t phase2)
      : voters_(voters), phase1_(phase1), phase2_(phase2) {}

  // Learners and strangers may stand in the set, but only voters count (hazard H12).
  [[nodiscard]] node_set counted(node_set members) const {
    return SYNOD_MUTATION(learners_count) ? members : members & voters_;
  }

  static node_set lowest(node_set of, std::uint32_t count) {
    node_set found;
    of.for_each([&](node_index at) {
      if (found.size() < count) found.insert(at);
    });
    return found;
  }

  node_set voters_;
  std::uint32_t phase1_;
  std::uint32_t phase2_;
};

}  // namespace synod
