// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/concepts.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/output.hpp>
#include <synod/core/rejections.hpp>
#include <synod/protocol/single_decree/messages.hpp>
#include <synod/protocol/single_decree/options.hpp>
#include <synod/protocol/single_decree/own_evidence.hpp>
#include <synod/protocol/single_decree/pacing.hpp>
#include <synod/roles/acceptor.hpp>
#include <synod/roles/learner.hpp>
#include <synod/roles/proposer.hpp>
#include <synod/roles/rounds.hpp>

#include <utility>

namespace synod {

// Paxos for one value: every node is acceptor, proposer and learner at once, and the value is the
// only slot of the only lane. Any node may propose at any time; safety is the acceptor's two rules
// and the proposer's choice, everything else here is about getting done.
//
// Evidence (promise, vote) leaves in `send_after`, behind the record that makes it true; the node
// counts its own only in `persisted`, like everybody else's.
template <class Command, quorum Quorum>
class single_decree_core {
 public:
  using command = Command;
  using options = single_decree_options;
  using message_type = decree_message<Command>;
  using answer_type = decree_outcome<Command>;
  using output_type = output<message_type, Command, answer_type>;
  using value_type = slot_value<Command>;

  static constexpr slot the_slot{1};

  // Requires: Quorum::bind accepts the members.
  explicit single_decree_core(options given)
      : options_(std::move(given)), quorums_(Quorum::bind(options_.members).system),
        pacing_(options_) {
    SYNOD_ASSERT(quorums_.has_value(), "the quorums do not meet; was bind asked before?");
    others_ = options_.members.everybody() - options_.members.only(options_.self);
  }

  // --- restart ---

  void restore(record<Command> const& saved) {
    if (saved.kind == record_kind::reserved) return rounds_.restore(saved.at.round);
    if (saved.at_slot > the_slot) return;
    if (saved.kind == record_kind::promise && SYNOD_MUTATION(promise_forgotten)) return;
    if (saved.kind == record_kind::vote && SYNOD_MUTATION(vote_forgotten)) return;
    acceptor_.restore(saved);
    see(saved.at);
    for (promised_range const& one : *saved.promises) see(one.at);
  }

  void start(time_ns now, damage const& harm, output_type& out) {
    damaged_ = harm.everything || harm.covers(the_slot) || harm.covers(slot());
    if (is_chosen()) {
      emit_decision(out);
    } else if (damaged_ || !cell().voted.empty()) {
      heard_activity(now);  // who lost its memory asks what it should know
    }
    reserve(out);
  }

  // --- inputs ---

  // One proposal at a time; the outcome comes as one answer.
  maybe<refusal> propose(time_ns now, batch<Command>&& commands, output_type& out) {
    if (proposing_)
      return refusal{{error_code::busy, 1, "propose", "wait for the outcome"}, hint()};
    if (damaged_ && !is_chosen()) {
      return refusal{{error_code::amnesia, options_.self.value, "propose",
                      "propose at another node; this store lost what it promised"},
                     hint()};
    }
    if (commands.origins().empty()) name_proposal(commands);
    mine_ = value_type(std::move(commands));
    proposing_ = true;
    value_left_ = false;
    if (is_chosen()) {
      finish(out);
    } else {
      pacing_.fresh_attempts();
      pacing_.patient_until(now + options_.give_up_ns);
      begin_attempt(now, out);
    }
    return std::nullopt;
  }

  void step(time_ns now, node_id from, message_type&& received, output_type& out) {
    node_set const who = options_.members.only(from);
    if (who.empty()) return rejected_.count(error_code::unknown_member);
    visit([&](auto& one) { on(now, from, who, one, out); }, received);
  }

  void tick(time_ns now, output_type& out) {
    if (pacing_.give_up_due(now) && proposing_) return give_up(out);
    if (pacing_.retry_due(now) && !is_chosen() && (proposing_ || driving_)) begin_attempt(now, out);
    if (pacing_.resend_due(now)) resend(now, out);
    if (pacing_.silence_due(now)) break_silence(now, out);
  }

  void persisted(time_ns now, ticket upto, output_type& out) {
    rounds_.persisted(upto);
    if (auto const mine = own_promise_.take(upto)) {
      count_promise(now, self(), mine->at, mine->voted, mine->value, out);
    }
    if (auto const mine = own_vote_.take(upto)) count_vote(now, self(), mine->at, mine->value, out);
  }

  // --- questions ---

