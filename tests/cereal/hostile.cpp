// SPDX-License-Identifier: BSL-1.0
#include "codec/hostile.hpp"

#include <synod/cereal/codec.hpp>
#include <synod/codec/values.hpp>

#include <gtest/gtest.h>

#include "codec/examples.hpp"
#include "examples.hpp"

// What bytes that nobody vouches for try with cereal.

namespace {

using synod::cereal_codec;
using bytes = std::vector<std::byte>;

template <class... Fields>
bytes wire(Fields const&... fields) {
  bytes made;
  synod::wire_writer out(made);
  out(fields...);
  return made;
}

// Whether the bytes are a T, and that finding out took no more memory than the rule allows.
template <class T>
bool decodes(std::span<std::byte const> input) {
  support::allocations const counted;
  bool good = false;
  {
    cereal_codec codec;
    T found{};
    good = codec.decode(input, found);
  }
  EXPECT_LE(counted.peak(), 4 * input.size() + 65536) << "input of " << input.size();
  return good;
}

TEST(hostile_cereal, counts_that_the_bytes_cannot_hold_are_refused_unallocated) {
  for (std::uint64_t const count :
       {std::uint64_t{2}, std::uint64_t{1} << 31, std::uint64_t{1} << 33, std::uint64_t{1} << 61,
        UINT64_MAX / 8, UINT64_MAX}) {
    // Nine bytes, which cereal's own archives answer with gigabytes, bad_alloc or length_error.
    auto const input = wire(count, std::uint8_t{1});
    EXPECT_FALSE(decodes<std::string>(input));
    EXPECT_FALSE(decodes<std::u32string>(input));
    EXPECT_FALSE(decodes<std::vector<std::uint8_t>>(input));
    EXPECT_FALSE(decodes<std::vector<double>>(input));
    EXPECT_FALSE(decodes<std::vector<bool>>(input));
    EXPECT_FALSE(decodes<std::vector<std::string>>(input));
    EXPECT_FALSE(decodes<std::deque<int>>(input));
    EXPECT_FALSE(decodes<std::list<int>>(input));
    EXPECT_FALSE(decodes<std::forward_list<int>>(input));
    EXPECT_FALSE((decodes<std::map<int, int>>(input)));
    EXPECT_FALSE(decodes<std::set<int>>(input));
    EXPECT_FALSE((decodes<std::unordered_map<int, int>>(input)));
    EXPECT_FALSE(decodes<std::unordered_set<int>>(input));
    EXPECT_FALSE((decodes<std::vector<std::array<std::uint64_t, 1000>>>(input)));
  }
}

TEST(hostile_cereal, elements_that_are_large_in_memory_and_small_on_the_wire_are_bounded) {
  // Every byte is the start of an element: many counts, each of them honest.
  for (std::size_t const length : {1000U, 20'000U, 200'000U}) {
    bytes const zeros(length, std::byte{0});
    bytes counted = wire(std::uint64_t{length});
    counted.insert(counted.end(), zeros.begin(), zeros.end());
    decodes<std::set<std::uint8_t>>(counted);
    decodes<std::multiset<std::uint8_t>>(counted);
    decodes<std::list<std::uint8_t>>(counted);
    decodes<std::forward_list<std::uint8_t>>(counted);
    decodes<std::deque<std::uint8_t>>(counted);
    decodes<std::unordered_multiset<std::uint8_t>>(counted);
    decodes<std::vector<bool>>(counted);
    decodes<std::vector<std::uint8_t>>(counted);
    counted = wire(std::uint64_t{length / 8});
    counted.insert(counted.end(), zeros.begin(), zeros.end());
    decodes<std::vector<std::string>>(counted);
    decodes<std::vector<std::deque<int>>>(counted);
    decodes<std::vector<std::vector<std::uint8_t>>>(counted);
    decodes<std::list<std::vector<int>>>(counted);
    decodes<std::vector<std::array<std::string, 2>>>(counted);
    decodes<std::vector<std::optional<std::array<char, 300>>>>(counted);
  }
}

TEST(hostile_cereal, a_value_that_nobody_could_decode_is_not_encoded_either) {
  cereal_codec codec;
  bytes encoded;
  // 40 bytes of tree for each byte of wire: fine while small, refused when large.
  std::set<std::uint16_t> numbers;
  for (std::uint16_t i = 0; i < 100; ++i) numbers.insert(i);
  EXPECT_TRUE(codec.encode(numbers, encoded));
  std::set<std::uint16_t> found;
  EXPECT_TRUE(codec.decode(encoded, found));
  for (std::uint16_t i = 100; i < 20'000; ++i) numbers.insert(i);
  encoded.clear();
  EXPECT_FALSE(codec.encode(numbers, encoded));
  EXPECT_TRUE(encoded.empty());
  // Who knows what they do may allow more, at both ends.
  std::size_t cost = 0;
  ASSERT_TRUE(codec.encode(numbers, encoded, cost));
  synod::decode_allowance generous(50 * encoded.size());
  EXPECT_TRUE(codec.decode(encoded, found, generous));
  EXPECT_EQ(found, numbers);
}

TEST(hostile_cereal, what_encodes_always_decodes) {
  cereal_codec codec;
  synod::generator random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::map<std::string, std::vector<std::uint16_t>>> value(random.below(20));
    for (auto& one : value) {
      for (std::uint64_t left = random.below(30); left != 0; --left) {
        auto& list = one[std::string(random.below(40), static_cast<char>('a' + random.below(26)))];
        list.resize(random.below(10));
      }
    }
    bytes encoded;
    if (!codec.encode(value, encoded)) continue;
    decltype(value) found;
    ASSERT_TRUE(codec.decode(encoded, found)) << round;
    ASSERT_EQ(found, value);
  }
}

bytes nested(std::size_t depth) {
  bytes made;
  synod::wire_writer out(made);
  for (std::size_t i = 0; i < depth; ++i) out(std::uint64_t{1});
  out(std::uint64_t{0});
  return made;
}

TEST(hostile_cereal, nesting_has_an_end) {
  EXPECT_TRUE(decodes<example::tree>(nested(100)));
  EXPECT_FALSE(decodes<example::tree>(nested(200)));
  EXPECT_FALSE(decodes<example::tree>(nested(1'000'000)));  // 8 MB

  example::tree deep;
  for (int i = 0; i < 300; ++i) {
    example::tree parent;
    parent.children.push_back(std::move(deep));
    deep = std::move(parent);
  }
  cereal_codec codec;
  bytes encoded;
  EXPECT_FALSE(codec.encode(deep, encoded));
  EXPECT_TRUE(encoded.empty());
}

TEST(hostile_cereal, a_bool_is_one_or_zero_wherever_it_stands) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    auto const value = static_cast<std::uint8_t>(byte);
    bool const good = byte < 2;
    EXPECT_EQ(decodes<bool>(wire(value)), good);
    EXPECT_EQ((decodes<std::array<bool, 2>>(wire(std::uint8_t{1}, value))), good);
    EXPECT_EQ(decodes<std::vector<bool>>(wire(std::uint64_t{1}, value)), good);
    EXPECT_EQ((decodes<std::pair<bool, bool>>(wire(value, std::uint8_t{0}))), good);
    EXPECT_EQ((decodes<std::optional<std::uint8_t>>(wire(value, std::uint8_t{9}))), byte == 0);
  }
}

