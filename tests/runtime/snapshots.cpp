// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/machine/counter.hpp>
#include <synod/machine/kv.hpp>
#include <synod/runtime/executor.hpp>
#include <synod/runtime/snapshot_policy.hpp>
#include <synod/runtime/snapshot_work.hpp>

#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/archive_codec.hpp"
#include "support/executions.hpp"
#include "support/snapshot_world.hpp"

using namespace synod;
using support::content_of;
using support::snapshot_world;
using support::take_snapshot;

TEST(snapshot_policy, every_so_many_slots_counted_from_a_restart) {
  snapshots_every policy(100);
  EXPECT_FALSE(policy.due(slot(99)));
  EXPECT_TRUE(policy.due(slot(100)));
  policy.taken(slot(100));
  EXPECT_FALSE(policy.due(slot(199)));
  EXPECT_TRUE(policy.due(slot(200)));
  snapshots_every again(100);
  again.rebase(slot(5000));
  EXPECT_FALSE(again.due(slot(5099)));
  EXPECT_TRUE(again.due(slot(5100)));
}

TEST(snapshot_policy, never_or_when_the_user_says) {
  EXPECT_FALSE(snapshots_disabled().due(slot(1'000'000)));
  auto when = snapshots_when([](slot applied, slot last) { return applied - last > 7; });
  EXPECT_FALSE(when.due(slot(7)));
  EXPECT_TRUE(when.due(slot(8)));
  when.taken(slot(8));
  EXPECT_FALSE(when.due(slot(15)));
}

TEST(snapshot_transfer, arrives_whole) {
  snapshot_world world(1);
  take_snapshot(world.here, 10, 2345);
  world.want(5);
  for (int i = 0; i < 200 && !world.arrived; ++i) world.step(false);
  ASSERT_TRUE(world.arrived.has_value());
  EXPECT_EQ(world.arrived, world.here.newest());
  std::vector<std::byte> read(3000);
  read.resize(world.there.open()->read(0, read));
  EXPECT_EQ(read, content_of(10, 2345));
  EXPECT_FALSE(world.receiver.busy());
}

TEST(snapshot_transfer, arrives_over_a_rough_network_while_newer_ones_are_taken) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    snapshot_world world(seed);
    std::uint64_t upto = 10;
    take_snapshot(world.here, upto, snapshot_world::length_of(upto));
    world.want(5);
    int steps = 0;
    for (; steps < 20'000 && !world.arrived; ++steps) {
      world.step(true);
      if (world.dice.below(20) == 0) {
        ++upto;
        take_snapshot(world.here, upto, snapshot_world::length_of(upto));
      }
    }
    ASSERT_TRUE(world.arrived.has_value()) << "seed " << seed;
    std::vector<std::byte> read(4000);
    read.resize(world.there.open()->read(0, read));
    std::uint64_t const got = world.arrived->upto.value;
    EXPECT_EQ(read, content_of(got, snapshot_world::length_of(got)));
    EXPECT_EQ(world.receiver.failures(), 0U);
  }
}

