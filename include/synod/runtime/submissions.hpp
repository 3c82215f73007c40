// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/slot_value.hpp>
#include <synod/log/client_table.hpp>
#include <synod/machine/commands.hpp>
#include <synod/runtime/asked_openings.hpp>
#include <synod/runtime/batcher.hpp>
#include <synod/runtime/command_answers.hpp>
#include <synod/runtime/encode_value.hpp>
#include <synod/runtime/executor.hpp>
#include <synod/runtime/forward_messages.hpp>
#include <synod/runtime/session.hpp>
#include <synod/runtime/submissions_options.hpp>
#include <synod/runtime/waiting_commands.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// Commands on their way through one node: those of its own callers, under its own session; those of
// clients, under theirs; those that other nodes forwarded. Each is proposed here, or forwarded once
// for each attempt, and answered when this node applies it or knows better. The node is asked where
// commands go now:
//
//   leader()    another node that leads, or nothing: propose here
//   room()      how many batches the core takes
//   hint()      what to tell a client
//   table()     the client table, and applied() how far it goes
//   open(change) -> optional<error>, forward(to, message), barrier_refused(number, error)
//   proposed(commands)   is told of each batch
//
// and the user is told what came of it: completed(token, outcome<R>) for its own commands, with the
// result type R of each command; answer(client, asked_at, session_answer, reply) for those of a
// client, asked_at being when they came here.
template <class Machine, class Codec, class User>
class submissions {
 public:
  using command = typename Machine::command;

  submissions(submissions_options given, node_id self, membership members, generator dice,
              Codec coder, User& user)
      : self_(self),
        answers_(given.session, self, std::move(members), dice, std::move(coder), user),
        batcher_(given.batches), waiting_(given.waiting_max) {}

  [[nodiscard]] client_session<command> const& client() const { return answers_.client(); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] bool idle() const { return answers_.idle() && batcher_.empty(); }
  [[nodiscard]] time_ns next_deadline() const { return client().next_deadline(); }
  void learn(membership const& members) { answers_.learn(members); }

  // --- commands come in ---

  template <class One, class Node>
  [[nodiscard]] maybe<error> submit(time_ns now, One&& what, std::uint64_t token, time_ns deadline,
                                    Node& node) {
    if constexpr (!std::same_as<One, command>) {
      return submit(now, command(std::forward<One>(what)), token, deadline, node);
    } else {
      return submit_whole(now, std::move(what), token, deadline, node);  // it may be large: no copy
    }
  }
  template <class Node>
  [[nodiscard]] SYNOD_ALWAYS_INLINE maybe<error> submit_whole(time_ns now, command&& whole,
                                                              std::uint64_t token, time_ns deadline,
                                                              Node& node) {
    // Said at once, and so for certain: nothing has left the process.
    auto const bytes = encoded_size(answers_.coder(), whole, scratch_);
    if (!bytes.has_value() || !batcher_.fits(*bytes)) {
      return error{error_code::too_large, bytes.value_or(0), "submit", "split the command"};
    }
    // Most commands go where they come in, and in the order in which they do. What the disk has no
    // room for is refused in the next turn, which knows whether that is still so.
    bool const may_take = !node.leader().has_value() && !read_only_;
    if (!may_take || !requests_.empty() || !answers_.may_depart()) {
      return answers_.submit(now, std::move(whole), token, deadline);
    }
    auto const gone = answers_.depart(now, std::move(whole), token, deadline);
    if (!gone) return gone.error();
    now_ = now;
    command_key const key{client().id(), gone->number};
    if (waiting_.full()) {
      auto const whom = waiting_command::first(key, gone->handle);
      tell_or_forward(whom, error_code::busy, true, node);
    } else {
      waiting_command& here = waiting_.put_new(key, gone->handle);
      propose(here, client().acked_upto(), *gone->what, bytes, node);
    }
    return std::nullopt;
  }

