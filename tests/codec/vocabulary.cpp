// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/vocabulary.hpp>

#include <gtest/gtest.h>

#include "examples.hpp"
#include "hostile.hpp"

namespace {

using example::hex;
using synod::slot;

template <class T>
std::vector<std::byte> encoded(T const& value) {
  std::vector<std::byte> bytes;
  synod::wire_writer out(bytes);
  out(value);
  return bytes;
}

template <class T>
bool decodes(std::span<std::byte const> bytes, T& to) {
  synod::wire_reader in(bytes);
  in(to);
  return in.finished();
}

template <class T>
void expect_comes_back(T const& value) {
  T found{};
  ASSERT_TRUE(decodes(encoded(value), found));
  EXPECT_EQ(found, value);
}

synod::ballot ballot_of(std::uint32_t config, std::uint32_t round, std::uint64_t owner) {
  return {config, round, synod::node_id(owner)};
}

TEST(vocabulary, comes_back_as_it_was) {
  expect_comes_back(synod::node_id(UINT64_MAX));
  expect_comes_back(synod::node_index(63));
  expect_comes_back(synod::group_id(UINT32_MAX));
  expect_comes_back(synod::slot_max);
  expect_comes_back(synod::store_id{1, 2});
  expect_comes_back(synod::cluster_id{3, 4});
  expect_comes_back(synod::incarnation{5, 6});
  expect_comes_back(ballot_of(UINT32_MAX, 7, UINT64_MAX));
  expect_comes_back(synod::leader_hint{ballot_of(1, 2, 3), {}});
  expect_comes_back(synod::leader_hint{ballot_of(1, 2, 3), synod::node_id(0)});
  expect_comes_back(synod::cluster_constants{1, 2, 3, 4});
  expect_comes_back(example::members());
  expect_comes_back(synod::short_text());
  expect_comes_back(synod::short_text("Zürich:6001"));
  expect_comes_back(synod::list<synod::promised_range>{
      {slot(1), slot(5), ballot_of(1, 1, 1)}, {slot(6), synod::slot_max, ballot_of(1, 2, 1)}});

  synod::damage harm;
  harm.ranges.push_back({synod::group_id(1), synod::lane_id(2), slot(3), slot(4)});
  synod::damage found;
  ASSERT_TRUE(decodes(encoded(harm), found));
  EXPECT_EQ(found.everything, harm.everything);
  EXPECT_EQ(found.ranges, harm.ranges);
}

TEST(vocabulary, golden_bytes) {
  EXPECT_EQ(hex(encoded(ballot_of(0x01020304, 0x05060708, 0x1112131415161718))),
            "08070605040302011817161514131211");
  EXPECT_EQ(hex(encoded(synod::leader_hint{ballot_of(1, 2, 3), synod::node_id(4)})),
            "02000000010000000300000000000000010400000000000000");
  EXPECT_EQ(hex(encoded(synod::promised_range{slot(1), synod::slot_max, ballot_of(1, 2, 3)})),
            "0100000000000000ffffffffffffffff02000000010000000300000000000000");
  auto const one = synod::membership::make(
      synod::config_number(1),
      {{synod::node_id(2), {3, 4}, synod::node_index(5), synod::member_role::voter, 6, 7, "a:1"}},
      {8, 9, 10});
  ASSERT_TRUE(one);
  EXPECT_EQ(hex(encoded(*one)),
            "01000000"                  // number
            "08000000090000000a000000"  // spec
            "01000000"                  // members
            "0200000000000000"          // id
            "03000000000000000400000000000000"
            "05000607000000"  // index, role, zone, weight
            "03613a31");      // endpoint
}

TEST(vocabulary, what_breaks_a_rule_of_its_type_is_refused) {
  synod::promised_range range;
  EXPECT_FALSE(decodes(encoded(synod::promised_range{slot(5), slot(4), {}}), range));
  synod::damaged_range damaged;
  EXPECT_FALSE(decodes(encoded(synod::damaged_range{{}, {}, slot(5), slot(4)}), damaged));

  synod::list<synod::promised_range> ranges;
  auto const overlapping =
      synod::list<synod::promised_range>{{slot(1), slot(5), {}}, {slot(5), slot(9), {}}};
  EXPECT_FALSE(decodes(encoded(overlapping), ranges));
  auto const falling =
      synod::list<synod::promised_range>{{slot(6), slot(9), {}}, {slot(1), slot(5), {}}};
  EXPECT_FALSE(decodes(encoded(falling), ranges));

  synod::short_text text;
  EXPECT_FALSE(decodes(encoded(synod::short_text("a\nb", 3)), text));
  EXPECT_FALSE(decodes(encoded(synod::short_text("a\0b", 3)), text));
  std::vector<std::byte> too_long(65, std::byte{'x'});
  too_long[0] = std::byte{64};
  EXPECT_FALSE(decodes(too_long, text));
  too_long.pop_back();
  too_long[0] = std::byte{63};
  EXPECT_TRUE(decodes(too_long, text));

  bool flag = false;
  synod::maybe<synod::node_id> maybe;
  EXPECT_FALSE(decodes(example::as_bytes({2}), flag));
  EXPECT_FALSE(decodes(example::as_bytes({2, 0, 0, 0, 0, 0, 0, 0, 0}), maybe));
}

TEST(vocabulary, a_membership_passes_the_checks_of_a_configured_one) {
  auto const refuses = [](auto&& change) {
    synod::list<synod::member> all = example::members().members();
    change(all);
    std::vector<std::byte> bytes;
    synod::wire_writer out(bytes);
    out(synod::config_number(5), synod::quorum_spec{});
    synod::encode_list(out, all);
    synod::membership found;
    return !decodes(bytes, found);
  };
  EXPECT_FALSE(refuses([](auto&) {}));
  EXPECT_TRUE(refuses([](auto& all) { all.clear(); }));
  EXPECT_TRUE(refuses([](auto& all) { all[1].id = all[0].id; }));
  EXPECT_TRUE(refuses([](auto& all) { all[1].index = all[0].index; }));
  EXPECT_TRUE(refuses([](auto& all) { all[1].index = synod::node_index(64); }));
  EXPECT_TRUE(refuses([](auto& all) { all[0].role = static_cast<synod::member_role>(2); }));
  EXPECT_TRUE(refuses([](auto& all) {
    for (auto& one : all) one.role = synod::member_role::learner;
  }));
  EXPECT_TRUE(refuses([](auto& all) {
    all.clear();
    for (std::uint8_t i = 0; i < 65; ++i) {
      all.push_back({synod::node_id(i), {}, synod::node_index(i)});
    }
  }));
}

TEST(vocabulary, hostile_lists_allocate_no_more_than_they_are_worth) {
  auto const members = encoded(example::members());
  hostile::feed_variations(members, [](std::span<std::byte const> bytes) {
    synod::membership found;
    return decodes(bytes, found);
  });
  synod::list<synod::promised_range> many;
  for (std::uint64_t i = 0; i < 20; ++i) many.push_back({slot(2 * i), slot(2 * i + 1), {}});
  hostile::feed_variations(encoded(many), [](std::span<std::byte const> bytes) {
    synod::list<synod::promised_range> found;
    return decodes(bytes, found);
  });
}

}  // namespace
