// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include "support/counter_storm.hpp"
#include "support/mutated.hpp"

using support::mutated;
using synod::broken_invariant_error;

namespace {

bool ever_goes_wrong(int seeds) {
  for (int seed = 1; seed <= seeds; ++seed) {
    try {
      if (!support::counter_storm(static_cast<std::uint64_t>(seed)).run(150, 8)) return true;
    } catch (broken_invariant_error const&) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST(node_mutations, nothing_is_caught_without_one) { EXPECT_FALSE(ever_goes_wrong(20)); }

TEST(node_mutations, what_the_executor_must_do_is_caught) {
  for (char const* rule : {"h23_apply_without_the_table", "h22c_snapshot_without_sessions"}) {
    mutated on(rule);
    EXPECT_TRUE(ever_goes_wrong(40)) << rule;
  }
}
