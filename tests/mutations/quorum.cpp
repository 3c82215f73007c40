// SPDX-License-Identifier: BSL-1.0
#include <synod/quorum/counted.hpp>
#include <synod/quorum/disjoint.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/quorum/grid.hpp>
#include <synod/quorum/majority.hpp>
#include <synod/quorum/tally.hpp>

#include <gtest/gtest.h>

#include "quorum/twin.hpp"
#include "support/mutated.hpp"

namespace {

TEST(quorum_mutations, quorums_need_not_meet) {
  auto const four = fixture::members(4, 0, {2, 2, 0});
  auto const six = fixture::members(6);
  EXPECT_FALSE(synod::counted::bind(four).system);
  EXPECT_FALSE((synod::flexible<4, 2>::bind(six).system));

  support::mutated const guard("quorums_need_not_meet");
  auto const counted = synod::counted::bind(four);
  ASSERT_TRUE(counted.system);
  EXPECT_TRUE(synod::find_disjoint_quorums(*counted.system, four.voters()));
  auto const flexible = synod::flexible<4, 2>::bind(six);
  ASSERT_TRUE(flexible.system);
  EXPECT_TRUE(synod::find_disjoint_quorums(*flexible.system, six.voters()));
}

TEST(quorum_mutations, majority_is_half) {
  auto const four = fixture::members(4);
  EXPECT_FALSE(synod::find_disjoint_quorums(*synod::majority::bind(four).system, four.voters()));

  support::mutated const guard("majority_is_half");
  auto const bound = synod::majority::bind(four);
  ASSERT_TRUE(bound.system);
  EXPECT_TRUE(synod::find_disjoint_quorums(*bound.system, four.voters()));
}

TEST(quorum_mutations, grid_skips_last_row) {
  auto const five = fixture::members(5);
  auto const bound = synod::grid<3>::bind(five);
  EXPECT_FALSE(synod::find_disjoint_quorums(*bound.system, five.voters()));

  support::mutated const guard("grid_skips_last_row");
  EXPECT_TRUE(synod::find_disjoint_quorums(*bound.system, five.voters()));
}

TEST(quorum_mutations, duplicates_count) {
  auto const three = fixture::members(3);
  auto const system = *synod::majority::bind(three).system;
  auto const vote_twice = [&] {
    synod::tally votes;
    for (int i = 0; i < 10; ++i) votes.yes(three.only(synod::node_id(100)));
    return votes.phase2(system, synod::node_set::first(64));
  };
  EXPECT_EQ(vote_twice(), synod::quorum_verdict::pending);
  support::mutated const guard("duplicates_count");
  EXPECT_EQ(vote_twice(), synod::quorum_verdict::reached);
}

TEST(quorum_mutations, learners_count) {
  auto const all = fixture::members(3, 3);
  auto const system = *synod::majority::bind(all).system;
  auto const ask_learners = [&] {
    synod::tally votes;
    votes.yes(all.everybody() - all.voters());
    return votes.phase2(system, all.voters());
  };
  EXPECT_EQ(ask_learners(), synod::quorum_verdict::pending);
  support::mutated const guard("learners_count");
  EXPECT_EQ(ask_learners(), synod::quorum_verdict::reached);
}

}  // namespace
