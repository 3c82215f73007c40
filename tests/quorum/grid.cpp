// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include "twin.hpp"

#include <synod/quorum/disjoint.hpp>
#include <synod/quorum/grid.hpp>

namespace {

using synod::error_code;
using synod::node_set;

static_assert(synod::quorum<synod::grid<>>);
static_assert(synod::quorum<synod::grid<3>>);

TEST(grid, is_like_its_twin_and_every_pair_meets_for_1_to_9_voters_and_any_row_length) {
  for (unsigned voters = 1; voters <= 9; ++voters) {
    for (std::uint32_t columns = 1; columns <= voters + 1; ++columns) {
      auto const all = fixture::members(voters, voters < 7 ? 2 : 0, {0, 0, columns});
      auto const bound = synod::grid<>::bind(all);
      ASSERT_TRUE(bound.system);
      int const length = static_cast<int>(columns);
      for (node_set const some : fixture::subsets(all.everybody())) {
        auto const group = twin::members_of(all, some);
        ASSERT_EQ(bound.system->phase1(some), twin::one_of_every_row(all, group, length));
        ASSERT_EQ(bound.system->phase2(some), twin::all_of_one_row(all, group, length));
      }
      ASSERT_FALSE(synod::find_disjoint_quorums(*bound.system, all.voters()));
      ASSERT_TRUE(bound.system->phase1(all.voters()));
      ASSERT_TRUE(bound.system->phase2(all.voters()));
    }
  }
}

TEST(grid, every_pair_of_subsets_that_are_quorums_meets) {
  for (unsigned voters = 1; voters <= 6; ++voters) {
    for (std::uint32_t columns = 1; columns <= voters; ++columns) {
      auto const all = fixture::members(voters, 0, {0, 0, columns});
      auto const bound = synod::grid<>::bind(all);
      ASSERT_TRUE(bound.system);
      auto const sets = fixture::subsets(all.voters());
      for (node_set const a : sets) {
        for (node_set const b : sets) {
          if (bound.system->phase1(a) && bound.system->phase2(b)) {
            ASSERT_FALSE((a & b).empty()) << a.bits() << ' ' << b.bits();
          }
        }
      }
    }
  }
}

TEST(grid, voters_fill_rows_by_rising_index_and_the_last_may_be_shorter) {
  auto const all = fixture::members(5, 3, {0, 0, 3});
  auto const bound = synod::grid<>::bind(all);
  ASSERT_TRUE(bound.system);
  ASSERT_EQ(bound.system->rows(), 2U);
  EXPECT_EQ(bound.system->row(0).size(), 3U);
  EXPECT_EQ(bound.system->row(1).size(), 2U);
  EXPECT_EQ(bound.system->row(0) | bound.system->row(1), all.voters());
  EXPECT_LT(bound.system->row(0).bits(), bound.system->row(1).bits());
}

TEST(grid, takes_the_row_length_from_the_type_or_the_members_and_wants_them_to_agree) {
  auto const none = synod::grid<>::bind(fixture::members(4));
  EXPECT_FALSE(none.system);
  EXPECT_EQ(none.conflict.why.code, error_code::bad_option);

  EXPECT_TRUE(synod::grid<2>::bind(fixture::members(4)).system);
  EXPECT_TRUE((synod::grid<2>::bind(fixture::members(4, 0, {0, 0, 2})).system));
  auto const two_answers = synod::grid<2>::bind(fixture::members(4, 0, {0, 0, 3}));
  EXPECT_FALSE(two_answers.system);
  EXPECT_EQ(two_answers.conflict.why.code, error_code::bad_option);

  auto const nobody = synod::grid<2>::bind(synod::membership());
  EXPECT_FALSE(nobody.system);
  EXPECT_EQ(nobody.conflict.why.code, error_code::quorum_cannot_be_reached);
}

TEST(grid, huge_row_length_is_one_row_of_everybody) {
  auto const all = fixture::members(4, 0, {0, 0, UINT32_MAX});
  auto const bound = synod::grid<>::bind(all);
  ASSERT_TRUE(bound.system);
  EXPECT_EQ(bound.system->rows(), 1U);
  EXPECT_EQ(bound.system->row(0), all.voters());
}

}  // namespace
