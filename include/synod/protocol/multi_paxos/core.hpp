// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/concepts.hpp>
#include <synod/core/generator.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/leader/policy.hpp>
#include <synod/protocol/multi_paxos/catching_up.hpp>
#include <synod/protocol/multi_paxos/confirming.hpp>
#include <synod/protocol/multi_paxos/extent_reads.hpp>
#include <synod/protocol/multi_paxos/following.hpp>
#include <synod/protocol/multi_paxos/handing_over.hpp>
#include <synod/protocol/multi_paxos/leading.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/protocol/multi_paxos/options.hpp>
#include <synod/protocol/multi_paxos/reading.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>

#include <utility>

namespace synod {

// Leader-based multi-Paxos: the parts of this folder, and who hears what.
//   replicated_log  acceptor over all slots, the chosen prefix, configurations, what is durable
//   leading         phase 1 over an open range, the pipeline of phase 2
//   following       who leads, and what a follower owes to the leader
//   confirming      the pulse, and reads confirmed by it
//   extent_reads    reads that a quorum answers, whoever leads
//   catching_up     chosen values from elsewhere
//   Leader          when to campaign and when to stop; it cannot hurt safety
template <class Command, quorum Quorum, class Leader>
class multi_paxos_core {
 public:
  using command = Command;
  using options = multi_paxos_options<typename Leader::options>;
  using message_type = multi_paxos_message<Command, typename Leader::message>;
  using answer_type = read_answer;
  using output_type = output<message_type, Command, answer_type>;
  using request_type = multi_paxos_request;
  using value_type = slot_value<Command>;

  static_assert(leader_policy_for<Leader, typename Quorum::system>,
                "synod::multi_paxos: Leader does not model synod::leader_policy_for");

  // Requires: Quorum::bind accepts the members.
  explicit multi_paxos_core(options given)
      : options_(std::move(given)), log_(options_.self, options_.members,
                                         {options_.constants.alpha, options_.accept_ahead_max,
                                          options_.part_bytes, options_.retained_slots}),
        policy_(options_.leader, options_.seed), leading_({pipeline(options_), options_.resend_ns}),
        following_({options_.read_max_ns, options_.reads_max}),
        confirming_({options_.pulse_ns, options_.read_max_ns, options_.reads_max}),
        extents_({options_.read_max_ns, options_.reads_max, options_.resend_ns}),
        catching_up_({options_.gap_grace_ns, options_.learn_retry_ns, options_.probe_ns,
                      options_.learn_parts}),
        handing_over_(options_.transfer_max_ns) {}

  // --- restart ---

  void restore(record<Command> const& saved) { log_.restore(saved); }
  void restore(applied_prefix const& known) { log_.restore(known); }

  void start(time_ns now, damage const& harm, output_type& out) {
    log_.start(harm, out);
    answers_ = SYNOD_MUTATION(life_not_told_apart) ? 0 : log_.rounds().life();
    following_.number_reads_from(answers_);
    extents_.number_from(answers_);
    catching_up_.heard(now);
    tick(now, out);
  }

  // --- inputs ---

  // Takes the batch only where it is accepted. Accepted means proposed, not decided.
  maybe<refusal> propose(time_ns now, batch<Command>&& commands, output_type& out) {
    if (auto refused = cannot_propose()) return refused;
    leading_.propose(now, value_type(std::move(commands)), log_, out);
    return std::nullopt;
  }

  maybe<refusal> request(time_ns now, request_type&& asked, output_type& out) {
    return visit([&](auto& one) { return ask(now, one, out); }, asked);
  }

  // Only looks at the message: whoever has several receivers for one may give each the same.
  void step(time_ns now, node_id from, message_type const& received, output_type& out) {
    node_set const who = log_.configs().only(from);
    if (who.empty()) return log_.drop(error_code::unknown_member);
    // What every command costs is asked for first, and each time the last thing done here.
    if (received.template is<accept<Command>>()) {
      return on(now, from, who, received.template get<accept<Command>>(), out);
    }
    if (received.template is<accepted<Command>>()) {
      return on(now, from, who, received.template get<accepted<Command>>(), out);
    }
    step_rare(now, from, who, received, out);
  }

