// SPDX-License-Identifier: BSL-1.0
#include <synod/core/ids.hpp>

#include <gtest/gtest.h>

#include <type_traits>

namespace {

// Two kinds of ids never mix, nor does a number become one by accident.
static_assert(!std::is_convertible_v<synod::node_id, synod::session_id>);
static_assert(!std::is_constructible_v<synod::session_id, synod::node_id>);
static_assert(!std::is_convertible_v<std::uint64_t, synod::node_id>);
static_assert(!std::is_convertible_v<std::uint64_t, synod::slot>);
static_assert(!std::is_convertible_v<synod::slot, std::uint64_t>);
static_assert(sizeof(synod::node_index) == 1);
static_assert(sizeof(synod::slot) == 8);
static_assert(sizeof(synod::store_id) == 16);

TEST(ids, slots_count_and_compare) {
  using synod::slot;
  EXPECT_EQ(slot(1).next(), slot(2));
  EXPECT_EQ(slot(2).previous(), slot(1));
  EXPECT_EQ(slot(2) + 3, slot(5));
  EXPECT_EQ(slot(5) - 3, slot(2));
  EXPECT_EQ(slot(5) - slot(2), 3U);
  EXPECT_LT(slot(5), synod::slot_max);
  EXPECT_EQ(slot(), slot(0));
}

TEST(ids, only_all_zero_is_empty) {
  EXPECT_TRUE(synod::store_id().empty());
  EXPECT_FALSE((synod::store_id{1, 0}.empty()));
  EXPECT_FALSE((synod::store_id{0, 1}.empty()));
  EXPECT_TRUE(synod::cluster_id().empty());
  EXPECT_FALSE((synod::cluster_id{0, 1}.empty()));
}

TEST(ids, an_incarnation_compares_by_counter_first) {
  EXPECT_LT((synod::incarnation{1, 9}), (synod::incarnation{2, 0}));
  EXPECT_NE((synod::incarnation{1, 9}), (synod::incarnation{1, 8}));
}

}  // namespace
