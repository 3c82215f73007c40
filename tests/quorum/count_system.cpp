// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include "twin.hpp"

#include <synod/quorum/counted.hpp>
#include <synod/quorum/disjoint.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/quorum/majority.hpp>

namespace {

using synod::error_code;
using synod::node_set;

static_assert(synod::quorum<synod::majority>);
static_assert(synod::quorum<synod::flexible<4, 2>>);
static_assert(synod::quorum<synod::counted>);

// Whether any two sets of that many voters share one, by trying every pair.
bool every_pair_meets(synod::membership const& all, int phase1, int phase2) {
  auto const sets = fixture::subsets(all.voters());
  for (node_set const first : sets) {
    auto const a = twin::members_of(all, first);
    if (twin::voters_in(all, a) < phase1) continue;
    for (node_set const second : sets) {
      auto const b = twin::members_of(all, second);
      if (twin::voters_in(all, b) >= phase2 && !twin::share_a_voter(all, a, b)) return false;
    }
  }
  return true;
}

// The system answers like the twin for every set of members, learners and strangers included.
void expect_like_twin(synod::membership const& all, synod::count_system const& system, int phase1,
                      int phase2) {
  for (node_set const some : fixture::subsets(all.everybody())) {
    int const count = twin::voters_in(all, twin::members_of(all, some));
    ASSERT_EQ(system.phase1(some), count >= phase1) << some.bits();
    ASSERT_EQ(system.phase2(some), count >= phase2) << some.bits();
    node_set const with_strangers = some | (node_set::first(64) - all.everybody());
    ASSERT_EQ(system.phase1(with_strangers), count >= phase1) << some.bits();
    ASSERT_EQ(system.phase2(with_strangers), count >= phase2) << some.bits();
  }
}

TEST(majority, is_like_its_twin_and_every_pair_meets_for_1_to_9_voters) {
  for (unsigned voters = 1; voters <= 9; ++voters) {
    for (unsigned const learners : {0U, 2U}) {
      auto const all = fixture::members(voters, learners);
      ASSERT_EQ(all.voters().size(), voters);
      auto const bound = synod::majority::bind(all);
      ASSERT_TRUE(bound.system);
      int need = 0;
      while (2 * need <= static_cast<int>(voters)) ++need;
      expect_like_twin(all, *bound.system, need, need);
      ASSERT_TRUE(every_pair_meets(all, need, need));
      ASSERT_FALSE(synod::find_disjoint_quorums(*bound.system, all.voters()));
    }
  }
}

TEST(majority, half_of_an_even_number_is_not_one) {
  for (unsigned const voters : {2U, 4U, 6U, 8U}) {
    auto const all = fixture::members(voters);
    auto const bound = synod::majority::bind(all);
    ASSERT_TRUE(bound.system);
    for (node_set const some : fixture::subsets(all.voters())) {
      if (some.size() == voters / 2) {
        EXPECT_FALSE(bound.system->phase1(some));
        EXPECT_FALSE(bound.system->phase2(some));
      }
    }
  }
}

TEST(majority, of_nobody_cannot_be_reached) {
  auto const bound = synod::majority::bind(synod::membership());
  EXPECT_FALSE(bound.system);
  EXPECT_EQ(bound.conflict.why.code, error_code::quorum_cannot_be_reached);
}

TEST(counted, is_bound_exactly_if_both_sizes_can_be_reached_and_every_pair_meets) {
  for (unsigned voters = 1; voters <= 6; ++voters) {
    for (std::uint32_t phase1 = 0; phase1 <= voters + 1; ++phase1) {
      for (std::uint32_t phase2 = 0; phase2 <= voters + 1; ++phase2) {
        auto const all = fixture::members(voters, 1, {phase1, phase2, 0});
        auto const bound = synod::counted::bind(all);
        bool const reachable = phase1 <= voters && phase2 <= voters;
        bool const meets =
            every_pair_meets(all, static_cast<int>(phase1), static_cast<int>(phase2));
        ASSERT_EQ(bound.system.has_value(), reachable && meets) << phase1 << ',' << phase2;
        if (bound.system) {
          expect_like_twin(all, *bound.system, static_cast<int>(phase1), static_cast<int>(phase2));
        } else if (!reachable) {
          ASSERT_EQ(bound.conflict.why.code, error_code::quorum_cannot_be_reached);
        } else {
          // What it shows are two quorums of these voters that share nobody.
          ASSERT_EQ(bound.conflict.why.code, error_code::quorums_do_not_meet);
          ASSERT_EQ(bound.conflict.phase1.size(), phase1);
          ASSERT_EQ(bound.conflict.phase2.size(), phase2);
          ASSERT_TRUE((bound.conflict.phase1 & bound.conflict.phase2).empty());
          ASSERT_TRUE(all.voters().contains(bound.conflict.phase1 | bound.conflict.phase2));
        }
      }
    }
  }
}

TEST(counted, is_like_its_twin_for_7_to_9_voters) {
  for (unsigned voters = 7; voters <= 9; ++voters) {
    for (std::uint32_t phase2 = 1; phase2 <= voters; ++phase2) {
      std::uint32_t const phase1 = voters - phase2 + 1;
      auto const all = fixture::members(voters, 0, {phase1, phase2, 0});
      auto const bound = synod::counted::bind(all);
      ASSERT_TRUE(bound.system);
      expect_like_twin(all, *bound.system, static_cast<int>(phase1), static_cast<int>(phase2));
      ASSERT_FALSE(synod::find_disjoint_quorums(*bound.system, all.voters()));

      auto const less = fixture::members(voters, 0, {phase1 - 1, phase2, 0});
      ASSERT_FALSE(synod::counted::bind(less).system);
    }
  }
}

TEST(counted, does_not_add_sizes_beyond_their_type) {
  auto const all = fixture::members(3, 0, {UINT32_MAX, 2, 0});
  auto const bound = synod::counted::bind(all);
  EXPECT_FALSE(bound.system);
  EXPECT_EQ(bound.conflict.why.code, error_code::quorum_cannot_be_reached);
}

TEST(flexible, has_its_sizes_whatever_the_number_of_voters_it_allows) {
  for (unsigned voters = 4; voters <= 5; ++voters) {
    auto const all = fixture::members(voters, 2);
    auto const bound = synod::flexible<4, 2>::bind(all);
    ASSERT_TRUE(bound.system);
    expect_like_twin(all, *bound.system, 4, 2);
  }
}

TEST(flexible, refuses_more_voters_than_it_was_made_for_but_not_more_learners) {
  auto const six = synod::flexible<4, 2>::bind(fixture::members(6));
  EXPECT_FALSE(six.system);
  EXPECT_EQ(six.conflict.why.code, error_code::quorums_do_not_meet);
  EXPECT_EQ(six.conflict.phase1.size(), 4U);
  EXPECT_EQ(six.conflict.phase2.size(), 2U);
  EXPECT_TRUE((six.conflict.phase1 & six.conflict.phase2).empty());

  // 4 and 4 of 6 would still meet, but 5 was named, so 6 is not what was thought of.
  auto const named = synod::flexible<4, 4, 5>::bind(fixture::members(6));
  EXPECT_FALSE(named.system);
  EXPECT_EQ(named.conflict.why.code, error_code::too_many_members);

  EXPECT_TRUE((synod::flexible<4, 2>::bind(fixture::members(5, 4)).system));
}

TEST(flexible, refuses_too_few_voters) {
  auto const bound = synod::flexible<4, 2>::bind(fixture::members(3));
  EXPECT_FALSE(bound.system);
  EXPECT_EQ(bound.conflict.why.code, error_code::quorum_cannot_be_reached);
  EXPECT_EQ(bound.conflict.why.value, 4U);
}

TEST(flexible, works_up_to_64_voters) {
  std::vector<synod::member> all(64);
  for (unsigned i = 0; i < 64; ++i) {
    all[i].id = synod::node_id(i);
    all[i].index = synod::node_index(static_cast<std::uint8_t>(i));
  }
  auto const members = synod::membership::make(synod::config_number(1), all);
  ASSERT_TRUE(members);
  auto const bound = synod::flexible<60, 5>::bind(*members);
  ASSERT_TRUE(bound.system);
  EXPECT_TRUE(bound.system->phase1(node_set::first(60)));
  EXPECT_FALSE(bound.system->phase1(node_set::first(59)));
  EXPECT_TRUE(bound.system->phase2(node_set::first(64) - node_set::first(59)));
  EXPECT_FALSE(bound.system->phase2(node_set::first(64) - node_set::first(60)));
}

}  // namespace
