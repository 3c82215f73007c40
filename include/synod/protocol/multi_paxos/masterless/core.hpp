// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/concepts.hpp>
#include <synod/core/generator.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/protocol/multi_paxos/catching_up.hpp>
#include <synod/protocol/multi_paxos/extent_reads.hpp>
#include <synod/protocol/multi_paxos/leading.hpp>
#include <synod/protocol/multi_paxos/masterless/contending.hpp>
#include <synod/protocol/multi_paxos/masterless/messages.hpp>
#include <synod/protocol/multi_paxos/masterless/options.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>

#include <utility>

namespace synod {

// Tells of each slot by itself under which ballot it was chosen.
struct each_slot_notice {
  static constexpr bool takes_back = true;

  template <class Log, class Output>
  static void chosen(Log& log, Output& out, ballot mine, slot at, slot) {
    log.send_now(out, log.others_from(at), slot_notice{mine, at, log.chosen_upto()});
  }
  // An Accept for another slot does not tell of this one.
  template <class Output>
  static void accept_follows(Output&, ballot, node_set) {}
};

// Multi-Paxos without a leader: any node proposes to any slot of an open window. Acceptor, window,
// catch-up and snapshots are those of the leader-based one; proposing is `contending`, one round
// per slot. A node that wins many slots in a row asks for a promise over the whole open range and
// from then on needs one round trip per slot, until somebody else proposes: leadership that nobody
// elects.
template <class Command, quorum Quorum>
class masterless_core {
 public:
  using command = Command;
  using options = masterless_options;
  using message_type = masterless_message<Command>;
  using answer_type = read_answer;
  using output_type = output<message_type, Command, answer_type>;
  using request_type = masterless_request;
  using value_type = slot_value<Command>;

  // Requires: Quorum::bind accepts the members.
  explicit masterless_core(options given)
      : options_(std::move(given)), log_(options_.self, options_.members,
                                         {options_.constants.alpha, options_.accept_ahead_max,
                                          options_.part_bytes, options_.retained_slots}),
        contending_({depth(), options_.pending_max, options_.resend_ns, options_.backoff_base_ns,
                     options_.backoff_cap_ns, options_.gap_fill_ns, options_.everybody_proposes},
                    options_.seed ^ options_.self.value),
        range_({depth(), options_.resend_ns}),
        reads_({options_.read_max_ns, options_.reads_max, options_.resend_ns}),
        catching_up_({options_.gap_grace_ns, options_.learn_retry_ns, options_.probe_ns,
                      options_.learn_parts}) {}

  // --- restart ---

  void restore(record<Command> const& saved) { log_.restore(saved); }
  void restore(applied_prefix const& known) { log_.restore(known); }

  void start(time_ns now, damage const& harm, output_type& out) {
    log_.start(harm, out);
    answers_ = SYNOD_MUTATION(life_not_told_apart) ? 0 : log_.rounds().life();
    reads_.number_from(answers_);
    catching_up_.heard(now);
    contending_.settle(now, log_);
  }

  // --- inputs ---

  // Takes the batch only where it is accepted. Accepted means that this node will propose it until
  // some slot decides it, for as long as it lives.
  maybe<refusal> propose(time_ns now, batch<Command>&& commands, output_type& out) {
    if (auto refused = cannot_propose()) return refused;
    propose_value(now, value_type(std::move(commands)), out);
    return std::nullopt;
  }

  maybe<refusal> request(time_ns now, request_type&& asked, output_type& out) {
    return visit([&](auto& one) { return ask(now, one, out); }, asked);
  }

  void step(time_ns now, node_id from, message_type&& received, output_type& out) {
    node_set const who = log_.configs().only(from);
    if (who.empty()) return log_.drop(error_code::unknown_member);
    visit([&](auto& one) { on(now, from, who, one, out); }, received);
  }

  void tick(time_ns now, output_type& out) {
    contending_.tick(now, log_, out);
    range_.tick(now, log_, out);
    reads_.tick(now, log_, out);
    catching_up_.tick(now, log_, out);
  }

  void persisted(time_ns now, ticket upto, output_type& out) {
    log_.persisted(upto, out);
    contending_.persisted(now, upto, log_, out);
    range_.persisted(now, upto, log_, out);
    progress(now, out);
  }

  // --- questions ---

