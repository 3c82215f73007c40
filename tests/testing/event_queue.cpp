// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/event_queue.hpp>
#include <synod/testing/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace {

using synod::time_ns;
using synod::testing::event_queue;
using synod::testing::random_source;

TEST(event_queue, gives_what_a_stable_sort_gives) {
  random_source dice(1);
  event_queue<int> queue;
  std::vector<std::pair<time_ns, int>> expected;
  for (int i = 0; i < 5000; ++i) {
    time_ns const at = dice.between(0, 300);
    queue.add(at, i);
    expected.emplace_back(at, i);
  }
  std::stable_sort(expected.begin(), expected.end(),
                   [](auto const& a, auto const& b) { return a.first < b.first; });
  for (auto const& [at, what] : expected) {
    ASSERT_EQ(queue.next().at, at);
    auto const got = queue.take();
    ASSERT_EQ(got.at, at);
    ASSERT_EQ(got.what, what);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(event_queue, stays_in_order_while_events_come_and_go) {
  random_source dice(2);
  event_queue<int> queue;
  time_ns now = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (queue.empty() || dice.one_in(2)) {
      queue.add(now + dice.between(0, 1000), i);
    } else {
      auto const got = queue.take();
      ASSERT_GE(got.at, now);
      now = got.at;
    }
  }
}

}  // namespace
