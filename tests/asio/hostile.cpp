// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/greeting.hpp>
#include <synod/asio/tcp_mesh.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "asio/support.hpp"
#include "support/allocations.hpp"

// What a listener of peers must survive: every case sends what no node of ours would, and shows
// that the sender is cut off, that what it did is counted, that memory stays bounded, and that the
// node still works.
namespace {

using support::open_host;
using support::peer_at;
using support::raw_client;
using support::run_for;
using support::run_until;
using synod::error_code;
using synod::frame_family;
using synod::frame_kind;
using synod::node_id;
using synod::asio::greeting;
using synod::asio::greeting_step;
using bytes = std::vector<std::byte>;

synod::asio::mesh_options quick() {
  synod::asio::mesh_options made;
  made.greeting_timeout_ns = 200'000'000;
  made.strangers_max = 8;
  made.redial = {1'000'000, 20'000'000};
  return made;
}

struct besieged {
  boost::asio::io_context io;
  open_host node;
  std::uint16_t port = node->listen();
  open_host friendly{io, 2, quick()};

  explicit besieged(synod::asio::mesh_options const& options = quick()) : node(io, 1, options) {
    friendly->mesh.set_peers({peer_at(1, port)});
    EXPECT_TRUE(run_until(io, [&] { return node->linked_now[2] == 1; }));
    expect_working();  // and so both have the buffers of a link
  }
  ~besieged() { expect_working(); }

  void expect_working() {
    std::size_t const had = node->received_frames.size();
    ASSERT_TRUE(run_until(
        io, [&] { return node->mesh.linked(node_id(2)) && friendly->mesh.linked(node_id(1)); }));
    friendly->say(1, "are you there?");
    friendly->mesh.flush();
    EXPECT_TRUE(run_until(io, [&] { return node->received_frames.size() > had; }));
    EXPECT_EQ(node->received_frames.back().second, "are you there?");
  }

  greeting greeting_of(std::uint64_t id) const {
    greeting made;
    made.from = node_id(id);
    made.to = node_id(1);
    made.life = {1, 99};
    made.cluster = node->self.cluster;
    made.cluster_name = "test";
    made.protocol = "none";
    return made;
  }
  static bytes encoded(greeting const& what) {
    bytes made;
    write_greeting(made, what);
    return made;
  }
  // A frame like those that follow a greeting.
  static bytes frame_of(greeting const& whose, frame_kind kind, std::size_t length,
                        frame_family family = frame_family::peer) {
    bytes made;
    std::size_t const begin = synod::begin_frame(made);
    made.resize(begin + synod::frame_header_length + length, std::byte{0x5a});
    synod::end_frame(
        made, begin, family,
        {.kind = kind, .cluster = whose.cluster, .from = whose.from, .life = whose.life});
    return made;
  }

