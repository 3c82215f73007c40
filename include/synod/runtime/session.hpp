// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/batch.hpp>
#include <synod/core/generator.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/outcome.hpp>
#include <synod/core/short_list.hpp>
#include <synod/runtime/attempts.hpp>
#include <synod/runtime/finished_numbers.hpp>
#include <synod/runtime/leader_guess.hpp>
#include <synod/runtime/session_messages.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace synod {

// The client's side of a session as a pure state machine: it opens the session through the log,
// sends every command under one (session, sequence) however often it has to, follows hints by
// their ballots, and says in the end what it knows and not more. The host owns sockets, clock,
// encoding and the generator of the jitter.
template <class Payload>
class client_session {
 public:
  client_session(session_options given, membership known, generator dice)
      : numbers_(given.in_flight_max), options_(given), members_(std::move(known)), dice_(dice) {
    draw_token();
  }

  [[nodiscard]] session_id id() const { return session_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] bool full() const { return in_flight() >= options_.in_flight_max; }
  [[nodiscard]] membership const& members() const { return members_; }
  // The highest version of anything this client was told: hand it to a session read.
  [[nodiscard]] std::uint64_t seen() const { return seen_; }
  [[nodiscard]] maybe<node_id> leader() const { return guess_.leader(); }
  // A handle holds, in its lowest bits, a small number that is another's once it is finished.
  static constexpr unsigned place_bits = 20;
  static std::uint32_t place_of(std::uint64_t handle) {
    return static_cast<std::uint32_t>(handle & ((1U << place_bits) - 1));
  }
  // Null once finished. Good until the next input.
  [[nodiscard]] Payload const* payload(std::uint64_t handle) const {
    return find(handle) == nullptr ? nullptr : &payloads_[place_of(handle)];
  }

  // Effects: returns the handle of the operation, which ends in `finished` exactly once and at its
  // deadline at the latest; or refuses, and nothing was done.
  template <class Given = Payload>
  result<std::uint64_t> submit(time_ns now, Given&& what, time_ns deadline, session_output& out) {
    auto const begun = begin(std::forward<Given>(what), deadline, false, std::nullopt);
    if (!begun) return begun;
    if (may_depart()) {
      operation& one = places_[place_of(*begun)];
      one.number = numbers_.take();
      send(now, one, out);
      return begun;
    }
    queue_.push_back(*begun);
    launch(now, out);
    return begun;
  }
  // What leaves at once, under this number, and from where it is read.
  struct departure {
    std::uint64_t handle;
    sequence number;
    Payload const* what;
  };
  // Whether `depart` may be called: nothing is queued that has to leave before.
  [[nodiscard]] bool may_depart() const {
    return queue_.empty() && session_.value != 0 && numbers_.has_room();
  }
  // Likewise, for who takes the first attempt to that node himself. Requires: may_depart().
  template <class Given = Payload>
  SYNOD_ALWAYS_INLINE result<departure> depart(time_ns now, Given&& what, time_ns deadline,
                                               node_id to) {
    auto const begun = begin(std::forward<Given>(what), deadline, false, std::nullopt);
    if (!begun) return begun.error();
    std::uint32_t const place = place_of(*begun);
    operation& one = places_[place];
    one.number = numbers_.take();
    leave(now, one, to);
    wake(one.next);
    return departure{*begun, one.number, &payloads_[place]};
  }
  [[nodiscard]] sequence acked_upto() const { return numbers_.acked_upto(); }
  // A read changes nothing, so it needs no number and may be sent anywhere: to one node, or to
  // whoever leads.
  result<std::uint64_t> submit_read(time_ns now, Payload what, time_ns deadline,
                                    maybe<node_id> only, session_output& out) {
    auto const begun = begin(std::move(what), deadline, true, only);
    if (begun) send(now, places_[place_of(*begun)], out);
    return begun;
  }

