// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/brief_waits.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using synod::asio::brief_waits;

// So many waits, of which `pays(i)` says how the i-th would end.
// Returns: for how many of them it was worth staying awake.
template <class Pays>
constexpr int awake_for(brief_waits& waits, int count, Pays pays) {
  int awake = 0;
  for (int i = 0; i < count; ++i) {
    if (!waits.worth_it()) continue;
    ++awake;
    if (pays(i)) {
      waits.paid();
    } else {
      waits.in_vain();
    }
  }
  return awake;
}
constexpr bool always(int) { return true; }
constexpr bool hardly_ever(int) { return false; }

static_assert([] {
  brief_waits fresh;
  return awake_for(fresh, 1000, always) == 1000;
}());
static_assert([] {
  brief_waits fresh;
  return awake_for(fresh, 1, hardly_ever) == 1 && awake_for(fresh, 1, hardly_ever) == 0;
}());

TEST(brief_waits, that_always_pay_are_all_worth_it) {
  brief_waits waits;
  EXPECT_EQ(awake_for(waits, 100'000, always), 100'000);
}

TEST(brief_waits, after_one_in_vain_twice_as_many_are_spared_as_before) {
  brief_waits waits;
  for (int const spared : {1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1023, 1023}) {
    ASSERT_TRUE(waits.worth_it());
    waits.in_vain();
    EXPECT_EQ(awake_for(waits, spared, always), 0);
  }
}

TEST(brief_waits, that_never_pay_are_hardly_ever_tried) {
  brief_waits waits;
  EXPECT_LE(awake_for(waits, 10'000, hardly_ever), 20);  // it has to learn that first
  EXPECT_LE(awake_for(waits, 512'000, hardly_ever), 1000);
  EXPECT_GE(awake_for(waits, 512'000, hardly_ever), 400) << "or it would never learn better";
}

TEST(brief_waits, that_pay_again_are_worth_it_again) {
  brief_waits waits;
  awake_for(waits, 512'000, hardly_ever);
  EXPECT_GE(awake_for(waits, 10'000, always), 10'000 - 1023);
  // And after one that was long once more, it is as if it had never been.
  waits.in_vain();
  EXPECT_EQ(awake_for(waits, 1000, always), 999);
}

TEST(brief_waits, of_which_most_pay_are_mostly_worth_it) {
  auto const one_in = [](int of) { return [of](int i) { return i % of != of - 1; }; };
  brief_waits waits;
  EXPECT_GE(awake_for(waits, 100'000, one_in(100)), 90'000);
  EXPECT_GE(awake_for(waits, 100'000, one_in(10)), 80'000);
}

TEST(brief_waits, of_which_few_pay_are_mostly_spared) {
  // Which of them pay has no pattern: one in five.
  std::uint32_t dice = 1;
  auto const seldom = [&](int) {
    dice = dice * 1'664'525 + 1'013'904'223;
    return (dice >> 16) % 5 == 0;
  };
  brief_waits waits;
  EXPECT_LE(awake_for(waits, 100'000, seldom), 1000);
}

}  // namespace
