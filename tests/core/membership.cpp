// SPDX-License-Identifier: BSL-1.0
#include <synod/core/membership.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace {

using synod::error_code;
using synod::member;
using synod::membership;
using synod::node_id;
using synod::node_index;

std::vector<member> members(unsigned count) {
  std::vector<member> made(count);
  for (unsigned i = 0; i < count; ++i) {
    made[i].id = node_id(100 + i);
    made[i].index = node_index(static_cast<std::uint8_t>(i));
  }
  return made;
}

error_code refusal_of(std::vector<member> const& all) {
  auto const made = membership::make(synod::config_number(1), all);
  return made ? error_code::none : made.error().code;
}

TEST(membership, refuses_nobody_and_too_many) {
  EXPECT_EQ(refusal_of({}), error_code::empty_membership);
  EXPECT_EQ(refusal_of(members(1)), error_code::none);
  EXPECT_EQ(refusal_of(members(64)), error_code::none);
  EXPECT_EQ(refusal_of(members(65)), error_code::too_many_members);
}

TEST(membership, refuses_duplicates_wherever_they_stand) {
  for (unsigned first = 0; first < 5; ++first) {
    for (unsigned second = first + 1; second < 5; ++second) {
      auto all = members(5);
      all[second].id = all[first].id;
      auto const same_id = membership::make(synod::config_number(1), all);
      ASSERT_FALSE(same_id);
      EXPECT_EQ(same_id.error().code, error_code::duplicate_member);
      EXPECT_EQ(same_id.error().value, all[first].id.value);

      all = members(5);
      all[second].index = all[first].index;
      EXPECT_EQ(refusal_of(all), error_code::duplicate_member);
    }
  }
}

TEST(membership, refuses_an_index_beyond_the_set) {
  for (unsigned index = 64; index < 256; ++index) {
    auto all = members(2);
    all[1].index = node_index(static_cast<std::uint8_t>(index));
    EXPECT_EQ(refusal_of(all), error_code::duplicate_member) << index;
  }
}

TEST(membership, needs_a_voter) {
  auto all = members(3);
  for (member& one : all) one.role = synod::member_role::learner;
  EXPECT_EQ(refusal_of(all), error_code::empty_membership);
  all[1].role = synod::member_role::voter;
  EXPECT_EQ(refusal_of(all), error_code::none);
}

TEST(membership, knows_who_is_who) {
  auto all = members(4);
  all[0].index = node_index(63);
  all[2].role = synod::member_role::learner;
  synod::quorum_spec const spec{3, 1, 2};
  auto const made = membership::make(synod::config_number(7), all, spec);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->number(), synod::config_number(7));
  EXPECT_EQ(made->spec(), spec);
  EXPECT_EQ(made->members(), all);
  EXPECT_EQ(made->everybody().size(), 4U);
  EXPECT_EQ(made->voters().size(), 3U);
  EXPECT_FALSE(made->voters().contains(all[2].index));
  for (member const& one : all) {
    ASSERT_NE(made->find(one.id), nullptr);
    EXPECT_EQ(*made->find(one.id), one);
    EXPECT_EQ(made->find(one.index), made->find(one.id));
    EXPECT_EQ(made->only(one.id), synod::node_set::of(one.index));
  }
  EXPECT_EQ(made->find(node_id(99)), nullptr);
  EXPECT_EQ(made->find(node_index(40)), nullptr);
  EXPECT_TRUE(made->only(node_id(99)).empty());
}

TEST(short_text, holds_up_to_63_characters_and_cuts_the_rest) {
  for (std::size_t const length : {0U, 1U, 62U, 63U, 64U, 200U}) {
    std::string const text(length, 'x');
    synod::short_text const by_end(text.c_str());
    synod::short_text const by_length(text.data(), text.size());
    std::size_t const kept = length < 63 ? length : 63;
    EXPECT_EQ(by_end.size(), kept);
    EXPECT_EQ(by_end, by_length);
    EXPECT_EQ(std::strlen(by_end.c_str()), kept);
    EXPECT_EQ(synod::short_text::fits(length), length <= 63);
    EXPECT_EQ(by_end.empty(), length == 0);
  }
}

}  // namespace
