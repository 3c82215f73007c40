// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <array>
#include <unordered_map>
#include <vector>

namespace synod::testing {

// I4, promises are kept: once a node has sent a promise at some ballot, it never votes or promises
// below it anywhere in that range; once it has voted it never votes below that, and every later
// promise tells of the vote. Restarts change nothing about it.
class promises_kept {
 public:
  void promised(node_index who, promise_fact const& fact, violations& found) {
    node& self = nodes_[who.value];
    ballot const standing = strongest(self, fact.lane, fact.first, fact.last);
    if (fact.at < standing) {
      found.add("I4", "node %u promises ballot %s after it promised %s", unsigned{who.value},
                ballot_text(fact.at).c_str(), ballot_text(standing).c_str());
    }
    if (fact.final_part) check_report(who, self, fact, found);
    raise(self, fact);
  }

  void voted(node_index who, vote_fact const& fact, violations& found) {
    node& self = nodes_[who.value];
    ballot const standing = strongest(self, fact.lane, fact.at_slot, fact.at_slot);
    if (fact.at < standing) {
      found.add("I4", "slot %llu: node %u votes at ballot %s after it promised %s",
                wide(fact.at_slot.value), unsigned{who.value}, ballot_text(fact.at).c_str(),
                ballot_text(standing).c_str());
    }
    ballot& highest = self.votes[{fact.lane, fact.at_slot}];
    if (fact.at < highest) {
      found.add("I4", "slot %llu: node %u votes at ballot %s after it voted at %s",
                wide(fact.at_slot.value), unsigned{who.value}, ballot_text(fact.at).c_str(),
                ballot_text(highest).c_str());
    } else {
      highest = fact.at;
    }
  }

 private:
  struct promised_part {
    lane_id lane;
    slot first;
    slot last;
    ballot at;
  };
  struct node {
    std::vector<promised_part> promises;
    std::unordered_map<place, ballot, place_hash> votes;
  };

  static ballot strongest(node const& self, lane_id lane, slot first, slot last) {
    ballot most;
    for (promised_part const& one : self.promises) {
      bool const touches = one.lane == lane && one.first <= last && first <= one.last;
      if (touches && one.at > most) most = one.at;
    }
    return most;
  }

  // A promise over few slots is compared with every vote in them. A range to infinity is not: what
  // it must tell is checked where a value is proposed (safe_choice), and by I10.
  static void check_report(node_index who, node const& self, promise_fact const& fact,
                           violations& found) {
    if (fact.part != 0 || fact.last - fact.first > 16) return;
    for (slot at = fact.first; at <= fact.last; at = at.next()) {
      auto const voted = self.votes.find({fact.lane, at});
      if (voted == self.votes.end() || at <= fact.chosen_upto) continue;
      if (fact.at < voted->second) {
        found.add("I4", "slot %llu: node %u promises ballot %s after it voted at %s",
                  wide(at.value), unsigned{who.value}, ballot_text(fact.at).c_str(),
                  ballot_text(voted->second).c_str());
        return;
      }
      ballot told;
      bool chosen = false;
      for (reported_fact const& one : fact.votes) {
        if (one.at != at) continue;
        told = one.voted;
        chosen = one.chosen;
      }
      if (!chosen && told < voted->second) {
        found.add("I4",
                  "slot %llu: node %u promises %s and tells of a vote at %s, but it voted at %s",
                  wide(at.value), unsigned{who.value}, ballot_text(fact.at).c_str(),
                  ballot_text(told).c_str(), ballot_text(voted->second).c_str());
      }
    }
  }

  // What lies within the new promise and below it says nothing more.
  static void raise(node& self, promise_fact const& fact) {
    std::size_t kept = 0;
    for (promised_part const& one : self.promises) {
      bool const covered = one.lane == fact.lane && fact.first <= one.first &&
                           one.last <= fact.last && one.at <= fact.at;
      if (!covered) self.promises[kept++] = one;
    }
    self.promises.resize(kept);
    self.promises.push_back({fact.lane, fact.first, fact.last, fact.at});
  }

  std::array<node, node_set::capacity> nodes_{};
};

}  // namespace synod::testing