  template <class Node>
  void serve(time_ns now, std::uint64_t client, session_request const& asked, command what,
             Node& node) {
    waiting_command const whom{{asked.session, asked.number},
                               waiting_command::whose::remote,
                               false,
                               client,
                               asked.handle,
                               asked.attempt,
                               now};
    now_ = now;
    if (node.leader().has_value()) {
      return answers_.tell(now, whom, session_answer_kind::refused, error_code::not_leader,
                           node.hint());
    }
    take(whom, asked.acked_upto, std::move(what), node);
  }
  template <class Node>
  void serve_opening(time_ns now, std::uint64_t client, session_request const& asked, Node& node) {
    now_ = now;
    session_change const change{asked.token_high, asked.token_low};
    error_code why = node.leader().has_value() ? error_code::not_leader : error_code::none;
    if (why == error_code::none && openings_.full()) why = error_code::busy;
    if (why == error_code::none) {
      if (auto const refused = node.open(change)) why = refused->code;
    }
    if (why == error_code::none) {
      openings_.add(change, client, asked.attempt);
    } else {
      session_answer no{.kind = session_answer_kind::refused, .attempt = asked.attempt};
      no.why = {why, asked.attempt, "session", "try again"};
      no.hint = node.hint();
      answers_.answer_remote(client, no);
    }
  }

  // What another node says of commands that it sent here, or that went there.
  template <class Node>
  void forwarded(time_ns now, node_id from, forward_message const& got, Node& node);

  template <class Node>
  [[nodiscard]] maybe<error> barrier(session_id label, sequence number, Node& node) {
    if (auto const leader = node.leader()) {
      node.forward(*leader, forwarded_barrier{label, number});
      return std::nullopt;
    }
    return batcher_.add_barrier(node.room(), label, number);
  }

  // --- and go on ---

  // It is that late until the next turn. Where disks have no room new commands are refused, and
  // what is under way goes on.
  void begin_turn(time_ns now, bool read_only) {
    now_ = now;
    read_only_ = read_only;
  }

  // Proposes or forwards what the client wants sent, and tells the callers what ended.
  template <class Node>
  void flush(time_ns now, Node& node) {
    now_ = now;
    while (answers_.take_requests(requests_)) {
      for (session_request const& one : requests_) route(one, node);
      requests_.clear();
    }
    answers_.deliver();
  }
  template <class Node, class Core>
  void seal(time_ns now, time_ns stamp, Node& node, Core& core, typename Core::output_type& out) {
    now_ = now;
    batcher_.seal(
        now, stamp, core, out, [&](std::size_t commands) { node.proposed(commands); },
        [&](batch<command> const& back, refusal const& why) {
          refuse_all(back.origins(), why.why, node);
        });
  }
  // The core gives back what it took, without its having left.
  template <class Node>
  void taken_back(time_ns now, refused_proposal<command> const& what, Node& node) {
    now_ = now;
    if (!what.value.is_batch()) return;
    refuse_all(what.value.origins(), what.why.why, node);
  }
  // What was proposed may be decided under whoever leads next, or never.
  template <class Node>
  void step_down(time_ns now, Node& node) {
    now_ = now;
    for (waiting_command const& one : waiting_.all()) {
      if (one.proposed) refuse(one.key, error_code::leadership_lost, false, node);
    }
  }
  // A snapshot took the place of slots that this node will not apply: what waited for them is in
  // the table, or was not done there. Then its batch may be gone, and a retry proposes it again.
  template <class Node>
  void installed(time_ns now, Node& node) {
    now_ = now;
    for (waiting_command const& one : waiting_.all()) {
      // What its client had acknowledged by then is not kept here; it was below the number itself.
      // With less, a command that is about to be decided would look like one that is not allowed.
      sequence const before(one.key.number.value - 1);
      bool const nothing = SYNOD_MUTATION(install_refuses_what_waits);
      bool const sent = !SYNOD_MUTATION(h23_evicted_below_a_snapshot_not_done);
      bool const known = settled_by_table(one.key, nothing ? sequence() : before, node, sent);
      if (!known) waiting_.find(one.key)->proposed = SYNOD_MUTATION(install_forgets_what_waits);
    }
  }
  void tick(time_ns now) {
    now_ = now;
    answers_.tick(now);
  }

