// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/leader/policy.hpp>
#include <synod/protocol/multi_paxos/prefix_notice.hpp>
#include <synod/protocol/multi_paxos/preparing.hpp>
#include <synod/protocol/multi_paxos/proposed_slot.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>
#include <synod/protocol/multi_paxos/spare_voters.hpp>

#include <cstdint>
#include <utility>

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
    open_mask_ = size - 1;
  }

  [[nodiscard]] leading_phase phase() const { return phase_; }
  [[nodiscard]] bool following() const { return phase_ == leading_phase::following; }
  [[nodiscard]] bool leads() const { return phase_ == leading_phase::leading; }
  [[nodiscard]] ballot mine() const { return mine_; }
  [[nodiscard]] time_ns next_deadline() const { return resend_at_; }
  // Those whose votes the next decision need not wait for.
  [[nodiscard]] node_set spare() const { return leads() ? spare_.get() : node_set(); }
  [[nodiscard]] slot last_proposed() const { return next_.previous(); }
  // A decision of this ballot was applied: everything a predecessor acknowledged is below it (rule
  // E5).
  [[nodiscard]] bool settled(log_type const& log) const {
    return leads() && barrier_ != slot() && log.chosen_upto() >= barrier_;
  }

  // --- phase 1 ---

  void campaign(time_ns now, log_type& log, Output& out) {
    maybe<ballot> const at = log.next_ballot(out);
    if (!at.has_value()) return step_down();
    mine_ = *at;
    phase_ = leading_phase::preparing;
    barrier_ = slot();
    begin_recovery(now, log.chosen_upto().next(), log, out);
  }

  void step_down() {
    phase_ = leading_phase::following;
    calm_since_ = 0;
    mine_ = {};
    phase1_.stop();
    resend_at_ = never;
    for (open_slot& one : open_) one = {};
    overwritten_.clear();
  }

  // Visits what was proposed under this ballot and decided by somebody else's round, once each.
  template <class Visit>
  void for_each_overtaken(log_type const& log, Visit&& visit) {
    if (!leads()) return;
    for (open_slot const& one : overwritten_) visit(one.at, one.value);
    overwritten_.clear();
    while (overtaken_upto_ < log.chosen_upto() && overtaken_upto_.next() < next_) {
      overtaken_upto_ = overtaken_upto_.next();
      open_slot& one = open(overtaken_upto_);
      if (!one.overtaken(overtaken_upto_)) continue;
      visit(one.at, one.value);
      one.value = {};
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
  [[nodiscard]] bool on_promise(time_ns now, node_id from, promise<Command> const& got,
                                log_type& log, Output& out) {
    bool const good = phase1_.on_promise(from, got, log);
    finish_recovery(now, log, out);
    return good;
  }

  // Somebody promised or voted above `mine`. Returns whether that ends this leadership.
  [[nodiscard]] bool outdone(ballot refused, ballot by) const {
    return !following() && (refused == mine_ || SYNOD_MUTATION(stale_nack_obeyed)) && by > mine_;
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

  // What a promise showed to be chosen and this node must learn first.
  [[nodiscard]] bool must_learn(log_type const& log) const { return phase1_.must_learn(log); }
  [[nodiscard]] slot learn_upto() const { return phase1_.learn_upto(); }
  [[nodiscard]] node_set learn_from() const { return phase1_.learn_from(); }

  // To be called when the chosen prefix has moved: phase 1 may be over, slots may be free.
  SYNOD_ALWAYS_INLINE void moved(time_ns now, log_type& log, Output& out) {
    if (is_calm(log) && next_ > log.chosen_upto() && !log.is_chosen_alone(next_)) return;
    if (!following()) move(now, log, out);
  }
  [[gnu::noinline]] void move(time_ns now, log_type& log, Output& out) {
    finish_recovery(now, log, out);
    if (!leads()) return;
    // Others may know more to be chosen than was proposed here: what is decided is not proposed
    // again.
    if (next_ <= log.chosen_upto()) next_ = log.chosen_upto().next();
    extend(now, log, out);
    refill(now, log, out);
    calm_since_ = calm(log) ? log.configs().changes() : 0;
  }

  // --- phase 2 ---

  // The noop that opened this leadership; slot 0 until it was proposed.
  [[nodiscard]] slot barrier() const { return barrier_; }

  // How many slots may be opened now: the pipeline, never past alpha beyond the decided prefix
  // (H13), and never into a configuration that has not promised yet.
  [[nodiscard]] std::size_t room(log_type const& log) const {
    if (!is_calm(log) && (!leads() || barrier_ == slot())) return 0;
    return taken(next_, log) ? 0 : raw_room(log);
  }

  // Requires: room() > 0.
  void propose(time_ns now, value_type value, log_type& log, Output& out) {
    slot const at = next_;
    next_ = next_.next();
    node_set const others = log.others_from(at);
    open_slot& entry = open(at);
    if constexpr (Notice::takes_back) {
      if (entry.at > overtaken_upto_ && entry.overtaken(entry.at)) overwritten_.push_back(entry);
    }
    entry.votes = {};
    entry.at = at;
    entry.own = ticket();
    entry.done = false;
    bool const voted = log.vote_at_once(mine_, at, value, out) || vote(at, value, log, out);
    if (voted || SYNOD_MUTATION(own_refusal_counted)) [[likely]] {
      if (SYNOD_MUTATION(own_evidence_before_durable)) entry.votes = log.only_self();
      entry.own = log.last_ticket();
    }
    if (!others.empty()) {
      Notice::accept_follows(out, mine_, others);
      out.send_now.add(others, accept<Command>{mine_, at, log.chosen_upto(), value});
    }
    entry.value = std::move(value);
    if (resend_at_ == never) resend_at_ = now + bounds_.resend_ns;
  }

  // `who` is what the configurations say of `from`.
  SYNOD_ALWAYS_INLINE void on_accepted(time_ns now, node_id from, node_set who,
                                       accepted<Command> const& got, log_type& log, Output& out) {
    if (!leads() || (got.at != mine_ && !SYNOD_MUTATION(stale_vote_counted))) return;
    if (got.at_slot <= log.chosen_upto() || got.at_slot >= next_) return;
    if (!log.configs().is_one()) return take_vote(now, got.at_slot, from, log, out);
    take_vote(now, got.at_slot, who, log, out);
  }

  // Own votes are counted in the order of slots, which is that of their tickets. What is decided
  // needs none any more.
  SYNOD_ALWAYS_INLINE void persisted(time_ns now, ticket upto, log_type& log, Output& out) {
    while (leads()) {
      if (own_from_ <= log.chosen_upto()) own_from_ = log.chosen_upto().next();
      if (own_from_ >= next_) break;
      slot const at = own_from_;
      open_slot& entry = open(at);
      if (entry.own > upto) break;
      own_from_ = at.next();
      if (entry.at != at || entry.own == ticket()) continue;
      auto const& governing = log.configs().of(at);
      bool const enough = count(entry, log.only_self() & governing.members.voters(), governing);
      if (enough) take_vote(now, at, node_set(), log, out);
    }
    if (!phase1_.active()) return;
    phase1_.persisted(upto, log);
    finish_recovery(now, log, out);
  }

  void tick(time_ns now, log_type& log, Output& out) {
    if (now < resend_at_) return;
    resend_at_ = never;
    if (following()) return;
    if (phase1_.active()) phase1_.repeat(log, out);
    if (leads() && next_.previous() > log.chosen_upto()) {
      if (log.chosen_upto() == stuck_at_) resend_accepts(log, out);
      stuck_at_ = log.chosen_upto();
    }
    if (phase1_.active() || next_.previous() > log.chosen_upto())
      resend_at_ = now + bounds_.resend_ns;
  }

  // Why `at` is not decided: who has voted for it so far.
  [[nodiscard]] node_set votes(slot at) const {
    return leads() && at < next_ ? open_[at.value & open_mask_].votes : node_set();
  }

 private:
  using open_slot = proposed_slot<Command>;

  static constexpr unsigned resent_at_once_max = 64;

  open_slot& open(slot at) { return open_[at.value & open_mask_]; }

  // The own vote where it needs a closer look.
  [[nodiscard, gnu::noinline]] bool vote(slot at, value_type const& value, log_type& log,
                                         Output& out) {
    if (!log.may_vote(at)) return false;
    verdict const is = log.on_accept(mine_, at, value, out).is;
    return is == verdict::granted || is == verdict::repeated;
  }

  // Whether decisions change nothing but the decided prefix as long as configurations stay what
  // they are: what a predecessor left is proposed, and so is the noop that opens this leadership;
  // every configuration has promised and governs.
  [[nodiscard]] bool calm(log_type const& log) const {
    auto const& newest = log.configs().newest();
    return leads() && !phase1_.active() && barrier_ != slot() && next_ > refill_upto_ &&
           newest.members.number() == prepared_ && next_ >= newest.first;
  }

  [[nodiscard]] bool is_calm(log_type const& log) const {
    return calm_since_ == log.configs().changes();
  }

  [[nodiscard]] std::size_t raw_room(log_type const& log) const {
    std::uint64_t const used = next_ - log.chosen_upto() - 1;
    if (used >= bounds_.pipeline_slots_max) return 0;
    bool const prepared = is_calm(log) || log.configs().of(next_).members.number() <= prepared_ ||
                          SYNOD_MUTATION(configuration_not_prepared);
    return prepared ? static_cast<std::size_t>(bounds_.pipeline_slots_max - used) : 0;
  }

  // Slots that phase 1 found something for, or below such, and slots that are known to be chosen
  // before anything was proposed there under this ballot: they are not free.
  [[nodiscard]] bool in_refill(slot at) const { return at <= refill_upto_ && refill_from_ <= at; }
  [[nodiscard]] bool taken(slot at, log_type const& log) const {
    return in_refill(at) || log.is_chosen_alone(at);
  }
  [[nodiscard]] bool refilling() const {
    return refill_from_ <= refill_upto_ && next_ <= refill_upto_;
  }

  void begin_recovery(time_ns now, slot first, log_type& log, Output& out) {
    calm_since_ = 0;
    phase1_.begin(mine_, first, log, out);
    resend_at_ = now + bounds_.resend_ns;
  }

  void finish_recovery(time_ns now, log_type& log, Output& out) {
    if (!phase1_.over(log)) return;
    phase1_.stop();
    calm_since_ = 0;
    prepared_ = log.configs().newest().members.number();
    refill_from_ = phase1_.first_open(log);
    refill_upto_ = phase1_.last();
    if (phase_ == leading_phase::preparing) {
      phase_ = leading_phase::leading;
      own_from_ = next_ = log.chosen_upto().next();
      overtaken_upto_ = log.chosen_upto();
      resend_at_ = never;
      stuck_at_ = slot_max;
    }
    refill(now, log, out);
  }

  // Proposes again what phase 1 reported, a noop where nothing was (hazard H8), and at the end of a
  // new leadership a noop of our own: the first decision of this ballot (rule E5).
  void refill(time_ns now, log_type& log, Output& out) {
    while (leads() && taken(next_, log) && raw_room(log) > 0) {
      auto const* const found = log.is_chosen_alone(next_) ? log.find(next_) : phase1_.found(next_);
      if (SYNOD_MUTATION(holes_left) && (found == nullptr || found->empty())) {
        next_ = next_.next();
        continue;
      }
      propose(now, found == nullptr ? value_type() : found->value, log, out);
    }
    if (leads() && barrier_ == slot() && !taken(next_, log) && raw_room(log) > 0) {
      barrier_ = next_;
      propose(now, value_type(), log, out);
    }
  }

  // A new configuration was decided: collect its promises at the same ballot before its first slot
  // is proposed, and fill the window up to it when there is nothing else to do.
  void extend(time_ns now, log_type& log, Output& out) {
    auto const& newest = log.configs().newest();
    if (newest.members.number() > prepared_ && !phase1_.active()) {
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

  // A vote counts by the configuration of its slot alone (H12).
  [[gnu::noinline]] void take_vote(time_ns now, slot at, node_id from, log_type& log, Output& out) {
    take_vote(now, at, log.configs().of(at).members.only(from), log, out);
  }
  [[gnu::noinline]] void take_vote(time_ns now, slot at, node_set who, log_type& log, Output& out) {
    open_slot& entry = open(at);
    auto const& governing = log.configs().of(at);
    if (!SYNOD_MUTATION(foreign_vote_counted)) who = who & governing.members.voters();
    if (SYNOD_MUTATION(duplicate_vote_counted) && entry.votes.contains(who)) {
      who = node_set(entry.votes.bits() + 1);
    }
    if (!count(entry, who, governing)) return;
    spare_.decided(entry.votes, log.only_self(), governing);
    decided(now, at, entry, log, out);
  }

  // Returns whether a quorum of those who govern has voted, and had not before.
  SYNOD_ALWAYS_INLINE static bool count(open_slot& entry, node_set who, auto const& there) {
    if (entry.done) return false;
    entry.votes = entry.votes | who;
    return there.quorums.phase2(entry.votes);
  }

  SYNOD_ALWAYS_INLINE void decided(time_ns now, slot at, open_slot& entry, log_type& log,
                                   Output& out) {
    entry.done = true;
    if (!log.choose(at, mine_, out)) log.learn(at, entry.value, out);
    entry.value.reset();
    log.advance(out);
    if (next_.previous() == log.chosen_upto() && !phase1_.active()) resend_at_ = never;
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
  preparing<Command, Quorum, Output> phase1_;
  config_number prepared_;  // the newest configuration whose promises were collected
  slot refill_from_;
  slot refill_upto_;
  slot barrier_;
  slot next_{1};
  slot own_from_{1};  // own votes below are counted, or need not be
  slot stuck_at_;
  slot overtaken_upto_;
  time_ns resend_at_ = never;
  std::uint64_t calm_since_ = 0;  // how often configurations had changed when it became calm; 0: no
  list<open_slot> open_;          // a power of two of them, each at its slot modulo that
  std::uint64_t open_mask_ = 0;
  list<open_slot> overwritten_;
  spare_voters spare_;
};

}  // namespace synod
