// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/greeting.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace synod;
using namespace synod::asio;

greeting sample() {
  greeting made;
  made.from = node_id(1);
  made.to = node_id(2);
  made.store = {0x1111, 0x2222};
  made.life = {3, 0x4444};
  made.cluster = {0x5555, 0x6666};
  made.highest_round = 77;
  made.cluster_name = "demo";
  made.protocol = "multi_paxos";
  made.clients = "127.0.0.1:7001";
  made.service = "x";
  return made;
}

result<greeting> read_back(std::vector<std::byte> bytes) {
  auto const one = decode_frame(shared_bytes(std::move(bytes)), frame_family::peer,
                                frame_body_before_handshake_max);
  if (!one) return one.error();
  return read_greeting(one->header, one->body.bytes());
}

std::string hexadecimal(std::span<std::byte const> bytes) {
  std::string text;
  for (std::byte const one : bytes) {
    text += "0123456789abcdef"[std::to_integer<unsigned>(one) >> 4];
    text += "0123456789abcdef"[std::to_integer<unsigned>(one) & 15];
  }
  return text;
}

TEST(greeting, comes_back_as_it_was_written) {
  std::vector<std::byte> bytes;
  write_greeting(bytes, sample());
  auto const got = read_back(bytes);
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(*got, sample());
}

// The bytes on the wire are a promise to nodes of other versions.
TEST(greeting, has_the_bytes_it_had_in_the_first_version) {
  std::vector<std::byte> bytes;
  write_greeting(bytes, sample());
  EXPECT_EQ(hexadecimal(std::span(bytes).subspan(frame_header_length)),
            "01"
            "0000"
            "0100"
            "0100"
            "0200000000000000"
            "1111000000000000"
            "2222000000000000"
            "4d000000"
            "0464656d6f"
            "0b6d756c74695f7061786f73"
            "0e3132372e302e302e313a37303031"
            "0178");
}

TEST(greeting, may_grow_at_its_end) {
  std::vector<std::byte> bytes;
  write_greeting(bytes, sample());
  auto one = decode_frame(shared_bytes(bytes), frame_family::peer, frame_body_before_handshake_max);
  ASSERT_TRUE(one);
  std::vector<std::byte> longer(one->body.bytes().begin(), one->body.bytes().end());
  longer.insert(longer.end(), 20, std::byte{9});
  auto const got = read_greeting(one->header, longer);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, sample());
}

TEST(greeting, cut_anywhere_is_refused) {
  std::vector<std::byte> bytes;
  write_greeting(bytes, sample());
  auto one = decode_frame(shared_bytes(bytes), frame_family::peer, frame_body_before_handshake_max);
  ASSERT_TRUE(one);
  for (std::size_t length = 0; length < one->body.bytes().size(); ++length) {
    EXPECT_FALSE(read_greeting(one->header, one->body.bytes().first(length))) << length;
  }
}

TEST(greeting, with_a_step_that_there_is_not_is_refused) {
  for (int step : {0, 4, 255}) {
    std::vector<std::byte> body;
    greeting what = sample();
    what.step = static_cast<greeting_step>(step);
    write_greeting(body, what);
    EXPECT_FALSE(read_back(body)) << step;
  }
}

TEST(greeting, is_checked_against_our_own) {
  greeting mine = sample();
  mine.from = node_id(2);
  mine.to = node_id(0);
  auto const judged = [&](auto&& change) {
    greeting got = sample();
    change(got);
    return check_greeting(got, mine).code;
  };
  EXPECT_EQ(judged([](greeting&) {}), error_code::none);
  EXPECT_EQ(judged([](greeting& got) { got.version_oldest = got.version_newest = 2; }),
            error_code::wrong_version);
  EXPECT_EQ(judged([](greeting& got) { got.version_oldest = got.version_newest = 0; }),
            error_code::wrong_version);
  EXPECT_EQ(judged([](greeting& got) { got.version_newest = 9; }), error_code::none);
  EXPECT_EQ(judged([](greeting& got) { got.cluster.low ^= 1; }), error_code::wrong_cluster);
  EXPECT_EQ(judged([](greeting& got) { got.cluster_name = "other"; }), error_code::wrong_cluster);
  EXPECT_EQ(judged([](greeting& got) { got.cluster = {}; }), error_code::none);
  EXPECT_EQ(judged([](greeting& got) { got.protocol = "mencius"; }), error_code::wrong_protocol);
  EXPECT_EQ(judged([](greeting& got) { got.to = node_id(3); }), error_code::wrong_receiver);
  EXPECT_EQ(judged([](greeting& got) { got.from = node_id(2); }), error_code::duplicate_member);
}

TEST(greeting, strangers_are_not_told_why_they_are_refused) {
  greeting const mine = sample();
  greeting got = sample();
  EXPECT_TRUE(may_be_told(got, mine, error_code::wrong_protocol));
  EXPECT_FALSE(may_be_told(got, mine, error_code::malformed));
  got.cluster_name = "other";
  EXPECT_FALSE(may_be_told(got, mine, error_code::wrong_cluster));
  EXPECT_FALSE(may_be_told(greeting(), greeting(), error_code::wrong_version));
}

}  // namespace
