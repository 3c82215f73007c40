// SPDX-License-Identifier: BSL-1.0
#include <synod/core/ballot.hpp>

#include <gtest/gtest.h>

#include <compare>
#include <vector>

namespace {

using synod::ballot;
using synod::node_id;

// The order of ballots is that of the packed integer, and nothing else (hazard H19).
TEST(ballot, compares_as_the_packed_integer) {
  std::vector<ballot> all;
  for (std::uint32_t config : {0U, 1U, 2U, 0x80000000U, UINT32_MAX}) {
    for (std::uint32_t round : {0U, 1U, 2U, 0x80000000U, UINT32_MAX}) {
      for (std::uint64_t owner : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
        all.push_back({config, round, node_id(owner)});
      }
    }
  }
  for (ballot const& a : all) {
    EXPECT_EQ(synod::unpack(synod::pack(a)), a);
    for (ballot const& b : all) {
      EXPECT_EQ(a <=> b, synod::pack(a) <=> synod::pack(b));
      EXPECT_EQ(a == b, synod::pack(a) == synod::pack(b));
    }
  }
}

static_assert(ballot{1, 0, node_id(0)} > ballot{0, 9, node_id(9)});
static_assert(ballot{1, 1, node_id(2)} == ballot{1, 1, node_id(2)});
static_assert(sizeof(ballot) == 16);

}  // namespace
