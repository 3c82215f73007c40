// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/frame_decoder.hpp>

#include <gtest/gtest.h>

#include "support/mutated.hpp"

namespace {

std::vector<std::byte> make_frame(synod::frame_header const& header) {
  std::vector<std::byte> bytes;
  std::size_t const begin = synod::begin_frame(bytes);
  bytes.resize(bytes.size() + 8, std::byte{5});
  synod::end_frame(bytes, begin, synod::frame_family::peer, header);
  return bytes;
}

TEST(frame_mutations, body_checksum_ignored) {
  auto bytes = make_frame({});
  bytes.back() ^= std::byte{1};
  auto const datagram_passes = [&bytes] {
    return bool(synod::decode_frame(synod::shared_bytes(bytes), synod::frame_family::peer, 64));
  };
  auto const stream_passes = [&bytes] {
    synod::bytes_pool pool;
    synod::frame_counters counters;
    synod::frame_decoder decoder(synod::frame_family::peer, pool, counters);
    auto arrived = std::span<std::byte const>(bytes);
    return decoder.next(arrived).has_value();
  };
  EXPECT_FALSE(datagram_passes());
  EXPECT_FALSE(stream_passes());
  support::mutated const guard("body_checksum_ignored");
  EXPECT_TRUE(datagram_passes());
  EXPECT_TRUE(stream_passes());
}

TEST(frame_mutations, foreign_cluster_accepted) {
  synod::frame_header header;
  header.cluster = {1, 2};
  auto const passes = [&header] { return !synod::check_origin(header, {1, 3}, header.life); };
  EXPECT_FALSE(passes());
  support::mutated const guard("foreign_cluster_accepted");
  EXPECT_TRUE(passes());
}

TEST(frame_mutations, dead_incarnation_accepted) {
  synod::frame_header header;
  header.life = {4, 9};
  auto const passes = [&header] { return !synod::check_origin(header, {}, {5, 9}); };
  EXPECT_FALSE(passes());
  support::mutated const guard("dead_incarnation_accepted");
  EXPECT_TRUE(passes());
}

TEST(frame_mutations, counts_unbounded) {
  std::vector<std::byte> bytes(4, std::byte{0xff});
  auto const claimed = [&bytes] { return synod::wire_reader(bytes).count(1, 1); };
  EXPECT_EQ(claimed(), 0U);
  support::mutated const guard("counts_unbounded");
  EXPECT_EQ(claimed(), 0xffffffffU);
}

}  // namespace
