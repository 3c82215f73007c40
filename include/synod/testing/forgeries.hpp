// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/core/shared.hpp>
#include <synod/core/slot_value.hpp>
#include <synod/roles/messages.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/random.hpp>
#include <synod/testing/sample_commands.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace synod::testing {

// What a forger knows.
struct forgery {
  node_id from;
  node_id to;
  proposal_fact last;  // the newest proposal of all
  ballot campaign;     // the newest ballot that anybody asks promises for
  ballot voted;        // the durable vote of the receiver for that slot
  bool learner = false;
};

// A message that a member sends who is broken, or not who it says: each is well-formed on the wire,
// and each can be told to be wrong by its receiver, who must drop it, count it and stay what it
// was. (What cannot be told, a member that lies consistently, is outside of the promise of Paxos.)
template <class Message, class Command>
std::optional<Message> forge(forgery const& known, random_source& chance) {
  slot const at_slot = known.last.at_slot.value == 0 ? slot(1) : known.last.at_slot;
  std::uint32_t const near = known.last.at.round + 1 + static_cast<std::uint32_t>(chance.below(3));
  std::uint32_t const far = round_max - static_cast<std::uint32_t>(chance.below(3));
  auto const value = [&chance] {
    batch<Command> made;
    made.add(session_id(chance.next()), sequence(1), sequence(),
             sample_command<Command>::draw(chance, 1'000'000 + chance.below(1000)));
    return slot_value<Command>(std::move(made));
  };
  switch (chance.below(8)) {
    case 0: return prepare{{0, near, known.to}, at_slot, at_slot};  // a ballot of somebody else
    case 1: return accept<Command>{{0, near, known.to}, at_slot, slot(), value()};
    case 2:
      return prepare{{0, far, known.from}, at_slot, at_slot};  // a round that ends the cluster
    case 3: return nack{known.last.at, {0, far, known.from}, at_slot};
    case 4: {  // a vote above the ballot that is promised
      if (known.campaign.owner != known.to) return std::nullopt;
      promise<Command> made;
      made.at = known.campaign;
      made.first = made.last = at_slot;
      made.votes.push_back({at_slot, {0, known.campaign.round + 5, known.from}, value(), false});
      return shared<promise<Command>>(std::move(made));
    }
    case 5:  // a slot that cannot be
      return accepted<Command>{known.last.at, slot(at_slot.value + (std::uint64_t{1} << 60)), {}};
    case 6:  // a second value at the ballot that the receiver voted at
      if (known.voted.empty() || known.voted.owner != known.from) return std::nullopt;
      return accept<Command>{known.voted, at_slot, slot(), value()};
    default:  // the vote of who has none
      if (!known.learner || known.last.at.empty()) return std::nullopt;
      return accepted<Command>{known.last.at, at_slot, {}};
  }
}

}  // namespace synod::testing
