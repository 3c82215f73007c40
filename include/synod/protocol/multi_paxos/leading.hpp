// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/leader/policy.hpp>
#include <synod/protocol/multi_paxos/prefix_notice.hpp>
#include <synod/protocol/multi_paxos/recovery.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace synod {

// The leader's part: phase 1 over an open range, then one Accept per slot, pipelined. Everything
// here is volatile; what must survive (rounds, promises, votes) is in the log.
template <class Command, quorum Quorum, class Output, class Notice = prefix_notice>
class leadership {
 public:
  using log_type = replicated_log<Command, Quorum, Output>;
  using value_type = slot_value<Command>;

  struct limits {
    std::uint32_t pipeline_slots_max;
    time_ns resend_ns;
  };

  explicit leadership(limits bounds) : bounds_(bounds) {
    std::size_t size = 1;
    while (size < bounds_.pipeline_slots_max) size *= 2;
    open_.resize(size);
  }

  [[nodiscard]] leading_phase phase() const { return phase_; }
  [[nodiscard]] bool following() const { return phase_ == leading_phase::following; }
  [[nodiscard]] bool leads() const { return phase_ == leading_phase::leading; }
  [[nodiscard]] ballot mine() const { return mine_; }
  [[nodiscard]] time_ns next_deadline() const { return resend_at_; }
  [[nodiscard]] slot last_proposed() const { return next_.previous(); }
  // A decision of this ballot was applied: everything a predecessor acknowledged is below it (rule
  // E5).
  [[nodiscard]] bool settled(log_type const& log) const {
    return leads() && barrier_ != slot() && log.chosen_upto() >= barrier_;
  }

  // --- phase 1 ---

  void campaign(time_ns now, log_type& log, Output& out) {
    std::optional<ballot> const at = log.next_ballot(out);
    if (!at.has_value()) return step_down();
    mine_ = *at;
    phase_ = leading_phase::preparing;
    barrier_ = slot();
    asked_in_vain_ = 0;
    own_votes_.clear();
    first_own_vote_ = 0;
    begin_recovery(now, log.chosen_upto().next(), log, out);
  }

  void step_down() {
    phase_ = leading_phase::following;
    mine_ = {};
    recovering_ = false;
    resend_at_ = never;
    for (open_slot& one : open_) one = {};
  }

  // Visits what was proposed under this ballot and decided by somebody else's round, once each.
  template <class Visit>
  void for_each_overtaken(log_type const& log, Visit&& visit) {
    if (!leads()) return;
    for (; overtaken_upto_ < log.chosen_upto() && overtaken_upto_.next() < next_;
         overtaken_upto_ = overtaken_upto_.next()) {
      open_slot const& one = open(overtaken_upto_.next());
      if (!one.done && !one.value.is_noop()) visit(overtaken_upto_.next(), one.value);
    }
  }
  // Visits what was proposed under this ballot and is not known to be decided.
  template <class Visit>
  void for_each_open(log_type const& log, Visit&& visit) {
    if (!leads()) return;
    for (slot at = log.chosen_upto().next(); at < next_; at = at.next()) {
      if (!open(at).done && !open(at).value.is_noop()) visit(at, open(at).value);
    }
  }

  // Takes a promise for the present ballot. Returns false if it is malformed.
  [[nodiscard]] bool on_promise(time_ns now, node_set who, promise<Command> const& got,
                                log_type& log, Output& out) {
    if (!recovering_) return true;
    if ((got.at != mine_ || got.first != recovery_.first()) &&
        !SYNOD_MUTATION(stale_promise_counted)) {
      return true;
    }
    bool good = true;
    who.for_each([&](node_index one) { good = recovery_.take(one, got); });
    finish_recovery(now, log, out);
    return good;
  }

  // Somebody promised or voted above `mine`. Returns whether that ends this leadership.
  [[nodiscard]] bool outdone(ballot refused, ballot by) const {
    return !following() && refused == mine_ && by > mine_;
  }

