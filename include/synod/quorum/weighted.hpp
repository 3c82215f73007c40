// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/membership.hpp>

#include <array>
#include <cstdint>

namespace synod {

// Voters with weights: a set is a quorum once it weighs enough. The two phases meet because their
// thresholds together exceed the whole.
class weighted_system {
 public:
  weighted_system(membership const& members, std::uint64_t phase1, std::uint64_t phase2)
      : phase1_(phase1), phase2_(phase2) {
    for (member const& one : members.members()) {
      if (one.role == member_role::voter) weights_[one.index.value] = one.weight;
    }
  }

  [[nodiscard]] bool phase1(node_set members) const { return weight(members) >= phase1_; }
  [[nodiscard]] bool phase2(node_set members) const { return weight(members) >= phase2_; }

  [[nodiscard]] std::uint64_t weight(node_set members) const {
    std::uint64_t sum = 0;
    members.for_each([&](node_index at) { sum += weights_[at.value]; });
    return sum;
  }

 private:
  std::array<std::uint32_t, node_set::capacity> weights_{};
  std::uint64_t phase1_;
  std::uint64_t phase2_;
};

// Weights stand in the membership record with each member, thresholds in its spec; where the spec
// gives none, both are more than half of the whole. A member of weight 0 votes and never matters.
struct weighted {
  using system = weighted_system;

  static constexpr char const* name() { return "weighted"; }

  static bound_quorums<system> bind(membership const& members) {
    std::uint64_t whole = 0;
    for (member const& one : members.members()) {
      if (one.role == member_role::voter) whole += one.weight;
    }
    quorum_spec const& spec = members.spec();
    std::uint64_t const half = whole / 2 + 1;
    std::uint64_t const phase1 = spec.phase1 != 0 ? spec.phase1 : half;
    std::uint64_t const phase2 = spec.phase2 != 0 ? spec.phase2 : half;
    if (whole == 0) {
      return refuse(error_code::quorum_cannot_be_reached, 0, "give some voter a weight", {}, {});
    }
    if (phase1 > whole || phase2 > whole) {
      return refuse(error_code::quorum_cannot_be_reached, phase1 > phase2 ? phase1 : phase2,
                    "keep each threshold within the sum of the weights", {}, {});
    }
    if (phase1 + phase2 > whole || SYNOD_MUTATION(quorums_need_not_meet)) {
      return {weighted_system(members, phase1, phase2), {}};
    }
    return two_apart(members, phase1, phase2);
  }

 private:
  // Two disjoint quorums, where filling one in order of index finds them; otherwise only the sums
  // tell.
  static bound_quorums<system> two_apart(membership const& members, std::uint64_t phase1,
                                         std::uint64_t phase2) {
    weighted_system const loose(members, phase1, phase2);
    node_set first;
    members.voters().for_each([&](node_index at) {
      if (!loose.phase1(first)) first.insert(at);
    });
    node_set const second = members.voters() - first;
    bool const apart = loose.phase1(first) && loose.phase2(second);
    return refuse(error_code::quorums_do_not_meet, phase1 + phase2,
                  "make the thresholds exceed the sum of the weights together",
                  apart ? first : node_set(), apart ? second : node_set());
  }
  static bound_quorums<system> refuse(error_code code, std::uint64_t value, char const* remedy,
                                      node_set phase1, node_set phase2) {
    return {{}, {{code, value, "synod::weighted", remedy}, phase1, phase2}};
  }
};

}  // namespace synod