  void tick(time_ns now, output_type& out) {
    if (now >= policy_.next_deadline()) consult(now, out);
    leading_.tick(now, log_, out);
    confirming_.tick(now, leading_.mine(), log_, out);
    following_.tick(now, out);
    reads().tick(now, out);
    catching_up_.tick(now, log_, out);
    handing_over_.tick(now);
  }

  void persisted(time_ns now, ticket upto, output_type& out) {
    log_.persisted(upto, out);
    if (leading_.following()) return;
    if (leading_.leads()) return leading_.persisted(now, upto, log_, out);
    may_begin_to_lead(now, out, [&] { leading_.persisted(now, upto, log_, out); });
  }

  // --- questions ---

  [[nodiscard]] time_ns next_deadline() const {
    return earliest(policy_.next_deadline(), leading_.next_deadline(), confirming_.next_deadline(),
                    following_.next_deadline(), extents_.next_deadline(),
                    catching_up_.next_deadline(), handing_over_.next_deadline());
  }
  [[nodiscard]] node_set spare() const { return leading_.spare(); }
  [[nodiscard]] std::size_t room() const {
    return handing_over_.under_way() ? 0 : leading_.room(log_);
  }
  [[nodiscard]] membership const& members() const {
    return log_.configs().of(log_.chosen_upto().next()).members;
  }
  [[nodiscard]] leader_hint hint() const {
    return leading_.leads() ? leader_hint{leading_.mine(), options_.self} : following_.hint();
  }
  [[nodiscard]] bool leads() const { return leading_.leads(); }
  [[nodiscard]] leading_phase phase() const { return leading_.phase(); }
  [[nodiscard]] bool lease_valid(time_ns now) const {
    return leading_.settled(log_) && policy_.lease_valid(now);
  }
  [[nodiscard]] slot chosen_upto() const { return log_.chosen_upto(); }
  [[nodiscard]] slot last_proposed() const { return leading_.last_proposed(); }
  [[nodiscard]] slot floor() const { return log_.floor(); }
  [[nodiscard]] node_set votes(slot at) const { return leading_.votes(at); }
  [[nodiscard]] ballot highest_seen() const { return log_.highest_seen(); }
  [[nodiscard]] rejections const& rejected() const { return log_.rejected(); }
  [[nodiscard]] list<governed_from> configurations_from(slot from) const {
    return log_.configs().saved(from);
  }

 private:
  using log_type = replicated_log<Command, Quorum, output_type>;

  static std::uint32_t pipeline(options const& given) {
    std::uint32_t const most = given.constants.alpha;
    bool const less = given.pipeline_slots_max < most || SYNOD_MUTATION(pipeline_past_alpha);
    return less ? given.pipeline_slots_max : most;
  }

  // --- messages: acceptor ---

  [[gnu::noinline]] void step_rare(time_ns now, node_id from, node_set who,
                                   message_type const& received, output_type& out) {
    visit([&](auto const& one) { on(now, from, who, one, out); }, received);
  }

  void on(time_ns now, node_id from, node_set who, prepare const& asked, output_type& out) {
    if (asked.first == slot() || asked.first > asked.last) return log_.drop(error_code::malformed);
    if (!log_.plausible(asked.at, from)) return;
    if (!log_.may_promise() || !policy_.may_promise(asked.at, now)) return;
    ruling const rule = log_.on_prepare(asked, out);
    if (rule.is == verdict::refused) {
      return log_.send_after(out, who, nack{asked.at, rule.promised, asked.first});
    }
    obey(now, from, asked.at, out);
    // Everything reported is durable once everything appended so far is.
    log_.report(asked, ++answers_, [&](auto&& one) { log_.send_after(out, who, std::move(one)); });
  }

