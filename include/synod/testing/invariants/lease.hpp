// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <array>

namespace synod::testing {

// I14, one holder at a time: while a node could answer reads by its lease, in true time, nobody
// else could, and nothing is chosen at a ballot above its own.
class lease_exclusion {
 public:
  void holds(node_index who, ballot at, bool valid, violations& found) {
    held_[who.value] = valid ? at : ballot();
    if (!valid) {
      holders_.erase(who);
      return;
    }
    holders_.insert(who);
    if (holders_.size() < 2) return;
    found.add("I14", "node %u holds a lease at ballot %s while %llx hold one too",
              unsigned{who.value}, ballot_text(at).c_str(),
              wide((holders_ - node_set::of(who)).bits()));
  }

  void chosen(ballot at, violations& found) const {
    holders_.for_each([&](node_index who) {
      if (!(held_[who.value] < at)) return;
      found.add("I14", "a value is chosen at ballot %s while node %u holds a lease at %s",
                ballot_text(at).c_str(), unsigned{who.value},
                ballot_text(held_[who.value]).c_str());
    });
  }

 private:
  std::array<ballot, node_set::capacity> held_{};
  node_set holders_;
};

}  // namespace synod::testing
