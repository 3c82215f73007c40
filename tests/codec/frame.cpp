// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/frame.hpp>
#include <synod/codec/frame_decoder.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

namespace {

using synod::error_code;
using synod::frame_family;
using synod::frame_header;
using synod::frame_kind;

frame_header example() {
  frame_header header;
  header.kind = frame_kind::protocol;
  header.group = synod::group_id(7);
  header.cluster = {0x1112131415161718, 0x2122232425262728};
  header.from = synod::node_id(0x3132333435363738);
  header.life = {3, 0x4142434445464748};
  return header;
}

std::vector<std::byte> make_frame(frame_header const& header, std::size_t length,
                                  frame_family family = frame_family::peer) {
  std::vector<std::byte> bytes;
  std::size_t const begin = synod::begin_frame(bytes);
  for (std::size_t i = 0; i < length; ++i) bytes.push_back(static_cast<std::byte>(i * 7 + 1));
  synod::end_frame(bytes, begin, family, header);
  return bytes;
}

// Gives the header of a frame a right checksum again after it was tampered with.
void seal_header(std::vector<std::byte>& bytes) {
  synod::wire_writer(bytes).patch(60, synod::crc32c(std::span(bytes).first(60)));
}

error_code refusal_of(std::vector<std::byte> bytes, frame_family family = frame_family::peer,
                      std::uint32_t body_max = 4096) {
  auto const decoded = synod::decode_frame(synod::shared_bytes(std::move(bytes)), family, body_max);
  return decoded ? error_code::none : decoded.error().code;
}

std::string hex(std::span<std::byte const> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::byte const one : bytes) {
    text += digits[std::to_integer<unsigned>(one) >> 4];
    text += digits[std::to_integer<unsigned>(one) & 15];
  }
  return text;
}

TEST(frame, golden_bytes) {
  EXPECT_EQ(hex(make_frame(example(), 3)),
            "53594e50"                          // SYNP
            "0100"                              // version
            "0300"                              // kind, zero
            "07000000"                          // group
            "03000000"                          // length
            "18171615141312112827262524232221"  // cluster
            "3837363534333231"                  // from
            "03000000000000004847464544434241"  // incarnation
            "98ce2206"                          // body checksum
            "eff2a9cc"                          // header checksum
            "01080f");
}

TEST(frame, comes_back_as_it_was) {
  for (std::size_t const length : {0U, 1U, 63U, 64U, 4096U}) {
    auto const decoded = synod::decode_frame(synod::shared_bytes(make_frame(example(), length)),
                                             frame_family::peer, 4096);
    ASSERT_TRUE(decoded) << decoded.error();
    EXPECT_EQ(decoded->header.kind, frame_kind::protocol);
    EXPECT_EQ(decoded->header.group, synod::group_id(7));
    EXPECT_EQ(decoded->header.cluster, example().cluster);
    EXPECT_EQ(decoded->header.from, example().from);
    EXPECT_EQ(decoded->header.life, example().life);
    EXPECT_EQ(decoded->header.length, length);
    ASSERT_EQ(decoded->body.bytes().size(), length);
    EXPECT_EQ(decoded->body.checksum, synod::crc32c(decoded->body.bytes()));
  }
}

TEST(frame, every_truncation_is_refused) {
  auto const whole = make_frame(example(), 40);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(refusal_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}),
              error_code::truncated)
        << length;
  }
  auto longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_EQ(refusal_of(longer), error_code::malformed);
}

TEST(frame, every_flipped_bit_is_refused) {
  auto bytes = make_frame(example(), 40);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_EQ(refusal_of(bytes), bit < 32 ? error_code::wrong_magic : error_code::checksum_mismatch)
        << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
  EXPECT_EQ(refusal_of(bytes), error_code::none);
}

TEST(frame, each_field_is_refused_by_its_own_reason) {
  auto const whole = make_frame(example(), 8);
  auto const with = [&whole](std::size_t at, int value) {
    auto bytes = whole;
    bytes[at] = static_cast<std::byte>(value);
    seal_header(bytes);
    return bytes;
  };
  EXPECT_EQ(refusal_of(with(4, 2)), error_code::wrong_version);
  EXPECT_EQ(refusal_of(with(5, 1)), error_code::wrong_version);
  EXPECT_EQ(refusal_of(with(7, 1)), error_code::malformed);
  EXPECT_EQ(refusal_of(with(12, 7)), error_code::malformed);   // shorter than what came
  EXPECT_EQ(refusal_of(with(12, 9)), error_code::truncated);   // longer
  EXPECT_EQ(refusal_of(with(13, 16)), error_code::oversized);  // 4096 + 8
  EXPECT_EQ(refusal_of(with(15, 255)), error_code::oversized);
  EXPECT_EQ(refusal_of(with(56, 0)), error_code::checksum_mismatch);
  for (int kind = 0; kind < 256; ++kind) {
    bool const known = kind >= 1 && kind <= 5;
    EXPECT_EQ(refusal_of(with(6, kind)), known ? error_code::none : error_code::wrong_kind);
  }
}

