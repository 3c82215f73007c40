// SPDX-License-Identifier: BSL-1.0
#include <synod/core/one_of.hpp>
#include <synod/core/shared.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

struct number {
  std::uint64_t value = 0;
};
struct pair {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};
using list = synod::shared<std::vector<int>>;
using message = synod::one_of<number, list, pair>;

static_assert(sizeof(message) == 24);
static_assert(std::is_nothrow_move_constructible_v<message>);
static_assert(std::is_nothrow_move_assignable_v<message>);
static_assert(std::is_copy_constructible_v<message>);
static_assert(synod::alternatives_of<message> == 3);
static_assert(!std::is_constructible_v<message, int>, "nothing is converted");

TEST(one_of, begins_as_the_first_alternative) {
  message const fresh;
  EXPECT_EQ(fresh.index(), 0U);
  ASSERT_NE(fresh.get_if<number>(), nullptr);
  EXPECT_EQ(fresh.get_if<number>()->value, 0U);
}

TEST(one_of, holds_what_it_was_given) {
  message const one = pair{1, 2};
  EXPECT_EQ(one.index(), 2U);
  EXPECT_EQ(one.get_if<number>(), nullptr);
  EXPECT_EQ(one.get_if<pair>()->second, 2U);
}

TEST(one_of, visits_the_alternative_there_is) {
  auto const name = [](message const& of) {
    return visit(
        []<class T>(T const&) {
          return std::is_same_v<T, number> ? 'n' : std::is_same_v<T, list> ? 'l' : 'p';
        },
        of);
  };
  EXPECT_EQ(name(number{1}), 'n');
  EXPECT_EQ(name(list(std::vector{1})), 'l');
  EXPECT_EQ(name(pair{}), 'p');
  message changed = number{1};
  visit(
      []<class T>(T& one) {
        if constexpr (std::is_same_v<T, number>) one.value = 7;
      },
      changed);
  EXPECT_EQ(changed.get_if<number>()->value, 7U);
}

// Sanitizers notice what would be destroyed twice or not at all.
TEST(one_of, owners_are_copied_moved_and_destroyed_once) {
  support::allocations const counted;
  message first = list(std::vector{1, 2, 3});
  auto const before = counted.calls();
  message copy = first;
  EXPECT_EQ(&**copy.get_if<list>(), &**first.get_if<list>());
  message moved = std::move(first);
  first = number{5};
  EXPECT_EQ(first.get_if<number>()->value, 5U);
  copy = moved;
  message& same = copy;
  copy = same;
  copy = std::move(same);
  first = std::move(moved);
  moved = first;
  moved.emplace<2>();
  EXPECT_EQ(counted.calls(), before) << "no list was made anew";
  EXPECT_EQ((*first.get_if<list>())->size(), 3U);
  EXPECT_EQ((*copy.get_if<list>())->size(), 3U);
  EXPECT_EQ(moved.index(), 2U);
}

TEST(one_of, lies_in_a_vector_that_grows) {
  std::vector<message> all;
  for (int i = 0; i < 100; ++i) {
    if (i % 2 == 0) {
      all.emplace_back(list(std::vector{i}));
    } else {
      all.emplace_back(number{static_cast<std::uint64_t>(i)});
    }
  }
  for (int i = 0; i < 100; i += 2) {
    EXPECT_EQ((*all[static_cast<std::size_t>(i)].get_if<list>())->front(), i);
  }
}

}  // namespace