TEST(snapshot_transfer, goes_on_where_it_stopped) {
  snapshot_world world(2);
  take_snapshot(world.here, 10, 10'000);
  world.want(5);
  for (int i = 0; i < 60; ++i) world.step(false);
  ASSERT_FALSE(world.arrived);
  // The receiver is another process; what its store kept of the transfer is still there.
  world.receiver = decltype(world.receiver)({.credit_bytes = 350, .ask_again_ns = 1000});
  world.to_donor.clear();
  world.to_receiver.clear();
  world.want(5);
  std::uint64_t lowest = UINT64_MAX;
  for (int i = 0; i < 1000 && !world.arrived; ++i) {
    for (auto const& one : world.to_receiver) {
      auto const* const part = one.get_if<snapshot_part>();
      if (part != nullptr) lowest = std::min(lowest, part->offset);
    }
    world.step(false);
  }
  EXPECT_GT(lowest, 500U);  // not from the beginning
  ASSERT_TRUE(world.arrived.has_value());
}

// Whoever asks around is told of another donor each time, and of one with another snapshot.
TEST(snapshot_transfer, is_not_begun_anew_for_another_donor_while_it_arrives) {
  memory_snapshots store;
  snapshot_receiver<memory_snapshots> receiver{{.ask_again_ns = 100, .silence_ns = 400}};
  list<snapshot_send> out;
  snapshot_info const first{.upto = slot(30), .length = 8};
  snapshot_info const second{.upto = slot(31), .length = 6};
  auto const part = [](snapshot_info const& of, std::uint64_t offset) {
    return snapshot_message(snapshot_part{of, offset, std::vector<std::byte>(2)});
  };
  auto const asks = [&](node_id whom) { return out.size() == 1 && out[0].to == whom; };
  receiver.want(0, node_id(2), slot(30), out);
  (void)receiver.step(1, node_id(2), snapshot_message(snapshot_offer{first}), store, out);
  (void)receiver.step(2, node_id(2), part(first, 0), store, out);
  out.clear();
  receiver.want(50, node_id(3), slot(31), out);
  EXPECT_TRUE(out.empty());
  (void)receiver.step(51, node_id(3), snapshot_message(snapshot_offer{second}), store, out);
  (void)receiver.step(300, node_id(2), part(first, 2), store, out);
  out.clear();
  receiver.want(699, node_id(3), slot(31), out);
  EXPECT_TRUE(out.empty());
  receiver.tick(699, out);
  EXPECT_TRUE(asks(node_id(2))) << "what is lost is asked of the same one again";
  out.clear();
  receiver.want(700, node_id(3), slot(31), out);  // for it fell silent
  ASSERT_TRUE(asks(node_id(3)));
  auto const* const ask = out[0].message.get_if<snapshot_ask>();
  ASSERT_NE(ask, nullptr);
  EXPECT_EQ(ask->have, first);
  EXPECT_EQ(ask->offset, 4U);
  (void)receiver.step(701, node_id(3), snapshot_message(snapshot_offer{second}), store, out);
  out.clear();
  receiver.tick(801, out);
  ASSERT_TRUE(asks(node_id(3)));
  EXPECT_EQ(out[0].message.get_if<snapshot_ask>()->have, second);
}

TEST(snapshot_transfer, never_sends_more_than_was_asked_for_nor_faster_than_allowed) {
  memory_snapshots store;
  take_snapshot(store, 10, 100'000);
  snapshot_donor<memory_snapshots> donor(
      {.receivers_max = 1, .part_bytes = 100, .bytes_per_second = 100'000});
  auto const nothing = [](slot) {};
  list<snapshot_send> out;
  snapshot_info const info = *store.newest();
  donor.asked(0, node_id(2), {slot(1), {}, 0, 5000}, store, out, nothing);
  ASSERT_TRUE(out.at(0).message.is<snapshot_offer>());
  out.clear();
  donor.asked(0, node_id(2), {slot(1), info, 0, 5000}, store, out, nothing);
  EXPECT_EQ(out.size(), 10U);  // a hundredth of a second
  for (time_ns now = 0; now < 1'000'000'000; now += 1'000'000) donor.tick(now, store, out);
  EXPECT_EQ(out.size(), 50U);  // the credit
  // A second receiver has to wait, and the first is forgotten when it asks nothing.
  out.clear();
  donor.asked(1, node_id(3), {slot(1), {}, 0, 5000}, store, out, nothing);
  EXPECT_EQ(out.at(0).message.get_if<snapshot_none>()->why, error_code::busy);
  donor.tick(20'000'000'000, store, out);
  EXPECT_EQ(donor.receivers(), 0U);
}

TEST(snapshot_transfer, a_donor_without_one_that_new_says_so_and_its_host_may_take_one) {
  snapshot_world world(3);
  take_snapshot(world.here, 10, 500);
  world.want(11);
  for (int i = 0; i < 100 && world.wanted == 0; ++i) world.step(false);
  EXPECT_EQ(world.wanted, 11U);
  take_snapshot(world.here, 12, 500);
  for (int i = 0; i < 300 && !world.arrived; ++i) world.step(false);
  EXPECT_EQ(world.arrived->upto, slot(12));
}

TEST(snapshot_transfer, a_lying_donor_is_noticed) {
  memory_snapshots store;
  snapshot_receiver<memory_snapshots> receiver({.length_max = 1000});
  list<snapshot_send> out;
  receiver.want(0, node_id(1), slot(5), out);
  snapshot_info const claimed{slot(9), 4, 77};
  for (snapshot_info const& what : {snapshot_info{slot(4), 4, 0}, snapshot_info{slot(9), 2000, 0},
                                    snapshot_info{slot(9), 0, 0}}) {
    (void)receiver.step(1, node_id(1), snapshot_offer{what}, store, out);
    (void)receiver.step(1, node_id(1), snapshot_part{what, 0, {std::byte{1}}}, store, out);
  }
  EXPECT_EQ(out.size(), 1U);
  (void)receiver.step(1, node_id(1), snapshot_offer{claimed}, store, out);
  std::vector<std::byte> const too_much(5);
  EXPECT_FALSE(receiver.step(1, node_id(1), snapshot_part{claimed, 0, too_much}, store, out));
  std::vector<std::byte> const wrong(4);
  EXPECT_FALSE(receiver.step(1, node_id(1), snapshot_part{claimed, 0, wrong}, store, out));
  EXPECT_EQ(receiver.failures(), 1U);
  EXPECT_FALSE(store.newest().has_value());
  EXPECT_TRUE(receiver.busy());
}

TEST(snapshot_transfer, messages_survive_the_wire_and_hostile_ones_are_bounded) {
  generator random(5);
  snapshot_info const info{slot(1), 2, 3};
  std::vector<std::byte> const content(300, std::byte{7});
  for (snapshot_message const& one :
       {snapshot_message(snapshot_ask{slot(1), info, 2, 3}), snapshot_message(snapshot_offer{info}),
        snapshot_message(snapshot_part{info, 4, content}),
        snapshot_message(snapshot_none{slot(1), error_code::busy})}) {
    std::vector<std::byte> bytes;
    wire_writer out(bytes);
    out(one);
    snapshot_message read;
    wire_reader in{std::span<std::byte const>(bytes)};
    in(read);
    ASSERT_TRUE(in.finished());
    std::vector<std::byte> again;
    wire_writer second(again);
    second(read);
    EXPECT_EQ(again, bytes);
    for (int i = 0; i < 3000; ++i) {
      auto hostile = bytes;
      hostile[random.below(hostile.size())] = static_cast<std::byte>(random.next());
      wire_reader from{std::span<std::byte const>(hostile)};
      support::allocations counted;
      snapshot_message any;
      from(any);
      ASSERT_LE(counted.peak(), 4 * hostile.size() + 65536);
    }
  }
}

// --- taking and loading

namespace {

using storing = executor<kv, support::archive_codec>;

executor_options small() { return {{.alpha = 4}, support::members(1), true}; }

void put(storing& on, std::uint64_t number, std::string value) {
  null_sink nobody;
  if (on.applied() == slot()) on.apply(slot(1), support::opening<kv::command>(), nobody);
  std::vector<kv::command> one;
  one.emplace_back(kv::put(std::to_string(number), std::move(value)));
  on.apply(on.applied().next(),
           support::batch_of<kv::command>(session_id(1 << 16), number, std::move(one), number - 1),
           nobody);
}

}  // namespace

TEST(snapshot_work, is_taken_in_pieces_while_the_node_goes_on_and_loaded_again) {
  storing on({}, {}, small());
  for (std::uint64_t i = 1; i <= 500; ++i) put(on, i, "before");
  memory_snapshots store;
  snapshot_taking taking(on, store);
  snapshot_taking<storing, memory_snapshots>::progress now;
  std::uint64_t number = 500;
  for (int turns = 0; !now.ended; ++turns) {
    ASSERT_LT(turns, 1000);
    EXPECT_FALSE(store.newest().has_value());
    put(on, ++number, "after");
    now = taking.advance(store, 300);
  }
  EXPECT_EQ(now.durable_upto, slot(501));
  storing other({}, {}, small());
  EXPECT_FALSE(load_newest(other, store));
  EXPECT_EQ(other.applied(), slot(501));
  EXPECT_EQ(other.state().size(), 500U);
  EXPECT_EQ(load_newest(other, store).code, error_code::superseded);
}

TEST(snapshot_work, a_store_that_fails_ends_it_and_the_newest_stays) {
  storing on({}, {}, small());
  put(on, 1, "x");
  memory_snapshots store;
  take_snapshot(store, 1, 10);
  snapshot_taking taking(on, store);
  store.fail({error_code::disk_full, 0, "test", ""});
  auto const end = taking.advance(store, 1000);
  EXPECT_TRUE(end.ended);
  EXPECT_EQ(end.why.code, error_code::disk_full);
  EXPECT_FALSE(end.durable_upto.has_value());
  EXPECT_EQ(store.newest()->upto, slot(1));
}

TEST(snapshot_work, bytes_that_are_no_snapshot_change_nothing) {
  storing on({}, {}, small());
  memory_snapshots store;
  EXPECT_EQ(load_newest(on, store).code, error_code::not_ready);
  take_snapshot(store, 9, 500);
  EXPECT_EQ(load_newest(on, store).code, error_code::malformed);
  EXPECT_EQ(on.applied(), slot());
}