  [[nodiscard]] time_ns next_deadline() const { return pacing_.next(); }
  [[nodiscard]] std::size_t room() const { return proposing_ ? 0 : 1; }
  [[nodiscard]] membership const& members() const { return options_.members; }
  [[nodiscard]] leader_hint hint() const {
    ballot const at = highest_seen_;
    return {at, at.empty() ? std::nullopt : maybe<node_id>(at.owner)};
  }
  [[nodiscard]] bool is_chosen() const { return cell().chosen; }
  // Requires: is_chosen().
  [[nodiscard]] value_type const& value() const { return cell().value; }
  [[nodiscard]] rejections const& rejected() const { return rejected_; }
  // Everything that decides how it goes on, for whoever compares states.
  template <class Visit>
  void fields(time_ns now, Visit&& visit) const {
    pacing_.fields(now, visit);
    auto const each = [&](auto const&... parts) { (parts.fields(visit), ...); };
    each(acceptor_, proposer_, learner_, rounds_, own_promise_, own_vote_);
    visit(highest_seen_, last_ticket_, mine_, proposing_, driving_, value_left_, damaged_);
  }

 private:
  // --- acceptor ---

  void on(time_ns now, node_id from, node_set who, prepare const& asked, output_type& out) {
    if (!plausible(asked.at, from)) return;
    heard_activity(now);
    if (is_chosen()) return reply_chosen(who, out);
    if (damaged_ && !SYNOD_MUTATION(amnesiac_votes)) return;
    ruling const rule = acceptor_.on_prepare(asked.at, the_slot, the_slot);
    if (rule.is == verdict::refused) {
      return send_after(out, who, nack{asked.at, rule.promised, the_slot});
    }
    if (rule.is == verdict::granted) persist_promise(out);
    send_after(out, who, shared(promise_of(asked.at)));
  }

  void on(time_ns now, node_id from, node_set who, accept<Command> const& asked, output_type& out) {
    if (!plausible(asked.at, from)) return;
    if (asked.at_slot != the_slot || asked.value.is_noop()) {
      return rejected_.count(error_code::implausible_slot);
    }
    heard_activity(now);
    if (is_chosen()) return reply_chosen(who, out);
    if (damaged_ && !SYNOD_MUTATION(amnesiac_votes)) return;
    ruling const rule = acceptor_.on_accept(asked.at, the_slot, asked.value);
    if (rule.is == verdict::refused) {
      return send_after(out, who, nack{asked.at, rule.promised, the_slot});
    }
    if (rule.is == verdict::granted) persist_vote(out);
    send_after(out, who, accepted<Command>{asked.at, the_slot, {}});
    node_set const learners = learners_besides_me() - who;
    if (!learners.empty()) {
      send_after(out, learners, accepted<Command>{asked.at, the_slot, asked.value});
    }
  }

  // --- proposer ---

  void begin_attempt(time_ns now, output_type& out) {
    maybe<std::uint32_t> const round = rounds_.take(highest_seen_.round);
    if (!round.has_value()) return give_up(out);
    reserve(out);
    ballot const at{options_.members.number().value, *round, options_.self};
    see(at);
    proposer_.begin(at, mine_, proposing_);
    prepare const asked{at, the_slot, the_slot};
    if (rounds_.covered(*round) || SYNOD_MUTATION(round_used_before_durable)) {
      send_now(out, others_voting(), asked);
    } else {
      send_after(out, others_voting(), asked);
    }
    pacing_.sent(now, options_);
    promise_to_myself(now, at, out);
  }

  void promise_to_myself(time_ns now, ballot at, output_type& out) {
    if (self().empty() || (damaged_ && !SYNOD_MUTATION(amnesiac_votes))) return;
    ruling const rule = acceptor_.on_prepare(at, the_slot, the_slot);
    if (rule.is == verdict::refused) return;
    if (rule.is == verdict::granted) persist_promise(out);
    own_promise_.note({last_ticket_, at, cell().voted, cell().value});
    if (SYNOD_MUTATION(own_evidence_before_durable)) persisted(now, last_ticket_, out);
  }

  void on(time_ns now, node_id, node_set who, shared<promise<Command>>& got, output_type& out) {
    if (got->votes.size() > 1) return rejected_.count(error_code::malformed);
    reported_vote<Command> const none{};
    reported_vote<Command> const& vote = got->votes.empty() ? none : got->votes.front();
    if (vote.voted > got->at && !SYNOD_MUTATION(vote_above_ballot_adopted)) {
      return rejected_.count(error_code::malformed);
    }
    count_promise(now, who, got->at, vote.voted, vote.value, out);
  }

  void count_promise(time_ns now, node_set who, ballot at, ballot voted, value_type const& value,
                     output_type& out) {
    if (!proposer_.on_promise(who & voters(), at, voted, value, *quorums_)) return;
    if (!proposer_.has_value()) {  // a half-finished round of somebody else turned out to be empty
      proposer_.stop();
      driving_ = false;
      pacing_.stop_attempt();
      return;
    }
    enter_phase2(now, out);
  }

