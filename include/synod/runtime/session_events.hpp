// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/log/sort_by_key.hpp>
#include <synod/runtime/session.hpp>

#include <cstdint>
#include <utility>

// What a session makes of answers, of lost connections and of time: the other half of session.hpp.

namespace synod {

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
      note(*one, got.why, told(*one).hint);
      if (got.attempt != one->count || one->state != attempts::phase::sent) return;
      if (got.why.code == error_code::out_of_order) {
        hold_back(*one);
        break;
      }
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
  note(one, got.why, got.hint);
  if (is_final(got.why.code)) return fail(one, got.why, out);
  // Not the last attempt: that one is still under way.
  if (got.attempt != one.count || one.state != attempts::phase::sent) return;
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
  numbers_.restart();
  draw_token();
  opening_ = false;
  queue_.clear();
  list<std::uint32_t> left;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    operation& one = places_[i];
    if (one.handle == 0 || one.read) continue;
    bool const again = one.surely_not_done(options_.links_deliver_once) ||
                       SYNOD_MUTATION(client_resends_what_expired);
    std::uint64_t const number = std::exchange(one.number, sequence()).value;
    if (again) {
      static_cast<attempts&>(one) = {};
      left.push_back(place_of(one.handle));
    } else {
      fail(one, wrong(error_code::session_expired, number, "read to find out"), out);
    }
  }
  sort_by_key(left, [this](std::uint32_t place) { return places_[place].handle; });
  for (std::uint32_t const place : left) queue_.push_back(places_[place].handle);
  launch(now, out);
}

template <class Payload>
void client_session<Payload>::answered_open(time_ns now, node_id from, session_answer const& got,
                                            session_output& out) {
  bool const news = guess_.follow(got.hint);
  if (!opening_ || got.attempt == 0 || got.attempt > open_.count) return;
  if (got.kind == session_answer_kind::opened) {
    if (got.session.value == 0) return;
    // An answer to an earlier opening names a session that was given up.
    if (got.token_high != token_high_ || got.token_low != token_low_) return;
    opening_ = false;
    session_ = got.session;
    numbers_.restart();
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
  for (std::size_t i = 0; i < places_.size(); ++i) {
    operation& one = places_[i];
    if (one.handle != 0 && one.under_way_to(to)) pause(now, one);
  }
  if (opening_ && open_.under_way_to(to)) pause(now, open_);
  tick(now, out);
}

template <class Payload>
void client_session<Payload>::tick(time_ns now, session_output& out) {
  if (now >= soonest_) {
    soonest_ = never;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (places_[i].handle != 0) expire(now, places_[i], out);
    }
  }
  if (opening_ && now >= open_.next) {
    if (open_.state == attempts::phase::sent) guess_.doubt(open_.target);
    send_open(now, out);
  }
  launch(now, out);
  if (opening_ && queue_.empty()) opening_ = false;
}

template <class Payload>
void client_session<Payload>::expire(time_ns now, operation& one, session_output& out) {
  if (now >= one.deadline) {
    bool const certain = one.read || one.surely_not_done(options_.links_deliver_once);
    refusal const last = told(one);
    bool const says_more = last.why && certain;
    char const* const next = certain ? "try again" : "read to find out";
    return fail(one, says_more ? last.why : wrong(error_code::timed_out, one.count, next), out);
  }
  if (one.state != attempts::phase::queued && now >= one.next) {
    if (one.state == attempts::phase::sent) guess_.doubt(one.target);
    send(now, one, out);
  }
  wake(one.deadline);
  if (one.state != attempts::phase::queued) wake(one.next);
}

}  // namespace synod
