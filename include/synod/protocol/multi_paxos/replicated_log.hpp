// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/output.hpp>
#include <synod/core/rejections.hpp>
#include <synod/protocol/multi_paxos/configurations.hpp>
#include <synod/protocol/multi_paxos/lost_slots.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/protocol/multi_paxos/reporting.hpp>
#include <synod/roles/acceptor.hpp>
#include <synod/roles/rounds.hpp>

#include <cstddef>
#include <utility>

namespace synod {

// The part of a replica that every multi-Paxos has, with a leader or without: the acceptor over all
// slots, the prefix known to be chosen, the configurations read from it, and what of it is durable.
template <class Command, quorum Quorum, class Output>
class replicated_log {
 public:
  using command = Command;
  using cell = acceptor_cell<Command>;
  using value_type = slot_value<Command>;
  using configurations_type = configurations<Quorum>;

  struct limits {
    std::uint32_t alpha;
    std::uint32_t accept_ahead_max;
    std::size_t part_bytes;
    std::uint32_t retained_slots;
  };

  replicated_log(node_id self, membership members, limits bounds)
      : self_(self), bounds_(bounds), configurations_(self, std::move(members)) {
    // A leader proposes up to alpha ahead, so that is the least that everybody must take.
    if (bounds_.accept_ahead_max < bounds_.alpha) bounds_.accept_ahead_max = bounds_.alpha;
  }

  // --- restart ---

  void restore(record<Command> const& saved) {
    if (saved.kind != record_kind::reserved) see(saved.at);
    for (promised_range const& one : *saved.promises) see(one.at);
    switch (saved.kind) {
      case record_kind::reserved: return rounds_.restore(saved.at.round);
      case record_kind::floor: return restore(applied_prefix{saved.upto, *saved.configurations});
      case record_kind::mark:
        if (saved.upto + mark_every > mark_due_) mark_due_ = saved.upto + mark_every;
        return;
      case record_kind::promise:
        if (SYNOD_MUTATION(promise_forgotten)) return;
        break;
      case record_kind::vote:
        if (SYNOD_MUTATION(vote_forgotten)) return;
        break;
      default: break;
    }
    restored_.push_back(saved);
  }

  // A machine or a snapshot has everything up to `known.at`: decisions start above it.
  void restore(applied_prefix const& known) {
    if (known.at > floor_) floor_ = known.at;
    configurations_.restore(known.configurations);
  }

  // Decides again whatever is known to be chosen above the floor. The records were held until now,
  // since they come in any order and the room for slots begins at the floor, however high that is.
  void start(damage const& harm, Output& out) {
    lost_ = lost_slots(harm);
    if (floor_ > chosen_upto_) chosen_upto_ = floor_;
    acceptor_.trim(floor_);
    for (record<Command> const& saved : restored_) acceptor_.restore(saved);
    restored_ = {};
    slot const marked = mark_due_ - mark_every;
    for (slot at = chosen_upto_.next(); at <= marked && at <= last(); at = at.next()) {
      cell* const here = acceptor_.cells().find(at);
      if (here != nullptr && !here->voted.empty() && lost_.holds_all_of(at)) here->chosen = true;
    }
    known_upto_ = acceptor_.cells().last();
    advance(out);
    reserve(out);
  }

  // --- acceptor ---

  // Whether a ballot may be obeyed at all: its owner sent it, votes in a configuration that still
  // governs something, and its round is within one jump of the highest known.
  [[nodiscard]] bool plausible(ballot at, node_id from) {
    if (at.owner != from && !SYNOD_MUTATION(foreign_ballot_accepted)) {
      return reject(error_code::foreign_ballot);
    }
    if (!round_is_plausible(at.round, highest_round_) &&
        !SYNOD_MUTATION(implausible_round_accepted)) {
      return reject(error_code::implausible_round);
    }
    node_set const who = configurations_.only(from);
    bool const votes = !(who & configurations_.voters_from(chosen_upto_.next())).empty();
    if (!votes && !SYNOD_MUTATION(removed_member_obeyed)) {
      return reject(error_code::not_a_voter);
    }
    see(at);
    return true;
  }

  [[nodiscard]] bool may_promise() const { return lost_.may_promise(); }
  [[nodiscard]] bool lost_nothing() const { return lost_.none(); }
  [[nodiscard]] bool may_vote(slot at) const { return lost_.may_vote(at); }
  // The last slot that this node may have voted for.
  [[nodiscard]] slot voted_upto() const { return lost_.voted_upto(acceptor_.cells().last()); }

