// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <support/crash_sweep.hpp>

namespace {

void expect_clean(support::sweep_outcome const& outcome, std::uint64_t cases_at_least) {
  EXPECT_EQ(outcome.losses, 0U) << outcome.first;
  EXPECT_EQ(outcome.false_alarms, 0U) << outcome.first;
  EXPECT_EQ(outcome.second_lives, 0U) << outcome.first;
  EXPECT_GT(outcome.cases, cases_at_least);
  std::printf("%llu states of the disk judged\n", static_cast<unsigned long long>(outcome.cases));
}

TEST(crash_points, nothing_acknowledged_is_lost_with_any_three_blocks_torn) {
  expect_clean(support::crash_sweep{{4096, 1 << 24}}.run(), 1000);
}

TEST(crash_points, nothing_acknowledged_is_lost_with_any_small_sector_torn) {
  support::crash_sweep sweep{{512, 1 << 24}};
  sweep.odd_sectors = 1;
  expect_clean(sweep.run(), 1000);
}

TEST(crash_points, nothing_acknowledged_is_lost_in_the_first_life) {
  support::crash_sweep sweep{{4096, 1 << 24}};
  sweep.before = 0;  // the first open is part of the sweep
  sweep.entries = 20;
  sweep.odd_sectors = 1;
  expect_clean(sweep.run(), 100);
}

TEST(crash_points, a_recovery_can_itself_be_interrupted_anywhere) {
  support::crash_sweep sweep{{4096, 1 << 24}};
  sweep.odd_sectors = 1;
  expect_clean(sweep.run_recoveries(7), 1000);
}

TEST(crash_points, a_failed_sync_is_not_believed_when_the_power_goes) {
  support::crash_sweep sweep{{4096, 1 << 24}};
  sweep.operation_fails = true;
  sweep.odd_sectors = 1;
  expect_clean(sweep.run(), 100);
}

}  // namespace
