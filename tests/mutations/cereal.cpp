// SPDX-License-Identifier: BSL-1.0
#include <synod/cereal/codec.hpp>

#include <cereal/types/set.hpp>

#include <gtest/gtest.h>

#include <set>

#include "support/allocations.hpp"
#include "support/mutated.hpp"

namespace {

TEST(cereal_mutations, archive_counts_unbounded) {
  std::vector<std::byte> bytes;
  synod::wire_writer out(bytes);
  out(std::uint64_t{1} << 22);
  auto const peak = [&bytes] {
    support::allocations const counted;
    synod::cereal_codec codec;
    std::vector<std::uint8_t> found;
    EXPECT_FALSE(codec.decode(bytes, found));
    return counted.peak();
  };
  EXPECT_LE(peak(), 4 * bytes.size() + 65536);
  support::mutated const guard("archive_counts_unbounded");
  EXPECT_GT(peak(), 4 * bytes.size() + 65536);
}

TEST(cereal_mutations, keys_may_repeat) {
  std::vector<std::byte> bytes;
  synod::wire_writer out(bytes);
  out(std::uint64_t{2}, std::uint8_t{5}, std::uint8_t{5});
  auto const passes = [&bytes] {
    synod::cereal_codec codec;
    std::set<std::uint8_t> found;
    return codec.decode(bytes, found);
  };
  EXPECT_FALSE(passes());
  support::mutated const guard("keys_may_repeat");
  EXPECT_TRUE(passes());
}

}  // namespace
