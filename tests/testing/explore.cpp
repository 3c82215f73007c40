// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/decree_world.hpp>
#include <synod/testing/explore.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace synod::testing;

// Two counters that may each be raised to three, in any order: 16 states.
struct two_counters {
  unsigned a = 0;
  unsigned b = 0;
  unsigned forbidden = 99;

  [[nodiscard]] std::size_t actions() const { return (a < 3 ? 1U : 0U) + (b < 3 ? 1U : 0U); }
  void act(std::size_t which, violations& found) {
    if (which == 0 && a < 3) {
      ++a;
    } else {
      ++b;
    }
    if (a * 10 + b == forbidden) found.add("test", "reached");
  }
  [[nodiscard]] std::string describe(std::size_t which) const {
    return which == 0 && a < 3 ? "a" : "b";
  }
  [[nodiscard]] fingerprint state() const {
    fingerprint all;
    all(a, b);
    return all;
  }
};

TEST(explore, visits_every_state_once) {
  exploration const made = explore(two_counters(), 1000);
  EXPECT_TRUE(made.complete);
  EXPECT_EQ(made.states, 16U);
  EXPECT_FALSE(made.found.any());
}

TEST(explore, says_how_it_came_to_what_it_found) {
  two_counters start;
  start.forbidden = 21;
  exploration const made = explore(start, 1000);
  ASSERT_TRUE(made.found.any());
  EXPECT_FALSE(made.complete);
  std::string schedule;
  for (std::string const& one : made.schedule) schedule += one;
  EXPECT_EQ(schedule.size(), 3U);
}

TEST(explore, stops_at_its_bound) {
  exploration const made = explore(two_counters(), 5);
  EXPECT_FALSE(made.complete);
  EXPECT_LE(made.states, 5U);
}

// Finds nothing wrong; every state of it, unless `states_max` comes first.
exploration search(decree_world_options const& options, std::size_t states_max = 10'000'000) {
  exploration made = explore(decree_world<>(options), states_max);
  for (std::string const& one : made.schedule) std::printf("  %s\n", one.c_str());
  for (violation const& one : made.found.all()) ADD_FAILURE() << one.invariant << ": " << one.text;
  std::printf("%u nodes, %u proposers, %u crash: %zu states%s, %zu steps, at most %zu in a row\n",
              options.nodes, options.proposers, options.crashes, made.states,
              made.complete ? "" : " of more", made.steps, made.deepest);
  return made;
}

// Every order of messages of three nodes, two proposers and one crash.
TEST(explore, single_decree_agrees_in_every_order) { EXPECT_TRUE(search({}).complete); }

// All 2.6 million states take half a minute: `tests/run --all` sees them, others the first part.
TEST(explore, single_decree_agrees_when_a_crashed_proposer_proposes_again) {
  char const* const effort = std::getenv("SYNOD_EFFORT");
  bool const all = effort != nullptr && std::string(effort) == "all";
  decree_world_options options;
  options.again = true;
  exploration const made = all ? search(options) : search(options, 100'000);
  EXPECT_EQ(made.complete, all);
}

}  // namespace
