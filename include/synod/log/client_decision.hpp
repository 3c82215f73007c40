// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace synod {

// The place of a command in the history: slot << 16 | index in its batch. It is also the version of
// whatever that command wrote.
constexpr std::uint64_t position_of(slot at, std::uint16_t index) {
  return (at.value << 16) | index;
}

// The id of a session that a slot opens. An odd one is the id of a session that wants order, so
// that whoever sees one of its commands knows, and nothing needs to be kept about it.
constexpr session_id session_opened_at(slot at, bool wants_order) {
  return session_id(position_of(at, wants_order ? 1 : 0));
}
constexpr bool wants_order(session_id session) { return (session.value & 1) != 0; }

// What the table says about one command. Only `execute` may change the state machine.
enum class client_verdict : std::uint8_t {
  execute,  // never seen: apply it, and keep its reply
  cached,   // applied before: here is the reply of then
  expired,  // the session is gone or the reply is: it may or may not have been applied
  refused,  // outside of what the session may have in flight: not applied
  early,    // not the next of a session that wants order: not applied, so propose it again
};

struct client_decision {
  client_verdict verdict = client_verdict::expired;
  std::uint64_t version = 0;         // of a cached reply
  std::span<std::byte const> reply;  // of a cached reply, until the table changes
};

}  // namespace synod
