// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/codec/records.hpp>

#include <gtest/gtest.h>

#include "examples.hpp"
#include "hostile.hpp"

namespace {

using example::command;
using synod::error_code;
using synod::record_kind;
using synod::slot;

using record = synod::record<command>;

struct replica {
  synod::batch_pool<command> batches;
  synod::value_coder<command, synod::fixed_codec> values{batches};
  synod::record_coder<command, synod::fixed_codec> records{values, synod::group_id(3)};
};

record vote(slot at, synod::slot_value<command> value) {
  record made;
  made.kind = record_kind::vote;
  made.lane = synod::lane_id(9);
  made.at_slot = at;
  made.at = {1, 2, synod::node_id(3)};
  made.value = std::move(value);
  return made;
}

record lane_state(record_kind kind) {
  record made;
  made.kind = kind;
  made.at = {0, 2048, synod::node_id(3)};
  made.upto = slot(17);
  made.promises =
      synod::list<synod::promised_range>{{slot(1), slot(5), {1, 2, synod::node_id(3)}},
                                         {slot(6), synod::slot_max, {1, 9, synod::node_id(4)}}};
  made.configurations = synod::list<synod::governed_from>{{slot(1), example::members()},
                                                          {slot(300), example::members()}};
  return made;
}

std::vector<record> one_of_each() {
  auto learned = vote(slot(2), synod::slot_value<command>());
  learned.kind = record_kind::chosen;
  return {lane_state(record_kind::promise),
          vote(slot(1), example::commands(5)),
          lane_state(record_kind::reserved),
          learned,
          vote(slot(3), synod::slot_value<command>::of(example::members())),
          lane_state(record_kind::floor),
          lane_state(record_kind::mark)};
}

void expect_same(record const& a, record const& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.lane, b.lane);
  EXPECT_EQ(a.at_slot, b.at_slot);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(*a.promises, *b.promises);
  EXPECT_EQ(a.upto, b.upto);
  ASSERT_EQ(a.configurations->size(), b.configurations->size());
  for (std::size_t i = 0; i < a.configurations->size(); ++i) {
    EXPECT_EQ((*a.configurations)[i].first, (*b.configurations)[i].first);
    EXPECT_EQ((*a.configurations)[i].members, (*b.configurations)[i].members);
  }
}

TEST(records, every_kind_comes_back_as_it_was) {
  replica writes;
  replica reads;
  synod::encoded_records bytes;
  auto const all = one_of_each();
  ASSERT_FALSE(writes.records.encode(all, bytes));
  ASSERT_EQ(bytes.views().size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto const found = reads.records.decode(bytes.views()[i]);
    ASSERT_TRUE(found) << found.error();
    expect_same(*found, all[i]);
  }
}

TEST(records, the_body_of_a_vote_is_the_encoded_value_itself) {
  replica at;
  synod::encoded_records bytes;
  std::vector<record> const all{vote(slot(1), example::commands(64))};
  auto const value = *at.values.encoded(all[0].value);
  ASSERT_FALSE(at.records.encode(all, bytes));
  EXPECT_EQ(bytes.views()[0].body.data(), value.bytes().data());
  EXPECT_EQ(bytes.views()[0].checksum, value.checksum);
  // It stays readable when the value lets go of it before the disk is done.
  all[0].value.drop_encoded();
  EXPECT_EQ(synod::crc32c(bytes.views()[0].body), value.checksum);
}

TEST(records, addresses_and_checksums_are_those_of_the_record) {
  replica at;
  synod::encoded_records bytes;
  auto const all = one_of_each();
  ASSERT_FALSE(at.records.encode(all, bytes));
  for (std::size_t i = 0; i < all.size(); ++i) {
    synod::record_view const& view = bytes.views()[i];
    synod::record_address const expected{synod::group_id(3), all[i].lane, all[i].at_slot,
                                         all[i].kind};
    EXPECT_EQ(view.address, expected);
    EXPECT_EQ(view.at, all[i].at);
    EXPECT_EQ(view.checksum, synod::crc32c(view.body));
  }
}

