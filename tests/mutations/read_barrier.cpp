// SPDX-License-Identifier: BSL-1.0
#include <synod/runtime/read_barrier.hpp>

#include <gtest/gtest.h>

#include "support/mutated.hpp"
#include "support/read_world.hpp"

using namespace synod;

namespace {

std::vector<int> broken() {
  std::vector<int> sum(7);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    support::read_world world(seed);
    world.run(400);
    for (std::size_t level = 0; level < 7; ++level) sum[level] += world.broken[level];
  }
  return sum;
}

struct guard {
  char const* name;
  std::vector<std::size_t> levels;  // whose promise it keeps
};

}  // namespace

TEST(read_barrier_mutations, nothing_is_caught_without_one) {
  EXPECT_EQ(broken(), std::vector<int>(7));
}

TEST(read_barrier_mutations, each_level_needs_its_guard) {
  for (guard const& one :
       {guard{"read_log_when_proposed", {0}}, guard{"read_index_unconfirmed", {1, 2}},
        guard{"read_quorum_unasked", {6}}, guard{"h18d_read_before_applied", {1, 2, 6}},
        guard{"read_ignores_floor", {3}}, guard{"read_ignores_age", {4}}}) {
    support::mutated on(one.name);
    std::vector<int> const found = broken();
    for (std::size_t level : one.levels) EXPECT_GT(found[level], 0) << one.name << " " << level;
    EXPECT_EQ(found[5], 0);
  }
}
