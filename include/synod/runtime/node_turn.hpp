// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/runtime/node.hpp>

#include <utility>

namespace synod {

// What the drain calls: see runtime/drain.hpp for the order.
template <class Parts>
struct node<Parts>::drain_calls {
  node& of;

  void send(node_set to, typename core_type::message_type&& message) {
    bool written = true;
    of.values_.begin_frame();
    shared_bytes const frame = of.frame_of(
        frame_kind::protocol, [&](wire_writer& out) { written = of.wire_.write(out, message); });
    of.values_.keep_in(frame);
    if (!written) return of.rejected_.count(error_code::too_large);
    node_set const unhurried = of.unhurried(message);
    to.for_each([&](node_index one) {
      for (governed_from const& known : of.executor_->configurations()) {
        member const* const found = known.members.find(one);
        if (found == nullptr) continue;
        if constexpr (requires { of.world_.transport.send_soon(found->id, frame); }) {
          if (unhurried.contains(one)) return of.world_.transport.send_soon(found->id, frame);
        }
        return of.world_.transport.send(found->id, frame);
      }
    });
    observe(of.world_.observer, message_sent{of.now_, frame.bytes().size(), to.size()});
  }
  void persist(std::span<record<command> const> records) {
    if (error const why = of.journal_.append(records, of.now_)) of.stop(of.now_, why);
  }
  void flush() {
    if constexpr (requires { of.world_.transport.hurry(); }) {
      of.world_.transport.hurry();
    } else {
      of.flush_transport();
    }
  }
  ticket durable() { return of.durable().core; }
  bool storage_failed() {
    if (error const why = of.journal_.failed()) of.stop(of.now_, why);
    return static_cast<bool>(of.stopped_);
  }
  void decide(typename core_type::output_type::decision const& one) {
    executor_calls calls{of};
    of.values_.unfold(one.value);
    of.haste_.decided(one.at, of.now_);
    of.executor_->apply(one.at, one.value, calls);
    of.reads_.applied(one.at);
    std::size_t const commands = one.value.is_batch() ? one.value.commands().size() : 0;
    one.value.release_commands();
    observe(of.world_.observer, slot_applied{of.now_, one.at, one.value.kind(), commands});
  }
  void refuse(refused_proposal<command> const& one) { of.commands_->taken_back(of.now_, one, of); }
  void answer(typename core_type::answer_type const& one) {
    of.reads_.answered(one.id, one.upto, one.why);
  }
  void notify(core_event const& event) {
    visit([this](auto const& one) { this->on(one); }, event);
  }

  void on(leader_changed const& one) {
    if (!one.here) of.commands_->step_down(of.now_, of);
    observe(of.world_.observer, leadership_changed{of.now_, one.hint, one.here});
  }
  void on(configuration_bound const&) {}
  void on(snapshot_needed const& one) {
    of.snapshots_.needed(of.now_, one.from, one.at_least, of.parts_);
  }
  void on(trim_due const& one) { of.journal_.trim(one.lane, one.upto); }
  void on(removed_from_membership const&) {
    of.stop(of.now_, {error_code::not_a_voter, of.self().value, "node", "it was removed"});
  }
};

// What the executor calls: see result_sink.
template <class Parts>
struct node<Parts>::executor_calls {
  node& of;