  // Whether some value learned to be chosen differs from what was proposed under this ballot. Then
  // a higher ballot decided, and to announce that slot under this one would have followers decide
  // what they accepted from here.
  [[nodiscard]] bool contradicted(learn_values<Command> const& told, log_type const& log) {
    if (SYNOD_MUTATION(contradicted_leader_stays) || !leads()) return false;
    for (learned_value<Command> const& one : told.values) {
      bool const open_here = one.at > log.chosen_upto() && one.at < next_ && !open(one.at).done;
      if (open_here && !(open(one.at).value == one.value)) return true;
    }
    return false;
  }

  // What a promise showed to be chosen and this node does not have yet; no slot below may be
  // proposed.
  [[nodiscard]] bool must_learn(log_type const& log) const {
    return recovering_ && log.chosen_upto() < recovery_.chosen_upto();
  }
  // Whether nobody has told it for long: who knew may have crashed and forgotten. Then only a new
  // ballot helps, whose promises show what is still known.
  [[nodiscard]] bool learns_in_vain(log_type const& log) {
    if (!must_learn(log) || log.chosen_upto() != learning_at_) {
      learning_at_ = log.chosen_upto();
      asked_in_vain_ = 0;
    }
    return asked_in_vain_ >= asks_in_vain_max;
  }
  [[nodiscard]] slot learn_upto() const { return recovery_.chosen_upto(); }
  [[nodiscard]] node_set learn_from() const { return recovery_.knows_chosen(); }

  // To be called when the chosen prefix has moved: phase 1 may be over, slots may be free.
  void moved(time_ns now, log_type& log, Output& out) {
    if (following()) return;
    if (recovering_) finish_recovery(now, log, out);
    if (!leads()) return;
    // Others may know more to be chosen than was proposed here: what is decided is not proposed
    // again.
    if (next_ <= log.chosen_upto()) next_ = log.chosen_upto().next();
    extend(now, log, out);
    refill(now, log, out);
  }

  // --- phase 2 ---

  // The noop that opened this leadership; slot 0 until it was proposed.
  [[nodiscard]] slot barrier() const { return barrier_; }

  // How many slots may be opened now: the pipeline, never past alpha beyond the decided prefix
  // (H13), and never into a configuration that has not promised yet.
  [[nodiscard]] std::size_t room(log_type const& log) const {
    if (!leads() || in_refill(next_) || barrier_ == slot()) return 0;
    return raw_room(log);
  }

  // Requires: room() > 0.
  void propose(time_ns now, value_type value, log_type& log, Output& out) {
    slot const at = next_;
    next_ = next_.next();
    node_set const others = log.others_from(at);
    open_slot& entry = open(at);
    entry.votes = {};
    entry.done = false;
    if (log.may_vote(at)) {
      ruling const rule = log.on_accept(mine_, at, value, out);
      if (rule.is == verdict::granted || rule.is == verdict::repeated) {
        own_votes_.push_back({log.last_ticket(), at});
      }
    }
    if (!others.empty()) {
      out.send_now.emplace_back(others, accept<Command>{mine_, at, log.chosen_upto(), value});
    }
    entry.value = std::move(value);
    if (resend_at_ == never) resend_at_ = now + bounds_.resend_ns;
  }

  void on_accepted(time_ns now, node_id from, accepted<Command> const& got, log_type& log,
                   Output& out) {
    if (!leads() || (got.at != mine_ && !SYNOD_MUTATION(stale_vote_counted))) return;
    if (got.at_slot <= log.chosen_upto() || got.at_slot >= next_) return;
    node_set who = SYNOD_MUTATION(foreign_vote_counted) ? log.configs().only(from)
                                                        : log.configs().voter(from, got.at_slot);
    if (SYNOD_MUTATION(duplicate_vote_counted) && open(got.at_slot).votes.contains(who)) {
      who = node_set(open(got.at_slot).votes.bits() + 1);
    }
    count(now, got.at_slot, who, log, out);
  }

