// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/values.hpp>
#include <synod/core/generator.hpp>
#include <synod/core/late.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/rejections.hpp>
#include <synod/leader/policy.hpp>
#include <synod/observe/events.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/runtime/drain.hpp>
#include <synod/runtime/executor.hpp>
#include <synod/runtime/founding.hpp>
#include <synod/runtime/haste.hpp>
#include <synod/runtime/node_journal.hpp>
#include <synod/runtime/node_options.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// One replica without a clock, a socket or a thread of its own: core, executor, client table,
// sessions, batches, reads, snapshots and first boot behind a few calls. Whoever owns it gives it
// the time and what arrived, and calls `turn` when there is nothing more to give. Everything it
// does to the world goes through the parts it was given.
template <class Parts>
class node {
  static_assert(node_bundle<Parts>,
                "synod::node: Parts lacks one of protocol, machine, codec, storage, snapshots, "
                "transport, user, policy, observer");
  static_assert(transport<typename Parts::transport>,
                "synod::node: Parts::transport does not model synod::transport: it needs "
                "send(node_id, shared_bytes)");

 public:
  using machine_type = typename Parts::machine;
  using command = typename machine_type::command;
  using core_type = typename Parts::protocol::template core<machine_type>;
  using rule = typename detail::membership_rule<typename Parts::protocol>::type;
  using executor_type = executor<machine_type, typename Parts::codec, rule>;
  using options = node_options<Parts>;

  struct world {
    typename Parts::storage& storage;
    typename Parts::snapshots& snapshots;
    typename Parts::transport& transport;
    typename Parts::user& user;
    typename Parts::observer& observer;
  };

  node(options given, machine_type state, typename Parts::codec coder, world around)
      : options_(std::move(given)), state_(std::move(state)), coder_(coder), world_(around),
        values_(batches_, coder), wire_(values_), journal_(around.storage, values_, options_.group),
        founding_(options_.founding), reads_(options_.reads),
        snapshots_(options_.snapshots, around.snapshots, options_.policy) {
    values_.keep_folded();
  }
  node(node const&) = delete;
  node& operator=(node const&) = delete;

  // --- inputs ---

  // Returns what is wrong with options or store; the node stays stopped then.
  error start(time_ns now) {
    if (!journal_.replay_host(founding_)) {
      return stop(now, {error_code::corruption, 0, "start", "replace this store by an empty one"});
    }
    if (error const why = founding_.check()) return stop(now, why);
    // Its peers do not listen to it any more, so it could not even learn.
    if (founding_.amnesiac()) return stop(now, forgot());
    founding_.start(now, boot_);
    drive_founding(now);
    turn(now);
    return stopped_;
  }

  // A frame from a peer. Whatever is not for us is counted and dropped.
  void receive(time_ns now, shared_bytes const& from) {
    auto const got = decode_frame(from, frame_family::peer, options_.frame_bytes_max);
    if (!got) return rejected_.count(got.error().code);
    receive(now, *got);
  }
  // Of a transport that has cut and checked it already.
  void receive(time_ns now, frame const& got);
  // A link to that peer has just come about: it is told who this is.
  void connected(time_ns now, node_id to) {
    if (!stopped_) greet(now, to);
  }

  void tick(time_ns now) {
    if (stopped_) return;
    founding_.tick(now, boot_);
    // Of a node that runs, `turn` looks at what became durable.
    if (!running() || !boot_.empty()) drive_founding(now);
    if (!running()) return;
    core_->tick(now, out_);
    commands_->tick(now);
    reads_.tick(now);
    snapshots_.tick(now, parts_);
  }

