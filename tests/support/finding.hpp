// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>

#include <gtest/gtest.h>

#include <string>

#include "support/mutated.hpp"

namespace support {

// A schedule is a function that returns the run after it.
template <class Schedule>
std::string violations_of(Schedule&& schedule) {
  try {
    auto const after = schedule();
    return after.joined(after.violations);
  } catch (synod::broken_invariant_error const& broken) {
    return std::string("broken invariant: ") + broken.hypothesis;
  }
}

// Shows that a guard is needed: the schedule ends well with it and not without.
template <class Schedule>
void expect_guarded(char const* mutation, Schedule&& schedule) {
  {
    auto const after = schedule();
    EXPECT_EQ(after.complaints(), "") << "with the guard";
  }
  mutated const off(mutation);
  EXPECT_NE(violations_of(schedule), "") << "without the guard " << mutation;
}

}  // namespace support
