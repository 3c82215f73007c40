// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <support/log_torture.hpp>

namespace {

TEST(torture, no_life_of_a_log_loses_what_an_earlier_one_acknowledged) {
  std::uint64_t lives = 0;
  std::uint64_t entries = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    support::torture_outcome const outcome = support::log_torture(seed).run(12);
    ASSERT_EQ(outcome.wrong, "") << "seed " << seed;
    lives += outcome.lives;
    entries += outcome.entries;
  }
  std::printf("%llu lives, %llu entries\n", static_cast<unsigned long long>(lives),
              static_cast<unsigned long long>(entries));
}

}  // namespace
