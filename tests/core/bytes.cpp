// SPDX-License-Identifier: BSL-1.0
#include <synod/core/bytes.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "support/allocations.hpp"

namespace {

using synod::bytes_pool;
using synod::shared_bytes;

std::vector<std::byte> of(std::size_t length, int value) {
  return std::vector<std::byte>(length, static_cast<std::byte>(value));
}

TEST(shared_bytes, copies_share_the_same_memory) {
  shared_bytes const first(of(100, 7));
  shared_bytes const second = first;
  EXPECT_EQ(first.bytes().data(), second.bytes().data());
  EXPECT_EQ(second.bytes().size(), 100U);
  EXPECT_TRUE(shared_bytes().empty());
  EXPECT_TRUE(shared_bytes(of(0, 0)).empty());
}

TEST(shared_bytes, live_as_long_as_the_last_owner) {
  std::optional<shared_bytes> first(of(10, 7));
  shared_bytes second = *first;
  shared_bytes moved = std::move(second);
  first.reset();
  EXPECT_EQ(moved.bytes()[9], std::byte{7});
  moved = moved.bytes().empty() ? shared_bytes() : moved;  // to itself
  EXPECT_EQ(moved.bytes().size(), 10U);
}

TEST(byte_slice, is_a_part_of_its_owner) {
  synod::byte_slice slice;
  EXPECT_TRUE(slice.empty());
  EXPECT_TRUE(slice.bytes().empty());
  shared_bytes const owner(of(10, 3));
  slice = {owner, 4, 6, 0};
  EXPECT_EQ(slice.bytes().data(), owner.bytes().data() + 4);
  EXPECT_EQ(slice.bytes().size(), 6U);
}

TEST(bytes_pool, gives_back_capacity_and_allocates_nothing_in_steady_state) {
  bytes_pool pool;
  std::vector<std::byte> scratch;
  auto const round = [&] {
    scratch.assign(1000, std::byte{1});
    shared_bytes const first = pool.seal(scratch);
    EXPECT_TRUE(scratch.empty());
    scratch.assign(500, std::byte{2});
    shared_bytes const second = pool.seal(scratch);
    EXPECT_EQ(first.bytes().size(), 1000U);
    EXPECT_EQ(second.bytes().size(), 500U);
    EXPECT_EQ(second.bytes()[0], std::byte{2});
  };
  for (int i = 0; i < 3; ++i) round();
  support::allocations const counted;
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(counted.calls(), 0U);
}

TEST(bytes_pool, bytes_outlive_their_pool) {
  std::vector<shared_bytes> kept;
  {
    bytes_pool pool;
    std::vector<std::byte> scratch;
    for (int i = 0; i < 4; ++i) {
      scratch = of(100, i);
      kept.push_back(pool.seal(scratch));
    }
    kept.pop_back();  // one goes home first
    bytes_pool const moved = std::move(pool);
  }
  EXPECT_EQ(kept[2].bytes()[50], std::byte{2});
  kept.clear();
}

TEST(bytes_pool, keeps_no_more_than_its_bound) {
  bytes_pool pool;
  std::vector<std::byte> scratch;
  std::vector<shared_bytes> all;
  for (int i = 0; i < 80; ++i) {
    scratch.resize(std::size_t{1} << 20);
    all.push_back(pool.seal(scratch));
  }
  scratch = {};
  all.clear();
  // 80 MiB were out at once; what the pool kept of them is at most 64.
  std::size_t reused = 0;
  for (int i = 0; i < 80; ++i) {
    scratch.clear();
    all.push_back(pool.seal(scratch));
    reused += scratch.capacity() >> 20;
    scratch = {};
  }
  EXPECT_GT(reused, 0U);
  EXPECT_LE(reused, 64U);
}

}  // namespace
