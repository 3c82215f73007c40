// SPDX-License-Identifier: BSL-1.0
#include <synod/core/slot_value.hpp>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace {

using synod::value_kind;
using value = synod::slot_value<int>;

value of(std::vector<int> const& commands, std::uint64_t session = 1, synod::time_ns stamp = 5) {
  synod::batch<int> made;
  made.stamp(stamp);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    made.add(synod::session_id(session), synod::sequence(i + 1), {}, commands[i]);
  }
  return made;
}

synod::membership members(std::uint64_t id) {
  synod::member one;
  one.id = synod::node_id(id);
  return *synod::membership::make(synod::config_number(1), {one});
}

TEST(slot_value, says_what_it_is) {
  EXPECT_TRUE(value().is_noop());
  EXPECT_EQ(value().kind(), value_kind::noop);
  EXPECT_TRUE(of({1, 2}).is_batch());
  EXPECT_EQ(synod::list<int>(of({1, 2}).commands()), (std::vector<int>{1, 2}));
  EXPECT_EQ(of({1, 2}).stamp(), 5);
  auto const change = value::of(members(4), 8);
  EXPECT_EQ(change.kind(), value_kind::membership);
  EXPECT_EQ(change.members(), members(4));
  EXPECT_EQ(change.stamp(), 8);
  auto const session = value::of(synod::session_change{1, 2}, 9);
  EXPECT_EQ(session.kind(), value_kind::session);
  EXPECT_EQ(session.session().token_low, 2U);
  EXPECT_EQ(session.stamp(), 9);
}

TEST(slot_value, copies_are_the_same_object_and_survive_each_other) {
  value first = of({1});
  value second = first;
  EXPECT_TRUE(first.same_object(second));
  value third = std::move(first);
  first = value();
  EXPECT_TRUE(third.same_object(second));
  second = second.is_noop() ? value() : second;  // to itself
  third = of({2});
  EXPECT_EQ(second.commands()[0], 1);
  EXPECT_EQ(third.commands()[0], 2);
}

TEST(slot_value, is_equal_by_the_identity_of_its_requests) {
  EXPECT_EQ(value(), value());
  EXPECT_EQ(of({1, 2}), of({1, 2}));
  EXPECT_NE(of({1, 2}), of({1, 2}, 2));     // the same payload of another client
  EXPECT_NE(of({1, 2}), of({1, 2}, 1, 6));  // or of another time
  EXPECT_NE(of({1, 2}), of({1}));
  EXPECT_NE(of({}), value());
  EXPECT_EQ(value::of(members(4)), value::of(members(4)));
  EXPECT_NE(value::of(members(4)), value::of(members(5)));
  EXPECT_EQ(value::of(synod::session_change{1, 2}, 9), value::of(synod::session_change{1, 2}, 9));
  EXPECT_NE(value::of(synod::session_change{1, 2}, 9), value::of(synod::session_change{1, 3}, 9));
  EXPECT_NE(value::of(synod::session_change{1, 2}, 9), value::of(members(4), 9));
}

TEST(slot_value, keeps_its_bytes_for_every_copy_until_they_are_dropped) {
  value const first = of({1});
  value const second = first;
  EXPECT_TRUE(first.encoded().empty());
  first.keep_encoded({synod::shared_bytes(std::vector<std::byte>(4)), 1, 3, 77});
  EXPECT_EQ(second.encoded().checksum, 77U);
  EXPECT_EQ(second.encoded().bytes().size(), 3U);
  EXPECT_EQ(first, second);
  second.drop_encoded();
  EXPECT_TRUE(first.encoded().empty());
  value().keep_encoded({synod::shared_bytes(std::vector<std::byte>(4)), 0, 4, 0});
  EXPECT_TRUE(value().encoded().empty());
}

TEST(slot_value, is_as_large_as_a_pointer) { EXPECT_EQ(sizeof(value), sizeof(void*)); }

}  // namespace
