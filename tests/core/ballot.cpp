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

// Every bit of every field alone, against every other: a field that spilt over would show.
TEST(ballot, packing_keeps_the_order_at_every_bit) {
  std::vector<ballot> all;
  for (unsigned bit = 0; bit < 128; ++bit) {
    std::uint64_t const one = std::uint64_t{1} << (bit % 64);
    auto const made =
        synod::unpack(bit < 64 ? synod::packed_ballot{0, one} : synod::packed_ballot{one, 0});
    all.push_back(made);
    all.push_back(synod::unpack(bit < 64 ? synod::packed_ballot{0, one - 1}
                                         : synod::packed_ballot{one - 1, UINT64_MAX}));
  }
  for (ballot const& a : all) {
    for (ballot const& b : all) {
      ASSERT_EQ(a <=> b, synod::pack(a) <=> synod::pack(b));
      // The same by hand: config first, then round, then owner.
      bool const below = a.config != b.config ? a.config < b.config
                         : a.round != b.round ? a.round < b.round
                                              : a.owner < b.owner;
      ASSERT_EQ(a < b, below);
    }
  }
}

TEST(ballot, is_empty_exactly_at_round_0) {
  EXPECT_TRUE(ballot{}.empty());
  EXPECT_TRUE((ballot{7, 0, node_id(9)}.empty()));
  EXPECT_FALSE((ballot{0, 1, node_id(0)}.empty()));
  EXPECT_LT(ballot{}, (ballot{0, 1, node_id(0)}));
}

TEST(ballot, a_round_is_plausible_up_to_one_jump_above_what_is_known) {
  using synod::round_is_plausible;
  constexpr std::uint32_t jump = synod::round_jump_max;
  constexpr std::uint32_t top = synod::round_max;
  EXPECT_EQ(top, UINT32_MAX - jump);
  EXPECT_FALSE(round_is_plausible(0, 0));
  EXPECT_FALSE(round_is_plausible(0, 100));
  EXPECT_TRUE(round_is_plausible(1, 0));
  EXPECT_TRUE(round_is_plausible(jump, 0));
  EXPECT_FALSE(round_is_plausible(jump + 1, 0));
  EXPECT_TRUE(round_is_plausible(5, 100));
  EXPECT_TRUE(round_is_plausible(100 + jump, 100));
  EXPECT_FALSE(round_is_plausible(101 + jump, 100));
  // Whatever is known, the topmost jump is never accepted and nothing wraps around.
  EXPECT_TRUE(round_is_plausible(top, top - 1));
  EXPECT_TRUE(round_is_plausible(top, top));
  EXPECT_FALSE(round_is_plausible(top + 1, top));
  EXPECT_FALSE(round_is_plausible(UINT32_MAX, top));
  EXPECT_FALSE(round_is_plausible(UINT32_MAX, UINT32_MAX));
  EXPECT_FALSE(round_is_plausible(UINT32_MAX, 0));
}

static_assert(ballot{1, 0, node_id(0)} > ballot{0, 9, node_id(9)});
static_assert(ballot{1, 1, node_id(2)} == ballot{1, 1, node_id(2)});
static_assert(sizeof(ballot) == 16);

}  // namespace