  // --- what the executor found: see result_sink ---

  void foresee(std::span<command_origin const> runs) { answers_.foresee(runs, waiting_); }

  template <class Result>
  void done(applied_origin const& whose, Result const& value) {
    auto const* const whom = waiting_.take({whose.session, whose.number});
    if (whom != nullptr) answers_.done(now_, *whom, whose.version, value);
  }
  void cached(applied_origin const& whose, std::span<std::byte const> reply) {
    auto const* const whom = waiting_.take({whose.session, whose.number});
    if (whom != nullptr) answers_.done_before(now_, *whom, whose.version, reply);
  }
  void expired(applied_origin const& whose, bool session_lives) {
    auto const* const whom = waiting_.take({whose.session, whose.number});
    if (whom != nullptr) tell_expired(*whom, session_lives);
  }
  void refused(applied_origin const& whose) {
    changed_nothing(whose, session_answer_kind::refused, error_code::bad_option);
  }
  // It goes another time, since a slot above those of its predecessors is needed. Uncertain, since
  // this need not be the attempt that waits here: that one may come at the right moment (H10).
  void early(applied_origin const& whose) {
    changed_nothing(whose, session_answer_kind::uncertain, error_code::out_of_order);
  }
  void opened(session_change const& asked, session_id made) {
    session_answer yes{.kind = session_answer_kind::opened, .session = made};
    yes.version = made.value;
    yes.token_high = asked.token_high;
    yes.token_low = asked.token_low;
    openings_.opened(asked, [&](std::uint64_t client, std::uint32_t attempt) {
      yes.attempt = attempt;
      answers_.answer_remote(client, yes);
    });
    yes.attempt = opening_attempt_;
    answers_.answered(now_, self_, yes);
  }

 private:
  template <class Node>
  void route(session_request const& asked, Node& node) {
    auto const leader = node.leader();
    if (asked.handle == 0) return open(asked, leader, node);
    command const* const what = client().payload(asked.handle);
    if (what == nullptr) return;
    waiting_command const whom{{asked.session, asked.number},
                               waiting_command::whose::local,
                               false,
                               0,
                               asked.handle,
                               asked.attempt};
    if (!leader.has_value()) return take(whom, asked.acked_upto, *what, node);
    waiting_.put(whom);
    if (settled_by_table(whom.key, asked.acked_upto, node)) return;
    if (scratch_.clear(); !encode_value(answers_.coder(), *what, scratch_)) return;
    node.forward(*leader, forwarded_command{asked.handle, asked.attempt, asked.session,
                                            asked.number, asked.acked_upto, scratch_});
  }
  template <class Node>
  void open(session_request const& asked, maybe<node_id> leader, Node& node) {
    opening_attempt_ = asked.attempt;
    session_change const change{asked.token_high, asked.token_low};
    if (leader.has_value()) return node.forward(*leader, forwarded_opening{asked.attempt, change});
    auto const why = node.open(change);
    if (!why) return;
    session_answer no{.kind = session_answer_kind::refused, .attempt = asked.attempt};
    no.why = *why;
    answers_.answered(now_, self_, no);
  }

