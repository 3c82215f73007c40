// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <array>

namespace synod::testing {

// I12: trimmed <= snapshot <= applied <= decided <= last, at every node and at every moment, and
// what is applied never goes back within one life.
class trimming {
 public:
  struct marks {
    slot trimmed;
    slot snapshot;  // the newest durable one, or what a durable machine committed
    slot applied;
    slot decided;  // everything up to here is
    slot last;     // the highest slot that holds anything
  };

  void restarted(node_index who) { applied_[who.value] = {}; }

  void check(node_index who, marks const& of, violations& found) {
    bool const ordered = of.trimmed <= of.snapshot && of.snapshot <= of.applied &&
                         of.applied <= of.decided && of.decided <= of.last;
    if (!ordered) {
      found.add("I12",
                "node %u: trimmed %llu, snapshot %llu, applied %llu, decided %llu, last %llu",
                unsigned{who.value}, wide(of.trimmed.value), wide(of.snapshot.value),
                wide(of.applied.value), wide(of.decided.value), wide(of.last.value));
    }
    slot& before = applied_[who.value];
    if (of.applied < before) {
      found.add("I12", "node %u: applied goes back from %llu to %llu", unsigned{who.value},
                wide(before.value), wide(of.applied.value));
    }
    before = of.applied;
  }

 private:
  std::array<slot, node_set::capacity> applied_{};
};

}  // namespace synod::testing
