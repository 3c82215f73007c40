// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/core/one_of.hpp>
#include <synod/core/outcome.hpp>
#include <synod/core/record.hpp>
#include <synod/core/shared.hpp>
#include <synod/roles/messages.hpp>

#include <cstdint>
#include <utility>

namespace synod {

// Everything up to `chosen_upto` is chosen, says the leader of `at`. Rides on every Accept; sent by
// itself when no Accept is due.
struct notice {
  ballot at;
  slot chosen_upto;
};

// The leader's regular sign of life, which followers acknowledge: acknowledgements of a token prove
// that at the time the token was issued nobody else could have decided anything.
struct pulse_beat {
  ballot at;
  slot chosen_upto;
  std::uint64_t token = 0;
  time_ns sent_at = 0;
};
struct pulse_ack {
  ballot at;
  std::uint64_t token = 0;
  time_ns sent_at = 0;
  slot chosen_upto;  // of the follower
};
// "Campaign now": the leader hands over to a follower that has everything.
struct pulse_hand_over {
  ballot at;
};
using pulse = one_of<pulse_beat, pulse_ack, pulse_hand_over>;

// Catch-up. Only chosen values travel, never votes.
struct learn_ask {
  slot first;
};
template <class Command>
struct learned_value {
  slot at;
  slot_value<Command> value;
};
template <class Command>
struct learn_values {
  slot chosen_upto;   // of the sender
  slot trimmed_upto;  // below this only a snapshot helps
  bool final_part = true;
  list<learned_value<Command>> values;
};
template <class Command>
using learn = one_of<learn_ask, shared<learn_values<Command>>>;

// A read confirmed on behalf of a follower.
struct read_ask {
  std::uint64_t id = 0;
};
struct read_confirmed {
  std::uint64_t id = 0;
  slot upto;  // a state with everything up to here applied is current enough
};
struct read_refused {
  std::uint64_t id = 0;
};
// "How far did you vote?", the question of a read that needs no leader.
struct extent_ask {
  std::uint64_t id = 0;
};
struct extent_told {
  std::uint64_t id = 0;
  slot voted_upto;
  slot chosen_upto;
};
using read_message = one_of<read_ask, read_confirmed, read_refused, extent_ask, extent_told>;

// Messages are moved from list to list and from node to node, so whatever carries a list holds it
// by a pointer: no message is larger than an Accept.
template <class Command, class Election>
using multi_paxos_message =
    one_of<prepare, shared<promise<Command>>, accept<Command>, accepted<Command>, nack, notice,
           pulse, learn<Command>, read_message, Election>;

// Whether it asks what is chosen and says nothing: anybody of the cluster may, also a store that is
// no member and has no vote.
inline bool is_learn_ask(void const* /*other*/) { return false; }
template <class Command>
bool is_learn_ask(one_of<learn_ask, shared<learn_values<Command>>> const* one) {
  return one != nullptr && one->index() == 0;
}
template <class... Messages>
bool asks_to_learn(one_of<Messages...> const& message) {
  return (is_learn_ask(message.template get_if<Messages>()) || ...);
}

// Whether it brings values, which fill the disk of whoever takes it in.
inline bool is_filling(void const* /*other*/) { return false; }
template <class Command>
bool is_filling(accept<Command> const* one) {
  return one != nullptr;
}
template <class Command>
bool is_filling(one_of<learn_ask, shared<learn_values<Command>>> const* one) {
  return one != nullptr && one->index() == 1;
}
template <class... Messages>
bool brings_values(one_of<Messages...> const& message) {
  return (is_filling(message.template get_if<Messages>()) || ...);
}

// --- what a host asks of the core ---

// Answered by a `read_answer` with the same id: apply up to `upto`, then read.
struct read_request {
  std::uint64_t id = 0;
  bool by_quorum =
      false;  // ask a quorum how far it voted, whoever leads; always so without leaders
};
struct transfer_request {
  node_id to;
};
struct reconfigure_request {
  membership members;
};
struct open_session_request {
  session_change session;
  time_ns stamp = 0;
};
// A durable snapshot, or a durably committed machine, holds everything up to `upto`.
struct snapshotted {
  slot upto;
};
// A snapshot was installed: everything up to its head is applied.
struct snapshot_installed {
  applied_prefix head;
};
using multi_paxos_request = one_of<read_request, transfer_request, reconfigure_request,
                                   open_session_request, snapshotted, snapshot_installed>;

struct read_answer {
  std::uint64_t id = 0;
  slot upto;
  error why;  // none: the read may be served once `upto` is applied
};

}  // namespace synod
