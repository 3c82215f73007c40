// SPDX-License-Identifier: BSL-1.0
#include <synod/cereal/codec.hpp>
#include <synod/codec/values.hpp>

#include <gtest/gtest.h>

#include "codec/examples.hpp"
#include "examples.hpp"
#include "support/allocations.hpp"

namespace {

using synod::cereal_codec;
using bytes = std::vector<std::byte>;

static_assert(synod::codec<cereal_codec, example::request>);
static_assert(synod::costed_codec<cereal_codec, example::request>);
static_assert(synod::row_codec<cereal_codec, example::request>);
static_assert(!synod::bulk_codec<cereal_codec, example::request>);

template <class T>
void expect_comes_back(T const& value) {
  cereal_codec codec;
  bytes encoded;
  ASSERT_TRUE(codec.encode(value, encoded));
  T found{};
  ASSERT_TRUE(codec.decode(encoded, found));
  EXPECT_EQ(found, value);
}

TEST(cereal_codec, comes_back_as_it_was) {
  expect_comes_back(std::int64_t{-5});
  expect_comes_back(true);
  expect_comes_back(std::string());
  expect_comes_back(std::string(100'000, 'x'));
  expect_comes_back(std::vector<double>(5000, 0.1));
  expect_comes_back(example::request(example::put{"key", "value", example::colour::blue, true}));
  expect_comes_back(example::request(std::int64_t{7}));
  expect_comes_back(example::everything());
}

TEST(cereal_codec, golden_bytes) {
  cereal_codec codec;
  bytes encoded;
  ASSERT_TRUE(codec.encode(example::put{"key", "v", example::colour::blue, true}, encoded));
  EXPECT_EQ(example::hex(encoded),
            "03000000000000006b6579"
            "010000000000000076"
            "07"
            "01");
  encoded.clear();
  ASSERT_TRUE(codec.encode(example::request(example::get{"a"}), encoded));
  EXPECT_EQ(example::hex(encoded),
            "01000000"
            "010000000000000061");
  encoded.clear();
  ASSERT_TRUE(codec.encode(std::vector<std::uint16_t>{1, 0x0203}, encoded));
  EXPECT_EQ(example::hex(encoded),
            "0200000000000000"
            "0100"
            "0302");
  encoded.clear();
  ASSERT_TRUE(codec.encode(std::map<std::int32_t, bool>{{1, true}, {2, false}}, encoded));
  EXPECT_EQ(example::hex(encoded),
            "0200000000000000"
            "0100000001"
            "0200000000");
}

TEST(cereal_codec, appends_to_what_is_there) {
  cereal_codec codec;
  bytes encoded(3, std::byte{9});
  ASSERT_TRUE(codec.encode(std::uint16_t{0x0102}, encoded));
  ASSERT_TRUE(codec.encode(std::uint8_t{5}, encoded));
  EXPECT_EQ(example::hex(encoded),
            "0909090201"
            "05");
}

TEST(cereal_codec, large_values_pass_its_staging_area_in_order) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 400; ++i) {
    texts.push_back(std::string(i * 13 % 4500, static_cast<char>('a' + i % 26)));
  }
  expect_comes_back(texts);
}

TEST(cereal_codec, a_class_version_stands_in_every_value) {
  cereal_codec codec;
  example::versioned const value{5, 0};
  bytes first;
  bytes second;
  ASSERT_TRUE(codec.encode(value, first));
  ASSERT_TRUE(codec.encode(value, second));
  EXPECT_EQ(example::hex(first),
            "03000000"
            "05000000");
  EXPECT_EQ(first, second);
  for (int i = 0; i < 2; ++i) {
    example::versioned found;
    ASSERT_TRUE(codec.decode(first, found));
    EXPECT_EQ(found.value, 5U);
    EXPECT_EQ(found.seen, 3U);
  }
  std::vector<example::versioned> const row(3, value);
  bytes together;
  synod::list<std::uint32_t> lengths;
  std::size_t cost = 0;
  ASSERT_TRUE(codec.encode_each(std::span(row), together, lengths, cost));
  EXPECT_EQ(lengths, synod::list<std::uint32_t>(3, 8U));
  EXPECT_EQ(example::hex(together),
            example::hex(first) + example::hex(first) + example::hex(first));
}

TEST(cereal_codec, a_virtual_base_stands_in_every_value) {
  cereal_codec codec;
  example::diamond value;
  bytes first;
  bytes second;
  ASSERT_TRUE(codec.encode(value, first));
  ASSERT_TRUE(codec.encode(value, second));  // the same address again
  EXPECT_EQ(example::hex(first),
            "01000000"
            "02000000");
  EXPECT_EQ(first, second);
  value.a = value.b = 0;
  ASSERT_TRUE(codec.decode(first, value));
  value.a = 0;
  ASSERT_TRUE(codec.decode(first, value));
  EXPECT_EQ(value.a, 1);
  EXPECT_EQ(value.b, 2);
}

struct deferring {
  std::int32_t first = 1;
  std::int32_t last = 2;