TEST(hostile_cereal, a_number_that_is_no_enumerator_is_refused_at_both_ends) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    bool const good = byte == 1 || byte == 2 || byte == 7;
    auto const value = static_cast<std::uint8_t>(byte);
    EXPECT_EQ(decodes<example::colour>(wire(value)), good);
    EXPECT_EQ(decodes<std::vector<example::colour>>(wire(std::uint64_t{1}, value)), good);
    EXPECT_EQ((decodes<std::map<example::colour, std::uint8_t>>(
                  wire(std::uint64_t{1}, value, std::uint8_t{0}))),
              good);
    cereal_codec codec;
    bytes encoded;
    EXPECT_EQ(codec.encode(static_cast<example::colour>(value), encoded), good);
  }
}

TEST(hostile_cereal, left_over_bytes_are_refused) {
  EXPECT_TRUE(decodes<std::uint16_t>(wire(std::uint16_t{1})));
  EXPECT_FALSE(decodes<std::uint16_t>(wire(std::uint16_t{1}, std::uint8_t{0})));
  EXPECT_FALSE(decodes<std::uint16_t>(wire(std::uint8_t{1})));
  EXPECT_FALSE(decodes<std::uint16_t>({}));
  EXPECT_FALSE(decodes<std::string>(wire(std::uint64_t{1}, std::uint8_t{65}, std::uint8_t{0})));
}

