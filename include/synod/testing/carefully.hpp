// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/testing/facts.hpp>

namespace synod::testing {

// Effects: does it. In a binary with mutations, where a broken assertion is thrown, it becomes a
// violation; everywhere else it ends the program as always.
template <class Action>
void carefully(violations& found, Action&& action) {
#ifdef SYNOD_MUTATIONS
  try {
    action();
  } catch (broken_invariant_error const& broken) {
    found.add("assert", "%s: %s", broken.condition, broken.hypothesis);
  }
#else
  (void)found;
  action();
#endif
}

}  // namespace synod::testing
