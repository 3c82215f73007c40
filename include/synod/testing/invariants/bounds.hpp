// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <cstddef>

namespace synod::testing {

// I13: nothing grows without a bound, whatever the others do.
class bounds {
 public:
  void check(node_index who, char const* what, std::size_t size, std::size_t limit,
             violations& found) const {
    if (size <= limit) return;
    found.add("I13", "node %u: %s has grown to %llu, at most %llu is allowed", unsigned{who.value},
              what, wide(size), wide(limit));
  }
};

}  // namespace synod::testing
