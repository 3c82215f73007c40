// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/decree_world.hpp>

#include <gtest/gtest.h>

#include "support/mutated.hpp"

#include <string>

using namespace synod::testing;

namespace {

struct rule {
  char const* name;
  bool again;  // it takes a proposer that proposes once more after its crash
};

class rule_of_paxos : public ::testing::TestWithParam<rule> {};

}  // namespace

// Each of these rules is needed by some schedule of three nodes, two proposers and one crash, and
// the search through all of them finds it.
TEST_P(rule_of_paxos, is_needed) {
  support::mutated on(GetParam().name);
  decree_world_options options;
  options.again = GetParam().again;
  exploration const made = explore(decree_world<>(options), 400'000);
  ASSERT_TRUE(made.found.any()) << made.states << " states";
  EXPECT_FALSE(made.schedule.empty());
  EXPECT_LE(made.schedule.size(), 24U);
}

INSTANTIATE_TEST_SUITE_P(
    single_decree, rule_of_paxos,
    ::testing::Values(rule{"vote_forgotten", false}, rule{"promise_forgotten", false},
                      rule{"accept_below_promise", false}, rule{"promise_below_promise", false},
                      rule{"promise_not_recorded", false}, rule{"any_vote_adopted", true},
                      rule{"vote_ignored", false}),
    [](auto const& one) { return std::string(one.param.name); });