TEST(frame, a_client_cannot_speak_to_peers) {
  auto header = example();
  header.kind = frame_kind::request;
  auto const request = make_frame(header, 8, frame_family::client);
  EXPECT_EQ(refusal_of(request, frame_family::client), error_code::none);
  EXPECT_EQ(refusal_of(request, frame_family::peer), error_code::wrong_magic);
  // Neither by the magic of the peers with a kind of its own, nor the other way round.
  EXPECT_EQ(refusal_of(make_frame(header, 8, frame_family::peer)), error_code::wrong_kind);
  EXPECT_EQ(refusal_of(make_frame(example(), 8, frame_family::client), frame_family::client),
            error_code::wrong_kind);
}

TEST(frame, origin_is_compared_with_what_the_handshake_verified) {
  auto const verified = example();
  auto const check = [&verified](frame_header const& header) {
    return synod::check_origin(header, verified.cluster, verified.life).code;
  };
  EXPECT_EQ(check(verified), error_code::none);
  auto other = verified;
  other.cluster.high ^= 1;
  EXPECT_EQ(check(other), error_code::wrong_cluster);
  other = verified;
  other.life.counter -= 1;
  EXPECT_EQ(check(other), error_code::dead_incarnation);
  other = verified;
  other.life.counter += 1;
  EXPECT_EQ(check(other), error_code::unverified_sender);
  other = verified;
  other.life.nonce ^= 1;  // a cloned disk
  EXPECT_EQ(check(other), error_code::unverified_sender);
}

// Feeds a stream in pieces of one size and collects the lengths of the bodies that came out, or
// that were only shown.
std::vector<std::size_t> decode_stream(std::span<std::byte const> stream, std::size_t piece,
                                       synod::frame_decoder& decoder, bool passing = false) {
  std::vector<std::size_t> lengths;
  while (!stream.empty()) {
    auto part = stream.first(piece < stream.size() ? piece : stream.size());
    stream = stream.subspan(part.size());
    auto const note = [&](synod::frame_header const& header, std::span<std::byte const> body) {
      EXPECT_EQ(synod::crc32c(body), header.body_checksum);
      lengths.push_back(body.size());
    };
    auto const show = [&](synod::passing_frame const& one) { note(one.header, one.body); };
    while (passing && decoder.pass(part, show)) {
    }
    while (auto found = decoder.next(part)) note(found->header, found->body.bytes());
  }
  return lengths;
}

TEST(frame_decoder, cuts_a_stream_into_frames_however_it_arrives) {
  std::vector<std::size_t> const lengths{0, 1, 100, 0, 0, 4096, 64, 3};
  std::vector<std::byte> stream;
  for (std::size_t const length : lengths) {
    auto const one = make_frame(example(), length);
    stream.insert(stream.end(), one.begin(), one.end());
  }
  synod::bytes_pool pool;
  for (std::size_t const piece : {1U, 2U, 63U, 64U, 65U, 1000U, 1000000U}) {
    for (bool const passing : {false, true}) {
      synod::frame_counters counters;
      synod::frame_decoder decoder(frame_family::peer, pool, counters);
      EXPECT_EQ(decode_stream(stream, piece, decoder, passing), lengths) << piece;
      EXPECT_FALSE(decoder.failed());
      EXPECT_TRUE(decoder.between_frames());
      EXPECT_EQ(counters.frames, lengths.size());
      EXPECT_EQ(counters.refused.total(), 0U);
    }
  }
}

