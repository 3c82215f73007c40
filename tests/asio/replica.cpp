// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/replica.hpp>

#include <gtest/gtest.h>

#include <functional>

#include <memory>
#include <stdexcept>
#include <string>

#include "asio/replicas.hpp"

namespace {

using namespace synod;
using support::replicas;
using support::run_and_catch;
using support::run_for;
using support::run_until;
using counters_of_three = replicas<counter>;

TEST(replica, three_agree_wherever_a_command_is_submitted) {
  counters_of_three cluster;
  cluster.start_all();
  std::int64_t total = 0;
  for (int i = 1; i <= 30; ++i) {
    auto const got = cluster.submit(static_cast<std::size_t>(i % 3), std::int64_t{i});
    total += i;
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(*got, total);
  }
  for (auto const& node : cluster.nodes) {
    EXPECT_TRUE(run_until(cluster.io, [&] { return node->local()->total == total; }));
  }
}

TEST(replica, each_command_of_a_machine_has_its_own_result) {
  replicas<kv> cluster;
  cluster.start_all();
  auto const put = cluster.submit(0, kv::put("a", "1"));
  ASSERT_TRUE(put) << put.error();
  auto const got = cluster.submit(1, kv::get("a"));
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(got->value, "1");
  EXPECT_EQ(got->version, put->version);
  auto const number = cluster.submit(2, kv::incr("n", 5));
  ASSERT_TRUE(number);
  EXPECT_EQ(number->value, 5);
}

TEST(replica, reads_at_every_level) {
  replicas<kv> cluster;
  cluster.start_all();
  ASSERT_TRUE(cluster.submit(0, kv::put("a", "1")));
  std::size_t const leader = *cluster.leader();
  std::size_t const follower = (leader + 1) % 3;
  auto const read_at = [&](std::size_t at, read::level const& level) {
    return cluster.wait_for<std::string>([&](auto handler) {
      cluster.nodes[at]->async_read([](kv const& state) { return state.apply(kv::get("a")).value; },
                                    level, std::move(handler));
    });
  };
  for (auto const& level :
       {read::level(read::linearizable_log{}), read::level(read::linearizable_index{}),
        read::level(read::linearizable_follower{}), read::level(read::local{})}) {
    auto const got = read_at(leader, level);
    ASSERT_TRUE(got) << level.index() << ": " << got.error();
    EXPECT_EQ(*got, "1") << level.index();
  }
  for (auto const& level :
       {read::level(read::linearizable_log{}), read::level(read::linearizable_follower{}),
        read::level(read::bounded_stale{1'000'000'000})}) {
    auto const got = read_at(follower, level);
    ASSERT_TRUE(got) << level.index() << ": " << got.error();
    EXPECT_EQ(*got, "1") << level.index();
  }
  auto const wrong = read_at(follower, read::linearizable_index{});
  ASSERT_NE(wrong.refused(), nullptr);
  EXPECT_EQ(wrong.error().code, error_code::not_leader);
  // A command that changes nothing is a query as it is.
  auto const query = cluster.wait_for<kv::found>([&](auto handler) {
    cluster.nodes[leader]->async_read(kv::get("a"), read::linearizable_index{}, std::move(handler));
  });
  ASSERT_TRUE(query);
  EXPECT_EQ(query->value, "1");
}

TEST(replica, goes_on_without_its_leader_and_takes_it_back) {
  counters_of_three cluster;
  cluster.start_all();
  ASSERT_TRUE(cluster.submit(0, std::int64_t{1}));
  std::size_t const first = *cluster.leader();
  cluster.kill(first);
  std::size_t const other = (first + 1) % 3;
  auto const got = cluster.submit(other, std::int64_t{2});
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(*got, 3);
  cluster.start(first);
  ASSERT_TRUE(run_until(cluster.io, [&] { return cluster.all_started(); }));
  EXPECT_TRUE(run_until(cluster.io, [&] { return cluster.nodes[first]->local()->total == 3; }));
  auto const again = cluster.submit(first, std::int64_t{4});
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(*again, 7);
}

// Who is not needed hears of everything later; when the one who is goes away, a command waits no
// longer than the other has waited, and then the other is needed.
TEST(replica, goes_on_when_the_follower_it_relies_on_goes) {
  counters_of_three cluster;
  for (std::size_t i = 0; i < 3; ++i) {
    auto given = cluster.options_of(i);
    given.mesh.soon_ns = 200'000'000;
    given.mesh.soon_bytes_max = std::size_t{1} << 30;
    given.protocol.pulse_ns = 5'000'000'000;
    given.protocol.leader.heartbeat_ns = 5'000'000'000;
    cluster.start(i, given);
  }
  ASSERT_TRUE(run_until(cluster.io, [&] { return cluster.all_started(); }));
  std::size_t const leader = *cluster.leader();
  std::int64_t total = 0;
  // One asks for the next as soon as the last is decided, so that no notice of a decision leaves.
  std::function<void()> again = [&] {
    cluster.nodes[leader]->async_submit(std::int64_t{1}, [&](synod::outcome<std::int64_t> got) {
      ASSERT_TRUE(got) << got.error();
      total = *got;
      again();
    });
  };
  again();
  auto const everybody_knows = [&](std::int64_t what) {
    for (auto const& node : cluster.nodes) {
      if (node != nullptr && node->local()->total < what) return false;
    }
    return true;
  };
  EXPECT_TRUE(run_until(cluster.io, [&] { return total >= 50; }));
  EXPECT_TRUE(run_until(cluster.io, [&] { return everybody_knows(50); }));
  for (std::size_t const other : {(leader + 1) % 3, (leader + 2) % 3}) {
    cluster.kill(other);
    std::int64_t const then = total;
    EXPECT_TRUE(run_until(cluster.io, [&] { return total >= then + 50; }));
    cluster.start(other);
    EXPECT_TRUE(run_until(cluster.io, [&] { return cluster.all_started(); }));
    EXPECT_TRUE(run_until(cluster.io, [&] { return everybody_knows(then + 50); }));
  }
  again = [] {};
}

TEST(replica, all_may_restart) {
  counters_of_three cluster;
  for (int round = 1; round <= 5; ++round) {
    cluster.start_all();
    auto const got = cluster.submit(static_cast<std::size_t>(round % 3), std::int64_t{1});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(*got, round);
    for (std::size_t i = 0; i < 3; ++i) cluster.kill(i);
    run_for(cluster.io, 5);
  }
}

TEST(replica, without_a_quorum_a_command_ends_in_time_and_its_fate_is_unknown) {
  counters_of_three cluster;
  cluster.start_all();
  // With a session that is open, so that it is the command that leaves the process.
  std::size_t const leader = *cluster.leader();
  ASSERT_TRUE(cluster.submit(leader, std::int64_t{1}));
  cluster.kill((leader + 1) % 3);
  cluster.kill((leader + 2) % 3);
  auto const begin = asio::boot_time();
  auto const got = cluster.wait_for<std::int64_t>([&](auto handler) {
    cluster.nodes[leader]->async_submit(std::int64_t{2}, asio::call_options{300'000'000},
                                        std::move(handler));
  });
  auto const took = asio::boot_time() - begin;
  ASSERT_NE(got.unknown(), nullptr) << got.error();
  EXPECT_EQ(got.error().code, error_code::timed_out);
  EXPECT_GE(took, 290'000'000);
  auto const read = cluster.wait_for<std::int64_t>([&](auto handler) {
    cluster.nodes[leader]->async_read([](counter const& state) { return state.total; },
                                      read::linearizable_index{}, asio::call_options{200'000'000},
                                      std::move(handler));
  });
  EXPECT_NE(read.refused(), nullptr);  // a read does nothing, so its end is known
}

// Disks of all but one, then of all, are full: commands are refused for certain and with the
// reason, reads go on, and once there is room everything does.
TEST(replica, full_disks_refuse_commands_and_answer_reads) {
  replicas<counter> cluster;
  cluster.start_all();
  std::size_t const asked = *cluster.leader();
  ASSERT_TRUE(cluster.submit(asked, std::int64_t{1}));
  for (bool const all : {false, true}) {
    for (std::size_t i = 0; i < 3; ++i) {
      support::kept_disk::all()[cluster.options_of(i).data].full = all || i != asked;
    }
    run_for(cluster.io, 100);
    // What was sent before it was heard that nobody has room may be accepted later.
    std::size_t tries = 0;
    outcome<std::int64_t> got = std::int64_t{0};
    do {
      got = cluster.wait_for<std::int64_t>([&](auto handler) {
        cluster.nodes[asked]->async_submit(std::int64_t{0}, {.timeout_ns = 500'000'000},
                                           std::move(handler));
      });
      ASSERT_FALSE(got);
    } while (got.error().code == error_code::timed_out && ++tries < 20);
    EXPECT_EQ(got.error().code, error_code::disk_full) << got.error();
    auto const read = cluster.wait_for<std::int64_t>([&](auto handler) {
      cluster.nodes[asked]->async_read([](counter const& state) { return state.total; },
                                       read::local{}, std::move(handler));
    });
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, 1);
    EXPECT_EQ(cluster.nodes[asked]->status().read_only, all);
    EXPECT_TRUE(cluster.nodes[(asked + 1) % 3]->status().read_only);
  }
  for (auto& one : support::kept_disk::all()) one.second.full = false;
  // What was said of a disk is believed for a second.
  outcome<std::int64_t> got = cluster.submit(asked, std::int64_t{1});
  for (int i = 0; i < 1000 && got.error().code == error_code::disk_full; ++i) {
    run_for(cluster.io, 20);
    got = cluster.submit(asked, std::int64_t{1});
  }
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(*got, 2);
}

TEST(replica, one_member_is_a_cluster) {
  counters_of_three cluster(1);
  cluster.start_all();
  auto const got = cluster.submit(0, std::int64_t{9});
  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(*got, 9);
}

TEST(replica, leadership_is_handed_over_on_demand) {
  counters_of_three cluster;
  cluster.start_all();
  ASSERT_TRUE(cluster.submit(0, std::int64_t{1}));
  std::size_t const leader = *cluster.leader();
  std::size_t const heir = (leader + 1) % 3;
  auto const refused = cluster.wait_for<done>([&](auto handler) {
    cluster.nodes[heir]->async_transfer_leadership(leader + 1, std::move(handler));
  });
  EXPECT_NE(refused.refused(), nullptr);
  auto const nobody = cluster.wait_for<done>([&](auto handler) {
    cluster.nodes[leader]->async_transfer_leadership(77, std::move(handler));
  });
  EXPECT_NE(nobody.refused(), nullptr);
  auto const moved = cluster.wait_for<done>([&](auto handler) {
    cluster.nodes[leader]->async_transfer_leadership(heir + 1, std::move(handler));
  });
  ASSERT_TRUE(moved) << moved.error();
  EXPECT_TRUE(run_until(cluster.io, [&] { return cluster.nodes[heir]->status().leads; }));
}

TEST(replica, takes_a_snapshot_on_demand_and_a_late_node_gets_it) {
  counters_of_three cluster;
  cluster.start(0);
  cluster.start(1);
  cluster.start(2);
  ASSERT_TRUE(run_until(cluster.io, [&] { return cluster.all_started(); }));
  ASSERT_TRUE(cluster.submit(0, std::int64_t{1}));
  std::size_t const leader = *cluster.leader();
  std::size_t const late = (leader + 1) % 3;
  cluster.kill(late);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(cluster.submit(leader, std::int64_t{1}));
  for (std::size_t at : {leader, (leader + 2) % 3}) {
    auto const taken = cluster.wait_for<slot>(
        [&](auto handler) { cluster.nodes[at]->async_snapshot(std::move(handler)); });
    ASSERT_TRUE(taken) << taken.error();
    EXPECT_GE(taken->value, 50U);
  }
  EXPECT_TRUE(
      run_until(cluster.io, [&] { return cluster.nodes[leader]->status().floor.value > 0; }));
  cluster.start(late);
  EXPECT_TRUE(run_until(cluster.io, [&] {
    return cluster.started[late] != 0 && cluster.nodes[late]->local()->total == 51;
  }));
}

TEST(replica, stops_after_handing_over_and_frees_what_it_held) {
  counters_of_three cluster;
  cluster.start_all();
  ASSERT_TRUE(cluster.submit(0, std::int64_t{1}));
  std::size_t const leader = *cluster.leader();
  auto const stopped = cluster.wait_for<done>(
      [&](auto handler) { cluster.nodes[leader]->async_stop(std::move(handler)); });
  ASSERT_TRUE(stopped) << stopped.error();
  EXPECT_EQ(cluster.nodes[leader]->status().phase, asio::replica_phase::stopped);
  auto const late = cluster.submit(leader, std::int64_t{1});
  ASSERT_NE(late.refused(), nullptr);
  EXPECT_EQ(late.error().code, error_code::shutting_down);
  auto const again = cluster.wait_for<done>(
      [&](auto handler) { cluster.nodes[leader]->async_stop(std::move(handler)); });
  EXPECT_TRUE(again);
  // Folder and port are free for the next.
  cluster.nodes[leader].reset();
  cluster.start(leader);
  EXPECT_TRUE(run_until(cluster.io, [&] { return cluster.all_started(); }))
      << cluster.start_errors[leader];
}

TEST(replica, an_operation_that_waits_ends_when_the_replica_does) {
  counters_of_three cluster;
  cluster.start(0);  // alone: it waits for the others
  run_for(cluster.io, 20);
  EXPECT_EQ(cluster.nodes[0]->status().phase, asio::replica_phase::founding);
  auto const early = cluster.submit(0, std::int64_t{1});
  ASSERT_NE(early.refused(), nullptr);
  EXPECT_EQ(early.error().code, error_code::not_ready);
  int called = 0;
  cluster.nodes[0]->async_stop([&](outcome<done> got) { called += got ? 1 : 0; });
  EXPECT_TRUE(run_until(cluster.io, [&] { return called == 1; }));
  EXPECT_EQ(cluster.start_errors[0].code, error_code::shutting_down);
}

TEST(replica, a_handler_may_end_its_replica) {
  counters_of_three cluster(1);
  cluster.start_all();
  bool called = false;
  cluster.nodes[0]->async_submit(std::int64_t{1}, [&](outcome<std::int64_t>) {
    called = true;
    cluster.nodes[0].reset();
  });
  cluster.nodes[0]->async_submit(std::int64_t{2}, [&](outcome<std::int64_t>) {});
  EXPECT_TRUE(run_until(cluster.io, [&] { return called; }));
  run_for(cluster.io, 5);
}

// Whoever catches what a handler threw and runs the context again has a replica that goes on: with
// what was under way, and with what the other nodes say.
TEST(replica, a_handler_may_throw) {
  counters_of_three cluster;
  cluster.start_all();
  int called = 0;
  for (std::size_t at = 0; at < 3; ++at) {
    for (int i = 0; i < 3; ++i) {
      cluster.nodes[at]->async_submit(std::int64_t{1}, [&](outcome<std::int64_t>) {
        ++called;
        throw std::runtime_error("thrown by a handler");
      });
    }
  }
  EXPECT_EQ(run_and_catch(cluster.io, [&] { return called == 9; }), 9);
  EXPECT_EQ(called, 9);
  for (std::size_t at = 0; at < 3; ++at) {
    auto const got = cluster.submit(at, std::int64_t{1});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(*got, static_cast<std::int64_t>(10 + at));
  }
}

TEST(replica, a_context_may_end_before_everything_has) {
  auto cluster = std::make_unique<counters_of_three>();
  cluster->start_all();
  for (int i = 0; i < 100; ++i) {
    cluster->nodes[0]->async_submit(std::int64_t{1}, [](outcome<std::int64_t>) {});
  }
  cluster.reset();
}

TEST(replica, a_second_start_is_refused) {
  counters_of_three cluster(1);
  cluster.start_all();
  auto const again = cluster.wait_for<done>(
      [&](auto handler) { cluster.nodes[0]->async_start(std::move(handler)); });
  ASSERT_NE(again.refused(), nullptr);
  EXPECT_EQ(again.error().code, error_code::busy);
}

// --- what is wrong with options, ports and folders is said at the start

error start_error(counters_of_three& cluster, std::size_t at,
                  typename counters_of_three::options const& given) {
  cluster.start(at, given);
  run_until(cluster.io, [&] { return static_cast<bool>(cluster.start_errors[at]); });
  return cluster.start_errors[at];
}

TEST(replica_start, names_what_is_wrong_with_the_options) {
  counters_of_three cluster;
  auto const refusal_of = [&](auto&& change) {
    auto given = cluster.options_of(0);
    change(given);
    return start_error(cluster, 0, given).code;
  };
  using options = typename counters_of_three::options;
  EXPECT_EQ(refusal_of([](options& o) { o.cluster.clear(); }), error_code::bad_option);
  EXPECT_EQ(refusal_of([](options& o) { o.cluster = std::string(64, 'x'); }),
            error_code::bad_option);
  EXPECT_EQ(refusal_of([](options& o) { o.data.clear(); }), error_code::bad_option);
  EXPECT_EQ(refusal_of([](options& o) { o.id = 9; }), error_code::unknown_member);
  EXPECT_EQ(refusal_of([](options& o) { o.members.clear(); }), error_code::unknown_member);
  EXPECT_EQ(refusal_of([](options& o) { o.members[1].id = 1; }), error_code::duplicate_member);
  EXPECT_EQ(refusal_of([](options& o) { o.members[1].address = "nowhere"; }),
            error_code::bad_address);
  EXPECT_EQ(refusal_of([](options& o) { o.members[1].address = "10.0.0.1:1"; }),
            error_code::insecure_address);
  EXPECT_EQ(refusal_of([](options& o) { o.client_listen = "0.0.0.0:1"; }),
            error_code::insecure_address);
  EXPECT_EQ(refusal_of([](options& o) {
              o.insecure = true;
              o.admin_listen = "0.0.0.0:1";
            }),
            error_code::insecure_address);
  EXPECT_EQ(refusal_of([](options& o) { o.submit_timeout_ns = 0; }), error_code::bad_option);
  EXPECT_EQ(refusal_of([](options& o) { o.constants.alpha = 0; }), error_code::bad_option);
  EXPECT_EQ(refusal_of([](options& o) { o.mesh.frame_bytes_max = 1000; }), error_code::bad_option);
  EXPECT_EQ(refusal_of([](options& o) { o.mesh.soon_ns = -1; }), error_code::bad_option);
  EXPECT_EQ(refusal_of([](options& o) { o.mesh.soon_ns = synod::never; }), error_code::bad_option);
  auto given = cluster.options_of(0);
  given.quorums = {1, 1, 0};
  cluster.start(0, given);
  run_for(cluster.io, 20);  // what is wrong with options is said at once
  EXPECT_FALSE(cluster.start_errors[0]) << "majority does not look at the sizes";
}

TEST(replica_start, says_who_holds_the_port) {
  counters_of_three cluster;
  cluster.start_all();
  auto given = cluster.options_of(0);
  given.data = "somewhere else";
  typename counters_of_three::replica second(cluster.io, given);
  auto const got = cluster.wait_for<done>([&](auto handler) { second.async_start(handler); });
  ASSERT_NE(got.refused(), nullptr);
  EXPECT_EQ(got.error().code, error_code::address_in_use);
  EXPECT_NE(std::string(got.error().remedy).find("process " + std::to_string(::getpid())),
            std::string::npos);
}

TEST(replica_start, refuses_the_folder_of_another_process_and_of_another_cluster) {
  counters_of_three cluster;
  cluster.start_all();
  auto given = cluster.options_of(0);
  given.listen = "127.0.0.1:0";
  typename counters_of_three::replica second(cluster.io, given);
  auto const got = cluster.wait_for<done>([&](auto handler) { second.async_start(handler); });
  EXPECT_EQ(got.error().code, error_code::locked);

  cluster.kill(0);
  given.cluster = "another";
  given.client_listen.clear();
  typename counters_of_three::replica third(cluster.io, given);
  auto const foreign = cluster.wait_for<done>([&](auto handler) { third.async_start(handler); });
  EXPECT_EQ(foreign.error().code, error_code::wrong_cluster);
}

TEST(replica_start, gives_up_when_told_how_long_to_wait) {
  counters_of_three cluster;
  auto given = cluster.options_of(0);
  given.start_timeout_ns = 100'000'000;
  EXPECT_EQ(start_error(cluster, 0, given).code, error_code::timed_out);
}

}  // namespace