  // A command of this node's own. Ends in user.completed(token, ...) unless it is refused at once.
  template <class One>
    requires command_of<std::remove_cvref_t<One>, machine_type>
  [[nodiscard]] maybe<error> submit(time_ns now, One&& what, std::uint64_t token,
                                    time_ns deadline) {
    if (!running()) return not_ready();
    return commands_->submit(now, std::forward<One>(what), token, deadline, *this);
  }
  // Ends in user.readable(token, ...) unless it is refused at once.
  [[nodiscard]] maybe<error> read(time_ns now, read::level const& level, std::uint64_t token,
                                  time_ns deadline) {
    if (!running()) return not_ready();
    // Whoever asks for a leader that there never is should not go looking for it.
    if constexpr (!Parts::protocol::elects_leader) {
      if (std::holds_alternative<read::linearizable_index>(level)) {
        return error{error_code::nobody_leads, 0, "read", advice_on(error_code::nobody_leads)};
      }
    }
    return reads_.begin(token, level, now, deadline, core_->leads());
  }
  // A request of somebody else's session, with the command it carries; it is answered through
  // user.answer(client, asked_at, ...).
  void serve(time_ns now, std::uint64_t client, session_request const& asked, command what) {
    if (!running()) return;
    commands_->serve(now, client, asked, std::move(what), *this);
  }
  void serve_opening(time_ns now, std::uint64_t client, session_request const& asked) {
    if (!running()) return;
    commands_->serve_opening(now, client, asked, *this);
  }
  // Whatever else the core can be asked: a transfer, a reconfiguration.
  maybe<refusal> request(time_ns now, typename core_type::request_type asked) {
    if (!running()) return refusal{not_ready(), {}};
    return core_->request(now, std::move(asked), out_);
  }

  // From now on nothing is taken in that fills the disk: commands are refused, and what others
  // propose is not accepted here. Or no longer. Reads go on, and so does what is under way.
  void read_only(bool yes) { read_only_ = yes; }

  // Does what follows from everything that was given: at the end of each turn of an event loop.
  void turn(time_ns now) {
    advance(now);
    end_turn();
  }
  // The same in two parts. Whoever hands commands in when others end calls the first one again for
  // them: see drain::advance.
  void advance(time_ns now);
  void end_turn();
  // Whether anything follows from it. What time brings about is not asked here.
  [[nodiscard]] bool wants_turn() const {
    return !running() || !out_.empty() || !commands_->idle() || reads_.wants_flush() ||
           reads_.has_finished() || !parts_.empty() || snapshots_.busy();
  }

  // --- questions ---

  // Whoever learned that it forgot something is silent, and stops once that is on its disk.
  [[nodiscard]] bool running() const {
    return core_.has_value() && !stopped_ && !founding_.amnesiac();
  }
  [[nodiscard]] error const& why_stopped() const { return stopped_; }
  [[nodiscard]] node_id self() const { return options_.founding.self; }
  [[nodiscard]] incarnation life() const { return options_.founding.life; }
  [[nodiscard]] founding const& boot() const { return founding_; }
  // Requires: running().
  [[nodiscard]] core_type const& core() const { return *core_; }
  [[nodiscard]] executor_type const& execution() const { return *executor_; }
  [[nodiscard]] machine_type const& state() const { return executor_->state(); }
  [[nodiscard]] client_session<command> const& session() const { return commands_->client(); }
  // `tick` is due then, and `turn` at once if that is in the past.
  [[nodiscard]] time_ns next_deadline() const {
    if (stopped_) return never;
    if (!running()) return founding_.next_deadline();
    if (!commands_->idle() || snapshots_.busy()) return 0;
    return earliest(founding_.next_deadline(), core_->next_deadline(), commands_->next_deadline(),
                    reads_.next_deadline(), snapshots_.next_deadline());
  }
  [[nodiscard]] rejections const& rejected() const { return rejected_; }

  // --- what submissions ask of a node ---

  [[nodiscard]] maybe<node_id> leader() const {
    if (core_->leads()) return std::nullopt;
    auto const found = core_->hint().leader;
    return found == self() ? std::nullopt : found;
  }
  [[nodiscard]] std::size_t room() const { return core_->room(); }
  [[nodiscard]] leader_hint hint() const { return core_->hint(); }
  [[nodiscard]] client_table const& table() const { return executor_->clients(); }
  [[nodiscard]] slot applied() const { return executor_->applied(); }
  [[nodiscard]] maybe<error> open(session_change const& what) {
    auto const why =
        core_->request(now_, open_session_request{what, now_ + options_.stamp_offset_ns}, out_);
    if (!why) return std::nullopt;
    return why->why;
  }
  void forward(node_id to, forward_message const& what) {
    world_.transport.send(to, frame_of(frame_kind::forward, [&](wire_writer& out) { out(what); }));
  }
  void proposed(std::size_t commands) { observe(world_.observer, batch_proposed{now_, commands}); }
  void barrier_refused(session_id label, sequence number, error const& why) {
    if (label == barrier_label()) reads_.barrier_refused(number, why);
  }

