// SPDX-License-Identifier: BSL-1.0
#include <synod/core/slot_value.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/allocations.hpp"

namespace {

using synod::batch;
using synod::batch_pool;
using synod::command_origin;
using synod::sequence;
using synod::session_id;
using value = synod::slot_value<int>;

session_id session(std::uint64_t number) { return session_id(number); }

TEST(batch, joins_consecutive_commands_of_one_session_into_runs) {
  batch<int> made;
  made.add(session(1), sequence(5), sequence(3), 50);
  made.add(session(1), sequence(6), sequence(4), 51);  // continues
  made.add(session(2), sequence(7), sequence(0), 70);  // another session
  made.add(session(2), sequence(9), sequence(0), 71);  // a gap
  made.add(session(1), sequence(7), sequence(4), 52);  // again, but not in a row
  EXPECT_EQ(made.commands(), (std::vector<int>{50, 51, 70, 71, 52}));
  std::vector<command_origin> const expected{
      {session(1), sequence(5), sequence(4), 0, 2},
      {session(2), sequence(7), sequence(0), 2, 1},
      {session(2), sequence(9), sequence(0), 3, 1},
      {session(1), sequence(7), sequence(4), 4, 1},
  };
  synod::list<command_origin> const found(made.origins().begin(), made.origins().end());
  EXPECT_EQ(found, expected);
}

TEST(batch, what_was_acknowledged_never_falls_within_a_run) {
  batch<int> made;
  made.add(session(1), sequence(5), sequence(4), 0);
  made.add(session(1), sequence(6), sequence(2), 0);  // an older message, overtaken
  EXPECT_EQ(made.origins()[0].acked_upto, sequence(4));
}

TEST(batch, is_full_at_its_limit) {
  batch<int> made;
  for (std::size_t i = 0; i < synod::batch_commands_max; ++i) {
    ASSERT_FALSE(made.full());
    made.add(session(1), sequence(i + 1), {}, 0);
  }
  EXPECT_TRUE(made.full());
  ASSERT_EQ(made.origins().size(), 1U);
  EXPECT_EQ(made.origins()[0].count, synod::batch_commands_max);
}

TEST(batch_pool, allocates_nothing_in_steady_state) {
  batch_pool<int> pool;
  auto const round = [&pool] {
    std::vector<int>::size_type total = 0;
    for (int i = 0; i < 4; ++i) {
      auto made = pool.take();
      EXPECT_EQ(made.size(), 0U);
      EXPECT_TRUE(made.origins().empty());
      EXPECT_EQ(made.stamp(), 0);
      made.stamp(9);
      for (std::uint64_t j = 0; j < 64; ++j) made.add(session(j % 3), sequence(j), {}, 1);
      value const first(std::move(made));
      value const second = first;  // NOLINT: the copy is what is tested
      total += second.commands().size();
    }
    EXPECT_EQ(total, 256U);
  };
  for (int i = 0; i < 3; ++i) round();
  support::allocations const counted;
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(counted.calls(), 0U);
}

TEST(batch_pool, commands_that_were_applied_end_before_their_bytes_and_leave_their_room) {
  batch_pool<int> pool;
  std::vector<value> log;
  auto const add = [&](bool encoded) {
    auto made = pool.take();
    for (std::uint64_t j = 0; j < 64; ++j) made.add(session(1), sequence(j), {}, 1);
    log.push_back(value(std::move(made)));
    if (encoded) {
      log.back().keep_encoded({synod::shared_bytes(std::vector<std::byte>(9)), 0, 9, 1});
    }
    value const before = log.back();
    log.back().release_commands();
    EXPECT_TRUE(before == log.back());
    EXPECT_EQ(log.back().command_count(), 64U);
    EXPECT_EQ(log.back().origins().size(), 1U);
  };
  add(true);
  EXPECT_TRUE(log.back().commands().empty());
  EXPECT_GE(pool.take().commands().capacity(), 64U);  // of the one that is still in the log
  add(true);
  add(false);  // what nobody could read again stays
  EXPECT_EQ(log.back().commands().size(), 64U);
  value const other(pool.take());
  other.keep_encoded({synod::shared_bytes(std::vector<std::byte>(9)), 0, 9, 1});
  EXPECT_FALSE(other == log.front()) << "how many there were still tells them apart";
  value().release_commands();
}

TEST(batch_pool, batches_outlive_their_pool) {
  std::vector<value> kept;
  std::optional<batch<int>> open;
  {
    batch_pool<int> pool;
    for (int i = 0; i < 3; ++i) {
      auto made = pool.take();
      made.add(session(1), sequence(1), {}, i);
      kept.push_back(value(std::move(made)));
    }
    kept.erase(kept.begin());  // one goes home first
    kept.front().keep_encoded({synod::shared_bytes(std::vector<std::byte>(9)), 0, 9, 1});
    kept.front().release_commands();
    open.emplace(pool.take());
    batch_pool<int> const moved = std::move(pool);
  }
  open->add(session(1), sequence(1), {}, 9);
  EXPECT_EQ(kept[1].commands()[0], 2);
  kept.clear();
  EXPECT_EQ(open->size(), 1U);
}

// A proposer that begins again with the value it has already moves one of two holds onto the other.
TEST(batch_pool, a_value_moved_onto_its_like_is_held_once_less) {
  synod::batch_pool<int> pool;
  auto made = pool.take();
  made.commands().push_back(1);
  int const* const place = made.commands().data();
  synod::slot_value<int> one(std::move(made));
  synod::slot_value<int> other = one;
  other = std::move(one);
  EXPECT_TRUE(one.is_noop());
  EXPECT_FALSE(other.is_noop());
  auto& itself = other;
  other = std::move(itself);
  EXPECT_FALSE(other.is_noop());
  other = {};
  auto next = pool.take();
  next.commands().push_back(2);
  EXPECT_EQ(next.commands().data(), place) << "nobody holds it, and it was not recycled";
}

TEST(batch_pool, a_recycled_batch_holds_nothing_of_its_former_life) {
  batch_pool<std::string> pool;
  {
    auto made = pool.take();
    made.stamp(5);
    made.add(session(1), sequence(1), {}, "before");
    synod::slot_value<std::string> const old(std::move(made));
    old.keep_encoded({synod::shared_bytes(std::vector<std::byte>(9)), 0, 9, 1});
  }
  auto made = pool.take();
  EXPECT_EQ(made.size(), 0U);
  EXPECT_EQ(made.stamp(), 0);
  synod::slot_value<std::string> const fresh(std::move(made));
  EXPECT_TRUE(fresh.encoded().empty());
  EXPECT_TRUE(fresh.is_batch());
}

}  // namespace
