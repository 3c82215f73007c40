// SPDX-License-Identifier: BSL-1.0
#include <synod/core/node_set.hpp>

#include <gtest/gtest.h>

#include <set>

namespace {

using synod::node_index;
using synod::node_set;

node_set of(std::set<int> const& members) {
  node_set made;
  for (int const one : members) made.insert(node_index(static_cast<std::uint8_t>(one)));
  return made;
}

std::set<int> listed(node_set from) {
  std::set<int> made;
  int last = -1;
  from.for_each([&](node_index at) {
    EXPECT_GT(int{at.value}, last);  // in rising order
    last = at.value;
    made.insert(at.value);
  });
  return made;
}

TEST(node_set, behaves_like_a_set_at_both_ends_of_the_word) {
  std::set<int> const all{0, 1, 31, 32, 62, 63};
  node_set const some = of(all);
  EXPECT_EQ(listed(some), all);
  EXPECT_EQ(some.size(), all.size());
  for (int at = 0; at < 64; ++at) {
    node_index const index(static_cast<std::uint8_t>(at));
    EXPECT_EQ(some.contains(index), all.contains(at));
    node_set without = some;
    without.erase(index);
    EXPECT_FALSE(without.contains(index));
    EXPECT_EQ(without.size(), all.size() - (all.contains(at) ? 1 : 0));
    EXPECT_EQ(node_set::of(index), of({at}));
  }
}

TEST(node_set, inserting_twice_counts_once) {
  node_set some;
  EXPECT_TRUE(some.empty());
  some.insert(node_index(7));
  some.insert(node_index(7));
  EXPECT_EQ(some.size(), 1U);
  some.clear();
  EXPECT_TRUE(some.empty());
}

TEST(node_set, union_intersection_difference) {
  for (unsigned a = 0; a < 16; ++a) {
    for (unsigned b = 0; b < 16; ++b) {
      node_set const first(std::uint64_t{a} << 60);
      node_set const second(std::uint64_t{b} << 60);
      EXPECT_EQ((first | second).bits(), std::uint64_t{a | b} << 60);
      EXPECT_EQ((first & second).bits(), std::uint64_t{a & b} << 60);
      EXPECT_EQ((first - second).bits(), std::uint64_t{a & ~b} << 60);
      EXPECT_EQ(first.contains(second), (a | b) == a);
    }
  }
}

TEST(node_set, the_first_so_many) {
  EXPECT_TRUE(node_set::first(0).empty());
  EXPECT_EQ(node_set::first(3), of({0, 1, 2}));
  EXPECT_EQ(node_set::first(63).size(), 63U);
  EXPECT_EQ(node_set::first(64).bits(), UINT64_MAX);
  EXPECT_EQ(node_set::first(1000).bits(), UINT64_MAX);
}

static_assert(sizeof(node_set) == 8);

}  // namespace