TEST(records, golden_bytes) {
  replica at;
  synod::encoded_records bytes;
  auto promise = lane_state(record_kind::promise);
  promise.configurations = {};
  std::vector<record> const all{promise, lane_state(record_kind::reserved)};
  ASSERT_FALSE(at.records.encode(all, bytes));
  EXPECT_EQ(example::hex(bytes.views()[0].body),
            "1100000000000000"  // upto
            "02000000"
            "0100000000000000050000000000000002000000010000000300000000000000"
            "0600000000000000ffffffffffffffff09000000010000000400000000000000"
            "00000000");
}

TEST(records, each_wrong_address_is_refused_by_its_reason) {
  replica at;
  synod::encoded_records bytes;
  std::vector<record> const all{vote(slot(1), example::commands(2)),
                                lane_state(record_kind::promise)};
  ASSERT_FALSE(at.records.encode(all, bytes));
  auto const refusal = [&at](synod::record_view view) {
    auto const found = at.records.decode(view);
    return found ? error_code::none : found.error().code;
  };
  auto const with = [&bytes](std::size_t which, auto&& change) {
    synod::record_view view = bytes.views()[which];
    change(view);
    return view;
  };
  EXPECT_EQ(refusal(with(0, [](auto&) {})), error_code::none);
  EXPECT_EQ(refusal(with(0, [](auto& view) { view.address.group = synod::group_id(4); })),
            error_code::wrong_group);
  EXPECT_EQ(refusal(with(0, [](auto& view) { view.address.at = slot(0); })), error_code::malformed);
  EXPECT_EQ(refusal(with(1, [](auto& view) { view.address.at = slot(1); })), error_code::malformed);
  EXPECT_EQ(refusal(with(0, [](auto& view) { ++view.checksum; })), error_code::checksum_mismatch);
  EXPECT_EQ(refusal(with(0, [](auto& view) { view.body = view.body.first(9); })),
            error_code::checksum_mismatch);
  for (int kind = 0; kind < 256; ++kind) {
    if (kind >= 1 && kind <= 6) continue;
    EXPECT_EQ(refusal(with(
                  0, [kind](auto& view) { view.address.kind = static_cast<record_kind>(kind); })),
              error_code::wrong_kind);
  }
}

TEST(records, hostile_bodies_take_no_more_memory_than_they_are_worth) {
  replica at;
  synod::encoded_records bytes;
  auto const all = one_of_each();
  ASSERT_FALSE(at.records.encode(all, bytes));
  for (synod::record_view const& view : bytes.views()) {
    std::vector<std::byte> const body(view.body.begin(), view.body.end());
    hostile::feed_variations(
        body,
        [&view](std::span<std::byte const> input) {
          replica fresh;
          synod::record_view changed = view;
          changed.body = input;
          changed.checksum = synod::crc32c(input);
          return bool(fresh.records.decode(changed));
        },
        500);
  }
}

TEST(records, configurations_must_rise) {
  replica at;
  synod::encoded_records bytes;
  auto state = lane_state(record_kind::mark);
  auto configurations = *state.configurations;
  configurations[1].first = configurations[0].first;
  state.configurations = std::move(configurations);
  std::vector<record> const all{state};
  ASSERT_FALSE(at.records.encode(all, bytes));
  EXPECT_EQ(at.records.decode(bytes.views()[0]).error().code, error_code::malformed);
}

TEST(records, the_steady_state_allocates_nothing) {
  replica at;
  synod::encoded_records bytes;
  std::vector<record> all;
  for (std::uint64_t i = 1; i <= 8; ++i) all.push_back(vote(slot(i), example::commands(64)));
  all.push_back(lane_state(record_kind::promise));
  ASSERT_FALSE(at.records.encode(all, bytes));
  support::allocations const counted;
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(at.records.encode(all, bytes));
  EXPECT_EQ(counted.calls(), 0U);
}

}  // namespace
