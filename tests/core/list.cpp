// SPDX-License-Identifier: BSL-1.0
#include <synod/core/list.hpp>
#include <synod/core/short_list.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using synod::list;
using numbers = list<int>;
using words = list<std::string>;  // which may point into themselves
using owners = list<std::unique_ptr<int>>;

static_assert(synod::moves_as_bytes<numbers> && synod::moves_as_bytes<words>);
static_assert(!synod::moves_as_bytes<std::string>);

// Grows, shrinks and copies a list and a vector alike, by chance.
template <class T, class Make>
void lives_like_a_vector(Make&& make) {
  std::uint32_t chance = 1;
  auto const next = [&](std::uint32_t below) {
    chance = chance * 1'664'525 + 1'013'904'223;
    return (chance >> 16) % below;
  };
  list<T> mine;
  std::vector<T> theirs;
  for (int i = 0; i < 20'000; ++i) {
    auto const place = static_cast<std::size_t>(next(static_cast<std::uint32_t>(mine.size() + 1)));
    auto const there = static_cast<std::ptrdiff_t>(place);
    switch (next(11)) {
      case 0:
        if (next(20) != 0) break;
        mine.clear();
        theirs.clear();
        break;
      case 1:
      case 2:
        if (place == mine.size()) break;
        mine.erase(mine.begin() + place);
        theirs.erase(theirs.begin() + there);
        break;
      case 3:
        if (next(8) != 0) break;
        mine.erase(mine.begin() + place, mine.end());
        theirs.erase(theirs.begin() + there, theirs.end());
        break;
      case 4:
      case 5:
        mine.insert(mine.begin() + place, make(i));
        theirs.insert(theirs.begin() + there, make(i));
        break;
      case 6:
        if (mine.empty()) break;
        mine.push_back(mine.front());  // an element of its own, which growing moves
        theirs.push_back(theirs.front());
        break;
      case 7: {
        list<T> copy(mine);
        mine = std::move(copy);
        break;
      }
      case 8:
        mine.resize(place + next(3));
        theirs.resize(mine.size());
        break;
      case 9: {
        auto const unwanted = [&](T const& one) { return one == make(i - 1); };
        EXPECT_EQ(erase_if(mine, unwanted), std::erase_if(theirs, unwanted));
        break;
      }
      default:
        mine.emplace_back(make(i));
        theirs.emplace_back(make(i));
        break;
    }
    ASSERT_EQ(mine, theirs) << i;
  }
}

TEST(list, lives_like_a_vector) {
  lives_like_a_vector<int>([](int i) { return i; });
  lives_like_a_vector<std::string>([](int i) {
    return std::string(static_cast<std::size_t>(i % 40), static_cast<char>('a' + i % 26));
  });
}

TEST(list, takes_what_lies_in_one_piece_and_can_be_looked_at_as_a_span) {
  std::vector<int> const from{1, 2, 3};
  numbers const made = from;
  std::span<int const> const seen(made);
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[2], 3);
  EXPECT_EQ(made, (numbers{1, 2, 3}));
  EXPECT_FALSE(made == (numbers{1, 2}));
  EXPECT_EQ(numbers(2, 7), (numbers{7, 7}));
}

TEST(list, moves_what_cannot_be_copied) {
  owners all;
  for (int i = 0; i < 100; ++i) all.push_back(std::make_unique<int>(i));
  owners taken = std::move(all);
  EXPECT_TRUE(all.empty());  // NOLINT: what was moved from is empty, and may be used again
  all.push_back(nullptr);
  EXPECT_EQ(*taken.at(99), 99);
  all.swap(taken);
  EXPECT_EQ(all.size(), 100U);
  EXPECT_EQ(taken.size(), 1U);
}

TEST(list, keeps_its_room) {
  numbers kept;
  for (int i = 0; i < 64; ++i) kept.push_back(i);
  support::allocations const counted;
  for (int round = 0; round < 10; ++round) {
    kept.clear();
    for (int i = 0; i < 64; ++i) kept.push_back(i);
  }
  EXPECT_EQ(counted.calls(), 0U);
}

struct alignas(64) wide {
  int value = 0;
};
TEST(list, aligns_what_asks_for_it) {
  list<wide> all;
  for (int i = 0; i < 9; ++i) {
    all.emplace_back().value = i;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(all.data()) % 64, 0U);
  }
}

// Counts how many of it there are.
struct counted_one {
  int value;
  int* alive;

  counted_one(int what, int* of) : value(what), alive(of) { ++*alive; }
  counted_one(counted_one const& other) : value(other.value), alive(other.alive) { ++*alive; }
  counted_one& operator=(counted_one const&) = default;
  ~counted_one() { --*alive; }
};

TEST(list, is_consumed_once_in_order) {
  int alive = 0;
  list<counted_one> all;
  for (int i = 0; i < 9; ++i) all.add(i, &alive);
  EXPECT_EQ(alive, 9);
  int next = 0;
  all.consume([&](counted_one& one) { EXPECT_EQ(one.value, next++); });
  EXPECT_EQ(next, 9);
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(all.empty());
}

TEST(list, keeps_what_is_appended_while_each_is_taken) {
  int alive = 0;
  list<counted_one> all;
  for (int i = 0; i < 3; ++i) all.add(i, &alive);
  int next = 0;
  all.take_each([&](counted_one& one) {
    EXPECT_EQ(one.value, next++);
    all.add(10 + one.value, &alive);
    all.add(20 + one.value, &alive);
  });
  EXPECT_EQ(next, 3);
  EXPECT_EQ(alive, 6);
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].value, 10);
  EXPECT_EQ(all[5].value, 22);
  all.take_each([](counted_one&) {});
  EXPECT_EQ(alive, 0);
}

TEST(short_list, keeps_its_first_elements_in_itself_and_all_of_them_in_order) {
  synod::short_list<int, 2> all;
  for (int i = 0; i < 5; ++i) all.grow() = i;
  ASSERT_EQ(all.size(), 5U);
  auto const* const from = reinterpret_cast<std::byte const*>(&all);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(all[i], static_cast<int>(i));
    auto const* const at = reinterpret_cast<std::byte const*>(&all[i]);
    EXPECT_EQ(at >= from && at < from + sizeof all, i < 2) << i;
  }
  synod::short_list<int, 2> const moved = std::move(all);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(moved[i], static_cast<int>(i));
}

}  // namespace
