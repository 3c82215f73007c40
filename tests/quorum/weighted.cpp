// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include "twin.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include <synod/quorum/disjoint.hpp>
#include <synod/quorum/weighted.hpp>

namespace {

using synod::error_code;
using synod::node_set;

static_assert(synod::quorum<synod::weighted>);

synod::membership heavy(std::vector<std::uint32_t> const& weights, synod::quorum_spec spec = {}) {
  auto members = fixture::members(static_cast<unsigned>(weights.size())).members();
  for (std::size_t i = 0; i < weights.size(); ++i) members[i].weight = weights[i];
  return *synod::membership::make(synod::config_number(1), members, spec);
}

// The twin adds up by position and shares nothing with the system.
std::uint64_t sum_of(synod::membership const& all, twin::group const& some) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < some.size(); ++i) {
    if (some[i] && all.members()[i].role == synod::member_role::voter) {
      sum += all.members()[i].weight;
    }
  }
  return sum;
}

TEST(weighted, binds_exactly_the_thresholds_whose_quorums_meet) {
  std::vector<std::vector<std::uint32_t>> const cases = {
      {1, 1, 1}, {3, 1, 1}, {2, 2, 1, 0}, {5, 1, 1, 1, 1}, {1, 2, 3, 4, 5}};
  for (auto const& weights : cases) {
    std::uint32_t whole = 0;
    for (std::uint32_t const one : weights) whole += one;
    for (std::uint32_t first = 1; first <= whole; ++first) {
      for (std::uint32_t second = 1; second <= whole; ++second) {
        auto const all = heavy(weights, {first, second, 0});
        auto const bound = synod::weighted::bind(all);
        ASSERT_EQ(bound.system.has_value(), first + second > whole);
        if (!bound.system) {
          EXPECT_EQ(bound.conflict.why.code, error_code::quorums_do_not_meet);
          EXPECT_TRUE((bound.conflict.phase1 & bound.conflict.phase2).empty());
          continue;
        }
        for (node_set const some : fixture::subsets(all.everybody())) {
          std::uint64_t const sum = sum_of(all, twin::members_of(all, some));
          ASSERT_EQ(bound.system->phase1(some), sum >= first);
          ASSERT_EQ(bound.system->phase2(some), sum >= second);
        }
        ASSERT_FALSE(synod::find_disjoint_quorums(*bound.system, all.voters()));
      }
    }
  }
}

TEST(weighted, without_thresholds_more_than_half_of_the_weight_is_needed) {
  auto const all = heavy({4, 1, 1, 1});
  auto const bound = synod::weighted::bind(all);
  ASSERT_TRUE(bound.system);
  EXPECT_TRUE(bound.system->phase1(node_set::of(synod::node_index(all.members()[0].index))));
  EXPECT_FALSE(bound.system->phase2(all.voters() - node_set::of(all.members()[0].index)));
}

TEST(weighted, refuses_what_weighs_nothing_or_can_never_be_reached) {
  auto const nothing = synod::weighted::bind(heavy({0, 0, 0}));
  EXPECT_FALSE(nothing.system);
  EXPECT_EQ(nothing.conflict.why.code, error_code::quorum_cannot_be_reached);
  auto const heavier = synod::weighted::bind(heavy({1, 1, 1}, {4, 1, 0}));
  EXPECT_FALSE(heavier.system);
  EXPECT_EQ(heavier.conflict.why.code, error_code::quorum_cannot_be_reached);
}

TEST(weighted, two_quorums_apart_are_shown_where_the_thresholds_are_too_low) {
  auto const all = heavy({1, 1, 1, 1}, {2, 2, 0});
  auto const bound = synod::weighted::bind(all);
  ASSERT_FALSE(bound.system);
  EXPECT_EQ(bound.conflict.phase1.size(), 2U);
  EXPECT_EQ(bound.conflict.phase2.size(), 2U);
}

TEST(weighted, a_member_of_weight_zero_and_a_learner_never_matter) {
  auto const all = heavy({2, 2, 1, 0});
  auto const bound = synod::weighted::bind(all);
  ASSERT_TRUE(bound.system);
  node_set const idle = node_set::of(all.members()[3].index);
  for (node_set const some : fixture::subsets(all.everybody())) {
    EXPECT_EQ(bound.system->phase2(some), bound.system->phase2(some | idle));
  }
}

}  // namespace
