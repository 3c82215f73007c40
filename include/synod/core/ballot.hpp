// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/ids.hpp>

#include <bit>
#include <compare>
#include <cstdint>

namespace synod {

// A ballot is the 128-bit integer config:32 | round:32 | owner:64 and nothing else: what is outside
// the packing cannot affect the order, so the wire, the disk and a fence all agree with the
// comparison (hazard H19). Only `owner` may send Prepare or Accept with it, and never for two
// attempts (H2). `config` only orders: whose votes count for a slot is asked of the configuration
// of that slot.
struct ballot {
  std::uint32_t config = 0;
  std::uint32_t round = 0;
  node_id owner{};

  // The empty ballot is below every ballot that a node may use, since those have a round above 0.
  [[nodiscard]] constexpr bool empty() const { return round == 0; }
  // The upper half of the integer; the lower one is the owner.
  [[nodiscard]] SYNOD_ALWAYS_INLINE constexpr std::uint64_t high() const {
    std::uint64_t const both = std::bit_cast<words>(*this).first;
    return std::endian::native == std::endian::little ? std::rotl(both, 32) : both;
  }

  // What `= default` would say, but in words of 64 bits: every message is compared.
  SYNOD_ALWAYS_INLINE friend constexpr bool operator==(ballot a, ballot b) {
    auto const left = std::bit_cast<words>(a);
    auto const right = std::bit_cast<words>(b);
    return left.first == right.first && left.second == right.second;
  }
  SYNOD_ALWAYS_INLINE friend constexpr std::strong_ordering operator<=>(ballot a, ballot b) {
    return a.high() != b.high() ? a.high() <=> b.high() : a.owner <=> b.owner;
  }

 private:
  struct words {
    std::uint64_t first;
    std::uint64_t second;
  };
};

struct packed_ballot {
  std::uint64_t high = 0;  // config:32 | round:32
  std::uint64_t low = 0;   // owner

  friend constexpr auto operator<=>(packed_ballot const&, packed_ballot const&) = default;
};

constexpr packed_ballot pack(ballot const& of) { return {of.high(), of.owner.value}; }

constexpr ballot unpack(packed_ballot const& from) {
  return {static_cast<std::uint32_t>(from.high >> 32), static_cast<std::uint32_t>(from.high),
          node_id(from.low)};
}

// Rounds are finite, so a forged "round = max" could end a cluster. A round may exceed the highest
// one known from the members by one jump at most, and the topmost jump is never accepted.
inline constexpr std::uint32_t round_jump_max = std::uint32_t{1} << 20;
inline constexpr std::uint32_t round_max = UINT32_MAX - round_jump_max;

constexpr bool round_is_plausible(std::uint32_t round, std::uint32_t highest_known) {
  return round != 0 && round <= round_max &&
         (round <= highest_known || round - highest_known <= round_jump_max);
}

// Rounds are reserved durably in blocks, so that a restart never reuses one (H2) and a campaign
// rarely waits for the disk.
inline constexpr std::uint32_t round_block = 1024;

}  // namespace synod
