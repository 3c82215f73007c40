// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/tcp_mesh.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "asio/support.hpp"
#include "support/allocations.hpp"

namespace {

using support::open_host;
using support::peer_at;
using support::run_for;
using support::run_until;
using synod::error_code;
using synod::node_id;
using synod::asio::mesh_options;

open_host make_host(boost::asio::io_context& io, std::uint64_t id, mesh_options options = {}) {
  options.redial = {1'000'000, 20'000'000};
  options.spare_link_ns = 10'000'000;
  return open_host(io, id, options);
}

struct pair_of_hosts {
  boost::asio::io_context io;
  open_host one = make_host(io, 1);
  open_host two = make_host(io, 2);
  std::uint16_t port_one = one->listen();
  std::uint16_t port_two = two->listen();

  bool both_linked() { return one->linked_now[2] == 1 && two->linked_now[1] == 1; }
  void know_each_other() {
    one->mesh.set_peers({peer_at(2, port_two)});
    two->mesh.set_peers({peer_at(1, port_one)});
  }
  bool exchange(std::string const& text) {
    std::size_t const had_one = one->received_frames.size();
    std::size_t const had_two = two->received_frames.size();
    one->say(2, text);
    two->say(1, text);
    one->mesh.flush();
    two->mesh.flush();
    return run_until(io, [&] {
      return one->received_frames.size() > had_one && two->received_frames.size() > had_two;
    });
  }
};

TEST(tcp_mesh, one_call_links_both_ways) {
  pair_of_hosts pair;
  pair.one->mesh.set_peers({peer_at(2, pair.port_two)});
  ASSERT_TRUE(run_until(pair.io, [&] { return pair.both_linked(); }));
  ASSERT_TRUE(pair.exchange("hello"));
  EXPECT_EQ(pair.two->received_frames.front(), std::pair(std::uint64_t{1}, std::string("hello")));
  EXPECT_EQ(pair.one->received_frames.front(), std::pair(std::uint64_t{2}, std::string("hello")));
}

TEST(tcp_mesh, two_calls_at_once_leave_one_link) {
  for (int round = 0; round < 20; ++round) {
    pair_of_hosts pair;
    pair.know_each_other();
    ASSERT_TRUE(run_until(pair.io, [&] { return pair.both_linked(); }));
    run_for(pair.io, 5);
    EXPECT_TRUE(pair.both_linked());
    EXPECT_TRUE(pair.exchange("a"));
    run_for(pair.io, 20);  // the spare link is closed
    EXPECT_TRUE(pair.both_linked());
    EXPECT_TRUE(pair.exchange("b"));
  }
}

TEST(tcp_mesh, calls_again_until_somebody_listens) {
  boost::asio::io_context io;
  auto one = make_host(io, 1);
  auto two = make_host(io, 2);
  std::uint16_t const port = two->listen();
  two->mesh.close();
  run_for(io, 5);
  one->mesh.set_peers({peer_at(2, port)});
  EXPECT_TRUE(run_until(io, [&] { return one->mesh.status().front().attempts > 1; }));
  EXPECT_EQ(one->mesh.status().front().last.code, error_code::connection_lost);
  auto again = make_host(io, 2);
  ASSERT_FALSE(again->mesh.listen(*synod::asio::read_address("127.0.0.1:" + std::to_string(port))));
  EXPECT_TRUE(run_until(io, [&] { return one->linked_now[2] == 1 && again->linked_now[1] == 1; }));
  EXPECT_TRUE(one->mesh.linked(node_id(2)));
}

TEST(tcp_mesh, a_new_life_replaces_the_old_link) {
  boost::asio::io_context io;
  auto one = make_host(io, 1);
  std::uint16_t const port = one->listen();
  auto before = make_host(io, 2);
  before->mesh.set_peers({peer_at(1, port)});
  ASSERT_TRUE(run_until(io, [&] { return one->linked_now[2] == 1; }));
  // The machine lost its power: the old connection is still there when the new life calls.
  auto after = make_host(io, 2);
  after->self.life = {2, 2001};
  after->mesh.introduce(after->self);
  after->mesh.set_peers({peer_at(1, port)});
  ASSERT_TRUE(run_until(io, [&] { return after->linked_now[1] == 1; }));
  EXPECT_EQ(one->linked_now[2], 1);
  before->mesh.set_peers({});
  before->say(1, "from the grave");
  before->mesh.flush();
  after->say(1, "alive");
  after->mesh.flush();
  ASSERT_TRUE(run_until(io, [&] { return !one->received_frames.empty(); }));
  run_for(io, 10);
  ASSERT_EQ(one->received_frames.size(), 1U);
  EXPECT_EQ(one->received_frames.front().second, "alive");
}

TEST(tcp_mesh, whoever_belongs_to_another_cluster_is_refused) {
  pair_of_hosts pair;
  pair.two->self.cluster = {8, 8};
  pair.two->mesh.introduce(pair.two->self);
  pair.know_each_other();
  ASSERT_TRUE(run_until(
      pair.io, [&] { return pair.one->refusals.contains(2) && pair.two->refusals.contains(1); }));
  EXPECT_EQ(pair.one->refusals[2], error_code::wrong_cluster);
  EXPECT_EQ(pair.one->linked_now[2], 0);
  EXPECT_TRUE(pair.one->mesh.status().front().refused);
  EXPECT_GT(pair.one->mesh.refused().of(error_code::wrong_cluster), 0U);
  EXPECT_EQ(pair.one->judged, 0);  // a host is only asked about what is in order
}

TEST(tcp_mesh, the_host_may_refuse) {
  pair_of_hosts pair;
  pair.two->verdict = {error_code::unknown_member, 1, "judge", ""};
  pair.one->mesh.set_peers({peer_at(2, pair.port_two)});
  ASSERT_TRUE(run_until(pair.io, [&] { return pair.one->refusals.contains(2); }));
  EXPECT_EQ(pair.one->refusals[2], error_code::unknown_member);
  EXPECT_EQ(pair.one->linked_now[2], 0);
  EXPECT_TRUE(pair.one->mesh.status().front().refused);
  pair.two->verdict = {};
  EXPECT_TRUE(run_until(pair.io, [&] { return pair.both_linked(); }));
  EXPECT_FALSE(pair.one->mesh.status().front().refused);
}

TEST(tcp_mesh, a_second_process_under_one_id_does_not_push_the_first_out) {
  boost::asio::io_context io;
  auto one = make_host(io, 1);
  std::uint16_t const port = one->listen();
  auto present = make_host(io, 2);
  present->self.life = {5, 55};
  present->mesh.introduce(present->self);
  present->mesh.set_peers({peer_at(1, port)});
  ASSERT_TRUE(run_until(io, [&] { return one->linked_now[2] == 1; }));
  for (synod::incarnation life : {synod::incarnation{4, 44}, synod::incarnation{5, 56}}) {
    auto other = make_host(io, 2);
    other->self.life = life;
    other->mesh.introduce(other->self);
    other->mesh.set_peers({peer_at(1, port)});
    ASSERT_TRUE(run_until(io, [&] { return other->refusals.contains(1); }));
    EXPECT_EQ(other->refusals[1], error_code::dead_incarnation);
    EXPECT_EQ(other->linked_now[1], 0);
  }
  present->say(1, "still here");
  present->mesh.flush();
  EXPECT_TRUE(run_until(io, [&] { return !one->received_frames.empty(); }));
}

TEST(tcp_mesh, what_is_not_linked_gets_nothing_and_nothing_waits_for_it) {
  pair_of_hosts pair;
  pair.one->mesh.set_peers({peer_at(2, 0)});
  for (int i = 0; i < 100; ++i) pair.one->say(2, std::string(100'000, 'x'));
  pair.one->mesh.flush();
  EXPECT_EQ(pair.one->mesh.status().front().queued_bytes, 0U);
}

TEST(tcp_mesh, a_frame_for_many_is_shared) {
  boost::asio::io_context io;
  auto leader = make_host(io, 1);
  std::uint16_t const port = leader->listen();
  std::vector<open_host> followers;
  for (std::uint64_t id : {2U, 3U, 4U}) {
    followers.push_back(make_host(io, id));
    followers.back()->mesh.set_peers({peer_at(1, port)});
  }
  ASSERT_TRUE(run_until(io, [&] {
    return leader->linked_now[2] + leader->linked_now[3] + leader->linked_now[4] == 3;
  }));
  run_for(io, 5);
  auto const frame = leader->frame_of(std::string(100'000, 'x'));
  support::allocations const counted;
  leader->mesh.send(node_id(2), frame);
  leader->mesh.send(node_id(3), frame);
  EXPECT_LT(counted.bytes(), 1000U);
  leader->mesh.flush();
  EXPECT_TRUE(run_until(io, [&] {
    return followers[0]->received_frames.size() == 1 && followers[1]->received_frames.size() == 1;
  }));
  run_for(io, 5);
  EXPECT_EQ(followers[2]->received_frames.size(), 0U);
}

// What nobody waits for leaves with what somebody does, when it is much, or when it is hurried.
TEST(tcp_mesh, what_nobody_waits_for_may_wait) {
  mesh_options patient;
  patient.soon_bytes_max = 10'000;
  boost::asio::io_context io;
  auto one = make_host(io, 1, patient);
  auto two = make_host(io, 2);
  one->mesh.set_peers({peer_at(2, two->listen())});
  ASSERT_TRUE(run_until(io, [&] { return one->linked_now[2] == 1 && two->linked_now[1] == 1; }));
  auto const& got = two->received_frames;
  auto const soon = [&](std::string const& text) {
    one->mesh.send_soon(node_id(2), one->frame_of(text));
    one->mesh.flush();
  };
  auto const arrives = [&](std::size_t count) {
    return run_until(io, [&] { return got.size() == count; });
  };

  soon("first");
  soon("second");
  run_for(io, 5);
  EXPECT_TRUE(got.empty());
  EXPECT_TRUE(one->mesh.holds_back());
  one->say(2, "third");
  one->mesh.flush();
  ASSERT_TRUE(arrives(3));
  EXPECT_EQ(got[0].second + got[1].second + got[2].second, "firstsecondthird");
  EXPECT_FALSE(one->mesh.holds_back());

  soon("fourth");
  one->mesh.hurry();
  EXPECT_FALSE(one->mesh.holds_back());
  one->mesh.flush();
  ASSERT_TRUE(arrives(4));

  soon(std::string(6'000, 'x'));
  run_for(io, 5);
  EXPECT_EQ(got.size(), 4U);
  soon(std::string(6'000, 'y'));
  EXPECT_FALSE(one->mesh.holds_back());
  EXPECT_TRUE(arrives(6));
}

TEST(tcp_mesh, waits_for_nothing_where_it_is_told_to) {
  mesh_options hasty;
  hasty.soon_ns = 0;
  boost::asio::io_context io;
  auto one = make_host(io, 1, hasty);
  auto two = make_host(io, 2);
  one->mesh.set_peers({peer_at(2, two->listen())});
  ASSERT_TRUE(run_until(io, [&] { return one->linked_now[2] == 1 && two->linked_now[1] == 1; }));
  one->mesh.send_soon(node_id(2), one->frame_of("now"));
  EXPECT_FALSE(one->mesh.holds_back());
  one->mesh.flush();
  EXPECT_TRUE(run_until(io, [&] { return two->received_frames.size() == 1; }));
}

TEST(tcp_mesh, large_frames_arrive_whole) {
  pair_of_hosts pair;
  pair.know_each_other();
  ASSERT_TRUE(run_until(pair.io, [&] { return pair.both_linked(); }));
  std::string large(3'000'000, 'l');
  for (std::size_t i = 0; i < large.size(); i += 1000) large[i] = static_cast<char>(i);
  ASSERT_TRUE(pair.exchange(large));
  EXPECT_EQ(pair.two->received_frames.front().second, large);
}

TEST(tcp_mesh, a_peer_that_does_not_read_costs_bounded_memory) {
  boost::asio::io_context io;
  mesh_options options;
  options.connection.queue.bytes_max = 1U << 20;
  auto one = make_host(io, 1, options);
  auto two = make_host(io, 2);
  std::uint16_t const port = one->listen();
  two->mesh.set_peers({peer_at(1, port)});
  ASSERT_TRUE(run_until(io, [&] { return one->linked_now[2] == 1 && two->linked_now[1] == 1; }));
  std::string const bulk(100'000, 'b');
  support::allocations const counted;
  for (int i = 0; i < 500; ++i) {
    one->say(2, bulk);
    one->mesh.flush();
  }
  EXPECT_LT(counted.peak(), 4U << 20);
  EXPECT_LE(one->mesh.status().front().queued_bytes, 2U << 20);
  EXPECT_GT(one->mesh.status().front().dropped_frames, 100U);

  // What was not dropped arrives in order; a small frame comes before the backlog.
  one->say(2, "heartbeat");
  one->mesh.flush();
  std::string_view const heartbeat = "heartbeat";
  auto const& got = two->received_frames;
  auto const place = [&] {
    return std::find_if(got.begin(), got.end(),
                        [&](auto const& frame) { return frame.second == heartbeat; }) -
           got.begin();
  };
  auto const count = [&] { return static_cast<std::ptrdiff_t>(got.size()); };
  ASSERT_TRUE(run_until(io, [&] { return place() < count(); }));
  ASSERT_TRUE(run_until(io, [&] { return one->mesh.status().front().queued_bytes == 0; }));
  run_for(io, 20);
  EXPECT_LT(place(), count() - 1);
}

TEST(tcp_mesh, exchanges_frames_without_allocating) {
  pair_of_hosts pair;
  pair.know_each_other();
  ASSERT_TRUE(run_until(pair.io, [&] { return pair.both_linked(); }));
  run_for(pair.io, 50);
  std::size_t got = 0;
  std::string const text(160, 't');
  auto const some = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      got = pair.two->mesh.frames_received();
      pair.one->say(2, text);
      pair.one->mesh.flush();
      while (pair.two->mesh.frames_received() == got) pair.io.run_one_for(std::chrono::seconds(1));
      pair.two->received_frames.clear();
    }
  };
  pair.two->keep_frames = false;
  some(100);
  support::allocations const counted;
  some(1000);
  EXPECT_EQ(counted.calls(), 0U);
}

TEST(tcp_mesh, forgets_whom_it_is_not_told_of) {
  pair_of_hosts pair;
  pair.know_each_other();
  ASSERT_TRUE(run_until(pair.io, [&] { return pair.both_linked(); }));
  pair.two->mesh.set_peers({});
  pair.one->mesh.set_peers({});
  EXPECT_EQ(pair.one->linked_now[2], 0);
  run_for(pair.io, 20);
  EXPECT_TRUE(pair.one->mesh.status().empty());
  pair.know_each_other();
  EXPECT_TRUE(run_until(pair.io, [&] { return pair.both_linked(); }));
}

}  // namespace
