// SPDX-License-Identifier: BSL-1.0
#include <synod/core/slot_value.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
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

struct pair_of_numbers {
  std::uint64_t key;
  std::uint64_t number;
  friend bool operator==(pair_of_numbers const&, pair_of_numbers const&) = default;
};

template <class Command>
synod::slot_value<Command> alone(batch_pool<Command>& pool, Command what, std::uint64_t number = 9,
                                 std::uint64_t acked = 4) {
  auto made = pool.take();
  made.stamp(7);
  made.add(session(3), sequence(number), sequence(acked), std::move(what));
  return {std::move(made)};
}

// What the next batch works in is what the last one that was applied gave back.
template <class Command>
Command const* next_room(batch_pool<Command>& pool) {
  auto next = pool.take();
  next.commands().reserve(1);
  return next.commands().data();
}

TEST(batch_pool, a_small_command_that_is_alone_stays_and_gives_the_room_back) {
  batch_pool<pair_of_numbers> pool;
  auto const kept = alone<pair_of_numbers>(pool, {1, 2});
  auto const like_it = alone<pair_of_numbers>(pool, {1, 2});
  auto const* const room = kept.commands().data();
  kept.release_commands();
  EXPECT_EQ(next_room(pool), room);
  for (int again = 0; again < 2; ++again) {
    EXPECT_FALSE(kept.folded());
    EXPECT_EQ(kept.command_count(), 1U);
    ASSERT_EQ(kept.commands().size(), 1U);
    EXPECT_EQ(kept.commands().front(), (pair_of_numbers{1, 2}));
    command_origin const expected{session(3), sequence(9), sequence(4), 0, 1};
    ASSERT_EQ(kept.origins().size(), 1U);
    EXPECT_EQ(kept.origins()[0], expected);
    EXPECT_EQ(kept.stamp(), 7);
    EXPECT_EQ(kept, like_it);
    kept.release_commands();  // by whoever else applies it
  }
}

TEST(batch_pool, a_small_command_that_stayed_makes_room_for_its_bytes) {
  batch_pool<pair_of_numbers> pool;
  auto const kept = alone<pair_of_numbers>(pool, {1, 2});
  auto const like_it = alone<pair_of_numbers>(pool, {1, 2});
  kept.release_commands();
  kept.drop_encoded();  // of which there are none
  EXPECT_TRUE(kept.kept_bytes().empty());
  kept.keep_encoded({synod::shared_bytes(std::vector<std::byte>(9)), 0, 0, 0});
  EXPECT_EQ(kept.commands().front(), (pair_of_numbers{1, 2}));
  kept.keep_encoded({synod::shared_bytes(std::vector<std::byte>(9)), 2, 5, 1});
  EXPECT_EQ(kept.commands().front(), (pair_of_numbers{1, 2}));
  EXPECT_EQ(kept.kept_bytes().bytes().size(), 5U);
  EXPECT_EQ(kept.size_hint(), 5U);
  EXPECT_EQ(kept, like_it);
  kept.release_commands();
  EXPECT_TRUE(kept.folded());
  EXPECT_TRUE(kept.commands().empty());
  EXPECT_EQ(kept.kept_bytes().offset, 2U);
  EXPECT_EQ(kept.kept_bytes().checksum, 1U);
  kept.keep_encoded({synod::shared_bytes(std::vector<std::byte>(9)), 3, 5, 2});
  EXPECT_EQ(kept.kept_bytes().checksum, 2U);
  EXPECT_TRUE(kept.folded());
  EXPECT_EQ(kept, like_it);
  kept.unfold().push_back({1, 2});
  EXPECT_EQ(synod::list<pair_of_numbers>(kept.commands()), like_it.commands());
  EXPECT_EQ(kept, like_it);
}

TEST(batch_pool, what_does_not_fit_stays_where_it_is) {
  using wide = std::pair<pair_of_numbers, std::uint64_t>;
  batch_pool<std::string> texts;
  auto const text = alone<std::string>(texts, "a text that no node has room for");
  batch_pool<wide> wides;
  auto const large = alone<wide>(wides, {{1, 2}, 3});
  batch_pool<int> pool;
  auto const far = alone<int>(pool, 5, std::uint64_t{1} << 40, 4);
  auto const ahead = alone<int>(pool, 5, 9, 10);
  auto made = pool.take();
  made.add(session(1), sequence(1), {}, 6);
  made.origins().push_back({session(2), sequence(1), {}, 1, 0});  // a barrier
  value const barred(std::move(made));
  made = pool.take();
  made.commands().push_back(7);
  made.origins().push_back({session(2), sequence(1), {}, 1, 1});  // of another than there is
  value const odd(std::move(made));
  value const empty(pool.take());
  for (int again = 0; again < 2; ++again) {
    text.release_commands();
    large.release_commands();
    for (value const& one : {far, ahead, barred, odd, empty}) one.release_commands();
    EXPECT_EQ(text.commands().front(), "a text that no node has room for");
    EXPECT_EQ(large.commands().front(), (wide{{1, 2}, 3}));
    EXPECT_EQ(far.commands().front(), 5);
    EXPECT_EQ(far.origins()[0].acked_upto, sequence(4));
    EXPECT_EQ(ahead.origins()[0].acked_upto, sequence(10));
    EXPECT_EQ(barred.commands().front(), 6);
    EXPECT_EQ(barred.origins().size(), 2U);
    EXPECT_EQ(odd.origins()[0].first, 1U);
    EXPECT_EQ(empty.command_count(), 0U);
    EXPECT_TRUE(empty.origins().empty());
  }
}

// Hundreds of thousands lie in a log, alone where one client waits for each. The cell of the log
// comes on top, with 32.
TEST(batch_pool, a_command_alone_retains_less_than_a_hundred_bytes) {
  batch_pool<pair_of_numbers> pool;
  std::vector<synod::slot_value<pair_of_numbers>> log;
  log.reserve(4096);
  support::allocations const counted;
  for (std::uint64_t i = 0; i < 4096; ++i) {
    log.push_back(alone<pair_of_numbers>(pool, {i, i}, i, i));
    log.back().release_commands();
  }
  EXPECT_LE(counted.bytes(), 4096U * 58U + 4096U);
  for (std::uint64_t i = 0; i < 4096; ++i) ASSERT_EQ(log[i].commands().front().key, i);
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
    kept.push_back(value(alone<int>(pool, 7)));
    kept.back().release_commands();
    kept.push_back(kept.back());
    kept.push_back(value(alone<int>(pool, 8)));
    open.emplace(pool.take());
    batch_pool<int> const moved = std::move(pool);
  }
  open->add(session(1), sequence(1), {}, 9);
  EXPECT_EQ(kept[1].commands()[0], 2);
  kept[2].keep_encoded({synod::shared_bytes(std::vector<std::byte>(9)), 0, 9, 1});
  EXPECT_EQ(kept[3].commands()[0], 7);
  kept[3].release_commands();
  EXPECT_TRUE(kept[2].folded());
  kept[4].release_commands();
  EXPECT_EQ(kept[4].commands()[0], 8);
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
