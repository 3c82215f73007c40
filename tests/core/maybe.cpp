// SPDX-License-Identifier: BSL-1.0
#include <synod/core/maybe.hpp>

#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/shared.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <type_traits>
#include <utility>

namespace {

using synod::list;
using synod::maybe;
using synod::slot;

// As cheap to hand around as what it holds.
static_assert(std::is_trivially_copyable_v<maybe<slot>>);
static_assert(std::is_trivially_destructible_v<maybe<slot>>);
static_assert(!std::is_trivially_copyable_v<maybe<list<int>>>);
static_assert(synod::moves_as_bytes<maybe<slot>>);
static_assert(synod::maybe_of<maybe<slot>, slot> && synod::maybe_of<std::optional<slot>, slot>);
static_assert(!synod::maybe_of<slot, slot>);

// How many there are, so that one that does not end is seen.
struct counted {
  static inline int alive = 0;
  int value = 0;

  explicit counted(int with) : value(with) { ++alive; }
  counted(counted const& other) : value(other.value) { ++alive; }
  counted& operator=(counted const&) = default;
  ~counted() { --alive; }
};

TEST(maybe, is_a_value_or_none) {
  maybe<slot> none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(none.value_or(slot(3)), slot(3));
  maybe<slot> some = slot(5);
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, slot(5));
  EXPECT_EQ(some->next(), slot(6));
  EXPECT_EQ(some.value_or(slot(3)), slot(5));
  some = std::nullopt;
  EXPECT_FALSE(some);
}

TEST(maybe, equals_what_holds_the_same) {
  maybe<slot> const none;
  maybe<slot> const five = slot(5);
  EXPECT_TRUE(none == maybe<slot>());
  EXPECT_FALSE(none == five);
  EXPECT_FALSE(five == none);
  EXPECT_TRUE(five == maybe<slot>(slot(5)));
  EXPECT_FALSE(five == maybe<slot>(slot(6)));
  EXPECT_TRUE(five == slot(5));
  EXPECT_FALSE(none == slot(0));
}

TEST(maybe, is_an_optional_for_who_wants_one) {
  std::optional<slot> const some = maybe<slot>(slot(5));
  EXPECT_EQ(some, std::optional<slot>(slot(5)));
  std::optional<slot> const none = maybe<slot>();
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(*maybe<slot>(some), slot(5));
  EXPECT_FALSE(maybe<slot>(none));
}

TEST(maybe, ends_each_value_once) {
  {
    maybe<counted> first;
    EXPECT_EQ(counted::alive, 0);
    first.emplace(1);
    first.emplace(2);
    EXPECT_EQ(counted::alive, 1);
    maybe<counted> second = first;
    maybe<counted> third = std::move(first);
    EXPECT_EQ(counted::alive, 3);
    third = second;
    EXPECT_EQ(third->value, 2);
    third = std::move(second);
    EXPECT_EQ(counted::alive, 3);
    maybe<counted>& same = third;
    third = same;
    third = std::move(same);
    EXPECT_EQ(third->value, 2);
    third = std::nullopt;
    EXPECT_EQ(counted::alive, 2);
  }
  EXPECT_EQ(counted::alive, 0);
}

TEST(maybe, moves_what_it_holds) {
  maybe<list<int>> from = list<int>{1, 2, 3};
  list<int> const moved = *maybe<list<int>>(list<int>{4});
  EXPECT_EQ(moved, (list<int>{4}));
  maybe<list<int>> const to = std::move(from);
  ASSERT_TRUE(to);
  EXPECT_EQ(*to, (list<int>{1, 2, 3}));
  EXPECT_TRUE(from->empty());
}

}  // namespace
