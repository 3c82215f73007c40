// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>

namespace synod {

// Where a read goes: to the pulse of the leader, from here or on behalf of a follower; from a
// follower to its leader; or to a quorum, whoever leads. Only a way to look at these parts
// together.
template <class Log, class Leading, class Confirming, class Following, class Extents>
struct reading {
  Log& log;
  Leading& leading;
  Confirming& confirming;
  Following& following;
  Extents& extents;

  template <class Output>
  void hear(time_ns now, node_id from, node_set who, read_message const& got, Output& out) {
    if (auto const* const asked = got.template get_if<read_ask>()) {
      if (leading.leads() && leading.barrier() != slot() && !confirming.full()) {
        confirming.read(now, asked->id, who, leading.mine(), leading.barrier(), log, out);
      } else {
        log.send_now(out, who, read_message(read_refused{asked->id}));
      }
    } else if (auto const* const done = got.template get_if<read_confirmed>()) {
      following.confirmed(done->id, done->upto, out);
    } else if (auto const* const no = got.template get_if<read_refused>()) {
      following.refused(no->id, out);
    } else {
      extents.on(from, who, got, log, out);
    }
  }

  // Returns: why not, or none if the read is under way.
  template <class Output>
  [[nodiscard]] error ask(time_ns now, read_request const& asked, Output& out) {
    if (asked.by_quorum) {
      error_code const why = extents.begin(now, asked.id, log, out);
      return why == error_code::none ? error() : refuse(why, "read again later");
    }
    if (leading.leads()) {
      if (leading.barrier() == slot()) return refuse(error_code::not_ready, "read again");
      if (confirming.full()) return refuse(error_code::busy, "read again later");
      confirming.read(now, asked.id, {}, leading.mine(), leading.barrier(), log, out);
      return {};
    }
    node_set const leader = whom_it_follows();
    if (leader.empty() || leader == log.only_self()) {
      return refuse(error_code::not_leader, "read again when a leader is known");
    }
    if (following.full()) return refuse(error_code::busy, "read again later");
    if (!log.rounds().known()) return refuse(error_code::not_ready, "read again");
    log.send_now(out, leader, read_message(read_ask{following.forward(now, asked.id)}));
    return {};
  }

  // What a reader was told of may be what nobody has a command for: the leader fills it.
  template <class Output>
  void tick(time_ns now, Output& out) {
    extents.tick(now, log, out);
    if (!extents.overdue(now, log)) return;
    if (!leading.leads()) return log.send_now(out, whom_it_follows(), extents.reminder(log));
    bool const idle = leading.last_proposed() <= log.chosen_upto();
    while (idle && leading.last_proposed() < extents.told_upto() && leading.room(log) > 0) {
      leading.propose(now, {}, log, out);
    }
  }

 private:
  [[nodiscard]] node_set whom_it_follows() const {
    leader_hint const where = following.hint();
    return where.leader.has_value() ? log.configs().only(*where.leader) : node_set();
  }
  error refuse(error_code why, char const* remedy) const {
    return {why, log.self().value, "multi_paxos", remedy};
  }
};
template <class Log, class Leading, class Confirming, class Following, class Extents>
reading(Log&, Leading&, Confirming&, Following&, Extents&)
    -> reading<Log, Leading, Confirming, Following, Extents>;

}  // namespace synod
