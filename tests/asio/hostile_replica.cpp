// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/client_messages.hpp>
#include <synod/asio/replica.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "asio/replicas.hpp"
#include "support/allocations.hpp"

// What a whole replica must survive from somebody who has greeted as a member, and from clients.
namespace {

using namespace synod;
using support::raw_client;
using support::replicas;
using support::run_for;
using support::run_until;
using bytes = std::vector<std::byte>;

struct besieged {
  replicas<counter> cluster;

  besieged() {
    cluster.start_all();
    EXPECT_TRUE(cluster.submit(0, std::int64_t{1}));
    cluster.kill(2);
    EXPECT_TRUE(cluster.submit(0, std::int64_t{1}));
  }
  ~besieged() {
    auto const got = cluster.submit(0, std::int64_t{1});
    EXPECT_TRUE(got) << got.error();
  }
  [[nodiscard]] std::uint16_t port() const {
    return asio::read_address(cluster.members[0].address)->port();
  }
  [[nodiscard]] std::uint16_t client_port() const {
    return asio::read_address(cluster.client_addresses[0])->port();
  }

  // Greets as the third member, whose disk and life we know.
  asio::greeting third() {
    auto& disk = support::kept_disk::all()[cluster.name + "/3"];
    disk.log.reopen();
    asio::greeting made;
    made.from = node_id(3);
    made.to = node_id(1);
    made.store = disk.log.store();
    made.life = disk.log.life();
    made.cluster = cluster.nodes[0]->status().cluster;
    made.cluster_name = short_text(cluster.name.c_str());
    made.protocol = "multi_paxos";
    return made;
  }
  template <class Fill>
  static bytes frame_of(asio::greeting const& from, frame_kind kind, Fill&& fill) {
    bytes made;
    std::size_t const begin = begin_frame(made);
    wire_writer out(made);
    fill(out);
    end_frame(made, begin, frame_family::peer,
              {.kind = kind, .cluster = from.cluster, .from = from.from, .life = from.life});
    return made;
  }
  // A connection that the node believes to be the third member's.
  raw_client impostor(asio::greeting const& as) {
    raw_client made(port());
    bytes hello;
    write_greeting(hello, as);
    made.send(hello);
    founding_message const said =
        founding_hello{as.cluster_name, as.cluster, as.store, as.life, false, false};
    made.send(frame_of(as, frame_kind::founding, [&](wire_writer& out) { out(said); }));
    EXPECT_TRUE(run_until(cluster.io, [&] {
      bytes heard;
      return made.receive(heard) && !heard.empty();
    }));
    run_for(cluster.io, 20);
    return made;
  }
};

using core = multi_paxos<>::core<counter>;

bytes message_bytes(core::message_type const& what) {
  batch_pool<std::int64_t> batches;
  value_coder<std::int64_t, cereal_codec> values(batches);
  multi_paxos<>::wire<counter, cereal_codec> wire(values);
  bytes made;
  wire_writer out(made);
  EXPECT_TRUE(wire.write(out, what));
  return made;
}

TEST(hostile_replica, ballot_bombs_and_slots_out_of_reach_are_refused) {
  besieged siege;
  auto const as = siege.third();
  auto attacker = siege.impostor(as);
  std::uint32_t const round = siege.cluster.nodes[0]->status().highest_seen.round;
  auto const say = [&](core::message_type const& what) {
    bytes const body = message_bytes(what);
    attacker.send(
        besieged::frame_of(as, frame_kind::protocol, [&](wire_writer& out) { out.bytes(body); }));
    run_for(siege.cluster.io, 5);
  };
  support::allocations const counted;
  for (std::uint32_t bomb : {UINT32_MAX, round_max, round_max + 1}) {
    say(prepare{{0, bomb, node_id(3)}, slot(1), slot_max});
    say(synod::accept<std::int64_t>{{0, bomb, node_id(3)}, slot(1), slot(), {}});
    say(nack{{0, round, node_id(1)}, {0, bomb, node_id(3)}, slot(1)});
  }
  say(prepare{{0, round + 1, node_id(2)}, slot(1), slot_max});  // somebody else's ballot
  say(synod::accept<std::int64_t>{
      {0, round, node_id(3)}, slot(std::uint64_t{1} << 60), slot(), {}});
  say(notice{{0, round, node_id(3)}, slot(std::uint64_t{1} << 60)});
  EXPECT_LE(siege.cluster.nodes[0]->status().highest_seen.round, round + 64);
  EXPECT_LE(counted.peak(), 4U << 20);
}

TEST(hostile_replica, messages_that_are_none_are_counted) {
  besieged siege;
  auto const as = siege.third();
  auto attacker = siege.impostor(as);
  std::uint64_t const before = siege.cluster.nodes[0]->status().frames_refused;
  int sent = 0;
  for (frame_kind kind :
       {frame_kind::protocol, frame_kind::forward, frame_kind::snapshot, frame_kind::founding}) {
    for (std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{17}, std::size_t{300}}) {
      for (int fill : {0x00, 0x05, 0xff}) {
        attacker.send(besieged::frame_of(as, kind, [&](wire_writer& out) {
          out.bytes(bytes(length, static_cast<std::byte>(fill)));
        }));
        ++sent;
      }
    }
  }
  EXPECT_TRUE(
      run_until(siege.cluster.io,
                [&] { return siege.cluster.nodes[0]->status().frames_refused >= before + 40; }))
      << sent << " sent, " << siege.cluster.nodes[0]->status().frames_refused - before
      << " refused";
  EXPECT_FALSE(attacker.closed_by_other());
}

