// SPDX-License-Identifier: BSL-1.0
#include <synod/runtime/batcher.hpp>

#include <gtest/gtest.h>

#include "support/allocations.hpp"

using namespace synod;

namespace {

// Takes so many batches and refuses the rest.
struct small_core {
  struct output_type {};

  std::size_t room = 0;
  std::vector<slot_value<int>> taken;

  std::optional<refusal> propose(time_ns, batch<int>&& commands, output_type&) {
    if (room == 0) return refusal{{error_code::not_leader, 0, "test", ""}, {}};
    --room;
    taken.emplace_back(std::move(commands));
    return std::nullopt;
  }
};

struct bench {
  explicit bench(batcher_options options = {}) : pending(options) {}

  batcher<int> pending;
  small_core core;
  small_core::output_type out;
  std::uint64_t next = 1;
  std::vector<int> handed_back;
  std::size_t proposed = 0;

  error_code add(int what, std::size_t bytes = 4, std::size_t room = 4) {
    int value = what;
    error_code const why = pending.add([&] { return room; }, session_id(1), sequence(next),
                                       sequence(), std::move(value), bytes);
    if (why == error_code::none) ++next;
    return why;
  }
  void seal(time_ns now = 5) {
    pending.seal(
        now, now, core, out, [&](std::size_t commands) { proposed += commands; },
        [&](batch<int> const& one, refusal const&) {
          for (int what : one.commands()) handed_back.push_back(what);
        });
  }
};

}  // namespace

TEST(batcher, what_one_turn_brought_is_one_batch_with_the_stamp_of_its_end) {
  bench b;
  b.core.room = 1;
  EXPECT_TRUE(b.pending.empty());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(b.add(i), error_code::none);
  EXPECT_TRUE(b.core.taken.empty());
  b.seal(42);
  EXPECT_EQ(b.proposed, 10U);
  ASSERT_EQ(b.core.taken.size(), 1U);
  EXPECT_EQ(b.core.taken[0].commands().size(), 10U);
  EXPECT_EQ(b.core.taken[0].origins().size(), 1U);
  EXPECT_EQ(b.core.taken[0].stamp(), 42);
  EXPECT_TRUE(b.pending.empty());
}

TEST(batcher, a_batch_ends_at_its_bytes_or_its_commands) {
  bench bytes({.batch_bytes_max = 100});
  bytes.core.room = 9;
  for (int i = 0; i < 6; ++i) EXPECT_EQ(bytes.add(i, 40), error_code::none);
  EXPECT_EQ(bytes.add(7, 101), error_code::too_large);
  bytes.seal();
  EXPECT_EQ(bytes.core.taken.size(), 3U);

  // Enough is less where the core takes many, so that it is not busy any sooner.
  bench enough({.batch_bytes_max = 100, .batch_bytes_enough = 20});
  enough.core.room = 9;
  for (int i = 0; i < 32; ++i) EXPECT_EQ(enough.add(i, 10), error_code::none);
  EXPECT_EQ(enough.add(33, 10), error_code::busy);
  enough.seal();
  ASSERT_EQ(enough.core.taken.size(), 4U);
  EXPECT_EQ(enough.core.taken[0].commands().size(), 2U);
  EXPECT_EQ(enough.core.taken[1].commands().size(), 10U);

  bench commands(
      {.batch_bytes_max = 1 << 30, .batch_bytes_enough = 1 << 30, .pending_bytes_max = 1 << 30});
  commands.core.room = 9;
  for (int i = 0; i < 70'000; ++i) ASSERT_EQ(commands.add(i), error_code::none);
  commands.seal();
  ASSERT_EQ(commands.core.taken.size(), 2U);
  EXPECT_EQ(commands.core.taken[0].commands().size(), batch_commands_max);
}

TEST(batcher, a_command_that_comes_while_batches_are_proposed_waits_for_the_next_time) {
  bench b({.batch_bytes_max = 10});
  b.core.room = 8;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(b.add(i, 10), error_code::none);
  std::size_t told = 0;
  auto const once_more = [&](std::size_t) {
    ++told;
    EXPECT_EQ(b.add(2), error_code::none);
  };
  auto const kept = [](batch<int> const&, refusal const&) {};
  b.pending.seal(5, 5, b.core, b.out, once_more, kept);
  EXPECT_EQ(told, 2U);
  EXPECT_FALSE(b.pending.empty());
  b.seal();
  EXPECT_EQ(b.proposed, 2U);
  EXPECT_TRUE(b.pending.empty());
}

TEST(batcher, beyond_the_room_of_the_core_it_is_busy_and_the_command_stays_with_the_caller) {
  batcher<std::vector<int>> pending({.batch_bytes_max = 10});
  std::vector<int> mine{1, 2, 3};
  auto const no_room = [] { return std::size_t{0}; };
  EXPECT_EQ(pending.add(no_room, session_id(1), sequence(1), sequence(), std::move(mine), 1),
            error_code::busy);
  EXPECT_EQ(mine.size(), 3U);
  bench b({.batch_bytes_max = 10});
  EXPECT_EQ(b.add(1, 10, 2), error_code::none);
  EXPECT_EQ(b.add(2, 10, 2), error_code::none);
  EXPECT_EQ(b.add(3, 10, 2), error_code::busy);
  bench c({.pending_bytes_max = 100});
  EXPECT_EQ(c.add(1, 60), error_code::none);
  EXPECT_EQ(c.add(1, 60), error_code::busy);
}

TEST(batcher, what_the_core_refuses_is_handed_back) {
  bench b({.batch_bytes_max = 8});
  b.core.room = 1;
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(b.add(i), error_code::none);
  b.seal();
  EXPECT_EQ(b.core.taken.size(), 1U);
  EXPECT_EQ(b.handed_back, (std::vector<int>{3, 4}));
  EXPECT_TRUE(b.pending.empty());
}

TEST(batcher, a_barrier_stands_between_the_commands_and_joins_no_run) {
  bench b;
  b.core.room = 1;
  b.add(1);
  EXPECT_FALSE(b.pending.add_barrier(1, session_id(1), sequence(barrier_bit | 1)));
  b.add(2);
  b.seal();
  auto const& runs = b.core.taken.at(0).origins();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[1].count, 0U);
  EXPECT_EQ(runs[1].first, 1U);
  EXPECT_EQ(runs[2].first, 1U);
  EXPECT_TRUE(b.pending.add_barrier(0, session_id(1), sequence(barrier_bit | 2)));
}

TEST(batcher, the_steady_state_allocates_nothing) {
  bench b;
  auto const turn = [&] {
    b.core.room = 4;
    b.core.taken.clear();
    for (int i = 0; i < 100; ++i) ASSERT_EQ(b.add(i), error_code::none);
    b.seal();
  };
  for (int i = 0; i < 10; ++i) turn();
  support::allocations counted;
  for (int i = 0; i < 100; ++i) turn();
  EXPECT_EQ(counted.calls(), 0U);
}