  template <class A>
  void serialize(A& ar) {
    ar(cereal::defer(last), first);
    ar.serializeDeferments();
  }
};

TEST(cereal_codec, deferred_data_of_one_value_does_not_come_again_with_the_next) {
  cereal_codec codec;
  for (int i = 0; i < 2; ++i) {
    bytes encoded;
    ASSERT_TRUE(codec.encode(deferring{i, 7}, encoded));
    EXPECT_EQ(encoded.size(), 8U);
    deferring found;
    ASSERT_TRUE(codec.decode(encoded, found));
    EXPECT_EQ(found.first, i);
    EXPECT_EQ(found.last, 7);
  }
}

struct throws_on_demand {
  std::int32_t number = 0;

  template <class A>
  void serialize(A& ar) {
    ar(number);
    if (number == 13) throw 13;
  }
};

TEST(cereal_codec, whatever_a_serialize_function_throws_is_a_refusal) {
  cereal_codec codec;
  bytes encoded(2, std::byte{7});
  EXPECT_FALSE(codec.encode(throws_on_demand{13}, encoded));
  EXPECT_EQ(encoded.size(), 2U);
  encoded.clear();
  ASSERT_TRUE(codec.encode(std::int32_t{13}, encoded));
  throws_on_demand found;
  EXPECT_FALSE(codec.decode(encoded, found));
  encoded.clear();
  ASSERT_TRUE(codec.encode(throws_on_demand{12}, encoded));
  EXPECT_TRUE(codec.decode(encoded, found));
  EXPECT_EQ(found.number, 12);
}

TEST(cereal_codec, serves_as_the_codec_of_slot_values) {
  using command = example::request;
  synod::batch_pool<command> batches;
  synod::value_coder<command, cereal_codec> coder(batches);
  synod::slot_value<command> const value = example::batch_of<command>(20, [](std::size_t i) {
    return i % 2 == 0 ? command(example::get{std::string(i, 'k')})
                      : command(example::put{"k", "v", example::colour::green, false});
  });
  auto const known = coder.encoded(value);
  ASSERT_TRUE(known);
  synod::decode_allowance allowance(known->length);
  synod::slot_value<command> found;
  ASSERT_TRUE(coder.decode(known->bytes(), allowance, found));
  EXPECT_EQ(found, value);
  EXPECT_EQ(synod::list<command>(found.commands()), value.commands());
}

TEST(cereal_codec, a_command_that_cannot_be_written_refuses_its_batch) {
  using command = std::int32_t;
  synod::batch_pool<throws_on_demand> batches;
  synod::value_coder<throws_on_demand, cereal_codec> coder(batches);
  synod::slot_value<throws_on_demand> const value = example::batch_of<throws_on_demand>(
      14, [](std::size_t i) { return throws_on_demand{static_cast<command>(i)}; });
  auto const known = coder.encoded(value);
  ASSERT_FALSE(known);
  EXPECT_EQ(known.error().code, synod::error_code::too_large);
}

TEST(cereal_codec, the_steady_state_allocates_nothing) {
  struct account {
    std::uint64_t id = 1;
    std::array<std::int64_t, 4> amounts{};
    std::string name = "short";
    void serialize(synod::bounded_output& ar) { ar(id, amounts, name); }
    void serialize(synod::bounded_input& ar) { ar(id, amounts, name); }
  };
  cereal_codec codec;
  bytes encoded;
  account found;
  auto const round = [&] {
    encoded.clear();
    ASSERT_TRUE(codec.encode(account{}, encoded));
    ASSERT_TRUE(codec.decode(encoded, found));
  };
  round();
  support::allocations const counted;
  for (int i = 0; i < 100; ++i) round();
  EXPECT_EQ(counted.calls(), 0U);
}

}  // namespace
