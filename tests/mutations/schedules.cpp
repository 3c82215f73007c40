// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <string>

#include "support/mutated.hpp"
#include "support/schedules.hpp"

// Each guard that tests/schedules names is needed: its schedule ends well with it and not without.

namespace {

class schedule : public ::testing::TestWithParam<support::guarded> {};

TEST_P(schedule, needs_the_guard) {
  support::schedule_outcome const with = GetParam().play();
  EXPECT_EQ(with.violations + with.unmet, "") << "with the guard";
  support::mutated const off(GetParam().mutation);
  EXPECT_NE(GetParam().play().violations, "") << "without the guard";
}
INSTANTIATE_TEST_SUITE_P(all, schedule, ::testing::ValuesIn(support::guarded::list()),
                         [](auto const& one) {
                           return std::string(one.param.protocol) + "_" + one.param.mutation + "_" +
                                  std::to_string(one.index);
                         });

}  // namespace
