// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/wire.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace {

using synod::wire_reader;
using synod::wire_writer;

std::vector<std::byte> as_bytes(std::initializer_list<int> values) {
  std::vector<std::byte> made;
  for (int const value : values) made.push_back(static_cast<std::byte>(value));
  return made;
}

struct point {
  std::uint16_t x = 0;
  std::int64_t y = 0;
};
void encode(wire_writer& out, point const& value) { out(value.x, value.y); }
void decode(wire_reader& in, point& value) { in(value.x, value.y); }

TEST(wire, integers_are_little_endian_and_of_fixed_width) {
  std::vector<std::byte> bytes;
  wire_writer out(bytes);
  out(std::uint8_t{0x01}, std::uint16_t{0x0203}, std::uint32_t{0x04050607},
      std::uint64_t{0x08090a0b0c0d0e0f}, std::int64_t{-2}, true, false);
  EXPECT_EQ(bytes,
            as_bytes({0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a,
                      0x09, 0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00}));
}

TEST(wire, reads_back_what_was_written_at_every_boundary) {
  std::vector<std::byte> bytes;
  wire_writer out(bytes);
  std::uint64_t const largest = std::numeric_limits<std::uint64_t>::max();
  std::int64_t const least = std::numeric_limits<std::int64_t>::min();
  out(std::uint8_t{255}, std::uint16_t{65535}, std::uint32_t{4294967295U}, largest, least, true);
  out(point{7, -9});
  wire_reader in(bytes);
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::uint32_t c = 0;
  std::uint64_t d = 0;
  std::int64_t e = 0;
  bool f = false;
  point g;
  in(a, b, c, d, e, f, g);
  EXPECT_TRUE(in.finished());
  EXPECT_EQ(a, 255);
  EXPECT_EQ(b, 65535);
  EXPECT_EQ(c, 4294967295U);
  EXPECT_EQ(d, largest);
  EXPECT_EQ(e, least);
  EXPECT_TRUE(f);
  EXPECT_EQ(g.x, 7);
  EXPECT_EQ(g.y, -9);
}

TEST(wire, patches_what_was_written_before) {
  std::vector<std::byte> bytes = as_bytes({9});
  wire_writer out(bytes);
  std::size_t const at = out.position();
  out(std::uint32_t{0});
  out.bytes(as_bytes({1, 2, 3}));
  out.patch(at, static_cast<std::uint32_t>(out.position() - at - 4));
  EXPECT_EQ(bytes, as_bytes({9, 3, 0, 0, 0, 1, 2, 3}));
}

// Whatever memory there is, and whoever appends by himself in between.
TEST(wire, writing_ahead_leaves_the_same_bytes) {
  for (std::size_t room = 0; room < 400; ++room) {
    std::vector<std::byte> exact = as_bytes({7});
    std::vector<std::byte> ahead = exact;
    ahead.reserve(room);
    {
      wire_writer plain(exact);
      wire_writer out(ahead, synod::write_ahead{});
      for (std::uint16_t i = 0; i < 40; ++i) {
        plain(i, point{i, -i});
        out(i, point{i, -i});
        ASSERT_EQ(out.position(), exact.size());
        if (i % 8 == 3) {
          plain.bytes(as_bytes({1, 2, 3}));
          out.bytes(as_bytes({1, 2, 3}));
          ASSERT_EQ(ahead.size(), exact.size());
        }
        if (i % 8 == 5) {
          plain.sink().push_back(std::byte{4});
          out.sink().push_back(std::byte{4});
        }
        plain.patch(1, i);
        out.patch(1, i);
      }
      out.expect(room);
      ASSERT_GE(ahead.capacity(), exact.size() + room);
    }
    ASSERT_EQ(ahead, exact) << room;
  }
  std::vector<std::byte> kept;
  wire_writer out(kept, synod::write_ahead{});
  out.expect(11);
  std::size_t const room = kept.capacity();
  out(std::uint64_t{1}, std::uint16_t{2}, std::uint8_t{3});
  EXPECT_EQ(out.sink().size(), 11U);
  EXPECT_EQ(kept.capacity(), room) << "a value keeps what it asked for";
}

TEST(wire, fails_for_good_at_the_first_thing_that_does_not_fit) {
  for (std::size_t length = 0; length < 10; ++length) {
    std::vector<std::byte> const bytes(length, std::byte{1});
    wire_reader in(bytes);
    point some{5, 5};
    in(some);
    EXPECT_TRUE(in.failed()) << length;
    EXPECT_FALSE(in.finished());
    EXPECT_EQ(in.remaining(), 0U);
    // From here on everything is zero, so that no later loop runs on what was left over.
    EXPECT_EQ(in.get<std::uint8_t>(), 0);
    EXPECT_EQ(in.count(1, 1), 0U);
    EXPECT_TRUE(in.bytes(1).empty());
  }
}

