// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/core/node_set.hpp>
#include <synod/log/window.hpp>
#include <synod/protocol/multi_paxos/configurations.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/roles/acceptor.hpp>

#include <array>
#include <cstdint>

namespace synod {

// Phase 1 of one ballot over the slots from `first` on: collects promises, part by part, until
// every configuration that governs an open slot has a phase-1 quorum, and ranks what they report.
template <class Command, quorum Quorum>
class recovery {
 public:
  using cell = acceptor_cell<Command>;

  // A node may have forgotten how far its log was chosen, or hold damage below much that it voted
  // for, so its votes may lie far above what it knows to be chosen; beyond this they are not
  // believed.
  static constexpr std::uint64_t reported_ahead_max = std::uint64_t{1} << 22;

  void begin(ballot at, slot first, std::uint32_t ahead_max) {
    at_ = at;
    first_ = first;
    ahead_max_ = ahead_max;
    who_ = {};
    chosen_upto_ = trimmed_upto_ = slot();
    knows_chosen_ = {};
    complete_ = {};
    damaged_.clear();
    found_ = window<cell>();
    if (first.value > 1) found_.trim(first.previous());
    for (answer_state& one : answers_) one = {};
  }

  [[nodiscard]] ballot at() const { return at_; }
  [[nodiscard]] slot first() const { return first_; }
  [[nodiscard]] node_set complete() const { return complete_; }
  // The highest prefix that any promiser knows to be chosen, who knows it, and what of it is
  // trimmed there.
  [[nodiscard]] slot chosen_upto() const { return chosen_upto_; }
  [[nodiscard]] node_set knows_chosen() const { return knows_chosen_; }
  [[nodiscard]] slot trimmed_upto() const { return trimmed_upto_; }

  // Takes one part of one promise. False if it is malformed.
  [[nodiscard]] bool take(member const& from, promise<Command> const& got) {
    if (got.part >= 1U << 16 || got.trimmed_upto > got.chosen_upto) return false;
    slot const base = got.first > got.chosen_upto ? got.first : got.chosen_upto;
    for (reported_vote<Command> const& one : got.votes) {
      if (one.at < base || one.at - base > reported_ahead_max) return false;
      if (one.voted > got.at || (one.voted.empty() && !one.chosen)) return false;
    }
    node_index const who = from.index;
    seat(from);
    answer_state& state = answers_[who.value];
    bool const same = state.answer == got.answer || SYNOD_MUTATION(parts_of_two_answers);
    if (!same || !state.begun) {
      // Parts of two looks at the log do not add up to a promise (hazard H9).
      state = {};
      state.begun = true;
      state.answer = got.answer;
    }
    if (got.chosen_upto > chosen_upto_) {
      chosen_upto_ = got.chosen_upto;
      knows_chosen_ = {};
      trimmed_upto_ = got.trimmed_upto;
      if (found_.trimmed_upto() < chosen_upto_) found_.trim(chosen_upto_);
    }
    if (got.chosen_upto == chosen_upto_) knows_chosen_.insert(who);
    for (damaged_range const& one : got.damaged) note({who, one.first, one.last});
    for (reported_vote<Command> const& one : got.votes) merge(one);
    mark_part(state, got);
    if (state.final_seen && state.parts == state.parts_total) complete_.insert(who);
    return true;
  }

  // Whether a phase-1 quorum of every configuration from `from` on that is known here promised.
  [[nodiscard]] bool promised(configurations<Quorum> const& configs, slot from) const {
    bool all = true;
    configs.for_each_from(from, [&](governing const& one) {
      all = all && one.quorums.phase1(counted(complete_, one.members));
    });
    return all;
  }

  // Whether phase 1 is over: every slot from `from` on has such a quorum whose storage is whole
  // there.
  [[nodiscard]] bool has_quorum(configurations<Quorum> const& configs, slot from) const {
    if (!promised(configs, from)) return false;
    slot const last = last_of_interest();
    for (damaged_slots const& harm : damaged_) {
      slot const start = harm.first > from ? harm.first : from;
      for (slot at = start; at <= harm.last && at <= last; at = at.next()) {
        if (!usable(configs, at)) return false;
      }
    }
    return true;
  }

  // The last slot that has to be proposed again.
  [[nodiscard]] slot last() const {
    slot most = found_.last();
    for (damaged_slots const& harm : damaged_) {
      slot const end = harm.last < last_of_interest() ? harm.last : last_of_interest();
      if (end > most) most = end;
    }
    return most;
  }

