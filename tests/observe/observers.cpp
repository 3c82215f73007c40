// SPDX-License-Identifier: BSL-1.0
#include <synod/core/generator.hpp>
#include <synod/observe/counters.hpp>
#include <synod/observe/null.hpp>
#include <synod/observe/observers.hpp>
#include <synod/observe/trace.hpp>

#include <gtest/gtest.h>

#include "support/allocations.hpp"

#include <algorithm>
#include <vector>

using namespace synod;

namespace {

// Wants one kind of event.
struct only_leaders {
  int seen = 0;
  void on(leadership_changed const&) { ++seen; }
};

template <class Observer, class Event>
concept hears = requires(Observer& to, Event const& what) {
  to.on(what);
};

static_assert(!hears<null_observer, slot_applied>);
static_assert(hears<only_leaders, leadership_changed> && !hears<only_leaders, slot_applied>);
static_assert(hears<counters, slot_applied> && !hears<counters, node_started>);
static_assert(hears<trace, node_started> && !hears<trace, message_sent>);
static_assert(hears<observers<only_leaders, counters>, slot_applied>);
static_assert(!hears<observers<only_leaders, null_observer>, slot_applied>);

}  // namespace

TEST(observe, calls_the_handlers_that_there_are) {
  only_leaders one;
  observe(one, leadership_changed{});
  observe(one, slot_applied{});
  EXPECT_EQ(one.seen, 1);
  observers<only_leaders, counters> both;
  observe(both, leadership_changed{});
  observe(both, slot_applied{1, slot(7), value_kind::batch, 3});
  EXPECT_EQ(both.get<only_leaders>().seen, 1);
  EXPECT_EQ(both.get<counters>().leader_changes, 1U);
  EXPECT_EQ(both.get<counters>().commands_applied, 3U);
  EXPECT_EQ(both.get<counters>().applied, slot(7));
}

TEST(counters, tell_done_refused_and_unknown_apart) {
  counters all;
  observe(all, operation_ended{5, 100, error_code::none, false});
  observe(all, operation_ended{5, 100, error_code::busy, false});
  observe(all, operation_ended{5, 100, error_code::timed_out, true});
  observe(all, read_ended{5, 100, error_code::none});
  observe(all, message_rejected{5, node_id(1), error_code::malformed});
  EXPECT_EQ(all.operations_done, 1U);
  EXPECT_EQ(all.operations_refused, 1U);
  EXPECT_EQ(all.operations_unknown, 1U);
  EXPECT_EQ(all.operation_ns.count(), 1U);
  EXPECT_EQ(all.rejected.of(error_code::malformed), 1U);
}

TEST(histogram, is_exact_for_small_numbers_and_within_a_sixteenth_for_large_ones) {
  generator random(1);
  std::vector<std::uint64_t> all;
  histogram seen;
  for (int i = 0; i < 20'000; ++i) {
    std::uint64_t const value = random.next() >> random.below(64);
    all.push_back(value);
    seen.add(value);
  }
  std::sort(all.begin(), all.end());
  for (std::uint64_t permille : {1U, 100U, 500U, 990U, 999U, 1000U}) {
    std::uint64_t const exact = all[(all.size() * permille + 999) / 1000 - 1];
    std::uint64_t const found = seen.at_permille(permille);
    EXPECT_GE(found, exact);
    EXPECT_LE(found - exact, exact / 16);
  }
  EXPECT_EQ(seen.most(), all.back());
  std::uint64_t counted = 0;
  seen.for_each([&](std::uint64_t, std::uint64_t many) { counted += many; });
  EXPECT_EQ(counted, all.size());
  histogram twice = seen;
  twice.add(seen);
  EXPECT_EQ(twice.count(), 2 * seen.count());
  EXPECT_EQ(twice.at_permille(500), seen.at_permille(500));
  for (std::uint64_t value : {0U, 1U, 15U, 16U, 17U}) {
    histogram one;
    one.add(value);
    EXPECT_EQ(one.at_permille(500), value);
  }
  EXPECT_EQ(histogram().at_permille(500), 0U);
}

TEST(trace, keeps_the_last_events_in_order_and_allocates_once) {
  trace last(4);
  support::allocations counted;
  for (std::uint64_t i = 1; i <= 10; ++i) observe(last, slot_applied{0, slot(i)});
  observe(last, message_sent{});
  EXPECT_EQ(counted.calls(), 0U);
  std::vector<std::uint64_t> slots;
  last.for_each([&](auto const& one) {
    if constexpr (requires { one.which; }) slots.push_back(one.which.value);
  });
  EXPECT_EQ(slots, (std::vector<std::uint64_t>{7, 8, 9, 10}));
  EXPECT_EQ(last.written(), 10U);
}
