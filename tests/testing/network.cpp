// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/network.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace {

using synod::node_index;
using synod::node_set;
using synod::shared_bytes;
using synod::time_ns;
using synod::testing::network;
using synod::testing::packet;
using synod::testing::random_source;

node_index at(unsigned number) { return node_index(static_cast<std::uint8_t>(number)); }

shared_bytes frame(unsigned char content) {
  return shared_bytes(std::vector<std::byte>(64, std::byte{content}));
}

struct scheduled {
  time_ns at;
  std::uint32_t number;
};

struct wire {
  explicit wire(unsigned endpoints, std::uint64_t seed = 1) : net(endpoints, random_source(seed)) {}

  void send(time_ns now, unsigned from, unsigned to, unsigned char content = 1) {
    net.send(now, packet{frame(content), at(from), at(to)},
             [this](time_ns when, std::uint32_t number) {
               due.push_back({when, number});
             });
  }

  network net;
  std::vector<scheduled> due;
};

TEST(network, a_calm_one_delivers_each_packet_once_and_later) {
  wire on(3);
  on.send(1000, 0, 1, 7);
  ASSERT_EQ(on.due.size(), 1U);
  EXPECT_GE(on.due[0].at, 1000 + on.net.weather.delay_least);
  auto const got = on.net.deliver(on.due[0].number);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->from, at(0));
  EXPECT_EQ(got->to, at(1));
  EXPECT_EQ(got->frame.bytes()[0], std::byte{7});
}

