// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/core/list.hpp>
#include <synod/core/one_of.hpp>
#include <synod/core/record.hpp>
#include <synod/core/slot_value.hpp>

#include <cstdint>

namespace synod {

// The messages that single-decree and every multi-Paxos share. Each carries the ballot of the round
// it belongs to, and a reply is counted only in that round (hazard H6).

// Phase 1 over the slots first..last; a leader's range ends at infinity.
struct prepare {
  ballot at;
  slot first;
  slot last = slot_max;
};

// What an acceptor holds for one slot: a vote, or a value it knows to be chosen.
template <class Command>
struct reported_vote {
  slot at;
  ballot voted;
  slot_value<Command> value;
  bool chosen = false;
};

// A promise for exactly first..last, cut into parts of bounded size. Parts that carry the same
// `answer` were taken from one look at the log; the sender counts only when all of one answer are
// there (hazard H9). Slots up to `chosen_upto` are chosen and must be learned, never proposed (H3).
template <class Command>
struct promise {
  ballot at;
  slot first;
  slot last = slot_max;
  slot chosen_upto;
  slot trimmed_upto;
  std::uint64_t answer = 0;
  std::uint32_t part = 0;
  bool final_part = true;
  list<reported_vote<Command>> votes;
  list<damaged_range> damaged;
};

// Phase 2 for one slot, and the notice that everything up to `chosen_upto` is chosen: a follower
// decides by it only what it accepted at this ballot or above.
template <class Command>
struct accept {
  ballot at;
  slot at_slot;
  slot chosen_upto;
  slot_value<Command> value;
};

// A vote. To a learner it carries the value, to the proposer, who knows it, it does not.
template <class Command>
struct accepted {
  ballot at;
  slot at_slot;
  slot_value<Command> value;
};

template <class Command>
inline constexpr bool moves_as_bytes<accept<Command>> = true;
template <class Command>
inline constexpr bool moves_as_bytes<accepted<Command>> = true;
template <class Command>
inline constexpr bool is_frequent<accept<Command>> = true;
template <class Command>
inline constexpr bool is_frequent<accepted<Command>> = true;

// The refusal of `refused`, because `promised` was promised or voted in its range.
struct nack {
  ballot refused;
  ballot promised;
  slot at_slot;
};

}  // namespace synod