  void answered(time_ns now, node_id from, session_answer const& got, session_output& out);
  // An answer that it was done, of somebody who takes the result himself: the operation ends, and
  // is not among `finished`. Returns false where such an answer would have changed nothing.
  bool done(time_ns now, std::uint64_t handle, std::uint32_t attempt, session_id in,
            sequence number, std::uint64_t version, session_output& out) {
    operation* const one = find(handle);
    bool const known = one != nullptr && attempt != 0 && attempt <= one->count && !one->read;
    if (!known || in != session_ || number != one->number) return false;
    if (version > seen_) seen_ = version;
    let_go(*one);
    if (!queue_.empty()) launch(now, out);
    return true;
  }
  // What such an answer says about who leads.
  void follow(leader_hint const& hint) { guess_.follow(hint); }
  // Everything sent to that node may or may not have arrived.
  void connection_lost(time_ns now, node_id to, session_output& out);
  void tick(time_ns now, session_output& out);

  // A configuration that is older than the known one changes nothing.
  void learn(membership const& newer) {
    if (newer.number() > members_.number() || members_.members().empty()) members_ = newer;
  }
  // Not later than the next moment at which `tick` has something to do.
  [[nodiscard]] time_ns next_deadline() const {
    time_ns const opening = opening_ ? open_.next : never;
    return opening < soonest_ ? opening : soonest_;
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  struct operation : attempts {
    std::uint64_t handle = 0;  // 0: this place is free
    sequence number;           // 0 until it is sent first
    time_ns deadline = never;
    bool read = false;
    bool told = false;               // there is a refusal, or an answer as uncertain
    std::uint32_t next_free = none;  // of a free place
    maybe<node_id> only;
  };

  static error wrong(error_code code, std::uint64_t value, char const* remedy) {
    return {code, value, "session", remedy};
  }

  [[nodiscard]] operation const* find(std::uint64_t handle) const {
    std::uint32_t const place = place_of(handle);
    if (handle == 0 || place >= places_.size() || places_[place].handle != handle) return nullptr;
    return &places_[place];
  }
  operation* find(std::uint64_t handle) {
    return const_cast<operation*>(std::as_const(*this).find(handle));
  }

  void draw_token() {
    token_high_ = dice_.next() & ~session_change::order_bit;
    if (options_.ordered) token_high_ |= session_change::order_bit;
    token_low_ = dice_.next();
  }
  void wake(time_ns at) {
    if (at < soonest_) soonest_ = at;
  }

  template <class Given>
  SYNOD_ALWAYS_INLINE result<std::uint64_t> begin(Given&& what, time_ns deadline, bool read,
                                                  maybe<node_id> only) {
    if (full() || in_flight() >> place_bits != 0) {
      return wrong(error_code::busy, in_flight(), "wait for an operation to finish");
    }
    if (members_.members().empty()) {
      return wrong(error_code::empty_membership, 0, "learn the members first");
    }
    if (free_ == none) {
      free_ = static_cast<std::uint32_t>(places_.size());
      places_.grow();
      payloads_.grow();
      refusals_.grow();
    }
    std::uint32_t const place = free_;
    free_ = places_[place].next_free;
    ++in_flight_;
    // Made in its place: to assign one would make another before, and copy it.
    operation& fresh = *::new (&places_[place]) operation;
    fresh.handle = ++begun_ << place_bits | place;
    fresh.deadline = deadline;
    fresh.read = read;
    fresh.only = only;
    payloads_[place] = std::forward<Given>(what);
    wake(deadline);
    return fresh.handle;
  }

  // Sends what is queued, as far as the session and its limit allow, in the order of submission.
  void launch(time_ns now, session_output& out) {
    if (queue_.empty()) return;
    std::size_t sent = 0;
    bool follows = false;
    while (sent < queue_.size()) {
      // Its time may be over, and its place another one's.
      operation* const one = find(queue_[sent]);
      bool const waits = one != nullptr && one->state == attempts::phase::queued;
      if (waits && (session_.value == 0 || !may_leave(*one, follows))) break;
      if (waits) {
        if (one->number.value == 0) one->number = numbers_.take();
        send(now, *one, out);
        follows = true;
      }
      ++sent;
    }
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(sent));
    if (!queue_.empty() && session_.value == 0 && !opening_) {
      opening_ = true;
      open_ = {};
      send_open(now, out);
    }
  }