  [[nodiscard]] time_ns next_deadline() const {
    time_ns soonest = contending_.next_deadline();
    for (time_ns one :
         {range_.next_deadline(), reads_.next_deadline(), catching_up_.next_deadline()}) {
      if (one < soonest) soonest = one;
    }
    return soonest;
  }
  [[nodiscard]] std::size_t room() const { return cannot_propose() ? 0 : contending_.room(); }
  [[nodiscard]] membership const& members() const {
    return log_.configs().of(log_.chosen_upto().next()).members;
  }
  // Nobody leads; every member takes proposals.
  [[nodiscard]] leader_hint hint() const { return {log_.highest_seen(), std::nullopt}; }
  [[nodiscard]] bool leads() const { return range_.leads(); }
  [[nodiscard]] leading_phase phase() const { return range_.phase(); }
  [[nodiscard]] bool lease_valid(time_ns) const { return false; }
  [[nodiscard]] slot chosen_upto() const { return log_.chosen_upto(); }
  [[nodiscard]] slot last_proposed() const { return log_.last(); }
  [[nodiscard]] slot floor() const { return log_.floor(); }
  [[nodiscard]] node_set votes(slot at) const { return range_.votes(at); }
  [[nodiscard]] ballot highest_seen() const { return log_.highest_seen(); }
  [[nodiscard]] rejections const& rejected() const { return log_.rejected(); }
  [[nodiscard]] list<governed_from> configurations_from(slot from) const {
    return log_.configs().saved(from);
  }

 private:
  using log_type = replicated_log<Command, Quorum, output_type>;

  [[nodiscard]] std::uint32_t depth() const {
    std::uint32_t const most = options_.constants.alpha;
    return options_.pipeline_slots_max < most ? options_.pipeline_slots_max : most;
  }

  // --- messages ---

  void on(time_ns now, node_id from, node_set who, prepare const& asked, output_type& out) {
    if (asked.first == slot() || asked.first > asked.last) return log_.drop(error_code::malformed);
    if (!log_.plausible(asked.at, from)) return;
    if (!log_.may_promise()) return;
    bool const one_slot = asked.first == asked.last;
    if (one_slot && decided(asked.first) && !SYNOD_MUTATION(promise_omits_chosen)) {
      return catching_up_.answer_slot(who, asked.first, log_, out);
    }
    if (one_slot && asked.first > log_.highest_acceptable()) {
      return catching_up_.need(now, who, asked.first.previous(), log_);
    }
    ruling const rule = log_.on_prepare(asked, out);
    if (rule.is == verdict::refused) {
      return log_.send_after(out, who, nack{asked.at, rule.promised, asked.first});
    }
    obey(now, asked.at, out);
    log_.report(asked, ++answers_, [&](auto&& part) {
      log_.send_after(out, who, std::forward<decltype(part)>(part));
    });
  }

  void on(time_ns now, node_id from, node_set who, shared<promise<Command>>& held,
          output_type& out) {
    promise<Command> const& got = *held;
    if (got.chosen_upto > log_.chosen_upto()) {
      catching_up_.need(now, who, got.chosen_upto, log_);
    }
    contending_.on_promise(now, who, got, log_, out);
    if (!range_.on_promise(now, from, got, log_, out)) log_.drop(error_code::malformed);
    progress(now, out);
  }

  void on(time_ns now, node_id from, node_set who, accept<Command>& asked, output_type& out) {
    if (!log_.plausible(asked.at, from)) return;
    slot const at = asked.at_slot;
    if (decided(at)) {
      if (!SYNOD_MUTATION(accept_below_floor)) {
        return catching_up_.answer_slot(who, at, log_, out);
      }
      return log_.send_after(out, who, accepted<Command>{asked.at, at, {}});
    }
    if (at > log_.highest_acceptable() || !log_.may_vote(at)) {
      return catching_up_.need(now, who, asked.chosen_upto, log_);
    }
    ruling const rule = log_.on_accept(asked.at, at, asked.value, out);
    if (rule.is == verdict::refused) {
      return log_.send_after(out, who, nack{asked.at, rule.promised, at});
    }
    log_.send_after(out, who, accepted<Command>{asked.at, at, {}});
    if (!asked.value.is_noop()) contending_.saw_proposal(who, at);
    obey(now, asked.at, out);
    catching_up_.need(now, who, asked.chosen_upto, log_);
  }

  void on(time_ns now, node_id from, node_set who, accepted<Command> const& got, output_type& out) {
    contending_.on_accepted(now, who, got, log_, out);
    range_.on_accepted(now, from, who, got, log_, out);
    progress(now, out);
  }

  void on(time_ns now, node_id, node_set who, nack const& got, output_type& out) {
    if (!round_is_plausible(got.promised.round, log_.highest_round()))
      return log_.drop(error_code::implausible_round);
    log_.see(got.promised);
    contending_.on_nack(now, who, got, log_);
    if (range_.outdone(got.refused, got.promised)) lose_range(now, out);
  }

  // The notice names a slot and not a prefix: what is chosen below may have been chosen under
  // another ballot, even a higher one, so an older vote there says nothing.
  void on(time_ns now, node_id, node_set who, slot_notice const& got, output_type& out) {
    if (got.at_slot > log_.highest_acceptable()) {
      return catching_up_.need(now, who, got.chosen_upto, log_);
    }
    log_.notice_slot(got.at, got.at_slot, out);
    if (!decided(got.at_slot)) catching_up_.need(now, who, got.at_slot, log_);
    catching_up_.need(now, who, got.chosen_upto, log_);
    progress(now, out);
  }