  // Sends it, and sees that the sender is cut off for that reason, within the time.
  void expect_refused(bytes const& what, error_code why) {
    std::uint64_t const before = node->mesh.refused().of(why);
    support::allocations const counted;
    raw_client attacker(port);
    ASSERT_TRUE(attacker.connected());
    attacker.send(what);
    EXPECT_TRUE(run_until(io, [&] { return attacker.closed_by_other(); }));
    EXPECT_EQ(node->mesh.refused().of(why), before + 1) << name_of(why);
    EXPECT_LE(counted.peak(), 4 * what.size() + 65'536);
  }
  // As one that has greeted properly.
  void expect_cut_off(std::function<bytes(greeting const&)> const& make, error_code why) {
    greeting const mine = greeting_of(5);
    raw_client attacker(port);
    attacker.send(encoded(mine));
    ASSERT_TRUE(run_until(io, [&] { return node->linked_now[5] == 1; }));
    std::uint64_t const before = node->mesh.refused().of(why);
    attacker.send(make(mine));
    EXPECT_TRUE(run_until(io, [&] { return attacker.closed_by_other(); }));
    EXPECT_EQ(node->mesh.refused().of(why), before + 1) << name_of(why);
    EXPECT_TRUE(run_until(io, [&] { return node->linked_now[5] == 0; }));
  }
};

TEST(hostile_peer, noise_is_refused) {
  besieged siege;
  siege.expect_refused(bytes(64, std::byte{0xff}), error_code::wrong_magic);
  siege.expect_refused(bytes(200'000, std::byte{0}), error_code::wrong_magic);
  std::string const http =
      "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curious browser\r\n\r\n\r\n";
  auto const text = std::as_bytes(std::span(http.data(), http.size()));
  siege.expect_refused(bytes(text.begin(), text.end()), error_code::wrong_magic);
}

TEST(hostile_peer, a_client_cannot_speak_to_the_listener_of_peers) {
  besieged siege;
  siege.expect_refused(
      besieged::frame_of(siege.greeting_of(5), frame_kind::hello, 8, frame_family::client),
      error_code::wrong_magic);
  siege.expect_refused(besieged::frame_of(siege.greeting_of(5), frame_kind::request, 8),
                       error_code::wrong_kind);
}

TEST(hostile_peer, a_length_is_refused_before_anything_is_allocated_for_it) {
  besieged siege;
  for (std::uint32_t length : {4097U, 1U << 20, 1U << 31, 0xffffffffU}) {
    bytes header = besieged::frame_of(siege.greeting_of(5), frame_kind::handshake, 0);
    synod::wire_writer writer(header);
    writer.patch(12, length);
    writer.patch(60, synod::crc32c(std::span(header).first(60)));
    siege.expect_refused(header, error_code::oversized);
  }
}

TEST(hostile_peer, damaged_frames_are_refused) {
  besieged siege;
  bytes const good = besieged::encoded(siege.greeting_of(5));
  for (std::size_t at = 4; at < 64; at += 5) {
    bytes bad = good;
    bad[at] ^= std::byte{0x10};
    siege.expect_refused(bad, error_code::checksum_mismatch);
  }
  for (std::size_t at = 64; at < good.size(); at += 7) {
    bytes bad = good;
    bad[at] ^= std::byte{0x10};
    siege.expect_refused(bad, error_code::checksum_mismatch);
  }
}

TEST(hostile_peer, a_greeting_that_is_not_in_order_is_refused) {
  besieged siege;
  auto const changed = [&](auto&& change) {
    greeting made = siege.greeting_of(5);
    change(made);
    return besieged::encoded(made);
  };
  siege.expect_refused(changed([](greeting& g) { g.cluster = {1, 2}; }), error_code::wrong_cluster);
  siege.expect_refused(changed([](greeting& g) { g.cluster_name = "other"; }),
                       error_code::wrong_cluster);
  siege.expect_refused(changed([](greeting& g) { g.protocol = "other"; }),
                       error_code::wrong_protocol);
  siege.expect_refused(changed([](greeting& g) { g.to = node_id(3); }), error_code::wrong_receiver);
  siege.expect_refused(changed([](greeting& g) { g.from = node_id(1); }),
                       error_code::duplicate_member);
  siege.expect_refused(changed([](greeting& g) { g.version_oldest = g.version_newest = 77; }),
                       error_code::wrong_version);
  siege.expect_refused(changed([](greeting& g) { g.step = greeting_step::answer; }),
                       error_code::malformed);
  siege.expect_refused(changed([](greeting& g) { g.step = greeting_step::refusal; }),
                       error_code::malformed);
  siege.expect_refused(besieged::frame_of(siege.greeting_of(5), frame_kind::handshake, 3),
                       error_code::malformed);
}

TEST(hostile_peer, nothing_is_believed_before_the_greeting) {
  besieged siege;
  std::size_t const had = siege.node->received_frames.size();
  for (frame_kind kind :
       {frame_kind::protocol, frame_kind::founding, frame_kind::forward, frame_kind::snapshot}) {
    siege.expect_refused(besieged::frame_of(siege.greeting_of(2), kind, 10),
                         error_code::unverified_sender);
  }
  EXPECT_EQ(siege.node->received_frames.size(), had);
}

TEST(hostile_peer, strangers_learn_nothing) {
  besieged siege;
  greeting stranger = siege.greeting_of(5);
  stranger.cluster_name = "other";
  raw_client attacker(siege.port);
  attacker.send(besieged::encoded(stranger));
  bytes heard;
  ASSERT_TRUE(run_until(siege.io, [&] { return !attacker.receive(heard); }));
  EXPECT_TRUE(heard.empty());
}

TEST(hostile_peer, silence_is_cut_off_in_time) {
  besieged siege;
  bytes const good = besieged::encoded(siege.greeting_of(5));
  for (std::size_t length :
       {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64}, good.size() - 1}) {
    raw_client attacker(siege.port);
    attacker.send(std::span(good).first(length));
    auto const begin = synod::asio::boot_time();
    EXPECT_TRUE(run_until(siege.io, [&] { return attacker.closed_by_other(); })) << length;
    EXPECT_GE(synod::asio::boot_time() - begin, 190'000'000);
  }
  EXPECT_EQ(siege.node->mesh.refused().of(error_code::timed_out), 5U);
}

TEST(hostile_peer, many_silent_connections_do_not_keep_members_out) {
  auto patient = quick();
  patient.greeting_timeout_ns = 600'000'000'000;  // none goes because its time is over
  besieged siege(patient);
  support::allocations const counted;
  std::vector<raw_client> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.emplace_back(siege.port);
    run_for(siege.io, 1);
  }
  EXPECT_TRUE(run_until(siege.io, [&] {
    return siege.node->mesh.refused().of(error_code::too_many_connections) == 192;
  }));
  EXPECT_LE(counted.peak(), 1U << 20);
  open_host third(siege.io, 3, quick());
  third->mesh.set_peers({peer_at(1, siege.port)});
  EXPECT_TRUE(run_until(siege.io, [&] { return third->linked_now[1] == 1; }));
}

TEST(hostile_peer, after_the_greeting_the_rules_still_hold) {
  besieged siege;
  siege.expect_cut_off([](greeting const&) { return bytes(64, std::byte{1}); },
                       error_code::wrong_magic);
  siege.expect_cut_off(
      [](greeting const& mine) {
        greeting other = mine;
        other.from = node_id(2);
        return besieged::frame_of(other, frame_kind::protocol, 10);
      },
      error_code::unverified_sender);
  siege.expect_cut_off([](greeting const& mine) { return besieged::encoded(mine); },
                       error_code::unverified_sender);
  siege.expect_cut_off(
      [](greeting const& mine) {
        bytes header = besieged::frame_of(mine, frame_kind::protocol, 0);
        synod::wire_writer writer(header);
        writer.patch(12, synod::frame_body_max_default + 1);
        writer.patch(60, synod::crc32c(std::span(header).first(60)));
        return header;
      },
      error_code::oversized);
}

TEST(hostile_peer, frames_of_another_cluster_or_life_are_dropped_and_counted) {
  besieged siege;
  greeting const mine = siege.greeting_of(5);
  raw_client attacker(siege.port);
  attacker.send(besieged::encoded(mine));
  ASSERT_TRUE(run_until(siege.io, [&] { return siege.node->linked_now[5] == 1; }));
  auto const drops = [&](greeting const& as, error_code why) {
    std::uint64_t const before = siege.node->mesh.refused().of(why);
    std::size_t const had = siege.node->received_frames.size();
    attacker.send(besieged::frame_of(as, frame_kind::protocol, 10));
    EXPECT_TRUE(run_until(siege.io, [&] { return siege.node->mesh.refused().of(why) > before; }));
    EXPECT_EQ(siege.node->received_frames.size(), had);
  };
  greeting dead = mine;
  dead.life.counter = 0;
  drops(dead, error_code::dead_incarnation);
  greeting newer = mine;
  newer.life.counter = 2;
  drops(newer, error_code::unverified_sender);
  greeting clone = mine;
  clone.life.nonce = 98;
  drops(clone, error_code::unverified_sender);
  greeting foreign = mine;
  foreign.cluster = {1, 1};
  drops(foreign, error_code::wrong_cluster);
  attacker.send(besieged::frame_of(mine, frame_kind::protocol, 10));
  EXPECT_TRUE(run_until(siege.io, [&] { return siege.node->received_frames.back().first == 5; }));
}

TEST(hostile_peer, an_unfounded_node_hears_of_founding_only) {
  boost::asio::io_context io;
  open_host node(io, 1, quick());
  node->self.cluster = {};
  node->mesh.introduce(node->self);
  std::uint16_t const port = node->listen();
  raw_client other(port);
  greeting mine;
  mine.from = node_id(5);
  mine.to = node_id(1);
  mine.life = {1, 1};
  mine.cluster_name = "test";
  mine.protocol = "none";
  other.send(besieged::encoded(mine));
  ASSERT_TRUE(run_until(io, [&] { return node->linked_now[5] == 1; }));
  other.send(besieged::frame_of(mine, frame_kind::protocol, 3));
  other.send(besieged::frame_of(mine, frame_kind::founding, 7));
  ASSERT_TRUE(run_until(io, [&] { return !node->received_frames.empty(); }));
  EXPECT_EQ(node->received_frames.size(), 1U);
  EXPECT_EQ(node->received_frames.front().second.size(), 7U);
  EXPECT_EQ(node->mesh.refused().of(error_code::wrong_cluster), 1U);
}

}  // namespace
