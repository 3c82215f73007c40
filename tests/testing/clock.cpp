// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/clock.hpp>
#include <synod/testing/random.hpp>

#include <gtest/gtest.h>

namespace {

using synod::never;
using synod::time_ns;
using synod::testing::random_source;
using synod::testing::skewed_clock;

TEST(skewed_clock, drifts_at_its_rate) {
  skewed_clock const fast(1000, 50'000);
  EXPECT_EQ(fast.steady(0), 1000);
  EXPECT_EQ(fast.steady(1'000'000'000), 1000 + 1'050'000'000);
  skewed_clock const slow(0, -50'000);
  EXPECT_EQ(slow.steady(60'000'000'000), 57'000'000'000);
}

TEST(skewed_clock, steady_never_goes_back_whatever_happens_to_it) {
  random_source dice(1);
  skewed_clock clock(5, 0);
  time_ns now = 0;
  time_ns before = clock.steady(now);
  for (int i = 0; i < 10'000; ++i) {
    now += dice.between(0, 3'000'000);
    if (dice.one_in(10)) clock.drift(now, dice.between(-50'000, 50'000));
    if (dice.one_in(10)) clock.step_wall(dice.between(-3'600'000'000'000, 3'600'000'000'000));
    ASSERT_GE(clock.steady(now), before);
    before = clock.steady(now);
  }
}

TEST(skewed_clock, a_deadline_is_due_at_the_first_true_time_that_shows_it) {
  random_source dice(2);
  for (int i = 0; i < 10'000; ++i) {
    skewed_clock clock(dice.between(0, 1'000'000'000'000), dice.between(-50'000, 50'000));
    clock.drift(dice.between(0, 1'000'000'000), dice.between(-50'000, 50'000));
    time_ns const wanted = clock.steady(1'000'000'000) + dice.between(0, 100'000'000'000);
    time_ns const due = clock.true_time_of(wanted);
    ASSERT_GE(clock.steady(due), wanted);
    ASSERT_LT(clock.steady(due - 1), wanted + 1);
  }
  EXPECT_EQ(skewed_clock().true_time_of(never), never);
}

TEST(skewed_clock, the_wall_clock_is_stepped_and_the_steady_one_is_not) {
  skewed_clock clock;
  clock.step_wall(-3'600'000'000'000);
  EXPECT_EQ(clock.steady(1000), 1000);
  EXPECT_EQ(clock.wall(1000), 1000 - 3'600'000'000'000);
}

TEST(skewed_clock, a_reboot_moves_the_steady_clock_and_keeps_the_wall_clock) {
  skewed_clock clock(7'000);
  time_ns const wall = clock.wall(500);
  clock.reboot(500, 3);
  EXPECT_EQ(clock.steady(500), 3);
  EXPECT_EQ(clock.steady(600), 103);
  EXPECT_EQ(clock.wall(500), wall);
}

TEST(skewed_clock, a_pause_ends_at_the_later_of_two_ends) {
  skewed_clock clock;
  clock.pause(100);
  clock.pause(50);
  EXPECT_TRUE(clock.paused(99));
  EXPECT_FALSE(clock.paused(100));
  EXPECT_EQ(clock.paused_until(), 100);
  clock.resume();
  EXPECT_FALSE(clock.paused(0));
}

}  // namespace
