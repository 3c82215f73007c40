// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/minimize.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using synod::testing::kept_events;
using synod::testing::minimize;

bool has(kept_events const& kept, std::uint32_t one) {
  return std::find(kept.begin(), kept.end(), one) != kept.end();
}

TEST(minimize, finds_the_events_that_matter) {
  auto const fails = [](kept_events const& kept) { return has(kept, 17) && has(kept, 80); };
  EXPECT_EQ(minimize(100, fails), (kept_events{17, 80}));
}

TEST(minimize, keeps_one_of_several_reasons) {
  auto const fails = [](kept_events const& kept) { return has(kept, 3) || has(kept, 60); };
  EXPECT_EQ(minimize(64, fails).size(), 1U);
}

TEST(minimize, keeps_nothing_where_the_empty_schedule_fails) {
  EXPECT_TRUE(minimize(10, [](kept_events const&) { return true; }).empty());
}

TEST(minimize, keeps_everything_where_everything_is_needed) {
  auto const fails = [](kept_events const& kept) { return kept.size() == 9; };
  EXPECT_EQ(minimize(9, fails).size(), 9U);
}

TEST(minimize, stops_asking_at_its_bound) {
  std::size_t asked = 0;
  auto const fails = [&](kept_events const& kept) {
    ++asked;
    return kept.size() > 900;
  };
  kept_events const kept = minimize(1000, fails, 50);
  EXPECT_LE(asked, 50U);
  EXPECT_GT(kept.size(), 900U);
}

}  // namespace
