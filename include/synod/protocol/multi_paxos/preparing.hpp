// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/protocol/multi_paxos/recovery.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>

#include <utility>

namespace synod {

// Phase 1 as whoever campaigns drives it: the Prepare and its repetitions, the promise of this node
// itself, and the moment when enough is known.
template <class Command, quorum Quorum, class Output>
class preparing {
 public:
  using log_type = replicated_log<Command, Quorum, Output>;

  [[nodiscard]] bool active() const { return active_; }
  void stop() { active_ = false; }

  void begin(ballot mine, slot first, log_type& log, Output& out) {
    active_ = true;
    recovery_.begin(mine, first, log.bounds().accept_ahead_max);
    own_promise_ = ticket();
    blocked_ = 0;
    blocked_at_ = log.chosen_upto();
    if (log.may_promise()) {
      ruling const rule = log.on_prepare(asked(), out);
      if (rule.is != verdict::refused) own_promise_ = log.last_ticket();
    }
    bool const durable =
        own_promise_ <= log.durable_upto() || SYNOD_MUTATION(own_evidence_before_durable);
    if (own_promise_ != ticket() && durable) count_own_promise(log);
    send_prepare(log, out, {});
  }

  // Takes a promise for the present ballot. Returns false if it is malformed.
  [[nodiscard]] bool on_promise(node_id from, promise<Command> const& got, log_type const& log) {
    if (!active_) return true;
    bool const present = got.at == recovery_.at() && got.first == recovery_.first();
    if (!present && !SYNOD_MUTATION(stale_promise_counted)) return true;
    member const* const who = log.configs().known(from);
    return who != nullptr && recovery_.take(*who, got);
  }

  void persisted(ticket upto, log_type const& log) {
    if (active_ && own_promise_ != ticket() && upto >= own_promise_) count_own_promise(log);
  }

  // Asks again whoever has not answered. Who promised enough may still be kept from going on by
  // what one of them said: that a prefix is chosen which nobody who is left can tell, or that a
  // slot is damaged which it has learned since. Then a new look at everybody who still answers, at
  // the same ballot, is without it.
  void repeat(log_type& log, Output& out) {
    bool const moving = log.chosen_upto() != blocked_at_;
    bool const enough = recovery_.promised(log.configs(), first_open(log));
    blocked_ = moving || !enough || SYNOD_MUTATION(blocked_promise_kept) ? 0 : blocked_ + 1;
    blocked_at_ = log.chosen_upto();
    if (blocked_ >= blocked_max) return begin(recovery_.at(), recovery_.first(), log, out);
    send_prepare(log, out, recovery_.complete());
  }

  // Whether enough promised, and everything below what they know to be chosen is known here too.
  [[nodiscard]] bool over(log_type const& log) const {
    bool const knows = !must_learn(log) || SYNOD_MUTATION(chosen_prefix_proposed);
    return active_ && knows && recovery_.has_quorum(log.configs(), first_open(log));
  }

  // What a promise showed to be chosen and this node does not have yet; no slot below may be
  // proposed.
  [[nodiscard]] bool must_learn(log_type const& log) const {
    return active_ && log.chosen_upto() < recovery_.chosen_upto();
  }
  [[nodiscard]] slot learn_upto() const { return recovery_.chosen_upto(); }
  [[nodiscard]] node_set learn_from() const { return recovery_.knows_chosen(); }

  // The first slot that phase 1 was for and that is still open.
  [[nodiscard]] slot first_open(log_type const& log) const {
    return log.chosen_upto() >= recovery_.first() ? log.chosen_upto().next() : recovery_.first();
  }
  // The last slot that has to be proposed again.
  [[nodiscard]] slot last() const { return recovery_.last(); }
  // What was reported for a slot, null if nothing.
  [[nodiscard]] acceptor_cell<Command> const* found(slot at) const { return recovery_.found(at); }

 private:
  // Prepares in a row that changed nothing although enough promised.
  static constexpr unsigned blocked_max = 10;

  [[nodiscard]] prepare asked() const { return {recovery_.at(), recovery_.first(), slot_max}; }

  void count_own_promise(log_type const& log) {
    own_promise_ = ticket();
    member const* const me = log.configs().known(log.self());
    if (me == nullptr) return;
    log.report(asked(), log.last_ticket().value,
               [&](auto&& part) { (void)recovery_.take(*me, *part); });
  }

  // A Prepare for a round whose reservation is not yet durable waits for it, or a restart could use
  // the round again (hazard H2).
  void send_prepare(log_type& log, Output& out, node_set answered) {
    node_set const to = (log.configs().voters_from(recovery_.first()) - log.only_self()) - answered;
    bool const covered = log.rounds().covered(recovery_.at().round);
    if (covered || SYNOD_MUTATION(round_used_before_durable)) {
      log.send_now(out, to, asked());
    } else {
      log.send_after(out, to, asked());
    }
  }

  recovery<Command, Quorum> recovery_;
  bool active_ = false;
  ticket own_promise_;
  unsigned blocked_ = 0;
  slot blocked_at_;
};

}  // namespace synod