  void on(time_ns now, node_id from, node_set who, learn<Command>& got, output_type& out) {
    if (auto const* const asked = got.template get_if<learn_ask>()) {
      return catching_up_.answer(who, *asked, log_, out);
    }
    auto const& told = **got.template get_if<shared<learn_values<Command>>>();
    catching_up_.take(now, from, who, told, log_, out);
    progress(now, out);
  }

  void on(time_ns now, node_id from, node_set who, extent_message const& got, output_type& out) {
    reads_.on(from, who, got, log_, out);
    contending_.heard_of(now, reads_.told_upto(), log_);
  }

  // --- requests ---

  maybe<refusal> ask(time_ns now, read_request const& asked, output_type& out) {
    error_code const why = reads_.begin(now, asked.id, log_, out);
    if (why == error_code::none) return std::nullopt;
    return refuse(why, "read again later");
  }
  maybe<refusal> ask(time_ns now, reconfigure_request& asked, output_type& out) {
    if (auto refused = cannot_propose()) return refused;
    if (error const why = log_.configs().objection(asked.members, log_.chosen_upto().next())) {
      return refusal{why, hint()};
    }
    propose_value(now, value_type::of(std::move(asked.members)), out);
    return std::nullopt;
  }
  maybe<refusal> ask(time_ns now, open_session_request const& asked, output_type& out) {
    if (auto refused = cannot_propose()) return refused;
    propose_value(now, value_type::of(asked.session, asked.stamp), out);
    return std::nullopt;
  }
  maybe<refusal> ask(time_ns, snapshotted const& asked, output_type& out) {
    log_.snapshotted(asked.upto, out);
    return std::nullopt;
  }
  maybe<refusal> ask(time_ns now, snapshot_installed const& asked, output_type& out) {
    log_.installed(asked.head, out);
    progress(now, out);
    return std::nullopt;
  }

  // --- parts ---

  maybe<refusal> cannot_propose() const {
    bool const voter = !(log_.only_self() & members().voters()).empty();
    if (!voter) return refuse(error_code::not_a_voter, "propose at a voter");
    if (!log_.may_promise()) return refuse(error_code::amnesia, "propose at another node");
    if (contending_.room() == 0) return refuse(error_code::busy, "propose again later");
    return std::nullopt;
  }
  refusal refuse(error_code why, char const* remedy) const {
    return {{why, options_.self.value, "masterless_multi_paxos", remedy}, hint()};
  }

  [[nodiscard]] bool decided(slot at) const {
    if (at <= log_.chosen_upto()) return true;
    auto const* const here = log_.find(at);
    return here != nullptr && here->chosen;
  }

  void propose_value(time_ns now, value_type value, output_type& out) {
    contending_.enqueue(std::move(value));
    feed(now, out);
  }

  // Under a held range a slot takes one round trip; without one each slot is a round of its own.
  void feed(time_ns now, output_type& out) {
    while (range_.leads() && contending_.waiting() > 0 && range_.room(log_) > 0) {
      range_.propose(now, contending_.take_pending(), log_, out);
    }
    if (range_.following()) contending_.pump(now, log_, out);
  }

  void progress(time_ns now, output_type& out) {
    take_back(now);
    range_.moved(now, log_, out);
    contending_.settle(now, log_);
    bool const lonely = contending_.streak() >= options_.range_after && contending_.settled();
    if (range_.following() && lonely && log_.may_promise()) {
      contending_.forget_streak();
      range_.campaign(now, log_, out);
    }
    feed(now, out);
    reads_.moved(log_, out);
  }

  // A higher ballot was promised or voted somewhere: a range held below it is gone.
  void obey(time_ns now, ballot at, output_type& out) {
    contending_.forget_streak();
    if (!range_.following() && at > range_.mine()) lose_range(now, out);
  }
  void take_back(time_ns now) {
    range_.for_each_overtaken(
        log_, [&](slot at, value_type const& value) { contending_.adopt(now, at, value); });
  }
  void lose_range(time_ns now, output_type& out) {
    take_back(now);
    range_.for_each_open(
        log_, [&](slot at, value_type const& value) { contending_.adopt(now, at, value); });
    range_.step_down();
    contending_.forget_streak();
    feed(now, out);
  }

  options options_;
  log_type log_;
  contending<Command, Quorum, output_type> contending_;
  leadership<Command, Quorum, output_type, each_slot_notice> range_;
  extent_reads<Command, Quorum, output_type, extent_message> reads_;
  catching_up<Command, Quorum, output_type> catching_up_;
  std::uint64_t answers_ = 0;  // names the looks at the log that promises report, across restarts
};

}  // namespace synod