  [[nodiscard]] ruling on_prepare(prepare const& asked, Output& out) {
    ruling const rule = acceptor_.on_prepare(asked.at, asked.first, asked.last);
    if (rule.is == verdict::granted) {
      acceptor_.merge_promises(chosen_upto_);
      append(out, record_kind::promise).promises = acceptor_.promises().ranges();
    }
    return rule;
  }

  // Requires: `at_slot` is above the floor and within accept_ahead_max.
  [[nodiscard]] ruling on_accept(ballot at, slot at_slot, value_type const& value, Output& out) {
    ruling const rule = acceptor_.on_accept(at, at_slot, value);
    if (rule.is == verdict::granted) keep_vote(at, at_slot, value, out);
    return rule;
  }
  // Nearly always: nothing was lost, the slot is open and near, and the acceptor need not judge.
  // False where somebody has to look more closely; nothing was done then.
  [[nodiscard]] SYNOD_ALWAYS_INLINE bool vote_at_once(ballot at, slot at_slot,
                                                      value_type const& value, Output& out) {
    std::uint64_t const ahead = at_slot.value - chosen_upto_.value - 1;  // huge if it is decided
    if (ahead >= bounds_.accept_ahead_max || !lost_.none()) return false;
    if (!acceptor_.vote_at_once(at, at_slot, value)) return false;
    keep_vote(at, at_slot, value, out);
    return true;
  }

  template <class Emit>
  void report(prepare const& asked, std::uint64_t answer, Emit&& emit) const {
    report_votes(*this, asked, answer, emit);
  }

  // --- what is chosen ---

  // The proposal of `voted` is chosen for this slot. Returns whether this node voted for it and
  // therefore has the value; otherwise it has to be learned.
  [[nodiscard]] SYNOD_ALWAYS_INLINE bool choose(slot at, ballot voted, Output& out) {
    cell* const here = acceptor_.cells().find(at);
    if (here == nullptr || (here->voted != voted && !SYNOD_MUTATION(other_vote_chosen))) {
      return false;
    }
    know(at, *here);
    if (at == chosen_upto_.next()) decide(at, *here, out);
    return true;
  }

  // Whether a slot above the prefix is known to be chosen, out of order.
  [[nodiscard]] bool is_chosen_alone(slot at) const {
    if (at > known_upto_ || at <= chosen_upto_) return false;
    cell const* const here = acceptor_.cells().find(at);
    return here != nullptr && here->chosen;
  }

  // A value obtained by catch-up is recorded as chosen, never as a vote.
  void learn(slot at, value_type const& value, Output& out) {
    if (at <= chosen_upto_ || is_chosen_alone(at)) return;
    acceptor_.learn(at, value);
    know(at, acceptor_.cells().at(at));
    record<Command>& saved = append(out, record_kind::chosen);
    saved.at_slot = at;
    saved.value = value;
  }

  // The notice of the leader of `at` that everything up to `upto` is chosen: decide what was
  // accepted at that very ballot, and nothing else (rule N5). An older vote may have lost. So may a
  // newer one, if the leader learned what was chosen above both. Returns: whether a gap is left.
  [[nodiscard]] SYNOD_ALWAYS_INLINE bool notice_chosen(ballot at, slot upto, Output& out) {
    for (slot next = chosen_upto_.next(); next <= upto; next = next.next()) {
      cell* const here = acceptor_.cells().find(next);
      if (here == nullptr || here->voted != at) [[unlikely]]
        return notice_beyond(at, upto, out);
      here->chosen = true;
      decide(next, *here, out);
    }
    advance(out);
    return false;
  }

  // The notice that one slot was chosen with the value of ballot `at`.
  void notice_slot(ballot at, slot at_slot, Output& out) {
    cell* const here = acceptor_.cells().find(at_slot);
    if (here == nullptr || here->chosen || here->voted.empty()) return;
    if (here->voted < at && !SYNOD_MUTATION(notice_ignores_ballot)) return;
    know(at_slot, *here);
    advance(out);
  }

  // Hands out the decisions that have become contiguous, and reads memberships on the way.
  SYNOD_ALWAYS_INLINE void advance(Output& out) {
    while (chosen_upto_.value < known_upto_.value) {
      cell const* const here = acceptor_.cells().find(chosen_upto_.next());
      if (here == nullptr || !here->chosen) return;
      decide(chosen_upto_.next(), *here, out);
    }
  }

  // --- trimming ---