TEST(hostile_cereal, a_key_that_comes_twice_is_refused) {
  auto const twice = wire(std::uint64_t{2}, std::uint8_t{5}, std::uint8_t{5});
  EXPECT_FALSE(decodes<std::set<std::uint8_t>>(twice));
  EXPECT_FALSE(decodes<std::unordered_set<std::uint8_t>>(twice));
  EXPECT_TRUE(decodes<std::multiset<std::uint8_t>>(twice));
  auto const pairs =
      wire(std::uint64_t{2}, std::uint8_t{5}, std::uint8_t{1}, std::uint8_t{5}, std::uint8_t{2});
  EXPECT_FALSE((decodes<std::map<std::uint8_t, std::uint8_t>>(pairs)));
  EXPECT_FALSE((decodes<std::unordered_map<std::uint8_t, std::uint8_t>>(pairs)));
  EXPECT_TRUE((decodes<std::multimap<std::uint8_t, std::uint8_t>>(pairs)));
}

TEST(hostile_cereal, an_alternative_that_a_variant_does_not_have_is_refused) {
  using choice = std::variant<std::uint8_t, std::uint16_t>;
  EXPECT_TRUE(decodes<choice>(wire(std::uint32_t{0}, std::uint8_t{1})));
  for (std::uint32_t const index : {2U, 200U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    EXPECT_FALSE(decodes<choice>(wire(index, std::uint16_t{1})));
  }
}

// The sender of cereal's portable archives chooses the byte order by a flag in front.
TEST(hostile_cereal, no_byte_chooses_the_byte_order) {
  cereal_codec codec;
  for (int flag = 0; flag < 2; ++flag) {
    std::uint16_t found = 0;
    ASSERT_TRUE(codec.decode(wire(static_cast<std::uint8_t>(flag), std::uint8_t{2}), found));
    EXPECT_EQ(found, 0x0200 + flag);
  }
}

TEST(hostile_cereal, variations_of_good_values_stay_within_the_rule) {
  cereal_codec codec;
  bytes encoded;
  ASSERT_TRUE(codec.encode(example::everything(), encoded));
  hostile::feed_variations(encoded, [](std::span<std::byte const> input) {
    cereal_codec fresh;
    example::everything found;
    return fresh.decode(input, found);
  });
  encoded.clear();
  std::vector<example::request> const commands{example::put{"key", "value"}, example::get{"k"},
                                               std::int64_t{5}};
  ASSERT_TRUE(codec.encode(commands, encoded));
  hostile::feed_variations(encoded, [](std::span<std::byte const> input) {
    cereal_codec fresh;
    std::vector<example::request> found;
    return fresh.decode(input, found);
  });
}

TEST(hostile_cereal, a_batch_is_bounded_as_a_whole) {
  using command = std::vector<std::string>;
  synod::batch_pool<command> batches;
  synod::value_coder<command, cereal_codec> coder(batches);
  synod::slot_value<command> const value = example::batch_of<command>(
      30, [](std::size_t i) { return command(i % 5, std::string(i * 3, 'x')); });
  auto const known = coder.encoded(value);
  ASSERT_TRUE(known);
  bytes const good(known->bytes().begin(), known->bytes().end());
  hostile::feed_variations(
      good,
      [](std::span<std::byte const> input) {
        synod::batch_pool<command> pool;
        synod::value_coder<command, cereal_codec> fresh(pool);
        synod::decode_allowance allowance(input.size());
        synod::slot_value<command> found;
        return fresh.decode(input, allowance, found);
      },
      1500);
}

}  // namespace