TEST(hostile_replica, a_store_that_is_no_member_changes_nothing) {
  besieged siege;
  auto as = siege.third();
  as.store = {1, 2};
  auto attacker = siege.impostor(as);
  ballot const before = siege.cluster.nodes[0]->status().highest_seen;
  bytes const body = message_bytes(prepare{{0, before.round + 5, node_id(3)}, slot(1), slot_max});
  for (int i = 0; i < 10; ++i) {
    attacker.send(
        besieged::frame_of(as, frame_kind::protocol, [&](wire_writer& out) { out.bytes(body); }));
  }
  run_for(siege.cluster.io, 50);
  EXPECT_EQ(siege.cluster.nodes[0]->status().highest_seen, before);
}

TEST(hostile_client, noise_silence_and_peers_are_cut_off) {
  besieged siege;
  auto const refused = [&](bytes const& what) {
    raw_client attacker(siege.client_port());
    attacker.send(what);
    return run_until(siege.cluster.io, [&] { return attacker.closed_by_other(); });
  };
  EXPECT_TRUE(refused(bytes(64, std::byte{0xff})));
  EXPECT_TRUE(refused(bytes(100'000, std::byte{0})));
  bytes peer;
  write_greeting(peer, siege.third());
  EXPECT_TRUE(refused(peer));
  bytes early;
  asio::write_client_frame(early, frame_kind::request, {}, node_id(), asio::client_request());
  EXPECT_TRUE(refused(early));
  asio::client_hello stranger;
  stranger.cluster_name = "other";
  stranger.to = node_id(1);
  bytes foreign;
  asio::write_client_frame(foreign, frame_kind::hello, {}, node_id(), stranger);
  EXPECT_TRUE(refused(foreign));
  bytes large;
  asio::write_client_frame(large, frame_kind::hello, {}, node_id(), stranger);
  wire_writer(large).patch(12, std::uint32_t{1} << 30);
  wire_writer(large).patch(60, crc32c(std::span(large).first(60)));
  EXPECT_TRUE(refused(large));
}

TEST(hostile_client, requests_that_are_none_are_answered_or_cut_off) {
  besieged siege;
  asio::client_hello mine;
  mine.cluster_name = short_text(siege.cluster.name.c_str());
  mine.to = node_id(1);
  bytes hello;
  asio::write_client_frame(hello, frame_kind::hello, {}, node_id(), mine);
  support::allocations const counted;
  // A command that is no command is answered.
  {
    raw_client attacker(siege.client_port());
    attacker.send(hello);
    bytes ask;
    asio::client_request what;
    what.wish = asio::client_wish::command;
    what.what.handle = 7;
    bytes const junk(3, std::byte{1});
    what.payload = junk;
    asio::write_client_frame(ask, frame_kind::request, {}, node_id(), what);
    attacker.send(ask);
    bytes heard;
    EXPECT_TRUE(run_until(siege.cluster.io, [&] {
      return attacker.receive(heard) && heard.size() > 2 * frame_header_length;
    }));
  }
  // A request that is no request ends the connection.
  for (std::size_t length : {std::size_t{0}, std::size_t{20}, std::size_t{100}}) {
    raw_client attacker(siege.client_port());
    attacker.send(hello);
    bytes made;
    std::size_t const begin = begin_frame(made);
    made.resize(made.size() + length, std::byte{0xfe});
    end_frame(made, begin, frame_family::client, {.kind = frame_kind::request});
    attacker.send(made);
    EXPECT_TRUE(run_until(siege.cluster.io, [&] { return attacker.closed_by_other(); }));
  }
  // One that asks for ever and never reads is cut off, at bounded memory.
  {
    raw_client attacker(siege.client_port());
    attacker.send(hello);
    bytes ask;
    asio::client_request what;
    what.wish = asio::client_wish::read;
    what.level = read::local{};
    bytes const junk(4000, std::byte{1});
    what.payload = junk;
    asio::write_client_frame(ask, frame_kind::request, {}, node_id(), what);
    int refused = 0;  // in a row: nobody takes anything from it any more
    for (int i = 0; i < 20'000 && refused < 200; ++i) {
      refused = attacker.send(ask) == 0 ? refused + 1 : 0;
      if (refused != 0) run_for(siege.cluster.io, 1);
    }
    run_for(siege.cluster.io, 50);
  }
  EXPECT_LE(counted.peak(), 40U << 20);
}

}  // namespace
