// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/list.hpp>
#include <synod/core/record.hpp>
#include <synod/core/slot_value.hpp>
#include <synod/log/client_table.hpp>
#include <synod/machine/commands.hpp>
#include <synod/runtime/configuration_list.hpp>
#include <synod/runtime/digest.hpp>
#include <synod/runtime/encode_value.hpp>
#include <synod/runtime/host_delta.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// Whose command it was, and the position at which it took effect. A client that hands the version
// back to another node can be told when that node is at least as far.
struct applied_origin {
  session_id session;
  sequence number;
  std::uint64_t version = 0;
};

// What a host does with each outcome of a slot. `done` gets the typed result of a command applied
// just now; `cached` the encoded reply of one that was applied before, with the version of then;
// `expired`, `refused` and `early` say that this entry changed nothing (see client_verdict).
template <class Sink, class Result>
concept result_sink = requires(Sink& to, applied_origin const& whose, Result const& value,
                               std::span<std::byte const> reply, session_change const& asked,
                               session_id made, slot at, governed_from const& configuration) {
  to.done(whose, value);
  to.cached(whose, reply);
  to.expired(whose);
  to.refused(whose);
  to.early(whose);
  to.opened(asked, made);
  to.barrier(made, whose.number, at);
  to.configured(configuration);
};

// For replays that nobody waits for.
struct null_sink {
  void done(applied_origin const&, auto const&) {}
  void cached(applied_origin const&, std::span<std::byte const>) {}
  void expired(applied_origin const&) {}
  void refused(applied_origin const&) {}
  void early(applied_origin const&) {}
  void opened(session_change const&, session_id) {}
  void barrier(session_id, sequence, slot) {}
  void configured(governed_from const&) {}
};

struct executor_options {
  cluster_constants limits;
  membership founders;   // governs from slot 1
  bool digests = false;  // a rolling digest of everything that was decided about every command
};

// Applies what was decided, in the order of the slots, each command once: the machine, the client
// table and the configurations are one state that only this changes. Every host and the simulator
// use it, so what a slot means is written once.
//
// Codec encodes results, and a machine that has no stream of its own. Rule says which memberships
// the quorums of the protocol admit, as the core asks them.
template <class Machine, class Codec, class Rule = any_membership>
class executor {
  static_assert(machine<Machine>,
                "synod::executor: Machine does not model synod::machine: it needs `using command` "
                "and `apply(command const&)`, for every alternative of a variant");

 public:
  using command = typename Machine::command;
  using machine_type = Machine;
  using codec_type = Codec;

  executor(Machine state, Codec coder, executor_options const& given)
      : state_(std::move(state)), coder_(std::move(coder)), clients_(given.limits),
        configurations_(given.founders, given.limits.alpha), digest_(given.digests) {
    clients_.track_changes(durable_machine<Machine>);
    if constexpr (durable_machine<Machine>) damaged_ = !recover();
  }

  // Everything up to here is applied.
  [[nodiscard]] slot applied() const { return applied_; }
  [[nodiscard]] time_ns stamp() const { return stamp_; }
  [[nodiscard]] std::uint64_t digest() const { return digest_.value(); }
  [[nodiscard]] Machine const& state() const { return state_; }
  [[nodiscard]] client_table const& clients() const { return clients_; }
  // The ones that govern slots above the applied one.
  [[nodiscard]] list<governed_from> const& configurations() const {
    return configurations_.known();
  }
  // What a durable machine said about the state of its host was no such state: the node must not
  // start.
  [[nodiscard]] bool damaged() const { return damaged_; }
  // What a restarted core is told about the machine, or after an install about the snapshot.
  [[nodiscard]] applied_prefix prefix() const { return {applied_, configurations_.known()}; }
  // For encoding and decoding commands and results with the same codec.
  [[nodiscard]] Codec& coder() { return coder_; }

