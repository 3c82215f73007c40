// SPDX-License-Identifier: BSL-1.0
#include <synod/core/shared.hpp>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using list = synod::shared<std::vector<int>>;

static_assert(sizeof(list) == sizeof(void*));

TEST(shared, empty_one_is_a_default_value_and_allocates_nothing) {
  support::allocations const counted;
  list const none;
  EXPECT_TRUE(none->empty());
  EXPECT_EQ(counted.calls(), 0U);
}

TEST(shared, copies_are_the_same_object_and_allocate_nothing) {
  list const first(std::vector<int>{1, 2, 3});
  support::allocations const counted;
  list second = first;
  list third;
  third = second;
  EXPECT_EQ(&*third, &*first);
  second = list();
  list const& same = third;
  third = same;
  EXPECT_EQ(third->size(), 3U);
  EXPECT_EQ(counted.calls(), 0U);
}

TEST(shared, outlives_the_first_owner) {
  list kept;
  {
    list made(std::vector<int>{7});
    kept = made;
    list const moved = std::move(made);
    EXPECT_EQ(moved->front(), 7);
  }
  EXPECT_EQ(kept->front(), 7);
}

}  // namespace