  void enter_phase2(time_ns now, output_type& out) {
    if (!proposer_.forced() && !SYNOD_MUTATION(value_left_forgotten)) value_left_ = true;
    send_now(out, others_voting(),
             accept<Command>{proposer_.at(), the_slot, slot(), proposer_.value()});
    pacing_.sent(now, options_);
    if (self().empty() || damaged_) return;
    ruling const rule = acceptor_.on_accept(proposer_.at(), the_slot, proposer_.value());
    if (rule.is == verdict::refused || rule.is == verdict::chosen) return;
    if (rule.is == verdict::granted) persist_vote(out);
    own_vote_.note({last_ticket_, proposer_.at(), proposer_.at(), proposer_.value()});
  }

  void on(time_ns now, node_id, node_set who, accepted<Command> const& got, output_type& out) {
    if (got.at_slot != the_slot && !SYNOD_MUTATION(foreign_slot_counted))
      return rejected_.count(error_code::implausible_slot);
    count_vote(now, who, got.at, got.value, out);
  }

  void count_vote(time_ns now, node_set who, ballot at, value_type const& value, output_type& out) {
    if (is_chosen()) return;
    if (proposer_.on_accepted(who & voters(), at, *quorums_)) {
      decide(proposer_.value(), out);
      send_now(out, others_, decree_chosen<Command>{cell().value});
      return;
    }
    // A learner counts the votes itself; its votes carry the value.
    if (!value.is_noop() && learner_.on_accepted(who & voters(), at, *quorums_)) {
      decide(value, out);
    }
    heard_activity(now);
  }

  void on(time_ns now, node_id, node_set who, nack const& got, output_type& out) {
    if (!plausible_round(got.promised.round)) {
      return rejected_.count(error_code::implausible_round);
    }
    see(got.promised);
    if (!proposer_.on_nack(who & voters(), got.refused, voters(), *quorums_)) return;
    lost_attempt(now, got.promised, out);
  }

  // Patient: an attempt is over once the refusals leave no quorum, or when it is time to send again
  // and somebody has refused; one confused node does not end it at once. The wait is random and
  // doubles, so that two proposers do not chase each other for ever.
  void lost_attempt(time_ns now, ballot by, output_type& out) {
    proposer_.stop();
    if (pacing_.lost(now, options_)) return;
    driving_ = false;
    if (proposing_) answer(out, superseded{by, value_left_});
  }

  void resend(time_ns now, output_type& out) {
    if (!proposer_.active()) return;
    if (proposer_.refused_by_some()) return lost_attempt(now, highest_seen_, out);
    node_set const silent = others_voting() - proposer_.answered();
    if (proposer_.phase() == proposer_phase::accepting) {
      send_now(out, silent, accept<Command>{proposer_.at(), the_slot, slot(), proposer_.value()});
    } else if (rounds_.covered(proposer_.at().round)) {
      send_now(out, silent, prepare{proposer_.at(), the_slot, the_slot});
    }
    pacing_.sent(now, options_);
  }

  // --- learner ---

  void on(time_ns, node_id, node_set who, decree_asked const&, output_type& out) {
    if (is_chosen()) reply_chosen(who, out);
  }

  void on(time_ns, node_id, node_set, decree_chosen<Command> const& got, output_type& out) {
    if (got.value.is_noop()) return rejected_.count(error_code::malformed);
    if (!is_chosen()) decide(got.value, out);
  }

  // Somebody started and nothing was heard since: ask, and if nobody knows either, finish what may
  // be half done. A round that finds no vote ends there: there is nothing to finish.
  void break_silence(time_ns now, output_type& out) {
    if (is_chosen()) return;
    send_now(out, others_, decree_asked{});
    bool const can_drive = !self().empty() && voters().contains(self()) && !damaged_;
    if (!proposing_ && pacing_.asked() && can_drive && !proposer_.active()) {
      driving_ = true;
      pacing_.fresh_attempts();
      begin_attempt(now, out);
    }
    pacing_.listen(now, options_, true);
  }

  void heard_activity(time_ns now) {
    if (!is_chosen()) pacing_.listen(now, options_, false);
  }

  void decide(value_type const& value, output_type& out) {
    acceptor_.learn(the_slot, value);
    record<Command>& saved = append(out, record_kind::chosen);
    saved.at_slot = the_slot;
    saved.value = cell().value;
    proposer_.stop();
    driving_ = false;
    pacing_.stop();
    own_promise_.forget();
    own_vote_.forget();
    emit_decision(out);
    if (proposing_) finish(out);
  }