  // A durable snapshot holds everything up to `upto`. First a promise that covers what the trimmed
  // votes implied, and the floor, become durable; only then is storage told.
  void snapshotted(slot upto, Output& out) {
    if (upto > chosen_upto_ && !SYNOD_MUTATION(snapshot_beyond_chosen)) upto = chosen_upto_;
    std::uint64_t const kept = bounds_.retained_slots;
    if (upto.value > floor_.value + kept) set_floor(upto - kept, out);
  }

  // A snapshot of somebody else was installed: everything up to its head is applied. Promises and
  // the votes above the head stay (hazard H22e).
  void installed(applied_prefix const& head, Output& out) {
    if (head.at <= chosen_upto_ && !SYNOD_MUTATION(older_snapshot_installed)) return;
    configurations_.restore(head.configurations);
    chosen_upto_ = head.at;
    lost_.made_good(head.at);
    if (SYNOD_MUTATION(install_drops_votes)) acceptor_.trim(acceptor_.cells().last());
    set_floor(head.at, out);
    advance(out);
  }

  SYNOD_ALWAYS_INLINE void persisted(ticket upto, Output& out) {
    durable_upto_ = upto;
    rounds_.persisted(upto);
    if (upto < trim_after_) return;
    trim_after_ = ticket(UINT64_MAX);
    out.events.push_back(trim_due{lane_id(), floor_});
  }

  // --- rounds ---

  void see(ballot at) {
    if (at > highest_seen_) highest_seen_ = at;
    if (at.round > highest_round_) highest_round_ = at.round;
  }
  void reserve(Output& out) {
    maybe<std::uint32_t> const upto = rounds_.due();
    if (!upto.has_value()) return;
    append(out, record_kind::reserved).at = {0, *upto, self_};
    rounds_.written(last_ticket_);
  }
  // The next ballot of our own, above everything seen; its round is reserved on the way.
  [[nodiscard]] maybe<ballot> next_ballot(Output& out) {
    maybe<std::uint32_t> const round = rounds_.take(highest_round_);
    if (!round.has_value()) return std::nullopt;
    reserve(out);
    std::uint32_t const newest = configurations_.newest().members.number().value;
    ballot const made{highest_seen_.config > newest ? highest_seen_.config : newest, *round, self_};
    see(made);
    return made;
  }

  // --- parts ---

  record<Command>& append(Output& out, record_kind kind) {
    last_ticket_ = last_ticket_.next();
    record<Command>& made = out.persist.add();
    made.number = last_ticket_;
    made.kind = kind;
    return made;
  }
  template <class Message>
  static void send_now(Output& out, node_set to, Message&& what) {
    if (!to.empty()) out.send_now.add(to, std::forward<Message>(what));
  }
  template <class Message>
  void send_after(Output& out, node_set to, Message&& what) const {
    if (!to.empty()) out.send_after.add(last_ticket_, to, std::forward<Message>(what));
  }
  void drop(error_code why) { rejected_.count(why); }
  bool reject(error_code why) { return rejected_.count(why), false; }

  [[nodiscard]] node_id self() const { return self_; }
  [[nodiscard]] node_set only_self() const { return configurations_.only_self(); }
  [[nodiscard]] SYNOD_ALWAYS_INLINE node_set others_from(slot from) const {
    return configurations_.others_from(from);
  }
  [[nodiscard]] slot chosen_upto() const { return chosen_upto_; }
  [[nodiscard]] slot floor() const { return floor_; }
  [[nodiscard]] slot highest_acceptable() const { return chosen_upto_ + bounds_.accept_ahead_max; }
  [[nodiscard]] ballot highest_seen() const { return highest_seen_; }
  [[nodiscard]] std::uint32_t highest_round() const { return highest_round_; }
  [[nodiscard]] ticket last_ticket() const { return last_ticket_; }
  [[nodiscard]] ticket durable_upto() const { return durable_upto_; }
  [[nodiscard]] limits const& bounds() const { return bounds_; }
  [[nodiscard]] rejections const& rejected() const { return rejected_; }
  [[nodiscard]] round_reservation const& rounds() const { return rounds_; }
  [[nodiscard]] configurations_type const& configs() const { return configurations_; }
  [[nodiscard]] list<damaged_range> const& damaged() const { return lost_.ranges(); }
  [[nodiscard]] cell const* find(slot at) const { return acceptor_.cells().find(at); }
  [[nodiscard]] slot last() const { return acceptor_.cells().last(); }
  // The strongest promise or vote for `from` or any slot above.
  [[nodiscard]] ballot strongest_from(slot from) const {
    return acceptor_.strongest(from, slot_max);
  }
  [[nodiscard]] ballot strongest_open() const { return strongest_from(chosen_upto_.next()); }

