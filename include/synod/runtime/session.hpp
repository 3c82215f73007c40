// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/generator.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/outcome.hpp>
#include <synod/runtime/attempts.hpp>
#include <synod/runtime/backoff_delay.hpp>
#include <synod/runtime/leader_guess.hpp>
#include <synod/runtime/session_messages.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace synod {

struct session_options {
  std::uint32_t in_flight_max = 32;  // at most that of the founding record
  std::uint32_t hops_max = 4;        // redirections in a row before a pause
  time_ns attempt_timeout_ns = 500'000'000;
  backoff_delay backoff;
  // Whether what is sent once arrives at most once, and so does each answer: a connection that is
  // given up when it breaks does that, datagrams do not.
  bool links_deliver_once = false;
};

// The client's side of a session as a pure state machine: it opens the session through the log,
// sends every command under one (session, sequence) however often it has to, follows hints by
// their ballots, and says in the end what it knows and not more. The host owns sockets, clock,
// encoding and the generator of the jitter.
template <class Payload>
class client_session {
 public:
  client_session(session_options given, membership known, generator dice)
      : options_(given), members_(std::move(known)), dice_(dice) {
    draw_token();
  }

  [[nodiscard]] session_id id() const { return session_; }
  [[nodiscard]] std::size_t in_flight() const { return operations_.size(); }
  [[nodiscard]] membership const& members() const { return members_; }
  // The highest version of anything this client was told: hand it to a session read.
  [[nodiscard]] std::uint64_t seen() const { return seen_; }
  [[nodiscard]] std::optional<node_id> leader() const { return guess_.leader(); }
  // Null once finished.
  [[nodiscard]] Payload const* payload(std::uint64_t handle) const {
    operation const* const found = find(handle);
    return found == nullptr ? nullptr : &found->what;
  }

  // Effects: returns the handle of the operation, which ends in `finished` exactly once and at its
  // deadline at the latest; or refuses, and nothing was done.
  result<std::uint64_t> submit(time_ns now, Payload what, time_ns deadline, session_output& out) {
    return begin(now, std::move(what), deadline, false, std::nullopt, out);
  }
  // A read changes nothing, so it needs no number and may be sent anywhere: to one node, or to
  // whoever leads.
  result<std::uint64_t> submit_read(time_ns now, Payload what, time_ns deadline,
                                    std::optional<node_id> only, session_output& out) {
    return begin(now, std::move(what), deadline, true, only, out);
  }

  void answered(time_ns now, node_id from, session_answer const& got, session_output& out);
  // Everything sent to that node may or may not have arrived.
  void connection_lost(time_ns now, node_id to, session_output& out);
  void tick(time_ns now, session_output& out);

  // A configuration that is older than the known one changes nothing.
  void learn(membership const& newer) {
    if (newer.number() > members_.number() || members_.members().empty()) members_ = newer;
  }
  [[nodiscard]] time_ns next_deadline() const {
    time_ns soonest = opening_ ? open_.next : never;
    for (operation const& one : operations_) {
      if (one.deadline < soonest) soonest = one.deadline;
      if (one.state != attempts::phase::queued && one.next < soonest) soonest = one.next;
    }
    return soonest;
  }

 private:
  struct operation : attempts {
    std::uint64_t handle = 0;
    sequence number;  // 0 until it is sent first
    time_ns deadline = never;
    bool read = false;
    std::optional<node_id> only;
    error last;
    leader_hint hint;
    Payload what;
  };

  static error wrong(error_code code, std::uint64_t value, char const* remedy) {
    return {code, value, "session", remedy};
  }

  [[nodiscard]] operation const* find(std::uint64_t handle) const {
    for (operation const& one : operations_) {
      if (one.handle == handle) return &one;
    }
    return nullptr;
  }
  operation* find(std::uint64_t handle) {
    return const_cast<operation*>(std::as_const(*this).find(handle));
  }

  // Everything up to here is finished, whatever became of it: nobody will ask again.
  [[nodiscard]] sequence acked_upto() const {
    std::uint64_t acked = next_.value - 1;
    for (operation const& one : operations_) {
      if (one.number.value != 0 && one.number.value <= acked) acked = one.number.value - 1;
    }
    return sequence(acked);
  }

  void draw_token() {
    token_high_ = dice_.next();
    token_low_ = dice_.next();
  }

