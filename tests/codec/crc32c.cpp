// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include <synod/codec/crc32c.hpp>

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> made(text.size());
  std::memcpy(made.data(), text.data(), text.size());
  return made;
}

// One bit at a time, as the definition says it: slow and plain.
std::uint32_t by_definition(std::span<std::byte const> bytes) {
  std::uint32_t rest = ~0U;
  for (std::byte const one : bytes) {
    rest ^= std::to_integer<std::uint32_t>(one);
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~rest;
}

std::vector<std::byte> noise(std::size_t length) {
  std::vector<std::byte> made(length);
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (std::byte& one : made) {
    state = state * 6364136223846793005 + 1442695040888963407;
    one = static_cast<std::byte>(state >> 56);
  }
  return made;
}

TEST(crc32c, known_vectors) {
  EXPECT_EQ(synod::crc32c({}), 0U);
  EXPECT_EQ(synod::crc32c(bytes_of("123456789")), 0xe3069283U);
  EXPECT_EQ(synod::crc32c(bytes_of("a")), 0xc1d04330U);

  // RFC 3720, B.4.
  std::array<std::byte, 32> block{};
  EXPECT_EQ(synod::crc32c(block), 0x8a9136aaU);
  block.fill(std::byte{0xff});
  EXPECT_EQ(synod::crc32c(block), 0x62a8ab43U);
  for (std::size_t i = 0; i < 32; ++i) block[i] = static_cast<std::byte>(i);
  EXPECT_EQ(synod::crc32c(block), 0x46dd794eU);
  for (std::size_t i = 0; i < 32; ++i) block[i] = static_cast<std::byte>(31 - i);
  EXPECT_EQ(synod::crc32c(block), 0x113fdb5cU);
}

TEST(crc32c, table_and_instruction_agree_with_the_definition_at_every_length_and_alignment) {
  namespace crc = synod::detail::crc;
  std::vector<std::byte> const all = noise(8000);
  std::vector<std::size_t> lengths;
  for (std::size_t length = 0; length <= 700; ++length) lengths.push_back(length);
  for (std::size_t const near : {3072U, 3072U + 192U, 6144U, 7900U}) {
    for (std::size_t length = near - 9; length <= near + 9; ++length) lengths.push_back(length);
  }
  for (std::size_t const length : lengths) {
    for (std::size_t offset = 0; offset < 8; ++offset) {
      auto const part = std::span(all).subspan(offset, length);
      std::uint32_t const expected = by_definition(part);
      ASSERT_EQ(crc::with_table(0, part.data(), length), expected) << length << '+' << offset;
      ASSERT_EQ(synod::crc32c(part), expected) << length << '+' << offset;
      if (crc::has_instruction()) {
        ASSERT_EQ(crc::with_instruction(0, part.data(), length), expected) << length;
      }
    }
  }
}

// The literals are what the definition makes of them: x to a power, by so many multiplications by
// x.
TEST(crc32c, multiplies_by_the_powers_it_says) {
  namespace crc = synod::detail::crc;
  auto const times_x = [](std::uint32_t what) {
    return (what >> 1) ^ ((what & 1) != 0 ? crc::polynomial : 0);
  };
  std::uint32_t one_byte = 0x80000000;
  for (int bit = 0; bit < 8; ++bit) one_byte = times_x(one_byte);
  EXPECT_EQ(crc::moves[0], one_byte);
  for (std::size_t at = 0; at < std::size(crc::moves); ++at) {
    EXPECT_EQ(crc::moves[(at + 1) % std::size(crc::moves)],
              crc::product(crc::moves[at], crc::moves[at]))
        << at;
  }
#if defined(__GNUC__) && defined(__x86_64__)
  std::uint32_t less = 0x80000000;
  for (int bit = 0; bit < 33; ++bit) less = times_x(less);
  for (std::size_t at = 0; at < std::size(crc::moves); ++at) {
    EXPECT_EQ(crc::product(crc::moves_less[at], less), crc::moves[at]) << at;
    if (!crc::has_instruction()) continue;
    EXPECT_EQ(crc::shifted_with_instruction(0x12345678, std::uint64_t{5} << at),
              crc::product(crc::moves[(at + 2) % 31], crc::product(crc::moves[at], 0x12345678)))
        << at;
  }
#endif
}

TEST(crc32c, continues_over_any_split) {
  std::vector<std::byte> const all = noise(500);
  std::uint32_t const whole = synod::crc32c(all);
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    auto const first = std::span(all).first(cut);
    auto const second = std::span(all).subspan(cut);
    ASSERT_EQ(synod::crc32c(second, synod::crc32c(first)), whole) << cut;
  }
}

TEST(crc32c, joins_the_checksums_of_two_parts) {
  std::vector<std::byte> all(70'000);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::byte>(i * i >> 3);
  std::span<std::byte const> const whole(all);
  std::uint32_t const expected = synod::crc32c(whole);
  for (std::size_t const cut : {0U, 1U, 7U, 64U, 4095U, 4096U, 65'535U, 69'999U, 70'000U}) {
    auto const first = synod::crc32c(whole.first(cut));
    auto const second = synod::crc32c(whole.subspan(cut));
    EXPECT_EQ(synod::crc32c_joined(first, second, all.size() - cut), expected) << cut;
  }
  for (std::size_t const begin : {0U, 8U, 100U, 30'000U}) {
    for (std::size_t const length : {0U, 5U, 16'384U, 20'000U, 40'000U}) {
      auto const part = synod::crc32c(whole.subspan(begin, length));
      EXPECT_EQ(synod::crc32c_around(whole, {begin, length, part}), expected);
      bool const believed = length >= 16'384;
      EXPECT_EQ(synod::crc32c_around(whole, {begin, length, part ^ 1}) != expected, believed);
    }
  }
  EXPECT_EQ(synod::crc32c_around(whole, {60'000, 20'000, 7}), expected) << "no part of these";
}

TEST(crc32c, notices_every_single_flipped_bit) {
  std::vector<std::byte> all = noise(260);
  std::uint32_t const whole = synod::crc32c(all);
  for (std::size_t bit = 0; bit < all.size() * 8; ++bit) {
    all[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    ASSERT_NE(synod::crc32c(all), whole) << bit;
    all[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

}  // namespace
