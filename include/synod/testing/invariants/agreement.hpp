// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>
#include <synod/testing/invariants/quorum_rule.hpp>

#include <unordered_map>
#include <vector>

namespace synod::testing {

// I1, agreement. A value is chosen at a place once a phase-2 quorum of distinct voters of the right
// configuration holds durable votes for it at one ballot: this is counted here, from what storage
// confirmed, and not asked of anybody. Then
//   - no second value is ever chosen there;
//   - no later ballot proposes another value there (P2b of "Paxos Made Simple");
//   - nobody decides what is not chosen, and all decide the same, whether they live or not.
class agreement {
 public:
  // The rule for all places from `first` on; later calls overrule earlier ones from there.
  void governed(slot first, quorum_rule rule) { rules_.push_back({first, std::move(rule)}); }
  [[nodiscard]] quorum_rule const& rule(slot at) const {
    for (auto one = rules_.rbegin(); one != rules_.rend(); ++one) {
      if (one->first <= at) return one->rule;
    }
    return rules_.front().rule;
  }

  void durable_vote(node_index who, lane_id lane, slot at, ballot in, value_digest value,
                    violations& found) {
    history& here = places_[{lane, at}];
    node_set const voters = count(here, who, in, value);
    quorum_rule const& needed = rule(at);
    if (!needed.phase2(voters)) return;
    if (here.chosen && here.value != value) {
      found.add("I1", "slot %llu: %016llx is chosen at ballot %s after %016llx at %s",
                wide(at.value), wide(value), ballot_text(in).c_str(), wide(here.value),
                ballot_text(here.chosen_at).c_str());
      return;
    }
    if (!here.chosen || in < here.chosen_at) here.chosen_at = in;
    here.chosen = true;
    here.value = value;
  }

  void proposed(node_index who, proposal_fact const& fact, violations& found) const {
    auto const at = places_.find({fact.lane, fact.at_slot});
    if (at == places_.end()) return;
    history const& here = at->second;
    if (here.chosen && here.chosen_at < fact.at && here.value != fact.value) {
      found.add(
          "I1", "slot %llu: node %u proposes %016llx at ballot %s, but %016llx is chosen at %s",
          wide(fact.at_slot.value), unsigned{who.value}, wide(fact.value),
          ballot_text(fact.at).c_str(), wide(here.value), ballot_text(here.chosen_at).c_str());
    }
  }

  void decided(node_index who, lane_id lane, slot at, value_digest value, violations& found) {
    history& here = places_[{lane, at}];
    if (!here.chosen) {
      found.add("I1", "slot %llu: node %u decides %016llx, which no quorum holds durably",
                wide(at.value), unsigned{who.value}, wide(value));
    } else if (here.value != value) {
      found.add("I1", "slot %llu: node %u decides %016llx, but %016llx is chosen", wide(at.value),
                unsigned{who.value}, wide(value), wide(here.value));
    } else {
      here.decided.insert(who);
    }
  }

  // The value chosen at a place; null while there is none.
  [[nodiscard]] value_digest const* chosen(lane_id lane, slot at) const {
    auto const found = places_.find({lane, at});
    return found == places_.end() || !found->second.chosen ? nullptr : &found->second.value;
  }
  // Who decided there at some time.
  [[nodiscard]] node_set who_decided(lane_id lane, slot at) const {
    auto const found = places_.find({lane, at});
    return found == places_.end() ? node_set() : found->second.decided;
  }

 private:
  struct tally_of_ballot {
    ballot at;
    value_digest value;
    node_set voters;
  };
  struct history {
    std::vector<tally_of_ballot> votes;
    node_set decided;
    ballot chosen_at;
    value_digest value = 0;
    bool chosen = false;
  };
  struct governance {
    slot first;
    quorum_rule rule;
  };

  static node_set count(history& here, node_index who, ballot in, value_digest value) {
    for (tally_of_ballot& one : here.votes) {
      if (one.at != in || one.value != value) continue;
      one.voters.insert(who);
      return one.voters;
    }
    here.votes.push_back({in, value, node_set::of(who)});
    return node_set::of(who);
  }

  std::vector<governance> rules_;
  std::unordered_map<place, history, place_hash> places_;
};

}  // namespace synod::testing
