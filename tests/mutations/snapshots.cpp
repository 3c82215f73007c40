// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include "support/mutated.hpp"
#include "support/snapshot_world.hpp"

using namespace synod;
using support::mutated;
using support::snapshot_world;

namespace {

// How many transfers ended over a rough network, in a bounded time.
int transfers_that_arrive() {
  int arrived = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    snapshot_world world(seed);
    std::uint64_t upto = 10;
    support::take_snapshot(world.here, upto, snapshot_world::length_of(upto));
    world.want(5);
    for (int i = 0; i < 2000 && !world.arrived; ++i) {
      world.step(true);
      if (world.dice.below(20) != 0) continue;
      ++upto;
      support::take_snapshot(world.here, upto, snapshot_world::length_of(upto));
    }
    arrived += world.arrived.has_value() && world.receiver.failures() == 0 ? 1 : 0;
  }
  return arrived;
}

}  // namespace

TEST(snapshot_mutations, nothing_is_caught_without_one) { EXPECT_EQ(transfers_that_arrive(), 30); }

TEST(snapshot_mutations, a_donor_that_changes_what_it_reads_is_caught) {
  mutated on("h22g_donor_reads_the_newest");
  EXPECT_LT(transfers_that_arrive(), 30);
}

TEST(snapshot_mutations, writing_parts_in_any_order_is_caught) {
  mutated on("snapshot_parts_in_any_order");
  EXPECT_LT(transfers_that_arrive(), 30);
}
