// SPDX-License-Identifier: BSL-1.0
#include <synod/log/window.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using synod::slot;

struct cell {
  std::uint64_t written = 0;
};
using window = synod::window<cell>;

constexpr std::uint64_t chunk = window::chunk_slots;

void write(window& log, std::uint64_t at) { log.at(slot(at)).written = at; }

TEST(window, new_one_holds_nothing) {
  window log;
  EXPECT_EQ(log.find(slot(1)), nullptr);
  EXPECT_EQ(log.last(), slot());
  log.trim(slot(0));
  EXPECT_EQ(log.trimmed_upto(), slot());
}

TEST(window, gap_is_a_default_cell_in_a_chunk_and_null_outside) {
  window log;
  write(log, 5);
  write(log, 5 + 3 * chunk);
  ASSERT_NE(log.find(slot(4)), nullptr);
  EXPECT_EQ(log.find(slot(4))->written, 0U);
  EXPECT_EQ(log.find(slot(5 + chunk)), nullptr);
  EXPECT_EQ(log.find(slot(6 + 3 * chunk)), nullptr) << "above the last one written";
}

TEST(window, trimmed_cells_are_seen_once_in_order_and_come_back_empty) {
  window log;
  for (std::uint64_t at = 1; at <= 2 * chunk; ++at) write(log, at);
  std::vector<std::uint64_t> seen;
  log.trim(slot(chunk + 7), [&](cell const& gone) { seen.push_back(gone.written); });
  log.trim(slot(chunk + 9), [&](cell const& gone) { seen.push_back(gone.written); });
  std::uint64_t expected = 0;
  for (std::uint64_t one : seen) {
    // The place of slot 0 is in the first chunk, but nothing is looked at below slot 1.
    EXPECT_EQ(one, ++expected);
  }
  EXPECT_EQ(expected, chunk + 9);
  EXPECT_EQ(log.find(slot(chunk + 9)), nullptr);
  EXPECT_EQ(log.find(slot(chunk + 10))->written, chunk + 10);
  write(log, 3 * chunk);  // takes the chunk that was trimmed
  for (std::uint64_t at = 2 * chunk + 1; at < 3 * chunk; ++at) {
    cell const* const here = log.find(slot(at));
    EXPECT_TRUE(here == nullptr || here->written == 0) << at;
  }
}

TEST(window, trimming_beyond_the_last_slot_moves_on) {
  window log;
  write(log, 10);
  log.trim(slot(1'000'000'000'000));
  EXPECT_EQ(log.last(), slot(1'000'000'000'000));
  EXPECT_EQ(log.find(slot(10)), nullptr);
  write(log, 1'000'000'000'001);
  EXPECT_EQ(log.find(slot(1'000'000'000'001))->written, 1'000'000'000'001U);
  EXPECT_EQ(log.find(slot(1'000'000'000'002)), nullptr);
}

TEST(window, cells_never_move) {
  window log;
  cell* const first = &log.at(slot(1));
  for (std::uint64_t at = 2; at < 40 * chunk; ++at) write(log, at);
  EXPECT_EQ(log.find(slot(1)), first);
  window other(std::move(log));
  EXPECT_EQ(other.find(slot(1)), first);
}

TEST(window, steady_state_allocates_nothing) {
  window log;
  std::uint64_t at = 0;
  auto const round = [&] {
    for (int i = 0; i < 1000; ++i) write(log, ++at);
    log.trim(slot(at - 100));
  };
  for (int i = 0; i < 300; ++i) round();
  support::allocations const counted;
  for (int i = 0; i < 1000; ++i) round();
  EXPECT_EQ(counted.calls(), 0U);
}

// Beside a map, which is slow and obviously right.
TEST(window, same_as_a_map) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 dice(seed);
    window log;
    std::map<std::uint64_t, std::uint64_t> twin;
    std::uint64_t trimmed = 0;
    std::uint64_t last = 0;
    for (int step = 0; step < 2000; ++step) {
      std::uint64_t const far = dice() % 50 == 0 ? 20 * chunk : chunk;
      if (dice() % 8 != 0) {
        std::uint64_t const at = trimmed + 1 + dice() % far;
        log.at(slot(at)).written = twin[at] = dice();
        if (at > last) last = at;
      } else {
        trimmed += dice() % (far / 2);
        log.trim(slot(trimmed));
        twin.erase(twin.begin(), twin.upper_bound(trimmed));
        if (trimmed > last) last = trimmed;
      }
      ASSERT_EQ(log.last(), slot(last));
      ASSERT_EQ(log.trimmed_upto(), slot(trimmed));
      std::uint64_t const asked = dice() % (last + 2 * chunk);
      auto const expected = twin.find(asked);
      cell const* const found = log.find(slot(asked));
      if (asked <= trimmed || asked > last) {
        ASSERT_EQ(found, nullptr);
      } else {
        ASSERT_EQ(found == nullptr ? 0 : found->written,
                  expected == twin.end() ? 0 : expected->second);
      }
    }
  }
}

}  // namespace