  // Requires: `at` follows the slot applied last.
  template <class Sink>
  void apply(slot at, slot_value<command> const& value, Sink& to) {
    SYNOD_ASSERT(at == applied_.next(),
                 "slots are applied in order and once; did a host skip or repeat a decision?");
    applied_ = at;
    digest_.mix(at.value, static_cast<std::uint64_t>(value.kind()));
    if (!value.is_noop() && value.stamp() > stamp_) stamp_ = value.stamp();
    switch (value.kind()) {
      case value_kind::noop: break;
      case value_kind::batch: apply_batch(at, value, to); break;
      case value_kind::membership:
        if (auto const* made = configurations_.template decided<Rule>(at, value.members())) {
          to.configured(*made);
        }
        break;
      case value_kind::session: open(at, value.session(), to); break;
    }
    configurations_.retire(at);
  }

  // For a durable machine: hands it what changed beside it since the last time, to be kept with
  // its own state in one atomic step. It is called between slots, once for any number of them.
  void commit() requires durable_machine<Machine> {
    if (committed_ == applied_) return;
    delta_.clear();
    encode_host_state(delta_);
    clients_.take_changes([&](session_id session, bool exists) {
      if (!exists) return host_delta_erase(delta_, session.value);
      host_delta_put(delta_, session.value,
                     [&](wire_writer& out) { clients_.encode_session(session, out); });
    });
    state_.commit(applied_, std::span<std::byte const>(delta_));
    committed_ = applied_;
  }
  // What a durable machine holds whatever happens to this process; slot 0 for others.
  [[nodiscard]] slot committed() const { return committed_; }

  // --- for snapshots, see runtime/snapshot_stream.hpp

  // Appends all that is not the machine's own.
  void encode_head(wire_writer& out) const {
    out(applied_.value, stamp_, digest_.value());
    configurations_.encode(out);
    clients_.encode(out);
  }

  // A state read from a snapshot, on its way to become this one.
  struct arrived {
    slot upto;
    time_ns stamp = 0;
    std::uint64_t digest = 0;
    configuration_list configurations;
    client_table clients;
  };
  [[nodiscard]] bool decode_head(wire_reader& in, arrived& into) const {
    into.configurations = configuration_list({}, clients_.limits().alpha);
    into.clients = client_table(clients_.limits());
    into.upto = slot(in.get<std::uint64_t>());
    in(into.stamp, into.digest);
    return into.configurations.decode(in) && into.clients.decode(in) && !in.failed();
  }

  // Takes the state over, if it is newer and the machine says yes: applied slots never go back
  // (H22d). `thaw` replaces the state of the machine, or returns false and leaves it.
  template <class Thaw>
  [[nodiscard]] bool install(arrived&& from, Thaw&& thaw) {
    bool const newer = from.upto > applied_ || SYNOD_MUTATION(h22d_install_what_is_older);
    if (!newer || !thaw(state_, coder_)) return false;
    applied_ = from.upto;
    if (from.stamp > stamp_) stamp_ = from.stamp;
    digest_.restore(from.digest);
    if (!SYNOD_MUTATION(h22b_snapshot_without_configurations)) {
      configurations_ = std::move(from.configurations);
    }
    if (!SYNOD_MUTATION(h22c_snapshot_without_sessions)) clients_.become(std::move(from.clients));
    return true;
  }

 private:
  static constexpr std::size_t foreseen_max = 16;
  using places = std::array<client_table::place, foreseen_max>;

  template <class Sink>
  void apply_batch(slot at, slot_value<command> const& value, Sink& to) {
    auto const& commands = value.commands();
    auto const& runs = value.origins();
    places clients;
    for (std::size_t which = 0; which < runs.size(); ++which) {
      command_origin const run = runs[which];
      if (which % foreseen_max == 0) look_up(runs, which, clients, to);
      SYNOD_ASSERT(std::size_t{run.first} + run.count <= commands.size(),
                   "the origins of a batch name commands that it does not have; the decoder of "
                   "batches checks this");
      if (run.count == 0) {
        to.barrier(run.session, run.first_sequence, at);
        continue;
      }
      auto const last = static_cast<std::uint16_t>(run.first + run.count - 1);
      auto const client = clients[which % foreseen_max];
      clients_.touch(position_of(at, last), client, run.acked_upto);
      for (std::uint16_t i = 0; i < run.count; ++i) {
        auto const index = static_cast<std::uint16_t>(run.first + i);
        sequence const number(run.first_sequence.value + i);
        client_decision const found = clients_.decide(client, number, run.acked_upto);
        apply_one(commands[index], {at, index, stamp_, run.session}, client, number, found, to);
      }
    }
  }

