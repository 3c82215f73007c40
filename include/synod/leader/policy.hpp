// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/node_set.hpp>

#include <concepts>
#include <utility>

namespace synod {

// What a leader policy tells its core. It decides who tries to lead and when, which is a matter of
// getting done; whatever it says, ballots and quorums keep the log safe.
enum class leader_advice : std::uint8_t { none, campaign, step_down };

enum class leading_phase : std::uint8_t { following, preparing, leading };

// What a core shows its policy.
template <class System>
struct leader_situation {
  membership const& members;  // of the first slot that is not yet chosen
  System const& quorums;
  node_id self;
  leading_phase phase = leading_phase::following;
  ballot mine;            // of the attempt or the leadership, empty when following
  ballot promised;        // the strongest promise or vote of this node
  bool eligible = false;  // a voter whose storage is whole
  ballot followed;        // obeyed last, empty when leading
  time_ns heard_at = 0;   // when its owner last said by it what to vote for or what is chosen
  slot chosen_upto;
};

template <class Message>
struct policy_send {
  node_set to;
  Message message;
};

template <class T, class System>
concept leader_policy_for = std::copyable<typename T::message> &&
    std::copyable<typename T::options> &&
    requires(T& policy, T const& same, leader_situation<System> const& situation, time_ns now,
             node_id from, ballot at, typename T::message const& message,
             list<policy_send<typename T::message>>& out) {
  requires std::constructible_from<T, typename T::options, std::uint64_t>;
  { policy.tick(now, situation, out) } -> std::same_as<leader_advice>;
  policy.step(now, from, message, situation, out);
  policy.heard(from, at, now);
  policy.campaigned(at, now);
  { same.may_promise(at, now) } -> std::same_as<bool>;
  { same.lease_valid(now) } -> std::same_as<bool>;
  { same.next_deadline() } -> std::same_as<time_ns>;
  { T::name() } -> std::convertible_to<char const*>;
  { T::progresses_when_partially_connected } -> std::convertible_to<bool>;
};

}  // namespace synod