  // What was reported for a slot: the vote of the highest ballot, a chosen value, or nothing.
  [[nodiscard]] cell const* found(slot at) const { return found_.find(at); }

 private:
  using governing = typename configurations<Quorum>::governing;

  struct answer_state {
    std::uint64_t answer = 0;
    std::uint32_t parts = 0;
    std::uint32_t parts_total = 0;
    list<bool> seen;
    bool begun = false;
    bool final_seen = false;
  };
  struct damaged_slots {
    node_index who;
    slot first;
    slot last;

    friend constexpr bool operator==(damaged_slots const&, damaged_slots const&) = default;
  };
  struct identity {
    node_id id;
    store_id store;

    friend constexpr bool operator==(identity const&, identity const&) = default;
  };

  // An index may come to mean somebody else while phase 1 lasts, since a node that is far behind
  // passes many configurations on the way: what its former holder promised does not count for the
  // new one (hazards H12, H15).
  void seat(member const& one) {
    identity& here = who_[one.index.value];
    if (here == identity{one.id, one.store} || SYNOD_MUTATION(index_taken_for_member)) return;
    here = {one.id, one.store};
    complete_.erase(one.index);
    answers_[one.index.value] = {};
    erase_if(damaged_, [&](damaged_slots const& harm) { return harm.who == one.index; });
  }
  [[nodiscard]] node_set counted(node_set of, membership const& members) const {
    node_set const voters = of & members.voters();
    if (SYNOD_MUTATION(index_taken_for_member)) return voters;
    node_set same;
    voters.for_each([&](node_index at) {
      member const* const one = members.find(at);
      if (who_[at.value] == identity{one->id, one->store}) same.insert(at);
    });
    return same;
  }

  // Answers are repeated, so each range is noted once.
  void note(damaged_slots const& harm) {
    for (damaged_slots const& known : damaged_) {
      if (known == harm) return;
    }
    damaged_.push_back(harm);
  }

  void merge(reported_vote<Command> const& one) {
    if (one.at <= found_.trimmed_upto()) return;
    cell& here = found_.at(one.at);
    if (here.chosen) return;
    bool const first_wins = SYNOD_MUTATION(any_vote_adopted) && !here.voted.empty();
    if (one.chosen || (one.voted > here.voted && !first_wins && !SYNOD_MUTATION(vote_ignored))) {
      here.voted = one.voted;
      here.value = one.value;
      here.chosen = one.chosen;
    }
  }

  static void mark_part(answer_state& state, promise<Command> const& got) {
    if (state.seen.size() <= got.part) state.seen.resize(got.part + 1);
    if (!state.seen[got.part]) {
      state.seen[got.part] = true;
      ++state.parts;
    }
    if (got.final_part) {
      state.final_seen = true;
      state.parts_total = SYNOD_MUTATION(promise_truncated) ? state.parts : got.part + 1;
    }
  }

  // Nobody votes further ahead of what is chosen than this, so a damaged range that claims more is
  // cut.
  [[nodiscard]] slot last_of_interest() const {
    slot const base = chosen_upto_ > found_.last() ? chosen_upto_ : found_.last();
    return base + ahead_max_;
  }

  // Whether a phase-1 quorum without damage at this slot promised, or the value is chosen anyway.
  [[nodiscard]] bool usable(configurations<Quorum> const& configs, slot at) const {
    if (at <= chosen_upto_) return true;
    cell const* const here = found_.find(at);
    if (here != nullptr && here->chosen) return true;
    node_set whole = complete_;
    for (damaged_slots const& harm : damaged_) {
      if (harm.first <= at && at <= harm.last && !SYNOD_MUTATION(damage_read_as_empty)) {
        whole.erase(harm.who);
      }
    }
    governing const& here_governs = configs.of(at);
    return here_governs.quorums.phase1(counted(whole, here_governs.members));
  }

  ballot at_;
  slot first_;
  std::uint32_t ahead_max_ = 0;
  slot chosen_upto_;
  slot trimmed_upto_;
  node_set knows_chosen_;
  node_set complete_;
  list<damaged_slots> damaged_;
  window<cell> found_;
  std::array<answer_state, node_set::capacity> answers_{};
  std::array<identity, node_set::capacity> who_{};
};

}  // namespace synod
