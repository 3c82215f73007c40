// SPDX-License-Identifier: BSL-1.0
#include <synod/core/outcome.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using synod::error_code;
using synod::outcome;

TEST(outcome, is_done_refused_or_unknown_and_only_one_of_them) {
  outcome<std::string> done(std::string("value"));
  EXPECT_TRUE(done);
  EXPECT_EQ(*done, "value");
  EXPECT_EQ(done->size(), 5U);
  EXPECT_EQ(done.refused(), nullptr);
  EXPECT_EQ(done.unknown(), nullptr);
  EXPECT_FALSE(done.error());

  outcome<std::string> const refused(
      synod::refusal{{error_code::not_leader, 0, "here", ""}, {{}, synod::node_id(3)}});
  EXPECT_FALSE(refused);
  ASSERT_NE(refused.refused(), nullptr);
  EXPECT_EQ(refused.refused()->hint.leader, synod::node_id(3));
  EXPECT_EQ(refused.unknown(), nullptr);
  EXPECT_EQ(refused.error().code, error_code::not_leader);

  outcome<std::string> const unknown(synod::unknown_fate{{error_code::timed_out, 0, "here", ""}});
  EXPECT_FALSE(unknown);
  EXPECT_EQ(unknown.refused(), nullptr);
  ASSERT_NE(unknown.unknown(), nullptr);
  EXPECT_EQ(unknown.error().code, error_code::timed_out);
}

// A result that looks like a refusal is still a result (hazard H10).
TEST(outcome, can_hold_a_refusal_as_its_value) {
  outcome<int> const zero(0);
  EXPECT_TRUE(zero);
  EXPECT_EQ(*zero, 0);
}

}  // namespace
