// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include "twin.hpp"

#include <synod/quorum/counted.hpp>
#include <synod/quorum/grid.hpp>
#include <synod/quorum/majority.hpp>
#include <synod/quorum/tally.hpp>

namespace {

using synod::node_set;
using synod::quorum_verdict;
using synod::tally;

// Reached, else pending exactly while some completion of the answers would still reach it: found by
// trying every completion.
template <class Quorum>
quorum_verdict expected(Quorum const& is_quorum, node_set voters, node_set agreed,
                        node_set refused) {
  if (is_quorum(agreed & voters)) return quorum_verdict::reached;
  for (node_set const more : fixture::subsets(voters - agreed - refused)) {
    if (is_quorum((agreed & voters) | more)) return quorum_verdict::pending;
  }
  return quorum_verdict::impossible;
}

template <class System>
void expect_verdicts(synod::membership const& all, System const& system) {
  auto const phase1 = [&](node_set set) { return system.phase1(set); };
  auto const phase2 = [&](node_set set) { return system.phase2(set); };
  for (node_set const agreed : fixture::subsets(all.everybody())) {
    for (node_set const refused : fixture::subsets(all.everybody() - agreed)) {
      tally votes;
      votes.yes(agreed);
      votes.no(refused);
      ASSERT_EQ(votes.phase1(system, all.voters()),
                expected(phase1, all.voters(), agreed, refused));
      ASSERT_EQ(votes.phase2(system, all.voters()),
                expected(phase2, all.voters(), agreed, refused));
    }
  }
}

TEST(tally, verdict_is_that_of_every_completion) {
  auto const five = fixture::members(5, 1);
  expect_verdicts(five, *synod::majority::bind(five).system);
  auto const four = fixture::members(4, 1, {3, 2, 0});
  expect_verdicts(four, *synod::counted::bind(four).system);
  auto const ragged = fixture::members(5, 0, {0, 0, 2});
  expect_verdicts(ragged, *synod::grid<>::bind(ragged).system);
}

TEST(tally, counts_nobody_twice) {
  auto const all = fixture::members(3);
  auto const system = *synod::majority::bind(all).system;
  node_set const one = all.only(synod::node_id(101));
  tally votes;
  EXPECT_TRUE(votes.yes(one));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(votes.yes(one));
  EXPECT_EQ(votes.phase2(system, all.voters()), quorum_verdict::pending);
  EXPECT_EQ(votes.agreed(), one);

  tally refusals;
  EXPECT_TRUE(refusals.no(one));
  EXPECT_FALSE(refusals.no(one));
  EXPECT_EQ(refusals.phase2(system, all.voters()), quorum_verdict::pending);
  refusals.no(all.only(synod::node_id(100)));
  EXPECT_EQ(refusals.phase2(system, all.voters()), quorum_verdict::impossible);
}

TEST(tally, strangers_and_learners_change_nothing) {
  auto const all = fixture::members(3, 3);
  auto const system = *synod::majority::bind(all).system;
  tally votes;
  EXPECT_FALSE(votes.yes(all.only(synod::node_id(999))));
  votes.yes(all.everybody() - all.voters());
  EXPECT_EQ(votes.phase1(system, all.voters()), quorum_verdict::pending);
  votes.no(all.everybody() - all.voters());
  EXPECT_EQ(votes.phase1(system, all.voters()), quorum_verdict::pending);
}

TEST(tally, who_agreed_stays_agreed) {
  auto const all = fixture::members(3);
  auto const system = *synod::majority::bind(all).system;
  tally votes;
  votes.yes(all.only(synod::node_id(100)));
  votes.no(all.only(synod::node_id(100)));
  votes.no(all.only(synod::node_id(101)));
  EXPECT_EQ(votes.phase1(system, all.voters()), quorum_verdict::pending);
  votes.yes(all.only(synod::node_id(101)));  // sent before its refusal, arrived after
  EXPECT_EQ(votes.phase1(system, all.voters()), quorum_verdict::reached);
  EXPECT_TRUE(votes.refused().empty());
  votes.clear();
  EXPECT_TRUE(votes.agreed().empty());
  EXPECT_EQ(votes.phase1(system, all.voters()), quorum_verdict::pending);
}

TEST(meets_every_phase1, is_true_exactly_if_every_phase1_quorum_has_a_member_in_the_set) {
  for (unsigned voters = 1; voters <= 6; ++voters) {
    for (std::uint32_t phase1 = 1; phase1 <= voters; ++phase1) {
      auto const all = fixture::members(voters, 1, {phase1, voters - phase1 + 1, 0});
      auto const system = *synod::counted::bind(all).system;
      auto const sets = fixture::subsets(all.everybody());
      for (node_set const some : sets) {
        bool meets = true;
        for (node_set const quorum : sets) {
          if (system.phase1(quorum & all.voters()) && (quorum & some & all.voters()).empty()) {
            meets = false;
          }
        }
        ASSERT_EQ(synod::meets_every_phase1(system, some, all.voters()), meets);
        if (system.phase2(some)) {
          ASSERT_TRUE(meets);
        }
      }
    }
  }
}

}  // namespace
