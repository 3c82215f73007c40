// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/node_set.hpp>
#include <synod/core/slot_value.hpp>

#include <utility>

namespace synod {

enum class proposer_phase : std::uint8_t { idle, preparing, accepting, done };

// The proposer of one slot: collects promises of one ballot, freezes the value, collects votes.
//   P2  take the value of the highest-ranked vote among a phase-1 quorum, or mine if there is none;
//   P3  chosen once a phase-2 quorum voted.
// Replies of another ballot are ignored (hazard H6), and repliers are a set (H7).
template <class Command, quorum_system System>
class proposer {
 public:
  void begin(ballot at, slot_value<Command> mine, bool has_mine) {
    at_ = at;
    value_ = std::move(mine);
    has_value_ = has_mine;
    forced_ = false;
    best_ = {};
    promised_ = {};
    voted_ = {};
    refused_ = {};
    phase_ = proposer_phase::preparing;
  }
  void stop() { phase_ = proposer_phase::idle; }

  [[nodiscard]] proposer_phase phase() const { return phase_; }
  [[nodiscard]] bool active() const {
    return phase_ == proposer_phase::preparing || phase_ == proposer_phase::accepting;
  }
  [[nodiscard]] ballot at() const { return at_; }
  [[nodiscard]] slot_value<Command> const& value() const { return value_; }
  // False when the promises showed no vote and there was nothing of our own to propose.
  [[nodiscard]] bool has_value() const { return has_value_; }
  [[nodiscard]] bool refused_by_some() const { return !refused_.empty(); }
  // Whether the value was found in a promise rather than our own.
  [[nodiscard]] bool forced() const { return forced_; }
  [[nodiscard]] node_set answered() const {
    return phase_ == proposer_phase::preparing ? promised_ : voted_;
  }

  // Returns whether this completed phase 1; then `value` is frozen. `who` is already masked with
  // the voters of the slot's configuration.
  [[nodiscard]] bool on_promise(node_set who, ballot at, ballot voted,
                                slot_value<Command> const& value, System const& quorums) {
    if (phase_ != proposer_phase::preparing || who.empty()) return false;
    if (at != at_ && !SYNOD_MUTATION(stale_promise_counted)) return false;
    promised_ = promised_ | who;
    bool const ranks = SYNOD_MUTATION(any_vote_adopted) ? best_.empty() : voted > best_;
    if (!voted.empty() && ranks && !SYNOD_MUTATION(vote_ignored)) {
      best_ = voted;
      value_ = value;
      has_value_ = true;
      forced_ = true;
    }
    if (!quorums.phase1(promised_)) return false;
    phase_ = proposer_phase::accepting;
    return true;
  }

  // Returns whether this completed phase 2: the value is chosen.
  [[nodiscard]] bool on_accepted(node_set who, ballot at, System const& quorums) {
    if (phase_ != proposer_phase::accepting || who.empty()) return false;
    if (at != at_ && !SYNOD_MUTATION(stale_vote_counted)) return false;
    if (SYNOD_MUTATION(duplicate_vote_counted) && voted_.contains(who)) {
      who = node_set(voted_.bits() + 1);  // counts the duplicate as somebody who has not voted
    }
    voted_ = voted_ | who;
    if (!quorums.phase2(voted_)) return false;
    phase_ = proposer_phase::done;
    return true;
  }

  // Returns whether the refusals leave no quorum for this ballot.
  [[nodiscard]] bool on_nack(node_set who, ballot refused, node_set voters, System const& quorums) {
    if (!active() || refused != at_) return false;
    refused_ = refused_ | who;
    node_set const left = voters - refused_;
    return phase_ == proposer_phase::preparing ? !quorums.phase1(left) : !quorums.phase2(left);
  }

  // Everything that decides how it goes on, for whoever compares states.
  template <class Visit>
  void fields(Visit&& visit) const {
    visit(phase_, at_, best_, value_, promised_, voted_, refused_, has_value_, forced_);
  }

 private:
  ballot at_;
  ballot best_;
  slot_value<Command> value_;
  node_set promised_;
  node_set voted_;
  node_set refused_;
  proposer_phase phase_ = proposer_phase::idle;
  bool has_value_ = false;
  bool forced_ = false;
};

}  // namespace synod