  // A command to be proposed here.
  template <class Node, class Whole>
  void take(waiting_command const& whom, sequence acked_upto, Whole&& what, Node& node) {
    if (waiting_.full() && waiting_.find(whom.key) == nullptr) {
      return tell_or_forward(whom, error_code::busy, true, node);
    }
    waiting_command& here = waiting_.put(whom);
    // What leaves this node for the first time is in nobody's table.
    bool const fresh = whom.origin == waiting_command::whose::local && whom.attempt == 1;
    if (!fresh && settled_by_table(whom.key, acked_upto, node)) return;
    if (here.proposed) return;
    auto const bytes = encoded_size(answers_.coder(), what, scratch_);
    propose(here, acked_upto, std::forward<Whole>(what), bytes, node);
  }
  template <class Node, class Whole>
  SYNOD_ALWAYS_INLINE void propose(waiting_command& here, sequence acked_upto, Whole&& what,
                                   maybe<std::size_t> const& bytes, Node& node) {
    if (read_only_) return refuse(here.key, error_code::disk_full, true, node);
    error_code why = error_code::too_large;
    if (bytes.has_value()) {
      why = batcher_.add([&] { return node.room(); }, here.key.session, here.key.number, acked_upto,
                         std::forward<Whole>(what), *bytes);
    }
    if (why != error_code::none) return refuse(here.key, why, true, node);
    here.proposed = true;
  }

  // What the table knows needs no slot. Whoever forwarded reads its own table. What was sent before
  // may have been applied before its session went, so that is no word on its fate (H23).
  template <class Node>
  bool settled_by_table(command_key const& key, sequence upto, Node& node, bool sent = false) {
    client_table const& table = node.table();
    client_decision const found = table.decide(key.session, key.number, upto);
    if (found.verdict == client_verdict::execute) return false;
    if (found.verdict == client_verdict::early) return false;  // not once it is decided, perhaps
    // A session that begins above what is applied here is not gone: it has not been seen yet.
    bool const ahead = key.session.value > position_of(node.applied(), UINT16_MAX);
    if (ahead && !SYNOD_MUTATION(h23_unseen_session_called_expired)) return false;
    auto const* const whom = waiting_.take(key);
    if (whom == nullptr) return true;
    if (found.verdict == client_verdict::cached) {
      answers_.done_before(now_, *whom, found.version, found.reply);
    } else if (found.verdict == client_verdict::expired) {
      tell_expired(*whom, sent || table.knows(key.session));
    } else {
      tell_or_forward(*whom, error_code::bad_option, true, node);
    }
    return true;
  }

  // --- answers ---

  void changed_nothing(applied_origin const& whose, session_answer_kind kind, error_code why) {
    auto const* const whom = waiting_.take({whose.session, whose.number});
    if (whom != nullptr) answers_.tell(now_, *whom, kind, why, {});
  }
  void tell_expired(waiting_command const& whom, bool session_lives) {
    answers_.tell(now_, whom,
                  session_lives ? session_answer_kind::forgotten : session_answer_kind::expired,
                  error_code::session_expired, {});
  }

  template <class Node>
  void refuse(command_key const& key, error_code why, bool certain, Node& node) {
    if (auto const* const whom = waiting_.take(key)) tell_or_forward(*whom, why, certain, node);
  }
  template <class Node>
  void refuse_all(origin_view const& runs, error const& why, Node& node) {
    for (command_origin const& run : runs) {
      if (run.count == 0) node.barrier_refused(run.session, run.first_sequence, why);
      for (std::uint16_t i = 0; i < run.count; ++i) {
        refuse({run.session, sequence(run.first_sequence.value + i)}, why.code, true, node);
      }
    }
  }
  template <class Node>
  void tell_or_forward(waiting_command const& whom, error_code why, bool certain, Node& node) {
    if (whom.origin == waiting_command::whose::forwarded) {
      return refuse_forward(whom, why, certain, node);
    }
    answers_.tell(now_, whom,
                  certain ? session_answer_kind::refused : session_answer_kind::uncertain, why,
                  node.hint());
  }
  template <class Node>
  void refuse_forward(waiting_command const& whom, error_code why, bool certain, Node& node);
  void forward_refused(node_id from, forward_refusal const& got);

  node_id self_;
  command_answers<Machine, Codec, User> answers_;
  list<session_request> requests_;
  batcher<command> batcher_;
  waiting_commands waiting_;
  asked_openings openings_;
  std::uint32_t opening_attempt_ = 0;
  std::vector<std::byte> scratch_;
  time_ns now_ = 0;
  bool read_only_ = false;
};

}  // namespace synod

#include <synod/runtime/submissions_forwarded.hpp>
