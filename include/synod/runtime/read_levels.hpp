// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <cstdint>
#include <variant>

namespace synod {

// What a read may miss, by name: a type each, so that a weaker read than one wants does not compile
// by accident. All serve a state of this replica between two slots.
namespace read {

// Sees everything acknowledged before the read began, proved by an entry of its own in the log. The
// cost of a write; works on every replica that can propose.
struct linearizable_log {};

// Likewise, proved by a quorum that confirms the leader. Served by the leader only.
struct linearizable_index {};

// Likewise, with the leader's word for how far this replica must be. Served by any replica.
struct linearizable_follower {};

// Likewise, proved by a quorum that says how far it voted. Needs no leader; served by any replica.
struct linearizable_quorum {};

// Sees at least what its client has seen: the version of its last answer, from whichever replica.
// Reads of one session never go back, and it reads its own writes.
struct session {
  std::uint64_t floor = 0;
};

// Sees everything acknowledged longer ago than this, by the clock of the replica.
struct bounded_stale {
  time_ns at_most_ns = 0;
};

// Sees some state of the past.
struct local {};

// Its place here is the number of a level in the messages of clients.
using level = std::variant<linearizable_log, linearizable_index, linearizable_follower, session,
                           bounded_stale, local, linearizable_quorum>;

// What somebody who sees the whole cluster knows about one read. The one place that says what each
// level promises: simulations ask it, so that no test has an opinion of its own.
struct evidence {
  slot served;               // the state had everything up to here applied
  slot acked_before_begin;   // the highest slot acknowledged to anybody before the read began
  slot acked_before_window;  // likewise, before the age that a bounded_stale read allows
};

inline bool kept(level const& promised, evidence const& seen) {
  if (auto const* const one = std::get_if<session>(&promised)) {
    return seen.served.value >= one->floor >> 16;
  }
  if (std::get_if<bounded_stale>(&promised) != nullptr) {
    return seen.served >= seen.acked_before_window;
  }
  if (std::get_if<local>(&promised) != nullptr) return true;
  return seen.served >= seen.acked_before_begin;
}

}  // namespace read

}  // namespace synod
