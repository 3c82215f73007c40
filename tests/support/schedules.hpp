// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>

#include <functional>
#include <string>
#include <vector>

namespace support {

// What came of a schedule: what went wrong, and where it did not come to its point.
struct schedule_outcome {
  std::string violations;
  std::string unmet;
};

// A guard, and the shortest schedule found that ends well with it and badly without.
struct guarded {
  // A schedule is a function that returns the run after it.
  template <class Schedule>
  guarded(char const* of_protocol, char const* mutation_name, Schedule schedule)
      : protocol(of_protocol), mutation(mutation_name) {
    play = [schedule]() -> schedule_outcome {
      try {
        auto const after = schedule();
        return {after.joined(after.violations), after.joined(after.unmet)};
      } catch (synod::broken_invariant_error const& broken) {
        return {std::string("broken invariant: ") + broken.hypothesis, {}};
      }
    };
    list().push_back(*this);
  }

  // All that are linked into this program.
  static std::vector<guarded>& list() {
    static std::vector<guarded> all;
    return all;
  }

  char const* protocol;
  char const* mutation;
  std::function<schedule_outcome()> play;
};

}  // namespace support
