// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/core/outcome.hpp>
#include <synod/core/record.hpp>

#include <cstdint>
#include <utility>
#include <variant>

namespace synod {

// What the core tells its host besides messages and decisions.
struct leader_changed {
  leader_hint hint;
  bool here = false;
};
struct configuration_bound {
  config_number number;
  slot first;
};
struct snapshot_needed {
  node_id from;  // that node has what this one can no longer get slot by slot
  slot at_least;
};
struct trim_due {
  lane_id lane;
  slot upto;  // storage may now forget every slot up to here
};
struct removed_from_membership {};
using core_event =
    one_of<leader_changed, configuration_bound, snapshot_needed, trim_due, removed_from_membership>;

// A proposal that the core accepted once and has now given up without its ever leaving the node.
template <class Command>
struct refused_proposal {
  slot_value<Command> value;
  refusal why;
};

template <class Command>
struct decided_slot {
  lane_id lane;
  slot at;
  slot_value<Command> value;
};

template <class Command>
inline constexpr bool moves_as_bytes<decided_slot<Command>> = true;

// Everything that a core wants of the world, appended to in call order over any number of inputs.
// The host owns it, may take any list between two inputs and never during one; the core keeps no
// reference into it. The lists say when they may act:
template <class Message, class Command, class Answer = std::monostate>
struct output {
  struct send {
    node_set to;
    Message message;
  };
  struct deferred_send {
    ticket after;
    node_set to;
    Message message;
  };
  using decision = decided_slot<Command>;

  // May leave at once: promises nothing durable. A leader's Accept goes here, so that disk and
  // network overlap.
  list<send> send_now;
  // To be made durable, in this order, numbered by ticket.
  list<record<Command>> persist;
  // May leave once `persisted(t)` with t >= after was called. All evidence goes here (promise,
  // accepted, lease and read acknowledgements), even when it appends no record of its own.
  list<deferred_send> send_after;
  // May be applied at once, in this order: a decision is a fact of the cluster, not of this disk.
  list<decision> decided;
  // What nobody waits for, such as the news of a decision: leaves when the host has done what
  // follows from its input, unless something that says as much has left by then. Promises nothing.
  list<send> send_late;
  // Proposals taken back, reads released or failed, outcomes of protocols without a log, and news.
  list<refused_proposal<Command>> refused;
  list<Answer> answers;
  list<core_event> events;

  [[nodiscard]] bool empty() const { return send_late.empty() && nothing_due(); }
  // Whether all that is left may wait for the end of the turn.
  [[nodiscard]] bool nothing_due() const {
    std::size_t const any = send_now.used() | persist.used() | send_after.used() | decided.used();
    return any == 0 && !has_news();
  }
  [[nodiscard]] bool has_news() const {
    return (refused.used() | answers.used() | events.used()) != 0;
  }
  void clear() {
    send_now.clear();
    send_late.clear();
    persist.clear();
    send_after.clear();
    decided.clear();
    refused.clear();
    answers.clear();
    events.clear();
  }
};

}  // namespace synod
