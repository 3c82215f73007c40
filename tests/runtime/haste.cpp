// SPDX-License-Identifier: BSL-1.0
#include <synod/runtime/haste.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using namespace synod;

// A leader whose slots take some time to be decided, one way and the other.
struct leader {
  haste how;
  time_ns at_once = 0;
  time_ns later = 0;
  time_ns now = 1'000'000'000;
  slot next{1};
  std::uint64_t seed = 1;

  // In thousandths of so many slots, how many were spared.
  int spared(int slots) {
    int found = 0;
    for (int i = 0; i < slots; ++i) {
      how.proposed(next, now);
      found += how.spares() ? 1 : 0;
      now += duration();
      how.decided(next, now);
      next = next.next();
    }
    return static_cast<int>(std::int64_t{1000} * found / slots);
  }
  // One in fifty takes much longer, whatever is done; the others vary by a half.
  time_ns duration() {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    auto const drawn = static_cast<time_ns>(seed >> 33U);
    time_ns const usual = how.spares() ? later : at_once;
    return drawn % 50 == 0 ? 4'000'000 : usual + usual * (drawn / 50 % 100) / 200;
  }
};

TEST(haste, spares_them_unless_to_ask_all_at_once_is_quicker) {
  leader equal{.at_once = 20'000, .later = 20'000};
  EXPECT_GT(equal.spared(2'000'000), 900) << "now and then it cannot tell";
  leader costly{.at_once = 90'000, .later = 70'000};
  EXPECT_GT(costly.spared(200'000), 970);
  leader hardly_quicker{.at_once = 19'800, .later = 20'000};
  EXPECT_GT(hardly_quicker.spared(2'000'000), 800);
}

TEST(haste, asks_all_at_once_where_that_is_quicker) {
  leader quicker{.at_once = 18'000, .later = 22'000};
  EXPECT_LT(quicker.spared(200'000), 50);
}

TEST(haste, changes_its_mind_when_the_times_change) {
  leader one{.at_once = 18'000, .later = 22'000};
  EXPECT_LT(one.spared(200'000), 50);
  one.at_once = 30'000;
  (void)one.spared(20'000);
  EXPECT_GT(one.spared(200'000), 970);
  one.later = 60'000;
  (void)one.spared(20'000);
  EXPECT_LT(one.spared(200'000), 50);
}

TEST(haste, goes_on_after_slots_that_are_never_decided_here) {
  leader one{.at_once = 18'000, .later = 22'000};
  for (int i = 0; i < 2'000; ++i) one.how.proposed(one.next = one.next.next(), one.now);
  one.next = one.next.next();
  one.now += 2'000'000'000;
  EXPECT_LT(one.spared(200'000), 50);
}

// Decisions of others, and of slots that nobody looks at, and a clock that stands still.
TEST(haste, is_not_misled_by_what_it_did_not_propose) {
  haste how;
  for (std::uint64_t i = 1; i < 100'000; ++i) how.decided(slot(i), static_cast<time_ns>(i));
  EXPECT_TRUE(how.spares());
  for (std::uint64_t i = 1; i < 100'000; ++i) {
    how.proposed(slot(i), 0);
    how.decided(slot(i), 0);
  }
  EXPECT_TRUE(how.spares());
}

}  // namespace