 private:
  static constexpr std::uint64_t mark_every = 64;

  SYNOD_ALWAYS_INLINE void keep_vote(ballot at, slot at_slot, value_type const& value,
                                     Output& out) {
    if (chosen_upto_ >= mark_due_) mark(out);
    bool const late = at_slot <= noticed_upto_ && !SYNOD_MUTATION(late_vote_passed_over);
    if (late) noticed_upto_ = slot(at_slot.value - 1);
    ticket const number = last_ticket_ = last_ticket_.next();
    out.persist.add(number, record_kind::vote, lane_id(), at_slot, at, value,
                    shared<list<promised_range>>(), shared<list<governed_from>>(), slot());
  }

  void know(slot at, cell& here) {  // in order or not
    here.chosen = true;
    if (at > known_upto_) known_upto_ = at;
  }

  // The notice where it leaves a gap, or meets one that is closed: slots above are chosen alone.
  // Whoever is far behind gets many such notices of one ballot, and looks at each slot once.
  [[gnu::noinline]] bool notice_beyond(ballot at, slot upto, Output& out) {
    slot const last = upto < acceptor_.cells().last() ? upto : acceptor_.cells().last();
    bool const goes_on = at == std::exchange(noticed_by_, at) && noticed_upto_ > chosen_upto_;
    slot const from = std::exchange(noticed_upto_, last).next();
    for (slot s = goes_on ? from : chosen_upto_.next(); s <= last; s = s.next()) {
      cell* const here = acceptor_.cells().find(s);
      if (here == nullptr) continue;
      bool const mine = here->voted == at || (here->voted > at && SYNOD_MUTATION(notice_of_lower));
      bool const any = !here->voted.empty() && SYNOD_MUTATION(notice_ignores_ballot);
      if (mine || any) know(s, *here);
    }
    advance(out);
    return chosen_upto_ < upto;
  }

  // How far the prefix is known to be chosen, so that a restart need not learn it again. It rides
  // with a vote and nothing waits for it.
  [[gnu::noinline, gnu::cold]] void mark(Output& out) {
    mark_due_ = chosen_upto_ + mark_every;
    append(out, record_kind::mark).upto = chosen_upto_;
  }

  SYNOD_ALWAYS_INLINE void decide(slot at, cell const& here, Output& out) {
    chosen_upto_ = at;
    lost_.made_good(at);
    if (here.value.kind() == value_kind::membership) [[unlikely]]
      bind(at, here.value.members(), out);
    out.decided.add(lane_id(), at, here.value);
  }

  [[gnu::noinline, gnu::cold]] void bind(slot decided_at, membership const& members, Output& out) {
    slot const first = decided_at + (SYNOD_MUTATION(configuration_at_once) ? 1 : bounds_.alpha);
    if (!configurations_.add(decided_at, first, members)) return;
    out.events.push_back(configuration_bound{members.number(), first});
    if (members.find(self_) == nullptr) out.events.push_back(removed_from_membership{});
  }

  void set_floor(slot upto, Output& out) {
    acceptor_.trim(upto);
    append(out, record_kind::promise).promises = acceptor_.promises().ranges();
    configurations_.forget_below(upto.next());
    record<Command>& saved = append(out, record_kind::floor);
    saved.upto = upto;
    saved.configurations = configurations_.retained();
    floor_ = upto;
    trim_after_ = last_ticket_;
    if (SYNOD_MUTATION(trim_before_durable)) out.events.push_back(trim_due{lane_id(), floor_});
  }

  node_id self_;
  limits bounds_;
  configurations_type configurations_;
  acceptor<Command> acceptor_;
  round_reservation rounds_;
  rejections rejected_;
  lost_slots lost_;
  list<record<Command>> restored_;

  slot chosen_upto_;
  slot known_upto_;    // nothing above is known to be chosen
  ballot noticed_by_;  // by its notices the votes up to the next are known as chosen
  slot noticed_upto_;
  slot floor_;                 // everything up to here is chosen, applied durably and forgotten
  slot mark_due_{mark_every};  // so far above what was marked last
  ballot highest_seen_;
  std::uint32_t highest_round_ = 0;
  ticket last_ticket_;
  ticket durable_upto_;
  ticket trim_after_{UINT64_MAX};  // none
};

}  // namespace synod
