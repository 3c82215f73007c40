// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/machine/counter.hpp>
#include <synod/runtime/executor.hpp>
#include <synod/runtime/snapshot_work.hpp>

#include <gtest/gtest.h>

#include "support/executions.hpp"
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

// A log is trimmed up to what a snapshot is said to hold; the power fails at any moment. Counts the
// times at which neither has a slot (I12).
int slots_lost() {
  using counting = executor<counter, fixed_codec>;
  int lost = 0;
  for (int crash_at = 0; crash_at < 12; ++crash_at) {
    counting on({}, {}, executor_options{{}, support::members(1), false});
    null_sink nobody;
    on.apply(slot(1), support::opening<std::int64_t>(), nobody);
    memory_snapshots store;
    slot trimmed;
    snapshot_taking taking(on, store);
    for (int i = 0; i < crash_at; ++i) {
      auto const now = taking.advance(store, 20);
      if (now.durable_upto.has_value()) trimmed = *now.durable_upto;
      if (now.ended) break;
    }
    store.crash();
    slot const kept = store.newest().has_value() ? store.newest()->upto : slot();
    lost += kept < trimmed ? 1 : 0;
  }
  return lost;
}

}  // namespace

TEST(snapshot_mutations, nothing_is_caught_without_one) {
  EXPECT_EQ(transfers_that_arrive(), 30);
  EXPECT_EQ(slots_lost(), 0);
}

TEST(snapshot_mutations, a_donor_that_changes_what_it_reads_is_caught) {
  mutated on("h22g_donor_reads_the_newest");
  EXPECT_LT(transfers_that_arrive(), 30);
}

TEST(snapshot_mutations, writing_parts_in_any_order_is_caught) {
  mutated on("snapshot_parts_in_any_order");
  EXPECT_LT(transfers_that_arrive(), 30);
}

TEST(snapshot_mutations, trimming_before_the_snapshot_is_durable_is_caught) {
  mutated on("h22f_snapshot_told_before_durable");
  EXPECT_GT(slots_lost(), 0);
}