TEST(frame_decoder, takes_the_rest_of_a_long_body_where_it_is_put) {
  std::vector<std::size_t> const lengths{70'000, 3, 20'000, 0, 70'000, 4096, 70'000};
  std::vector<std::byte> stream;
  for (std::size_t const length : lengths) {
    auto const one = make_frame(example(), length);
    stream.insert(stream.end(), one.begin(), one.end());
  }
  synod::bytes_pool pool;
  for (std::size_t const piece : {1U, 100U, 1000U, 6000U, 32768U}) {
    synod::frame_counters counters;
    synod::frame_decoder decoder(frame_family::peer, pool, counters);
    decoder.body_max(70'000);
    std::vector<std::size_t> found;
    std::size_t direct = 0;
    auto left = std::span(std::as_const(stream));
    while (!left.empty()) {
      // As a read does it: first where the rest belongs, then a little behind it.
      auto const rest = decoder.rest();
      std::size_t const here = rest.size() < left.size() ? rest.size() : left.size();
      std::copy_n(left.begin(), here, rest.begin());
      decoder.put(here);
      direct += here;
      left = left.subspan(here);
      auto part = left.first(piece < left.size() ? piece : left.size());
      left = left.subspan(part.size());
      while (auto const one = decoder.next(part)) {
        EXPECT_EQ(synod::crc32c(one->body.bytes()), one->header.body_checksum);
        found.push_back(one->body.bytes().size());
      }
    }
    EXPECT_EQ(found, lengths) << piece;
    EXPECT_FALSE(decoder.failed());
    EXPECT_TRUE(decoder.between_frames());
    EXPECT_GT(direct, 100'000U) << "what the long ones were not copied from";
    EXPECT_TRUE(decoder.rest().empty());
  }
}

TEST(frame_decoder, the_first_refusal_is_final_and_counted) {
  auto const good = make_frame(example(), 10);
  auto bad = good;
  bad[70] ^= std::byte{1};
  std::vector<std::byte> stream = good;
  stream.insert(stream.end(), bad.begin(), bad.end());
  stream.insert(stream.end(), good.begin(), good.end());
  synod::bytes_pool pool;
  for (std::size_t const piece : {1U, 50U, 1000U}) {
    for (bool const passing : {false, true}) {
      synod::frame_counters counters;
      synod::frame_decoder decoder(frame_family::peer, pool, counters);
      EXPECT_EQ(decode_stream(stream, piece, decoder, passing).size(), 1U);
      EXPECT_EQ(decoder.failed().code, error_code::checksum_mismatch);
      EXPECT_EQ(counters.frames, 1U);
      EXPECT_EQ(counters.refused.of(error_code::checksum_mismatch), 1U);
      EXPECT_EQ(counters.refused.total(), 1U);
    }
  }
}

TEST(frame_decoder, every_flipped_bit_ends_the_stream_or_leaves_it_waiting) {
  auto bytes = make_frame(example(), 30);
  auto const behind = make_frame(example(), 5);
  synod::bytes_pool pool;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto stream = bytes;
    stream[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    stream.insert(stream.end(), behind.begin(), behind.end());
    for (bool const passing : {false, true}) {
      synod::frame_counters counters;
      synod::frame_decoder decoder(frame_family::peer, pool, counters);
      EXPECT_TRUE(decode_stream(stream, passing ? 1000 : 33, decoder, passing).empty()) << bit;
      EXPECT_TRUE(decoder.failed()) << bit;
    }
  }
}

TEST(frame_decoder, is_strict_until_the_handshake_and_checks_the_length_before_the_body_comes) {
  auto const large = make_frame(example(), 5000);
  synod::bytes_pool pool;
  synod::frame_counters counters;
  synod::frame_decoder before(frame_family::peer, pool, counters);
  auto head = std::span(std::as_const(large)).first(64);
  EXPECT_FALSE(before.next(head));
  EXPECT_EQ(before.failed().code, error_code::oversized);
  EXPECT_EQ(before.failed().value, 5000U);
  EXPECT_EQ(counters.refused.of(error_code::oversized), 1U);

  synod::frame_decoder after(frame_family::peer, pool, counters);
  after.body_max(5000);
  auto all = std::span(std::as_const(large));
  EXPECT_TRUE(after.next(all));
}

TEST(frame_decoder, holds_no_more_than_what_arrived) {
  frame_header const header = example();
  auto const large = make_frame(header, std::size_t{4} << 20);
  synod::bytes_pool pool;
  synod::frame_counters counters;
  synod::frame_decoder decoder(frame_family::peer, pool, counters);
  decoder.body_max(synod::frame_body_max_default);
  support::allocations const counted;
  std::size_t fed = 0;
  for (auto rest = std::span(std::as_const(large)); !rest.empty();) {
    auto part = rest.first(rest.size() < 1500 ? rest.size() : 1500);
    rest = rest.subspan(part.size());
    fed += part.size();
    auto const found = decoder.next(part);
    ASSERT_EQ(found.has_value(), rest.empty());
    ASSERT_LE(counted.peak(), 4 * fed + 65536) << "after " << fed;
  }
}

TEST(frame_decoder, allocates_nothing_in_steady_state) {
  auto const one = make_frame(example(), 1100);
  synod::bytes_pool pool;
  synod::frame_counters counters;
  synod::frame_decoder decoder(frame_family::peer, pool, counters);
  auto const feed = [&] {
    for (int i = 0; i < 8; ++i) {
      auto part = std::span(one);
      auto const found = decoder.next(part);
      ASSERT_TRUE(found);
    }
  };
  feed();
  support::allocations const counted;
  feed();
  EXPECT_EQ(counted.calls(), 0U);
}

TEST(frame, encoding_allocates_nothing_in_steady_state) {
  std::vector<std::byte> scratch;
  synod::bytes_pool pool;
  auto const send = [&] {
    std::size_t const begin = synod::begin_frame(scratch);
    for (int i = 0; i < 500; ++i) scratch.push_back(std::byte{1});
    synod::end_frame(scratch, begin, frame_family::peer, example());
    return pool.seal(scratch);
  };
  for (int i = 0; i < 3; ++i) static_cast<void>(send());
  support::allocations const counted;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send().bytes().size(), 564U);
  EXPECT_EQ(counted.calls(), 0U);
}

}  // namespace
