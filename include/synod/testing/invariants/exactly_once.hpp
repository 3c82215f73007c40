// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/testing/facts.hpp>

#include <cstdint>
#include <unordered_map>

namespace synod::testing {

// I7, exactly once: a command of a session is executed at one position of the log and at no other,
// and everybody who executes it gives the same reply.
class exactly_once {
 public:
  // `position` is where it was executed (slot << 16 | index); `reply` a digest of what it answered.
  void executed(session_id session, sequence number, std::uint64_t position, std::uint64_t reply,
                violations& found) {
    auto const [known, fresh] = done_.try_emplace({session, number}, execution{position, reply});
    if (fresh) return;
    if (known->second.position != position) {
      found.add("I7", "command %llu of session %llu is executed at %llu and again at %llu",
                wide(number.value), wide(session.value), wide(known->second.position),
                wide(position));
    } else if (known->second.reply != reply) {
      found.add("I7", "command %llu of session %llu is answered with %016llx and with %016llx",
                wide(number.value), wide(session.value), wide(known->second.reply), wide(reply));
    }
  }

  // A client was given this reply.
  void answered(session_id session, sequence number, std::uint64_t reply, violations& found) const {
    auto const known = done_.find({session, number});
    if (known == done_.end()) {
      found.add("I7", "command %llu of session %llu is answered, but nobody executed it",
                wide(number.value), wide(session.value));
    } else if (known->second.reply != reply) {
      found.add("I7",
                "the client of session %llu is told %016llx for command %llu instead of %016llx",
                wide(session.value), wide(reply), wide(number.value), wide(known->second.reply));
    }
  }

 private:
  struct name {
    session_id session;
    sequence number;
    friend bool operator==(name const&, name const&) = default;
  };
  struct name_hash {
    std::size_t operator()(name const& of) const {
      return place_hash()({lane_id(of.session.value), slot(of.number.value)});
    }
  };
  struct execution {
    std::uint64_t position;
    std::uint64_t reply;
  };

  std::unordered_map<name, execution, name_hash> done_;
};

}  // namespace synod::testing