  void emit_decision(output_type& out) {
    out.decided.push_back({lane_id(), the_slot, cell().value});
  }

  void finish(output_type& out) {
    if (cell().value == mine_) {
      answer(out, chosen<Command>{cell().value});
    } else {
      answer(out, converged<Command>{cell().value});
    }
  }

  void give_up(output_type& out) {
    node_set const heard = proposer_.answered();
    proposer_.stop();
    driving_ = false;
    pacing_.stop_attempt();
    if (proposing_) answer(out, unknown{heard});
  }

  void answer(output_type& out, answer_type what) {
    proposing_ = false;
    pacing_.patient_until(never);
    mine_ = {};
    out.answers.push_back(std::move(what));
  }

  // --- parts ---

  // Tells two proposals apart: a node never uses a round twice, so (node, round) names this one.
  void name_proposal(batch<Command>& commands) {
    std::uint32_t const round = rounds_.take(highest_seen_.round).value_or(0);
    commands.origins().push_back({session_id(options_.self.value), sequence(round), sequence(), 0,
                                  static_cast<std::uint16_t>(commands.size())});
  }

  [[nodiscard]] bool plausible_round(std::uint32_t round) const {
    return round_is_plausible(round, highest_seen_.round) ||
           SYNOD_MUTATION(implausible_round_accepted);
  }

  [[nodiscard]] bool plausible(ballot at, node_id from) {
    if (at.owner != from && !SYNOD_MUTATION(foreign_ballot_accepted)) {
      rejected_.count(error_code::foreign_ballot);
      return false;
    }
    if (!plausible_round(at.round)) {
      rejected_.count(error_code::implausible_round);
      return false;
    }
    see(at);
    return true;
  }

  void see(ballot at) {
    if (at > highest_seen_) highest_seen_ = at;
  }

  promise<Command> promise_of(ballot at) const {
    promise<Command> made;
    made.at = at;
    made.first = made.last = the_slot;
    made.answer = last_ticket_.value;
    if (!cell().voted.empty()) {
      made.votes.push_back({the_slot, cell().voted, cell().value, false});
    }
    return made;
  }

  void persist_promise(output_type& out) {
    append(out, record_kind::promise).promises = acceptor_.promises().ranges();
  }
  void persist_vote(output_type& out) {
    record<Command>& saved = append(out, record_kind::vote);
    saved.at_slot = the_slot;
    saved.at = cell().voted;
    saved.value = cell().value;
  }
  void reserve(output_type& out) {
    maybe<std::uint32_t> const upto = rounds_.due();
    if (!upto.has_value()) return;
    append(out, record_kind::reserved).at = {0, *upto, options_.self};
    rounds_.written(last_ticket_);
  }
  record<Command>& append(output_type& out, record_kind kind) {
    last_ticket_ = last_ticket_.next();
    record<Command>& made = out.persist.emplace_back();
    made.number = last_ticket_;
    made.kind = kind;
    return made;
  }

  void reply_chosen(node_set to, output_type& out) {
    send_now(out, to, decree_chosen<Command>{cell().value});
  }
  template <class Message>
  void send_now(output_type& out, node_set to, Message&& what) {
    if (!to.empty()) out.send_now.emplace_back(to, std::forward<Message>(what));
  }
  template <class Message>
  void send_after(output_type& out, node_set to, Message&& what) {
    if (!to.empty()) out.send_after.emplace_back(last_ticket_, to, std::forward<Message>(what));
  }

  [[nodiscard]] node_set self() const { return options_.members.only(options_.self); }
  [[nodiscard]] node_set voters() const { return options_.members.voters(); }
  [[nodiscard]] node_set others_voting() const { return others_ & voters(); }
  [[nodiscard]] node_set learners_besides_me() const { return others_ - voters(); }
  [[nodiscard]] acceptor_cell<Command> const& cell() const {
    acceptor_cell<Command> const* here = acceptor_.cells().find(the_slot);
    return here != nullptr ? *here : nothing_;
  }

  options options_;
  maybe<typename Quorum::system> quorums_;
  decree_pacing pacing_;
  node_set others_;

  acceptor<Command> acceptor_;
  proposer<Command, typename Quorum::system> proposer_;
  learner<Command, typename Quorum::system> learner_;
  round_reservation rounds_;
  acceptor_cell<Command> nothing_;
  rejections rejected_;

  ballot highest_seen_;
  ticket last_ticket_;
  own_evidence<Command> own_promise_;
  own_evidence<Command> own_vote_;

  value_type mine_;
  bool proposing_ = false;
  bool driving_ = false;
  bool value_left_ = false;
  bool damaged_ = false;
};

}  // namespace synod