  // What overtook others leaves again once they are finished, or right behind one that does; and
  // what is behind it in the queue waits with it.
  bool may_leave(operation const& one, bool follows) const {
    if (one.number.value == 0) return numbers_.has_room();
    return follows || one.number == numbers_.acked_upto().next();
  }
  void hold_back(operation& one) {
    one.state = attempts::phase::queued;
    std::size_t at = 0;
    while (at < queue_.size() && queue_[at] < one.handle) ++at;
    queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(at), one.handle);
  }

  void leave(time_ns now, attempts& one, node_id to) {
    one.target = to;
    one.state = attempts::phase::sent;
    ++one.count;
    one.next = now + options_.attempt_timeout_ns;
  }
  session_request& ask(time_ns now, attempts& one, maybe<node_id> const& only,
                       session_output& out) {
    bool const again = one.state != attempts::phase::queued;
    leave(now, one, only.has_value() ? *only : guess_.aim(members_, options_.ordered, again));
    session_request& request = out.send.add();
    request.to = one.target;
    request.attempt = one.count;
    request.known_config = members_.number();
    return request;
  }

  void send(time_ns now, operation& one, session_output& out) {
    session_request& request = ask(now, one, one.only, out);
    wake(one.next);
    request.handle = one.handle;
    request.read = one.read;
    request.session = session_;
    request.number = one.number;
    request.acked_upto = numbers_.acked_upto();
    request.floor = seen_;
  }

  void send_open(time_ns now, session_output& out) {
    session_request& request = ask(now, open_, std::nullopt, out);
    request.token_high = token_high_;
    request.token_low = token_low_;
  }

  void pause(time_ns now, attempts& one) {
    one.state = attempts::phase::paused;
    one.hops = 0;
    one.next = now + options_.backoff.draw(one.pauses, dice_.next());
    ++one.pauses;
    wake(one.next);
  }

  void finish(operation& one, outcome<std::uint64_t> fate, session_output& out) {
    out.finished.push_back({one.handle, std::move(fate)});
    let_go(one);
  }
  void let_go(operation& one) {
    if (one.number.value != 0) numbers_.finish(one.number);
    --in_flight_;
    std::uint32_t const place = place_of(one.handle);
    one.next_free = std::exchange(free_, place);
    one.handle = 0;
    if constexpr (!std::is_trivially_copyable_v<Payload>) payloads_[place] = Payload();
  }
  [[nodiscard]] refusal told(operation const& one) const {
    return one.told ? refusals_[place_of(one.handle)] : refusal();
  }
  void note(operation& one, error const& why, leader_hint const& hint) {
    one.told = true;
    refusals_[place_of(one.handle)] = {why, hint};
  }
  // It did not succeed: `refused` where that is certain, else `unknown`. Reads change nothing.
  void fail(operation& one, error why, session_output& out) {
    if (one.read || one.surely_not_done(options_.links_deliver_once)) {
      finish(one, refusal{why, told(one).hint}, out);
    } else {
      finish(one, unknown_fate{why}, out);
    }
  }

  void answered_open(time_ns now, node_id from, session_answer const& got, session_output& out);
  void on_refusal(time_ns now, operation& one, session_answer const& got, session_output& out);
  void lose_session(time_ns now, operation& told, session_answer const& got, session_output& out);
  void expire(time_ns now, operation& one, session_output& out);

  // In the order in which most operations need it, and what they do not need last.
  session_id session_;
  std::uint64_t seen_ = 0;
  std::uint64_t begun_ = 0;
  std::size_t in_flight_ = 0;
  time_ns soonest_ = never;
  std::uint32_t free_ = none;  // the first place of a chain
  bool opening_ = false;
  leader_guess guess_;
  short_list<operation> places_;
  short_list<Payload> payloads_;  // by place, apart: they may be large
  finished_numbers numbers_;
  list<std::uint64_t> queue_;  // commands to be sent, in the order of their submission
  session_options options_;
  membership members_;
  short_list<refusal> refusals_;  // by place: the last one of each operation that was told any
  generator dice_;
  attempts open_;
  std::uint64_t token_high_ = 0;
  std::uint64_t token_low_ = 0;
};

}  // namespace synod

#include <synod/runtime/session_events.hpp>