  // Nearly always: the leader that is followed asks for a slot that holds nothing yet.
  [[gnu::noinline]] void on(time_ns now, node_id from, node_set who, accept<Command> const& asked,
                            output_type& out) {
    bool const followed = asked.at == following_.leader() && asked.at.owner == from;
    if (!followed || !log_.vote_at_once(asked.at, asked.at_slot, asked.value, out)) [[unlikely]] {
      return judge(now, from, who, asked, out);
    }
    out.send_after.add(log_.last_ticket(), who, accepted<Command>{asked.at, asked.at_slot, {}});
    heard_chosen(now, who, asked.at, asked.chosen_upto, out);
  }

  [[gnu::noinline]] void judge(time_ns now, node_id from, node_set who,
                               accept<Command> const& asked, output_type& out) {
    if (!trusted(asked.at, from)) return;
    slot const at = asked.at_slot;
    if (at <= log_.chosen_upto()) return already_chosen(who, asked, out);
    bool const far = at > log_.highest_acceptable() && !SYNOD_MUTATION(accept_any_distance);
    if (far || !log_.may_vote(at)) return catching_up_.need(now, who, asked.chosen_upto, log_);
    ruling const rule = log_.on_accept(asked.at, at, asked.value, out);
    if (rule.is == verdict::refused) {
      return log_.send_after(out, who, nack{asked.at, rule.promised, at});
    }
    if (rule.is == verdict::chosen) return already_chosen(who, asked, out);
    log_.send_after(out, who, accepted<Command>{asked.at, at, {}});
    if (asked.at != following_.leader()) obey(now, from, asked.at, out);
    heard_chosen(now, who, asked.at, asked.chosen_upto, out);
  }

  // A slot that is decided here is never voted for again, not even with the same value, which could
  // be below a promise given since. Who proposes for it is told what it holds.
  void already_chosen(node_set who, accept<Command> const& asked, output_type& out) {
    if (SYNOD_MUTATION(accept_below_floor)) {
      return log_.send_after(out, who, accepted<Command>{asked.at, asked.at_slot, {}});
    }
    catching_up_.answer_slot(who, asked.at_slot, log_, out);
  }

  void on(time_ns now, node_id from, node_set who, notice const& got, output_type& out) {
    if (trusted(got.at, from)) heard_chosen(now, who, got.at, got.chosen_upto, out);
  }

  SYNOD_ALWAYS_INLINE void heard_chosen(time_ns now, node_set who, ballot at, slot upto,
                                        output_type& out) {
    if (at == following_.leader()) catching_up_.heard(now);
    if (upto <= log_.chosen_upto()) return;
    if (log_.notice_chosen(at, upto, out)) catching_up_.need(now, who, upto, log_);
    leading_.following() ? extents_.moved(log_, out) : moved(now, out);
  }

  // --- messages: leader ---

  void on(time_ns now, node_id from, node_set, shared<promise<Command>> const& got,
          output_type& out) {
    may_begin_to_lead(now, out, [&] {
      if (!leading_.on_promise(now, from, *got, log_, out)) log_.drop(error_code::malformed);
    });
    if (leading_.must_learn(log_)) {
      catching_up_.need(now, leading_.learn_from(), leading_.learn_upto(), log_);
    }
  }

  [[gnu::noinline]] void on(time_ns now, node_id from, node_set who, accepted<Command> const& got,
                            output_type& out) {
    leading_.on_accepted(now, from, who, got, log_, out);
  }

  void on(time_ns now, node_id, node_set, nack const& got, output_type& out) {
    bool const plausible = round_is_plausible(got.promised.round, log_.highest_round());
    if (!plausible) return log_.drop(error_code::implausible_round);
    log_.see(got.promised);
    if (leading_.outdone(got.refused, got.promised)) step_down(now, out);
  }

  void on(time_ns now, node_id from, node_set who, pulse const& got, output_type& out) {
    visit([&](auto const& one) { on_pulse(now, from, who, one, out); }, got);
  }

