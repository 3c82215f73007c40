// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace synod::testing {

// I8, nothing acknowledged is lost: what a client was told to be done is in what every node that is
// whole has decided, once the cluster is left in peace.
class acknowledged {
 public:
  void done(place at, value_digest value) { told_.push_back({at, value}); }

  // `decided(place)` is what one node holds as decided there, 0 where it holds nothing.
  template <class Decided>
  void settled(node_index who, Decided&& decided, violations& found) const {
    for (promise_to_client const& one : told_) {
      value_digest const here = decided(one.at);
      if (here == one.value) continue;
      found.add("I8", "slot %llu: a client was told %016llx, node %u has %016llx",
                wide(one.at.at.value), wide(one.value), unsigned{who.value}, wide(here));
      return;
    }
  }

  [[nodiscard]] std::size_t count() const { return told_.size(); }

 private:
  struct promise_to_client {
    place at;
    value_digest value;
  };
  std::vector<promise_to_client> told_;
};

}  // namespace synod::testing