  result<std::uint64_t> begin(time_ns now, Payload&& what, time_ns deadline, bool read,
                              std::optional<node_id> only, session_output& out) {
    if (operations_.size() >= options_.in_flight_max) {
      return wrong(error_code::busy, operations_.size(), "wait for an operation to finish");
    }
    if (members_.members().empty()) {
      return wrong(error_code::empty_membership, 0, "learn the members first");
    }
    operation fresh;
    fresh.handle = ++handles_;
    fresh.deadline = deadline;
    fresh.read = read;
    fresh.only = only;
    fresh.what = std::move(what);
    operations_.push_back(std::move(fresh));
    launch(now, out);
    return handles_;
  }

  // Sends what is queued, as far as the session and its limit allow, in the order of submission.
  void launch(time_ns now, session_output& out) {
    bool wanted = false;
    for (operation& one : operations_) {
      if (one.state != attempts::phase::queued) continue;
      if (!one.read) {
        wanted = true;
        if (session_.value == 0) continue;
        if (one.number.value == 0) {
          if (next_.value - acked_upto().value > options_.in_flight_max) continue;
          one.number = next_;
          next_ = next_.next();
        }
      }
      send(now, one, out);
    }
    if (wanted && session_.value == 0 && !opening_) {
      opening_ = true;
      open_ = {};
      send_open(now, out);
    }
  }

  void aim(attempts& one, std::optional<node_id> only) {
    if (only.has_value()) {
      one.target = *only;
    } else if (guess_.leader().has_value()) {
      one.target = *guess_.leader();
    } else {
      auto const& all = members_.members();
      one.target = all[static_cast<std::size_t>(turn_++ % all.size())].id;
    }
  }

  void depart(time_ns now, attempts& one) {
    one.state = attempts::phase::sent;
    ++one.count;
    one.next = now + options_.attempt_timeout_ns;
  }

  void send(time_ns now, operation& one, session_output& out) {
    aim(one, one.only);
    depart(now, one);
    session_request request;
    request.to = one.target;
    request.handle = one.handle;
    request.attempt = one.count;
    request.read = one.read;
    request.session = session_;
    request.number = one.number;
    request.acked_upto = acked_upto();
    request.floor = seen_;
    request.known_config = members_.number();
    out.send.push_back(request);
  }

  void send_open(time_ns now, session_output& out) {
    aim(open_, std::nullopt);
    depart(now, open_);
    session_request request;
    request.to = open_.target;
    request.attempt = open_.count;
    request.known_config = members_.number();
    request.token_high = token_high_;
    request.token_low = token_low_;
    out.send.push_back(request);
  }

  void pause(time_ns now, attempts& one) {
    one.state = attempts::phase::paused;
    one.hops = 0;
    one.next = now + options_.backoff.draw(one.pauses, dice_.next());
    ++one.pauses;
  }

  [[nodiscard]] bool surely_not_done(attempts const& one) const {
    return one.surely_not_done(options_.links_deliver_once);
  }

  void finish(operation& one, outcome<std::uint64_t> fate, session_output& out) {
    out.finished.push_back({one.handle, std::move(fate)});
    operations_.erase(operations_.begin() + (&one - operations_.data()));
  }
  // It did not succeed: `refused` where that is certain, else `unknown`. Reads change nothing.
  void fail(operation& one, error why, session_output& out) {
    if (one.read || surely_not_done(one)) {
      finish(one, refusal{why, one.hint}, out);
    } else {
      finish(one, unknown_fate{why}, out);
    }
  }

  void answered_open(time_ns now, node_id from, session_answer const& got, session_output& out);
  void on_refusal(time_ns now, operation& one, session_answer const& got, session_output& out);
  void lose_session(time_ns now, operation& told, session_answer const& got, session_output& out);
  static bool is_final(error_code code) {
    return code == error_code::too_large || code == error_code::bad_option ||
           code == error_code::malformed;
  }

  session_options options_;
  membership members_;
  generator dice_;
  session_id session_;
  sequence next_{1};
  std::vector<operation> operations_;  // in the order of submission
  std::uint64_t handles_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t turn_ = 0;
  leader_guess guess_;
  bool opening_ = false;
  attempts open_;
  std::uint64_t token_high_ = 0;
  std::uint64_t token_low_ = 0;
};