  // Where the sessions of the next runs are. A batch of few commands of each of many clients is
  // mostly a wait for memory: see client_table. Who is told what came of them may look ahead too.
  template <class Sink>
  void look_up(origin_view const& runs, std::size_t from, places& clients, Sink& to) const {
    if (runs.size() == 1) {
      clients[0] = clients_.place_of(runs[0].session);
    } else {
      foresee(runs, from, clients, to);
    }
  }
  template <class Sink>
  [[gnu::noinline]] void foresee(origin_view const& runs, std::size_t from, places& clients,
                                 Sink& to) const {
    std::size_t const left = runs.size() - from;
    std::span<command_origin const> const next(runs.begin() + from,
                                               left < foreseen_max ? left : foreseen_max);
    clients_.foresee(next, clients.data());
    if constexpr (requires { to.foresee(next); }) to.foresee(next);
  }

  template <class Sink>
  void open(slot at, session_change const& asked, Sink& to) {
    to.opened(asked, clients_.open(at, asked.wants_order()));
  }

  template <class Sink>
  void apply_one(command const& what, applied_at const& where, client_table::place client,
                 sequence number, client_decision const& found, Sink& to) {
    bool const new_here = found.verdict == client_verdict::execute;
    digest_.mix(number.value, static_cast<std::uint64_t>(found.verdict));
    applied_origin const whose{where.session, number, where.version()};
    if (!new_here && !SYNOD_MUTATION(h23_apply_without_the_table)) {
      return tell_why_not(whose, found, to);
    }
    apply_command(
        state_, what, where, [&](auto const& value) __attribute__((always_inline)) {
          std::span<std::byte const> const reply = reply_of(value);
          if (new_here) clients_.keep(where.version(), client, number, reply);
          digest_.mix(reply);
          to.done(whose, value);
        });
  }

  template <class Sink>
  [[gnu::noinline]] static void tell_why_not(applied_origin whose, client_decision found,
                                             Sink& to) {
    switch (found.verdict) {
      case client_verdict::execute: break;
      case client_verdict::cached:
        to.cached({whose.session, whose.number, found.version}, found.reply);
        break;
      case client_verdict::expired: to.expired(whose); break;
      case client_verdict::refused: to.refused(whose); break;
      case client_verdict::early: to.early(whose); break;
    }
  }

  // A reply that its codec cannot write is longer than any that is kept: a retry ends as expired.
  template <class Result>
  std::span<std::byte const> reply_of(Result const& value) {
    if constexpr (std::same_as<Result, done>) {
      return {};
    } else {
      auto const bytes = encoded(coder_, value, reply_);
      if (bytes.has_value()) return *bytes;
      reply_.resize(client_table::reply_bytes_max + 1);
      return reply_;
    }
  }

  void encode_host_state(std::vector<std::byte>& delta) const {
    host_delta_put(delta, host_state_key, [&](wire_writer& out) {
      out(applied_.value, stamp_, digest_.value());
      configurations_.encode(out);
    });
  }

  // A durable machine gives back what was committed with it: one entry of our own, and one for
  // each session.
  bool recover() requires durable_machine<Machine> {
    bool good = true;
    state_.host_state([&](std::uint64_t key, std::span<std::byte const> kept) {
      wire_reader in(kept);
      if (key == host_state_key) {
        applied_ = slot(in.get<std::uint64_t>());
        std::uint64_t digest = 0;
        in(stamp_, digest);
        digest_.restore(digest);
        good = good && configurations_.decode(in);
      } else {
        good = good && clients_.decode_session(in);
      }
      good = good && in.finished();
    });
    committed_ = applied_;
    return good && clients_.put_in_order();
  }

  Machine state_;
  [[no_unique_address]] Codec coder_;
  client_table clients_;
  configuration_list configurations_;
  rolling_digest digest_;
  slot applied_;
  slot committed_;
  time_ns stamp_ = 0;
  std::vector<std::byte> reply_;
  std::vector<std::byte> delta_;
  bool damaged_ = false;
};

}  // namespace synod