TEST(network, loses_and_doubles_at_its_rates) {
  wire on(2);
  on.net.weather.loss = 300'000;
  on.net.weather.duplication = 500'000;
  for (int i = 0; i < 10'000; ++i) on.send(i, 0, 1);
  EXPECT_NEAR(static_cast<double>(on.net.counts().lost), 3000, 200);
  EXPECT_NEAR(static_cast<double>(on.net.counts().duplicated), 3500, 200);
  EXPECT_EQ(on.due.size(), 10'000 - on.net.counts().lost + on.net.counts().duplicated);
}

TEST(network, reorders_unless_a_link_is_in_order) {
  for (bool const in_order : {false, true}) {
    wire on(2);
    on.net.weather.in_order = in_order;
    on.net.weather.delay_mean = 1'000'000;
    for (int i = 0; i < 1000; ++i) on.send(i * 1000, 0, 1);
    int backwards = 0;
    for (std::size_t i = 1; i < on.due.size(); ++i) {
      backwards += on.due[i].at <= on.due[i - 1].at ? 1 : 0;
    }
    if (in_order) {
      EXPECT_EQ(backwards, 0);
    } else {
      EXPECT_GT(backwards, 100);
    }
  }
}

TEST(network, damage_changes_the_bytes_of_one_delivery_only) {
  wire on(2);
  on.net.weather.corruption = 1'000'000;
  shared_bytes const original = frame(9);
  for (int i = 0; i < 100; ++i) {
    on.net.send(0, packet{original, at(0), at(1)}, [&](time_ns, std::uint32_t number) {
      auto const got = on.net.deliver(number);
      auto const bytes = got->frame.bytes();
      bool same = bytes.size() == 64;
      for (std::byte const one : bytes) same = same && one == std::byte{9};
      EXPECT_FALSE(same);
    });
  }
  for (std::byte const one : original.bytes()) EXPECT_EQ(one, std::byte{9});
}

TEST(network, a_cut_stops_what_is_sent_and_what_is_under_way_in_that_direction_only) {
  wire on(2);
  on.send(0, 0, 1);
  on.net.cut(at(0), at(1));
  EXPECT_FALSE(on.net.deliver(on.due[0].number).has_value());
  on.due.clear();
  on.send(0, 0, 1);
  EXPECT_TRUE(on.due.empty());
  on.send(0, 1, 0);
  ASSERT_EQ(on.due.size(), 1U);
  EXPECT_TRUE(on.net.deliver(on.due[0].number).has_value());
  EXPECT_EQ(on.net.counts().cut, 2U);
}

TEST(network, a_clogged_link_delivers_late_and_loses_nothing) {
  wire on(2);
  on.net.clog(at(0), at(1), 5'000'000'000);
  on.send(0, 0, 1);
  ASSERT_EQ(on.due.size(), 1U);
  EXPECT_GE(on.due[0].at, 5'000'000'000);
}

TEST(network, one_packet_more_does_not_change_the_fate_of_another_link) {
  wire without(3);
  wire with(3);
  without.net.weather.loss = with.net.weather.loss = 500'000;
  with.send(0, 0, 1);
  for (int i = 0; i < 100; ++i) {
    without.send(0, 1, 2);
    with.send(0, 1, 2);
  }
  ASSERT_LE(without.due.size(), with.due.size());
  std::size_t const extra = with.due.size() - without.due.size();
  for (std::size_t i = 0; i < without.due.size(); ++i) {
    EXPECT_EQ(without.due[i].at, with.due[i + extra].at);
  }
}

TEST(network, any_recorded_packet_can_be_sent_again) {
  wire on(2);
  on.send(0, 0, 1, 3);
  ASSERT_TRUE(on.net.deliver(on.due[0].number).has_value());
  int again = 0;
  on.net.replay(9'000'000'000, 12345, [&](time_ns when, std::uint32_t number) {
    EXPECT_GT(when, 9'000'000'000);
    auto const got = on.net.deliver(number);
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(got->frame.bytes()[0], std::byte{3});
    ++again;
  });
  EXPECT_EQ(again, 1);
}

unsigned links(network const& net, unsigned count) {
  unsigned found = 0;
  for (unsigned a = 0; a < count; ++a) {
    for (unsigned b = 0; b < count; ++b) found += a != b && net.reaches(at(a), at(b)) ? 1 : 0;
  }
  return found;
}

TEST(network, has_the_canonical_topologies) {
  std::vector<node_index> const order{at(0), at(1), at(2), at(3), at(4)};
  network ring(5, random_source(1));
  ring.ring(order);
  EXPECT_EQ(links(ring, 5), 10U);
  EXPECT_TRUE(ring.reaches(at(4), at(0)));
  EXPECT_FALSE(ring.reaches(at(0), at(2)));

  network chain(5, random_source(1));
  chain.chain(order);
  EXPECT_EQ(links(chain, 5), 8U);
  EXPECT_FALSE(chain.reaches(at(4), at(0)));

  network hub(5, random_source(1));
  hub.hub(at(2));
  EXPECT_EQ(links(hub, 5), 8U);
  EXPECT_TRUE(hub.reaches(at(0), at(2)) && hub.reaches(at(2), at(0)));
  EXPECT_FALSE(hub.reaches(at(0), at(1)));

  network bridge(5, random_source(1));
  bridge.bridge(node_set::of(at(0)) | node_set::of(at(1)), at(2));
  EXPECT_TRUE(bridge.reaches(at(0), at(1)));
  EXPECT_TRUE(bridge.reaches(at(0), at(2)) && bridge.reaches(at(2), at(4)));
  EXPECT_FALSE(bridge.reaches(at(0), at(3)));

  network isolated(5, random_source(1));
  isolated.isolate(at(3));
  EXPECT_EQ(links(isolated, 5), 12U);

  network muted(3, random_source(1));
  muted.mute(at(0));
  EXPECT_FALSE(muted.reaches(at(0), at(1)));
  EXPECT_TRUE(muted.reaches(at(1), at(0)));
  network deaf(3, random_source(1));
  deaf.deafen(at(0));
  EXPECT_TRUE(deaf.reaches(at(0), at(1)));
  EXPECT_FALSE(deaf.reaches(at(1), at(0)));

  isolated.reconnect();
  EXPECT_EQ(links(isolated, 5), 20U);
}

}  // namespace
