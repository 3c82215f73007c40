// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/runtime/node.hpp>

#include <utility>

// How a node gets from its store to a core that runs.

namespace synod {

template <class Parts>
void node<Parts>::drive_founding(time_ns now) {
  now_ = now;
  auto const carry = [this](node_id to, founding_message const& what) {
    world_.transport.send(to, frame_of(frame_kind::founding, [&](wire_writer& out) { out(what); }));
  };
  for (bool more = true; more && !stopped_;) {
    founding_output wanted = std::move(boot_);
    for (auto const& one : wanted.send_now) carry(one.to, one.message);
    for (auto const& one : wanted.persist) journal_.append(one, now);
    for (auto& one : wanted.send_after) boot_held_.push_back(std::move(one));
    std::uint64_t const upto = durable().host;
    if (error const why = journal_.failed()) return (void)stop(now, why);
    boot_durable_ = upto;
    founding_.persisted(upto, boot_);
    std::size_t left = 0;
    for (auto& one : boot_held_) {
      if (one.after <= upto) {
        carry(one.to, one.message);
      } else {
        std::swap(boot_held_[left++], one);
      }
    }
    boot_held_.resize(left);
    for (founding_event const& event : wanted.events) on_founding(now, event);
    more = !boot_.empty();
  }
}

template <class Parts>
void node<Parts>::on_founding(time_ns now, founding_event const& event) {
  if (event.is<founded>()) {
    begin(now);
  } else if (auto const* const blocked = event.get_if<founding_blocked>()) {
    observe(world_.observer, message_rejected{now, blocked->by, blocked->why.code});
  } else {
    stop(now, forgot());
  }
}

// The cluster is known: executor from machine and snapshot, then the core from its records.
template <class Parts>
void node<Parts>::begin(time_ns now) {
  if (core_.has_value()) return;
  founding_record const& record = founding_.record();
  executor_.emplace(std::move(state_), coder_,
                    executor_options{record.constants, record.members, options_.digests});
  if (executor_->damaged()) {
    return (void)stop(now, {error_code::corruption, 0, "machine", "restore or replace it"});
  }
  error const loaded = load_newest(*executor_, snapshots_.store());
  if (loaded && loaded.code != error_code::not_ready && loaded.code != error_code::superseded) {
    return (void)stop(now, loaded);
  }
  submissions_options commands = options_.commands;
  if (commands.session.in_flight_max > record.constants.in_flight_max) {
    commands.session.in_flight_max = record.constants.in_flight_max;
  }
  commands_.emplace(commands, self(), record.members, generator(options_.seed ^ life().nonce),
                    coder_, world_.user);
  start_core(now);
  snapshots_.recovered(executor_->applied());
  reads_.applied(executor_->applied());
  observe(world_.observer, node_started{now, self(), executor_->applied(), life()});
}

template <class Parts>
void node<Parts>::start_core(time_ns now) {
  typename core_type::options given = options_.core;
  given.self = self();
  given.members = executor_->configurations().front().members;
  given.seed = options_.seed ^ life().nonce;
  if constexpr (requires { given.constants; }) given.constants = founding_.record().constants;
  if (!rule::admits(given.members)) {
    return (void)stop(now, {error_code::quorums_do_not_meet, 0, "start", "change the quorums"});
  }
  order_ = {};
  out_.clear();
  core_.emplace(std::move(given));
  damage harm = journal_.replay(*core_);
  if constexpr (requires { core_->floor(); }) {
    core_->restore(executor_->prefix());
    if (core_->floor() > executor_->applied()) {
      return (void)stop(now, {error_code::corruption, core_->floor().value, "start",
                              "slots up to there are neither in the log nor in a snapshot"});
    }
  }
  voteless_ = true;
  for (governed_from const& one : executor_->configurations()) {
    voteless_ = voteless_ && !founding_.may_vote(one.members);
  }
  harm.everything = harm.everything || voteless_;
  core_->start(now, harm, out_);
}

}  // namespace synod