  template <class Result>
  void done(applied_origin const& whose, Result const& value) {
    of.commands_->done(whose, value);
  }
  void foresee(std::span<command_origin const> runs) { of.commands_->foresee(runs); }
  void cached(applied_origin const& whose, std::span<std::byte const> reply) {
    of.commands_->cached(whose, reply);
  }
  void expired(applied_origin const& whose) {
    of.commands_->expired(whose, of.table().knows(whose.session));
  }
  void refused(applied_origin const& whose) { of.commands_->refused(whose); }
  void early(applied_origin const& whose) { of.commands_->early(whose); }
  void opened(session_change const& asked, session_id made) { of.commands_->opened(asked, made); }
  void barrier(session_id label, sequence number, slot at) {
    if (label == of.barrier_label()) of.reads_.barrier_applied(number, at);
  }
  void configured(governed_from const& one) {
    of.commands_->learn(one.members);
    // This very store was added: what it could not promise as a stranger it can as a member.
    of.promoted_ = of.promoted_ || (of.voteless_ && of.founding_.may_vote(one.members));
    observe(of.world_.observer, configuration_changed{of.now_, one.members.number(), one.first});
  }
};

template <class Parts>
void node<Parts>::advance(time_ns now) {
  now_ = now;
  // Who runs no core yet hears of a failed disk here.
  bool const news = durable().host > boot_durable_;
  if (!stopped_ && (news || (!running() && journal_.failed()))) drive_founding(now);
  if (running()) commands_->begin_turn(now, nobody_has_room(now));
  // A user who submits whenever something completes must not keep the loop from its other work.
  for (int rounds = 0; rounds < 64 && running(); ++rounds) {
    if (!commands_->idle()) {
      commands_->flush(now, *this);
      commands_->seal(now, now + options_.stamp_offset_ns, *this, *core_, out_);
    }
    if (reads_.wants_flush()) ask_for_reads(now);
    drain_calls calls{*this};
    if (!order_.advance(now, *core_, out_, calls)) return;
    finish_reads();
    work_on_snapshots();
    if (std::exchange(promoted_, false)) start_core(now);
    if (commands_->idle() && !reads_.wants_flush() && out_.nothing_due()) break;
  }
  for (snapshot_send const& one : parts_) {
    world_.transport.send(
        one.to, frame_of(frame_kind::snapshot, [&](wire_writer& out) { out(one.message); }));
  }
  parts_.clear();
}

template <class Parts>
void node<Parts>::end_turn() {
  drain_calls calls{*this};
  if (running()) order_.end_turn(out_, calls);
  flush_transport();
}

template <class Parts>
void node<Parts>::ask_for_reads(time_ns now) {
  reads_.flush(
      now,
      [&](std::uint64_t question) -> maybe<error> {
        auto const why =
            core_->request(now, read_request{question, read_barrier::by_quorum(question)}, out_);
        if (!why) return std::nullopt;
        return why->why;
      },
      [&](sequence number) { return commands_->barrier(barrier_label(), number, *this); });
}

template <class Parts>
void node<Parts>::finish_reads() {
  while (!reads_.finished().empty()) {
    auto const ended = std::move(reads_.finished());
    for (read_finished const& one : ended) world_.user.readable(one.handle, one.why);
  }
}

template <class Parts>
void node<Parts>::work_on_snapshots() {
  auto durable = snapshots_.work(*executor_);
  if constexpr (durable_machine<machine_type>) {
    executor_->commit();
    durable = executor_->committed();
  }
  if (SYNOD_MUTATION(h22a_trim_what_is_applied)) durable = executor_->applied();
  if (!durable.has_value() || *durable <= told_committed_) return;
  told_committed_ = *durable;
  observe(world_.observer, snapshot_taken{now_, *durable, error_code::none});
  (void)core_->request(now_, snapshotted{*durable}, out_);
}

// --- messages

template <class Parts>
void node<Parts>::greet(time_ns now, node_id to) {
  time_ns* last = nullptr;
  for (auto& one : greeted_) {
    if (one.with == to) last = &one.at;
  }
  if (last != nullptr && now - *last < options_.founding.ask_again_ns) return;
  if (last == nullptr) {
    if (greeted_.size() >= 1024) greeted_.clear();
    greeted_.push_back({to, now});
  } else {
    *last = now;
  }
  founding_message const hello = founding_.hello();
  world_.transport.send(to, frame_of(frame_kind::founding, [&](wire_writer& out) { out(hello); }));
}

// Only the store that a configuration means by this id speaks as that member.
template <class Parts>
bool node<Parts>::counts(peer_book::page const& from) const {
  for (governed_from const& one : executor_->configurations()) {
    if (names(one.members, from.node, from.store)) return true;
  }
  return false;
}

template <class Parts>
void node<Parts>::receive(time_ns now, frame const& got) {
  if (stopped_) return;
  now_ = now;
  frame_header const& header = got.header;
  observe(world_.observer, message_received{now, header.from, got.body.length});
  wire_reader in(got.body);
  if (header.kind == frame_kind::founding) {
    founding_message message;
    in(message);
    if (!in.finished()) return rejected_.count(error_code::malformed);
    founding_.step(now, header.from, message, boot_);
    return drive_founding(now);
  }
  if (!running() || header.group != options_.group) return;
  if (header.cluster != founding_.cluster()) return rejected_.count(error_code::wrong_cluster);
  peer_book::page const* const from = founding_.verified(header.from, header.life);
  if (from == nullptr) {
    rejected_.count(error_code::unverified_sender);
    return greet(now, header.from);
  }
  if (header.kind == frame_kind::snapshot) {
    snapshot_message message;
    in(message);
    if (!in.finished()) return rejected_.count(error_code::malformed);
    return take_snapshot_message(now, header.from, message);
  }
  bool const counted = counts(*from);
  if (!counted && header.kind != frame_kind::protocol) {
    return rejected_.count(error_code::unverified_sender);
  }
  if (header.kind == frame_kind::forward) {
    forward_message message;
    in(message);
    if (!in.finished()) return rejected_.count(error_code::malformed);
    auto const* const no = message.get_if<forward_refusal>();
    if (no != nullptr && no->attempt == 0 && no->why == error_code::disk_full) {
      erase_if(full_, [&](auto const& one) { return one.with == header.from; });
      return full_.push_back({header.from, now});
    }
    brings_commands(header.from);
    return commands_->forwarded(now, header.from, message, *this);
  }
  if (header.kind != frame_kind::protocol) return rejected_.count(error_code::wrong_kind);
  typename core_type::message_type message;
  if (!wire_.read(in, message)) return rejected_.count(error_code::malformed);
  // A store in the place of a member's learns what is chosen, and is heard in nothing else.
  if (!counted && !asks_to_learn(message)) return rejected_.count(error_code::unverified_sender);
  // What the disk has no room for is not taken in: a message that was lost, as far as anybody
  // knows. But whoever campaigns must learn what is chosen, or nobody would ever lead.
  if (read_only_ && brings_values(message) && !campaigns()) return take_nothing(now, header.from);
  core_->step(now, header.from, std::move(message), out_);
}

// Whose callers wait for decisions is not spared the haste.
template <class Parts>
void node<Parts>::brings_commands(node_id from) {
  constexpr time_ns lately_ns = 100'000'000;
  if (now_ >= callers_until_) callers_ = {};
  callers_ = callers_ | core_->members().only(from);
  callers_until_ = now_ + lately_ns;
}

// Whoever proposes is told, as a refusal of no attempt in particular, so that it can say why it
// takes no commands instead of taking those that nobody accepts.
template <class Parts>
void node<Parts>::take_nothing(time_ns now, node_id from) {
  rejected_.count(error_code::disk_full);
  constexpr time_ns between_ns = 50'000'000;
  if (now - told_full_at_ < between_ns) return;
  told_full_at_ = now;
  forward(from, forward_refusal{0, 0, {}, {}, true, error_code::disk_full, {}});
}

// Whether those that have room on their disks are no quorum, by what they said lately.
template <class Parts>
bool node<Parts>::nobody_has_room(time_ns now) {
  if (read_only_) return true;
  if (full_.empty()) return false;
  constexpr time_ns lately_ns = 1'000'000'000;
  erase_if(full_, [&](auto const& one) { return now - one.at >= lately_ns; });
  node_set left = core_->members().voters();
  std::size_t const all = left.size();
  for (auto const& one : full_) {
    if (member const* const found = core_->members().find(one.with)) left.erase(found->index);
  }
  if constexpr (requires { typename Parts::protocol::quorum_family; }) {
    auto const bound = Parts::protocol::quorum_family::bind(core_->members());
    return bound.system.has_value() && !bound.system->phase2(left);
  } else {
    return left.size() * 2 <= all;
  }
}

template <class Parts>
void node<Parts>::take_snapshot_message(time_ns now, node_id from, snapshot_message const& got) {
  if (!snapshots_.step(now, from, got, parts_)) return;
  // Decisions that wait in the output would come after the state that holds them already.
  turn(now);
  if (!running() || load_newest(*executor_, snapshots_.store())) return;
  if constexpr (durable_machine<machine_type>) executor_->commit();
  (void)core_->request(now, snapshot_installed{executor_->prefix()}, out_);
  reads_.applied(executor_->applied());
  commands_->installed(now, *this);
  observe(world_.observer, snapshot_loaded{now, executor_->applied(), from});
}

}  // namespace synod
