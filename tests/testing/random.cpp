// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace {

using synod::testing::random_source;

// Golden numbers: a change would give every recorded seed another meaning.
TEST(random_source, is_the_same_everywhere_and_for_ever) {
  random_source dice(42);
  EXPECT_EQ(dice.next(), 12194832668044295265U);
  EXPECT_EQ(dice.next(), 2219441501194956943U);
  EXPECT_EQ(random_source(42).split(7).next(), 636703360893655116U);
}

TEST(random_source, a_split_does_not_depend_on_what_another_split_drew) {
  random_source const root(1);
  random_source first = root.split(1);
  random_source second = root.split(2);
  std::uint64_t const expected = random_source(1).split(2).next();
  for (int i = 0; i < 100; ++i) first.next();
  EXPECT_EQ(second.next(), expected);
}

TEST(random_source, below_stays_below_and_reaches_everything) {
  random_source dice(3);
  std::array<int, 7> seen{};
  for (int i = 0; i < 7000; ++i) ++seen.at(dice.below(7));
  for (int const count : seen) EXPECT_NEAR(count, 1000, 200);
  EXPECT_EQ(dice.below(0), 0U);
  EXPECT_LT(dice.below(UINT64_MAX), UINT64_MAX);
}

TEST(random_source, between_includes_both_ends) {
  random_source dice(4);
  bool first = false;
  bool last = false;
  for (int i = 0; i < 1000; ++i) {
    std::int64_t const got = dice.between(-2, 2);
    ASSERT_GE(got, -2);
    ASSERT_LE(got, 2);
    first = first || got == -2;
    last = last || got == 2;
  }
  EXPECT_TRUE(first);
  EXPECT_TRUE(last);
}

TEST(random_source, exponential_has_its_mean_and_its_tail) {
  random_source dice(5);
  std::int64_t const mean = 1'000'000;
  std::int64_t sum = 0;
  int beyond_three_means = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::int64_t const got = dice.exponential(mean);
    ASSERT_GE(got, 0);
    ASSERT_LE(got, 64 * mean);
    sum += got;
    beyond_three_means += got > 3 * mean ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(sum) / 100'000, static_cast<double>(mean), 60'000);
  EXPECT_NEAR(beyond_three_means, 4979, 700);  // e^-3
  EXPECT_EQ(dice.exponential(0), 0);
}

TEST(random_source, shuffle_keeps_what_it_shuffles) {
  random_source dice(6);
  std::vector<int> items{1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<int> const before = items;
  dice.shuffle(items);
  EXPECT_NE(items, before);
  std::sort(items.begin(), items.end());
  EXPECT_EQ(items, before);
}

}  // namespace
