// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <array>
#include <vector>

namespace synod::testing {

// I3, one order: the entry that a node applies as its number n is the one that everybody applies as
// their number n, in one sequence without holes, and leaves the same state behind.
class same_prefix {
 public:
  // A node starts anew, or from a snapshot: the next entry that it applies is the one after
  // `number`.
  void positioned(node_index who, std::uint64_t number) { applied_[who.value] = number; }

  // Requires: numbers start at 1. `state` is a digest of the machine after the entry, or 0.
  void applied(node_index who, std::uint64_t number, value_digest entry, std::uint64_t state,
               violations& found) {
    std::uint64_t& reached = applied_[who.value];
    if (number != reached + 1) {
      found.add("I3", "node %u applies entry %llu after entry %llu", unsigned{who.value},
                wide(number), wide(reached));
    }
    reached = number;
    if (number > order_.size()) {
      order_.resize(static_cast<std::size_t>(number), {});
    }
    step& known = order_[static_cast<std::size_t>(number - 1)];
    if (!known.set) {
      known = {entry, state, true};
    } else if (known.entry != entry) {
      found.add("I3", "entry %llu: node %u applies %016llx, somebody else %016llx", wide(number),
                unsigned{who.value}, wide(entry), wide(known.entry));
    } else if (known.state != state) {
      found.add("I3", "entry %llu: the machine of node %u has state %016llx, another %016llx",
                wide(number), unsigned{who.value}, wide(state), wide(known.state));
    }
  }

  [[nodiscard]] std::uint64_t reached(node_index who) const { return applied_[who.value]; }

 private:
  struct step {
    value_digest entry = 0;
    std::uint64_t state = 0;
    bool set = false;
  };

  std::array<std::uint64_t, node_set::capacity> applied_{};
  std::vector<step> order_;
};

}  // namespace synod::testing