  // Evidence that no promise or vote of this node above this ballot covers a slot that may be open.
  // Who may have forgotten some has none to give.
  void on_pulse(time_ns now, node_id from, node_set who, pulse_beat const& got, output_type& out) {
    if (!trusted(got.at, from)) return;
    ballot const strongest = log_.strongest_from(got.chosen_upto.next());
    if (strongest > got.at && !SYNOD_MUTATION(deposed_leader_acknowledged)) {
      return log_.send_after(out, who, nack{got.at, strongest, got.chosen_upto.next()});
    }
    if (got.at != following_.leader()) obey(now, from, got.at, out);
    heard_chosen(now, who, got.at, got.chosen_upto, out);
    if (!log_.lost_nothing() && !SYNOD_MUTATION(amnesiac_acknowledges)) return;
    log_.send_after(out, who, pulse(pulse_ack{got.at, got.token, got.sent_at, log_.chosen_upto()}));
  }
  void on_pulse(time_ns now, node_id from, node_set who, pulse_ack const& got, output_type& out) {
    if (!leading_.leads()) return;
    confirming_.on_ack(now, from, got, leading_.mine(), log_, out);
    handing_over_.heard(who, leading_, confirming_, log_, out);
  }
  void on_pulse(time_ns now, node_id from, node_set, pulse_hand_over const& got, output_type& out) {
    if (got.at.owner != from || got.at != following_.leader() || !eligible()) return;
    campaign(now, out);
  }

  // --- messages: catch-up and reads ---

  void on(time_ns now, node_id from, node_set who, learn<Command> const& got, output_type& out) {
    if (auto const* const asked = got.template get_if<learn_ask>()) {
      return catching_up_.answer(who, *asked, log_, out);
    }
    auto const& told = **got.template get_if<shared<learn_values<Command>>>();
    if (leading_.contradicted(told, log_)) step_down(now, out);
    catching_up_.take(now, from, who, told, log_, out);
    moved(now, out);
  }

  void on(time_ns now, node_id from, node_set who, read_message const& got, output_type& out) {
    reads().hear(now, from, who, got, out);
  }

  void on(time_ns now, node_id from, node_set, typename Leader::message const& got,
          output_type& out) {
    policy_.step(now, from, got, situation(), policy_out_);
    send_policy(out);
  }

  // --- requests ---

  maybe<refusal> ask(time_ns now, read_request const& asked, output_type& out) {
    if (error const why = reads().ask(now, asked, out)) return refusal{why, hint()};
    return std::nullopt;
  }
  maybe<refusal> ask(time_ns now, transfer_request const& asked, output_type& out) {
    if (!leading_.leads()) return refuse(error_code::not_leader, "ask the leader");
    node_set const to = members().only(asked.to) & members().voters();
    if (to.empty() || to == log_.only_self()) {
      return refuse(error_code::unknown_member, "name another voter");
    }
    handing_over_.begin(now, to, leading_, confirming_, log_, out);
    return std::nullopt;
  }
  maybe<refusal> ask(time_ns now, reconfigure_request& asked, output_type& out) {
    if (auto refused = cannot_propose()) return refused;
    if (error const why = log_.configs().objection(asked.members, log_.chosen_upto().next())) {
      return refusal{why, hint()};
    }
    leading_.propose(now, value_type::of(std::move(asked.members)), log_, out);
    return std::nullopt;
  }
  maybe<refusal> ask(time_ns now, open_session_request const& asked, output_type& out) {
    if (auto refused = cannot_propose()) return refused;
    leading_.propose(now, value_type::of(asked.session, asked.stamp), log_, out);
    return std::nullopt;
  }
  maybe<refusal> ask(time_ns, snapshotted const& asked, output_type& out) {
    log_.snapshotted(asked.upto, out);
    return std::nullopt;
  }
  maybe<refusal> ask(time_ns now, snapshot_installed const& asked, output_type& out) {
    // What the slots below hold is unknown here, so nothing may be announced under our ballot.
    if (leading_.leads() && asked.head.at > log_.chosen_upto()) step_down(now, out);
    log_.installed(asked.head, out);
    moved(now, out);
    return std::nullopt;
  }

  // --- parts ---