template <class Payload>
void client_session<Payload>::answered(time_ns now, node_id from, session_answer const& got,
                                       session_output& out) {
  if (got.handle == 0) return answered_open(now, from, got, out);
  bool const news = guess_.follow(got.hint);
  operation* const one = find(got.handle);
  if (one == nullptr || got.attempt == 0 || got.attempt > one->count) return;
  // What an earlier session was told says nothing about this one.
  if (!one->read && (got.session != session_ || got.number != one->number)) return;
  switch (got.kind) {
    case session_answer_kind::opened: return;
    case session_answer_kind::done:
      if (got.version > seen_) seen_ = got.version;
      finish(*one, outcome<std::uint64_t>(got.version), out);
      break;
    case session_answer_kind::forgotten: fail(*one, got.why, out); break;
    case session_answer_kind::expired: return lose_session(now, *one, got, out);
    case session_answer_kind::refused: on_refusal(now, *one, got, out); break;
    case session_answer_kind::uncertain:
      one->last = got.why;
      if (got.attempt != one->count || one->state != attempts::phase::sent) return;
      if (!news) guess_.doubt(from);
      pause(now, *one);
      break;
  }
  launch(now, out);
}

template <class Payload>
void client_session<Payload>::on_refusal(time_ns now, operation& one, session_answer const& got,
                                         session_output& out) {
  one.refuse(got.attempt);
  one.last = got.why;
  one.hint = got.hint;
  if (is_final(got.why.code)) return fail(one, got.why, out);
  if (got.attempt != one.count || one.state != attempts::phase::sent)
    return;  // an earlier attempt's
  auto const& leader = guess_.leader();
  bool const somewhere_else = !one.only.has_value() && leader.has_value() && leader != one.target;
  if (somewhere_else && one.hops < options_.hops_max) {
    ++one.hops;
    return send(now, one, out);
  }
  if (leader == one.target && got.why.code == error_code::not_leader) guess_.doubt(one.target);
  pause(now, one);
}

// The session is gone, and with it what it knew. What was sent only once, and was told so by that
// attempt over a link that does not duplicate, was not done and goes into the next session; any
// other attempt may have been applied before the session went.
template <class Payload>
void client_session<Payload>::lose_session(time_ns now, operation& told, session_answer const& got,
                                           session_output& out) {
  told.refuse(got.attempt);
  session_ = session_id();
  next_ = sequence(1);
  draw_token();
  opening_ = false;
  for (std::size_t i = 0; i < operations_.size();) {
    operation& one = operations_[i];
    bool const again = surely_not_done(one) || SYNOD_MUTATION(client_resends_what_expired);
    if (one.read) {
      ++i;
    } else if (again) {
      static_cast<attempts&>(one) = {};
      one.number = sequence();
      ++i;
    } else {
      fail(one, wrong(error_code::session_expired, one.number.value, "read to find out"), out);
    }
  }
  launch(now, out);
}

template <class Payload>
void client_session<Payload>::answered_open(time_ns now, node_id from, session_answer const& got,
                                            session_output& out) {
  bool const news = guess_.follow(got.hint);
  if (!opening_ || got.attempt == 0 || got.attempt > open_.count) return;
  if (got.kind == session_answer_kind::opened) {
    // An answer to an earlier opening names a session that was given up.
    if (got.token_high != token_high_ || got.token_low != token_low_) return;
    opening_ = false;
    session_ = got.session;
    next_ = sequence(1);
    if (got.version > seen_) seen_ = got.version;
    return launch(now, out);
  }
  if (got.attempt != open_.count || open_.state != attempts::phase::sent) return;
  if (news && open_.hops < options_.hops_max) {
    ++open_.hops;
    return send_open(now, out);
  }
  guess_.doubt(from);
  pause(now, open_);
}

template <class Payload>
void client_session<Payload>::connection_lost(time_ns now, node_id to, session_output& out) {
  guess_.doubt(to);
  for (operation& one : operations_) {
    if (one.state == attempts::phase::sent && one.target == to) pause(now, one);
  }
  if (opening_ && open_.state == attempts::phase::sent && open_.target == to) pause(now, open_);
  tick(now, out);
}

template <class Payload>
void client_session<Payload>::tick(time_ns now, session_output& out) {
  for (std::size_t i = 0; i < operations_.size();) {
    operation& one = operations_[i];
    if (now >= one.deadline) {
      bool const told = one.last.code != error_code::none;
      fail(one,
           told && surely_not_done(one)
               ? one.last
               : wrong(error_code::timed_out, one.count, "read to find out"),
           out);
      continue;
    }
    ++i;
    if (one.state == attempts::phase::queued || now < one.next) continue;
    if (one.state == attempts::phase::sent) guess_.doubt(one.target);
    send(now, one, out);
  }
  if (opening_ && now >= open_.next) {
    if (open_.state == attempts::phase::sent) guess_.doubt(open_.target);
    send_open(now, out);
  }
  if (opening_ && operations_.empty()) opening_ = false;
  launch(now, out);
}

}  // namespace synod