TEST(wire, is_not_finished_while_something_is_left_over) {
  auto const bytes = as_bytes({1, 2});
  wire_reader in(bytes);
  EXPECT_EQ(in.get<std::uint8_t>(), 1);
  EXPECT_FALSE(in.failed());
  EXPECT_FALSE(in.finished());
  EXPECT_EQ(in.get<std::uint8_t>(), 2);
  EXPECT_TRUE(in.finished());
}

TEST(wire, a_bool_is_one_or_zero) {
  for (int byte = 0; byte < 256; ++byte) {
    auto const bytes = as_bytes({byte});
    wire_reader in(bytes);
    bool value = false;
    in(value);
    EXPECT_EQ(in.failed(), byte > 1);
    EXPECT_EQ(value, byte == 1);
  }
}

TEST(wire, a_count_is_refused_if_its_elements_cannot_be_there) {
  std::vector<std::byte> bytes;
  wire_writer{bytes}(std::uint32_t{5});
  bytes.resize(4 + 20);
  EXPECT_EQ(wire_reader(bytes).count(4, 1), 5U);
  EXPECT_EQ(wire_reader(bytes).count(5, 1), 0U);
  wire_reader beyond(bytes);
  EXPECT_EQ(beyond.count(5, 1), 0U);
  EXPECT_TRUE(beyond.failed());

  std::vector<std::byte> hostile;
  wire_writer{hostile}(std::uint32_t{0xffffffff});
  hostile.resize(4 + 64);
  wire_reader in(hostile);
  EXPECT_EQ(in.count(1, 1), 0U);
  EXPECT_TRUE(in.failed());
}

TEST(wire, a_count_is_refused_if_its_elements_would_take_too_much_memory) {
  std::vector<std::byte> bytes;
  wire_writer{bytes}(std::uint32_t{1000});
  bytes.resize(4 + 1000);
  std::size_t const allowed = 3 * bytes.size() + synod::decode_allowance::free_bytes;
  EXPECT_EQ(wire_reader(bytes).count(1, allowed / 1000), 1000U);
  wire_reader in(bytes);
  EXPECT_EQ(in.count(1, allowed / 1000 + 1), 0U);
  EXPECT_TRUE(in.failed());
}

TEST(wire, the_allowance_is_shared_by_everything_in_one_input) {
  synod::decode_allowance allowance(100);
  std::size_t const all = 300 + synod::decode_allowance::free_bytes;
  EXPECT_TRUE(allowance.take(1, all - 10));
  EXPECT_FALSE(allowance.take(1, 11));
  EXPECT_TRUE(allowance.take(10, 1));
  EXPECT_FALSE(allowance.take(1, 1));
  EXPECT_TRUE(allowance.take(1000, 0));
  EXPECT_FALSE(allowance.take(SIZE_MAX, SIZE_MAX));
}

TEST(wire, slices_keep_the_bytes_of_a_shared_buffer_alive) {
  synod::byte_slice kept;
  {
    synod::shared_bytes const owner(as_bytes({0, 1, 2, 3, 4, 5, 6, 7}));
    synod::byte_slice const body{owner, 2, 5, 0};
    wire_reader in(body);
    EXPECT_EQ(in.remaining(), 5U);
    EXPECT_EQ(in.get<std::uint8_t>(), 2);
    kept = in.slice(3, 99);
    EXPECT_FALSE(in.finished());
    EXPECT_TRUE(in.slice(2, 0).empty());
    EXPECT_TRUE(in.failed());
  }
  EXPECT_EQ(kept.offset, 3U);
  EXPECT_EQ(kept.checksum, 99U);
  EXPECT_EQ(std::vector(kept.bytes().begin(), kept.bytes().end()), as_bytes({3, 4, 5}));
}

// Whoever sends a whole whose checksum is right may still claim a wrong one for a part of it, which
// would be kept, and written to a disk, with the part.
TEST(wire, a_part_has_its_own_checksum_whatever_that_of_the_whole_is) {
  for (std::size_t const length : {1U, 8U, 9U, 100U, 5000U, 16383U, 16384U, 70000U}) {
    std::vector<std::byte> bytes(length + 8);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7);
    std::uint32_t const whole = synod::crc32c(bytes);
    std::uint32_t const right = synod::crc32c(std::span(bytes).subspan(5, length));
    synod::byte_slice const all{synod::shared_bytes(bytes), 0,
                                static_cast<std::uint32_t>(bytes.size()), whole};
    wire_reader in(all);
    (void)in.bytes(5);
    auto const part = in.bytes(length);
    EXPECT_TRUE(in.has_checksum(part, right)) << length;
    EXPECT_FALSE(in.has_checksum(part, right ^ 1)) << length;
    EXPECT_FALSE(in.has_checksum(part, whole)) << length;
  }
}

TEST(wire, slices_of_bytes_that_nobody_shares_are_read_but_not_kept) {
  auto const bytes = as_bytes({1, 2, 3});
  wire_reader in(bytes);
  EXPECT_TRUE(in.slice(2, 0).empty());
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(in.remaining(), 1U);
}

}  // namespace
