// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/shared.hpp>
#include <synod/core/slot_value.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace synod {

// What a durable record says. A record replaces only an earlier one of the same address, whole;
// replay may come in any order, so restore keeps the higher ballot or round of what it is given.
enum class record_kind : std::uint8_t {
  promise = 1,   // slot 0: every range promised
  reserved = 2,  // slot 0: rounds up to `at.round` are ours; a restart begins above it
  floor = 3,     // slot 0: everything up to `upto` is chosen and applied durably elsewhere
  vote = 4,      // slot s: accepted `value` at ballot `at`
  chosen = 5,    // slot s: `value` is chosen; learned, not voted for
  mark = 6,      // slot 0: what this node holds up to `upto` is chosen; written lazily
  host = 64,     // and above: the host's own (founding record, incarnations of peers, amnesia)
};

struct record_address {
  group_id group;
  lane_id lane;
  slot at;
  record_kind kind = record_kind::vote;

  friend constexpr auto operator<=>(record_address const&, record_address const&) = default;
};

// The lane in which a host keeps what is its own.
inline constexpr lane_id host_lane{UINT64_MAX};

// A promise covers exactly the slots first..last; a leader's is the range to infinity.
struct promised_range {
  slot first;
  slot last = slot_max;
  ballot at;

  friend constexpr bool operator==(promised_range const&, promised_range const&) = default;
};

struct governed_from {
  slot first;
  membership members;
};

// What a machine has already applied, or a snapshot holds: everything up to `at`, and the
// configurations that are known from there (up to `at` + alpha).
struct applied_prefix {
  slot at;
  list<governed_from> configurations;
};

// A record as a core emits it. Every kind uses the fields its line above names; unused ones are
// empty. One is built per vote and per slot, so the lists, which votes do not have, cost a pointer.
template <class Command>
struct record {
  ticket number;
  record_kind kind = record_kind::vote;
  lane_id lane;
  slot at_slot;
  ballot at;
  slot_value<Command> value;
  shared<list<promised_range>> promises;
  shared<list<governed_from>> configurations;
  slot upto;
};

// A record as storage sees it: an address, the ballot (so that tools can read a log without the
// codec) and bytes whose checksum was computed when they were encoded.
struct record_view {
  record_address address;
  ballot at;
  std::span<std::byte const> body;
  std::uint32_t checksum = 0;
};

// Slots of which storage knows that it once held something and cannot tell what. A promise carries
// them, so that a node never votes as if nothing had been there (hazard H20).
struct damaged_range {
  group_id group;
  lane_id lane;
  slot first;
  slot last;

  friend constexpr bool operator==(damaged_range const&, damaged_range const&) = default;
};

struct damage {
  // Lane state, or a record whose address cannot be read: no vote, promise or campaign until the
  // node is replaced through membership.
  bool everything = false;
  list<damaged_range> ranges;

  [[nodiscard]] bool none() const { return !everything && ranges.empty(); }
  [[nodiscard]] bool covers(slot at) const {
    if (everything) return true;
    for (damaged_range const& one : ranges) {
      if (one.first <= at && at <= one.last) return true;
    }
    return false;
  }
};

}  // namespace synod