  maybe<refusal> cannot_propose() const {
    if (room() != 0) return std::nullopt;
    return why_not_propose();
  }
  [[gnu::noinline]] maybe<refusal> why_not_propose() const {
    if (!leading_.leads()) return refuse(error_code::not_leader, "propose at the leader");
    if (handing_over_.under_way() && !SYNOD_MUTATION(transfer_admits)) {
      return refuse(error_code::busy, "the leader is handing over");
    }
    if (leading_.room(log_) == 0) return refuse(error_code::busy, "propose when a slot is free");
    return std::nullopt;
  }
  refusal refuse(error_code why, char const* remedy) const {
    return {{why, options_.self.value, "multi_paxos", remedy}, hint()};
  }

  [[nodiscard]] bool eligible() const {
    return log_.may_promise() && !(log_.only_self() & members().voters()).empty();
  }

  [[gnu::noinline]] void consult(time_ns now, output_type& out) {
    leader_advice const advice = policy_.tick(now, situation(), policy_out_);
    send_policy(out);
    if (advice == leader_advice::campaign && eligible()) campaign(now, out);
    if (advice == leader_advice::step_down) step_down(now, out);
  }
  leader_situation<typename Quorum::system> situation() const {
    auto const& governing = log_.configs().of(log_.chosen_upto().next());
    return {governing.members,       governing.quorums,     options_.self, leading_.phase(),
            leading_.mine(),         log_.strongest_open(), eligible(),    following_.leader(),
            catching_up_.heard_at(), log_.chosen_upto()};
  }

  // The leader it follows is trusted without looking again; any other ballot is looked at.
  [[nodiscard]] SYNOD_ALWAYS_INLINE bool trusted(ballot at, node_id from) {
    return (at == following_.leader() && at.owner == from) || log_.plausible(at, from);
  }

  void campaign(time_ns now, output_type& out) {
    if (leading_.leads()) return;
    may_begin_to_lead(now, out, [&] { leading_.campaign(now, log_, out); });
    if (leading_.following()) return;
    policy_.campaigned(leading_.mine(), now);
    following_.lead_myself(out);
  }

  template <class Action>
  void may_begin_to_lead(time_ns now, output_type& out, Action&& action) {
    bool const led = leading_.leads();
    action();
    if (led || !leading_.leads()) return;
    confirming_.begin(now);
    out.events.push_back(leader_changed{hint(), true});
  }

  void step_down(time_ns, output_type& out) {
    bool const led = leading_.leads();
    leading_.step_down();
    confirming_.stop(log_, out);
    handing_over_.stop();
    if (led) out.events.push_back(leader_changed{following_.hint(), false});
  }

  // A ballot that was promised or voted: its owner may lead, and whoever led below it does not.
  void obey(time_ns now, node_id from, ballot at, output_type& out) {
    if (!leading_.following() && at > leading_.mine()) step_down(now, out);
    policy_.heard(from, at, now);
    if (following_.follow(at)) out.events.push_back(leader_changed{following_.hint(), false});
  }

  [[gnu::noinline]] void moved(time_ns now, output_type& out) {
    may_begin_to_lead(now, out, [&] { leading_.moved(now, log_, out); });
    extents_.moved(log_, out);
  }
  auto reads() { return reading{log_, leading_, confirming_, following_, extents_}; }

  void send_policy(output_type& out) {
    for (auto& one : policy_out_) log_.send_now(out, one.to, std::move(one.message));
    policy_out_.clear();
  }

  options options_;
  log_type log_;
  Leader policy_;
  leadership<Command, Quorum, output_type> leading_;
  following<output_type> following_;
  confirming<Command, Quorum, output_type> confirming_;
  extent_reads<Command, Quorum, output_type, read_message> extents_;
  catching_up<Command, Quorum, output_type> catching_up_;
  handing_over handing_over_;
  list<policy_send<typename Leader::message>> policy_out_;

  std::uint64_t answers_ = 0;  // names the looks at the log that promises report, across restarts
};

}  // namespace synod