 private:
  struct drain_calls;
  struct executor_calls;
  struct last_word {
    node_id with;
    time_ns at = 0;
  };

  static error not_ready() {
    return {error_code::not_ready, 0, "node", "wait until it has started"};
  }
  [[nodiscard]] error forgot() const {
    return {error_code::amnesia, self().value, "node", "replace it through membership"};
  }
  [[nodiscard]] session_id barrier_label() const { return session_id(life().nonce | 1); }

  error stop(time_ns now, error why) {
    if (stopped_) return stopped_;
    stopped_ = why;
    observe(world_.observer, node_stopped{now, why});
    world_.user.stopped(why);
    return stopped_;
  }

  template <class Fill>
  shared_bytes frame_of(frame_kind kind, Fill&& fill) {
    written_.clear();
    written_.reserve(4 * frame_header_length);  // enough for one command of a few words
    wire_writer out(written_, write_ahead{});
    std::size_t const begin = begin_frame(out);
    fill(out);
    end_frame(out.sink(), begin, frame_family::peer,
              {.kind = kind,
               .group = options_.group,
               .cluster = founding_.cluster(),
               .from = self(),
               .life = life()},
              values_.placed());
    return buffers_.seal(written_);
  }

  auto durable() { return journal_.durable(now_, options_.wait_for_storage, world_.observer); }

  [[nodiscard]] bool campaigns() const {
    if constexpr (requires { core_->phase(); }) {
      return core_->phase() == leading_phase::preparing;
    } else {
      return false;
    }
  }
  // Who is spared: no decision waits for their votes, and none of their own callers for the news.
  [[nodiscard]] node_set unhurried(typename core_type::message_type const& message) {
    if constexpr (requires {
                    core_->spare();
                    world_.transport.send_soon(node_id(), shared_bytes());
                  }) {
      auto const* const asked = message.template get_if<accept<command>>();
      if (asked == nullptr) return {};
      haste_.proposed(asked->at_slot, now_);
      if (!haste_.spares()) return {};
      return now_ < callers_until_ ? core_->spare() - callers_ : core_->spare();
    } else {
      return {};
    }
  }
  void brings_commands(node_id from);
  void take_nothing(time_ns now, node_id from);
  [[nodiscard]] bool nobody_has_room(time_ns now);
  void drive_founding(time_ns now);
  void on_founding(time_ns now, founding_event const& event);
  void begin(time_ns now);
  void start_core(time_ns now);
  void greet(time_ns now, node_id to);
  bool counts(peer_book::page const& from) const;
  void take_snapshot_message(time_ns now, node_id from, snapshot_message const& got);
  void work_on_snapshots();
  void ask_for_reads(time_ns now);
  void finish_reads();
  void flush_transport() {
    if constexpr (requires { world_.transport.flush(); }) world_.transport.flush();
  }

  options options_;
  machine_type state_;
  [[no_unique_address]] typename Parts::codec coder_;
  world world_;
  batch_pool<command> batches_;
  value_coder<command, typename Parts::codec> values_;
  typename Parts::protocol::template wire<machine_type, typename Parts::codec> wire_;
  node_journal<typename Parts::storage, command, typename Parts::codec> journal_;
  founding founding_;
  founding_output boot_;
  list<founding_output::deferred_send> boot_held_;
  std::uint64_t boot_durable_ = 0;
  late<core_type> core_;
  late<executor_type> executor_;
  drain<core_type> order_;
  typename core_type::output_type out_;
  read_barrier reads_;
  snapshot_duty<executor_type, typename Parts::snapshots, typename Parts::policy> snapshots_;
  list<snapshot_send> parts_;
  late<submissions<machine_type, typename Parts::codec, typename Parts::user>> commands_;
  bytes_pool buffers_;
  std::vector<std::byte> written_;
  list<last_word> greeted_;
  rejections rejected_;
  error stopped_;
  slot told_committed_;
  time_ns now_ = 0;
  bool voteless_ = false;
  bool promoted_ = false;
  bool read_only_ = false;
  list<last_word> full_;  // who said so of its disk, and when
  time_ns told_full_at_ = 0;
  haste haste_;
  node_set callers_;  // who forwarded something lately
  time_ns callers_until_ = 0;
};

}  // namespace synod

#include <synod/runtime/node_start.hpp>
#include <synod/runtime/node_turn.hpp>
