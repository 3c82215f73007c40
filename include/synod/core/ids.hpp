// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>

#include <compare>
#include <cstdint>

namespace synod {

// A number that names one kind of thing. Two kinds never mix: a node_id is not a session_id,
// although both are 64 bits, and the compiler says so.
template <class Tag, class Rep = std::uint64_t>
struct strong_id {
  using rep = Rep;

  Rep value{};

  constexpr strong_id() = default;
  constexpr explicit strong_id(Rep number) : value(number) {}

  [[nodiscard]] constexpr strong_id next() const { return strong_id(static_cast<Rep>(value + 1)); }

  friend constexpr auto operator<=>(strong_id, strong_id) = default;
};

using node_id = strong_id<struct node_id_tag>;  // configured by a person; 0 is valid
using node_index = strong_id<struct node_index_tag, std::uint8_t>;  // place in a node_set, 0..63
using group_id = strong_id<struct group_id_tag, std::uint32_t>;
using lane_id = strong_id<struct lane_id_tag>;        // one independent sequence of slots
using session_id = strong_id<struct session_id_tag>;  // position of the opening entry; 0 is none
using sequence = strong_id<struct sequence_tag>;      // of a command within its session, from 1
using ticket = strong_id<struct ticket_tag>;          // of a durable record, from 1; 0 is "nothing"
using config_number = strong_id<struct config_number_tag, std::uint32_t>;

// Nanoseconds of a clock that counts suspend. Cores are told the time, they never ask for it.
using time_ns = std::int64_t;
inline constexpr time_ns never = INT64_MAX;
template <class... Others>
[[nodiscard]] constexpr time_ns earliest(time_ns one, Others... others) {
  ((one = others < one ? others : one), ...);
  return one;
}

// A place in a lane. Real slots start at 1; slot 0 holds the state of the lane itself.
struct slot {
  std::uint64_t value = 0;

  constexpr slot() = default;
  constexpr explicit slot(std::uint64_t number) : value(number) {}

  [[nodiscard]] constexpr slot next() const { return slot(value + 1); }
  [[nodiscard]] constexpr slot previous() const { return slot(value - 1); }

  friend constexpr slot operator+(slot at, std::uint64_t distance) {
    return slot(at.value + distance);
  }
  friend constexpr slot operator-(slot at, std::uint64_t distance) {
    return slot(at.value - distance);
  }
  friend constexpr std::uint64_t operator-(slot later, slot earlier) {
    return later.value - earlier.value;
  }
  SYNOD_ALWAYS_INLINE friend constexpr auto operator<=>(slot, slot) = default;
  // What follows from that: as one call, where nothing is inlined, and not as three.
  SYNOD_ALWAYS_INLINE friend constexpr bool operator<(slot a, slot b) { return a.value < b.value; }
  SYNOD_ALWAYS_INLINE friend constexpr bool operator>(slot a, slot b) { return a.value > b.value; }
  SYNOD_ALWAYS_INLINE friend constexpr bool operator<=(slot a, slot b) {
    return a.value <= b.value;
  }
  SYNOD_ALWAYS_INLINE friend constexpr bool operator>=(slot a, slot b) {
    return a.value >= b.value;
  }
};
inline constexpr slot slot_max{UINT64_MAX};

// 128 random bits drawn when a store is first opened: a wiped disk is another store, hence another
// member, even under the same node_id (hazards H1, H16).
struct store_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  [[nodiscard]] constexpr bool empty() const { return high == 0 && low == 0; }
  friend constexpr auto operator<=>(store_id, store_id) = default;
};

// The hash of the founding record; all zero before the cluster is founded.
struct cluster_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  [[nodiscard]] constexpr bool empty() const { return high == 0 && low == 0; }
  friend constexpr auto operator<=>(cluster_id, cluster_id) = default;
};

// One life of a process: the counter is bumped and synced at every open, the nonce tells a cloned
// disk from the original (hazard H2).
struct incarnation {
  std::uint64_t counter = 0;
  std::uint64_t nonce = 0;

  friend constexpr auto operator<=>(incarnation, incarnation) = default;
};

}  // namespace synod