  void persisted(time_ns now, ticket upto, log_type& log, Output& out) {
    while (first_own_vote_ < own_votes_.size() && own_votes_[first_own_vote_].after <= upto) {
      slot const at = own_votes_[first_own_vote_++].at;
      if (!leads() || at <= log.chosen_upto() || at >= next_) continue;
      count(now, at, log.only_self() & log.configs().of(at).members.voters(), log, out);
    }
    if (first_own_vote_ == own_votes_.size()) {
      own_votes_.clear();
      first_own_vote_ = 0;
    }
    if (recovering_ && own_promise_ != ticket() && upto >= own_promise_) {
      count_own_promise(log);
      finish_recovery(now, log, out);
    }
  }

  void tick(time_ns now, log_type& log, Output& out) {
    if (now < resend_at_) return;
    resend_at_ = never;
    if (following()) return;
    if (recovering_) send_prepare(log, out, recovery_.complete());
    if (must_learn(log)) ++asked_in_vain_;
    if (leads() && next_.previous() > log.chosen_upto()) {
      if (log.chosen_upto() == stuck_at_) resend_accepts(log, out);
      stuck_at_ = log.chosen_upto();
    }
    if (recovering_ || next_.previous() > log.chosen_upto()) resend_at_ = now + bounds_.resend_ns;
  }

  // Why `at` is not decided: who has voted for it so far.
  [[nodiscard]] node_set votes(slot at) const {
    return leads() && at < next_ ? open_[at.value & (open_.size() - 1)].votes : node_set();
  }

 private:
  struct open_slot {
    node_set votes;
    value_type value;
    bool done = false;
  };
  struct own_vote {
    ticket after;
    slot at;
  };

  static constexpr unsigned resent_at_once_max = 64;
  static constexpr unsigned asks_in_vain_max = 8;

  open_slot& open(slot at) { return open_[at.value & (open_.size() - 1)]; }

  [[nodiscard]] std::size_t raw_room(log_type const& log) const {
    std::uint64_t const depth = bounds_.pipeline_slots_max;
    std::uint64_t const used = next_ - log.chosen_upto() - 1;
    if (used >= depth) return 0;
    auto const& governing = log.configs().of(next_);
    if (governing.members.number() > prepared_) return 0;
    return static_cast<std::size_t>(depth - used);
  }

  // Slots that phase 1 found something for, or below such: they are not free.
  [[nodiscard]] bool in_refill(slot at) const { return refill_from_ <= at && at <= refill_upto_; }
  [[nodiscard]] bool refilling() const {
    return refill_from_ <= refill_upto_ && next_ <= refill_upto_;
  }

  void begin_recovery(time_ns now, slot first, log_type& log, Output& out) {
    recovering_ = true;
    recovery_.begin(mine_, first);
    own_promise_ = ticket();
    if (log.may_promise()) {
      ruling const rule = log.on_prepare({mine_, first, slot_max}, out);
      if (rule.is != verdict::refused) own_promise_ = log.last_ticket();
    }
    if (own_promise_ != ticket() && own_promise_ <= log.durable_upto()) count_own_promise(log);
    send_prepare(log, out, {});
    resend_at_ = now + bounds_.resend_ns;
  }

  void count_own_promise(log_type& log) {
    own_promise_ = ticket();
    prepare const asked{mine_, recovery_.first(), slot_max};
    log.only_self().for_each([&](node_index me) {
      log.report(asked, log.last_ticket().value,
                 [&](auto&& part) { (void)recovery_.take(me, *part); });
    });
  }

  // A Prepare for a round whose reservation is not yet durable waits for it, or a restart could use
  // the round again (hazard H2).
  void send_prepare(log_type& log, Output& out, node_set answered) {
    prepare const asked{mine_, recovery_.first(), slot_max};
    node_set const to = (log.configs().voters_from(recovery_.first()) - log.only_self()) - answered;
    if (log.rounds().covered(mine_.round) || SYNOD_MUTATION(round_used_before_durable)) {
      log.send_now(out, to, asked);
    } else {
      log.send_after(out, to, asked);
    }
  }

