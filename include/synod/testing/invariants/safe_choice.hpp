// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>
#include <synod/testing/invariants/quorum_rule.hpp>

#include <map>
#include <vector>

namespace synod::testing {

// I1 before it is too late: the moment a value is proposed, a phase-1 quorum must have promised
// that ballot for that slot, and what these promises tell must allow the value. With promises of
// several nodes around, the value is allowed if some phase-1 quorum among them has it as its
// highest vote, or has no vote at all. This is worked out anew from the promises that were seen to
// leave their nodes.
class safe_choice {
 public:
  void promised(node_index who, promise_fact const& fact) {
    evidence& mine = part_of(fact, who);
    ++mine.parts;
    if (fact.final_part) mine.parts_wanted = fact.part + 1;
    for (reported_fact const& one : fact.votes) mine.votes.insert_or_assign(one.at, one);
  }

  // What the owner of the ballot itself promised never travels; `own` is its vote below the ballot
  // as its durable records show it, and null where no durable record of it promises the ballot.
  void proposed(node_index owner, proposal_fact const& fact, reported_fact const* own,
                quorum_rule const& rule, violations& found) const {
    node_set promised;
    node_set empty;
    std::vector<vote_of> votes;
    auto const add = [&](node_index who, reported_fact const* told) {
      if (promised.contains(who)) return;
      promised.insert(who);
      if (told == nullptr || (told->voted.empty() && !told->chosen) || !(told->voted < fact.at)) {
        empty.insert(who);
      } else {
        votes.push_back({who, *told});
      }
    };
    if (own != nullptr) add(owner, own);
    auto const range = heard_.find({fact.lane, fact.at});
    if (range != heard_.end()) {
      for (auto one = range->second.rbegin(); one != range->second.rend(); ++one) {
        if (!one->covers(fact.at_slot)) continue;
        auto const told = one->votes.find(fact.at_slot);
        add(one->who, told == one->votes.end() ? nullptr : &told->second);
      }
    }
    if (!rule.phase1(promised)) {
      found.add("I1", "slot %llu: node %u proposes at ballot %s, which only %llx promised",
                wide(fact.at_slot.value), unsigned{owner.value}, ballot_text(fact.at).c_str(),
                wide(promised.bits()));
      return;
    }
    if (rule.phase1(empty) || allowed(fact.value, votes, empty, rule)) return;
    found.add("I1",
              "slot %llu: node %u proposes %016llx at ballot %s against what was promised to it",
              wide(fact.at_slot.value), unsigned{owner.value}, wide(fact.value),
              ballot_text(fact.at).c_str());
  }

 private:
  struct vote_of {
    node_index who;
    reported_fact told;
  };
  struct evidence {
    node_index who;
    slot first;
    slot last;
    std::uint64_t answer = 0;
    std::uint32_t parts = 0;
    std::uint32_t parts_wanted = 0;
    std::map<slot, reported_fact> votes;

    // Parts may be sent more than once, so that their number says only when it is too small.
    [[nodiscard]] bool covers(slot at) const {
      return parts_wanted != 0 && parts >= parts_wanted && first <= at && at <= last;
    }
  };
  struct round {
    lane_id lane;
    ballot at;
    friend auto operator<=>(round const&, round const&) = default;
  };

  // A value is allowed by the quorum of those whose vote is not above its own highest one.
  static bool allowed(value_digest value, std::vector<vote_of> const& votes, node_set empty,
                      quorum_rule const& rule) {
    for (vote_of const& top : votes) {
      if (top.told.value != value) continue;
      node_set below = empty;
      for (vote_of const& one : votes) {
        bool const beats = one.told.chosen || (!top.told.chosen && one.told.voted > top.told.voted);
        if (!beats || one.told.value == value) below.insert(one.who);
      }
      if (rule.phase1(below)) return true;
    }
    return false;
  }

  evidence& part_of(promise_fact const& fact, node_index who) {
    std::vector<evidence>& all = heard_[{fact.lane, fact.at}];
    for (evidence& one : all) {
      if (one.who == who && one.answer == fact.answer && one.first == fact.first &&
          one.last == fact.last) {
        return one;
      }
    }
    all.push_back({who, fact.first, fact.last, fact.answer, 0, 0, {}});
    return all.back();
  }

  std::map<round, std::vector<evidence>> heard_;
};

}  // namespace synod::testing