  void finish_recovery(time_ns now, log_type& log, Output& out) {
    if (!recovering_ || must_learn(log)) return;
    slot const from =
        log.chosen_upto() >= recovery_.first() ? log.chosen_upto().next() : recovery_.first();
    if (!recovery_.has_quorum(log.configs(), from)) return;
    recovering_ = false;
    prepared_ = log.configs().newest().members.number();
    refill_from_ = from;
    refill_upto_ = recovery_.last();
    if (phase_ == leading_phase::preparing) {
      phase_ = leading_phase::leading;
      next_ = log.chosen_upto().next();
      overtaken_upto_ = log.chosen_upto();
      resend_at_ = never;
      stuck_at_ = slot_max;
    }
    refill(now, log, out);
  }

  // Proposes again what phase 1 reported, a noop where nothing was (hazard H8), and at the end of a
  // new leadership a noop of our own: the first decision of this ballot (rule E5).
  void refill(time_ns now, log_type& log, Output& out) {
    while (leads() && in_refill(next_) && raw_room(log) > 0) {
      auto const* const found = recovery_.found(next_);
      if (SYNOD_MUTATION(holes_left) && (found == nullptr || found->empty())) {
        next_ = next_.next();
        continue;
      }
      propose(now, found == nullptr ? value_type() : found->value, log, out);
    }
    if (leads() && barrier_ == slot() && !refilling() && raw_room(log) > 0) {
      barrier_ = next_;
      propose(now, value_type(), log, out);
    }
  }

  // A new configuration was decided: collect its promises at the same ballot before its first slot
  // is proposed, and fill the window up to it when there is nothing else to do.
  void extend(time_ns now, log_type& log, Output& out) {
    auto const& newest = log.configs().newest();
    if (newest.members.number() > prepared_ && !recovering_) {
      // From the first slot of the oldest configuration that has not promised, so that none is
      // skipped. What an earlier recovery found above that was not found by a quorum that counts
      // there.
      auto const* const unprepared = log.configs().first_above(prepared_);
      slot const first = unprepared->first > next_ ? unprepared->first : next_;
      if (!refilling() || first == next_) begin_recovery(now, first, log, out);
    }
    bool const idle = next_.previous() == log.chosen_upto();
    while (idle && next_ < newest.first && room(log) > 0) propose(now, value_type(), log, out);
  }

  void count(time_ns now, slot at, node_set who, log_type& log, Output& out) {
    open_slot& entry = open(at);
    if (entry.done) return;
    entry.votes = entry.votes | who;
    auto const& governing = log.configs().of(at);
    if (!governing.quorums.phase2(entry.votes)) return;
    entry.done = true;
    if (!log.choose(at, mine_)) log.learn(at, entry.value, out);
    entry.value = {};
    log.advance(out);
    if (next_.previous() == log.chosen_upto() && !recovering_) resend_at_ = never;
    Notice::chosen(log, out, mine_, at, next_.previous());
    moved(now, log, out);
  }

  void resend_accepts(log_type& log, Output& out) {
    unsigned left = resent_at_once_max;
    for (slot at = log.chosen_upto().next(); at < next_ && left > 0; at = at.next(), --left) {
      open_slot const& entry = open(at);
      if (entry.done) continue;
      log.send_now(out, log.others_from(at) - entry.votes,
                   accept<Command>{mine_, at, log.chosen_upto(), entry.value});
    }
  }

  limits bounds_;
  leading_phase phase_ = leading_phase::following;
  ballot mine_;
  recovery<Command, Quorum> recovery_;
  bool recovering_ = false;
  ticket own_promise_;
  config_number prepared_;  // the newest configuration whose promises were collected
  slot refill_from_;
  slot refill_upto_;
  slot barrier_;
  slot next_{1};
  slot stuck_at_;
  slot overtaken_upto_;
  slot learning_at_;
  unsigned asked_in_vain_ = 0;
  time_ns resend_at_ = never;
  std::vector<open_slot> open_;
  std::vector<own_vote> own_votes_;
  std::size_t first_own_vote_ = 0;
};

}  // namespace synod
