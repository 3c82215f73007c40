// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/replica.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "asio/replicas.hpp"
#include "support/allocations.hpp"

namespace {

using namespace synod;
using boost::asio::use_awaitable;
using support::replicas;
using support::run_until;

TEST(tokens, coroutines) {
  replicas<kv> cluster;
  cluster.start_all();
  bool finished = false;
  auto const session = [&]() -> boost::asio::awaitable<void> {
    auto& node = *cluster.nodes[0];
    auto put = co_await node.async_submit(kv::put("key", "value"), use_awaitable);
    EXPECT_TRUE(put);
    auto got = co_await node.async_submit(kv::get("key"), use_awaitable);
    EXPECT_TRUE(got && got->value == "value");
    // Many, one after another, with temporaries that own memory: what g++ 12 gets wrong.
    for (int i = 0; i < 100; ++i) {
      auto const one = co_await node.async_submit(
          kv::put("a key that is too long for the small buffer " + std::to_string(i),
                  std::string(100, 'v')),
          use_awaitable);
      EXPECT_TRUE(one);
    }
    auto const range = co_await node.async_read(kv::range("a key", "b", 1000),
                                                read::linearizable_follower{}, use_awaitable);
    EXPECT_TRUE(range);
    auto const size = co_await node.async_read(
        [](kv const& state) { return state.apply(kv::exists("key")).version; }, read::local{},
        use_awaitable);
    EXPECT_TRUE(size && *size != 0);
    finished = true;
  };
  boost::asio::co_spawn(cluster.io, session, boost::asio::detached);
  EXPECT_TRUE(run_until(cluster.io, [&] { return finished; }));
}

TEST(tokens, several_at_once_in_one_coroutine) {
  using namespace boost::asio::experimental::awaitable_operators;
  replicas<counter> cluster;
  cluster.start_all();
  bool finished = false;
  auto const session = [&]() -> boost::asio::awaitable<void> {
    auto& node = *cluster.nodes[0];
    auto [a, b, c] = co_await (node.async_submit(std::int64_t{1}, use_awaitable) &&
                               node.async_submit(std::int64_t{2}, use_awaitable) &&
                               node.async_submit(std::int64_t{3}, use_awaitable));
    EXPECT_TRUE(a && b && c);
    EXPECT_EQ(cluster.nodes[0]->local()->total, 6);
    finished = true;
  };
  boost::asio::co_spawn(cluster.io, session, boost::asio::detached);
  EXPECT_TRUE(run_until(cluster.io, [&] { return finished; }));
}

TEST(tokens, deferred_does_nothing_before_it_is_launched) {
  replicas<counter> cluster(1);
  cluster.start_all();
  auto operation = cluster.nodes[0]->async_submit(std::int64_t{5}, boost::asio::deferred);
  support::run_for(cluster.io, 20);
  EXPECT_EQ(cluster.nodes[0]->local()->total, 0);
  std::int64_t total = 0;
  std::move(operation)([&](outcome<std::int64_t> got) { total = *got; });
  EXPECT_TRUE(run_until(cluster.io, [&] { return total == 5; }));
}

TEST(tokens, futures_from_another_thread) {
  replicas<counter> cluster;
  cluster.start_all();
  auto guard = boost::asio::make_work_guard(cluster.io);
  std::thread loop([&] { cluster.io.run(); });
  auto& node = *cluster.nodes[1];
  std::vector<std::future<outcome<std::int64_t>>> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(node.async_submit(std::int64_t{1}, boost::asio::use_future));
  }
  std::int64_t most = 0;
  for (auto& one : all) {
    auto const got = one.get();
    ASSERT_TRUE(got) << got.error();
    most = std::max(most, *got);
  }
  EXPECT_EQ(most, 20);
  auto read = node.async_read([](counter const& state) { return state.total; },
                              read::linearizable_follower{}, boost::asio::use_future);
  auto const total = read.get();
  EXPECT_TRUE(total && *total == 20);
  cluster.io.stop();
  loop.join();
  cluster.io.restart();
}

TEST(tokens, a_cancelled_command_has_an_unknown_fate) {
  replicas<counter> cluster;
  cluster.start_all();
  ASSERT_TRUE(cluster.submit(0, std::int64_t{1}));
  std::size_t const leader = *cluster.leader();
  cluster.kill((leader + 1) % 3);
  cluster.kill((leader + 2) % 3);
  boost::asio::cancellation_signal signal;
  std::optional<outcome<std::int64_t>> got;
  cluster.nodes[leader]->async_submit(
      std::int64_t{1}, boost::asio::bind_cancellation_slot(
                           signal.slot(), [&](outcome<std::int64_t> one) { got.emplace(one); }));
  support::run_for(cluster.io, 20);
  EXPECT_FALSE(got.has_value());
  signal.emit(boost::asio::cancellation_type::terminal);
  ASSERT_TRUE(run_until(cluster.io, [&] { return got.has_value(); }));
  ASSERT_NE(got->unknown(), nullptr);
  EXPECT_EQ(got->error().code, error_code::cancelled);
  signal.emit(boost::asio::cancellation_type::terminal);  // it has ended: nothing happens
}

TEST(tokens, the_first_of_two_cancels_the_other) {
  using namespace boost::asio::experimental::awaitable_operators;
  replicas<counter> cluster;
  cluster.start_all();
  ASSERT_TRUE(cluster.submit(0, std::int64_t{1}));
  std::size_t const leader = *cluster.leader();
  cluster.kill((leader + 1) % 3);
  cluster.kill((leader + 2) % 3);
  bool finished = false;
  auto const session = [&]() -> boost::asio::awaitable<void> {
    boost::asio::steady_timer timer(cluster.io, std::chrono::milliseconds(50));
    auto const first =
        co_await (cluster.nodes[leader]->async_submit(std::int64_t{1}, use_awaitable) ||
                  timer.async_wait(use_awaitable));
    EXPECT_EQ(first.index(), 1U);
    finished = true;
  };
  boost::asio::co_spawn(cluster.io, session, boost::asio::detached);
  EXPECT_TRUE(run_until(cluster.io, [&] { return finished; }));
}

// From its submission to its result, on three replicas that all run on this thread: nothing is
// allocated for a decision, by core, node, host, links or storage, once as many slots as lie
// between two snapshots have come and gone. What a snapshot itself takes is not counted here.
TEST(tokens, a_command_allocates_nothing_once_slots_are_recycled) {
  constexpr std::uint64_t between = 1500;
  replicas<counter> cluster;
  for (std::size_t i = 0; i < 3; ++i) {
    auto given = cluster.options_of(i);
    given.snapshot_slots = between;
    cluster.start(i, std::move(given));
  }
  ASSERT_TRUE(run_until(cluster.io, [&] { return cluster.all_started(); }));
  // One after the other within one run of the context, which keeps memory for its handlers then.
  struct chain {
    decltype(cluster)& of;
    std::size_t at;
    std::uint64_t done = 0;
    std::vector<std::size_t> calls = {};  // for each hundred commands
    std::optional<support::allocations> counted = {};

    void next() {
      of.nodes[at]->async_submit(std::int64_t{1}, [this](outcome<std::int64_t> const&) {
        if (++done % 100 != 0) return next();
        if (counted.has_value()) calls.push_back(counted->calls());
        counted.reset();
        if (done == 4 * between) return of.io.stop();
        counted.emplace();
        next();
      });
    }
  };
  chain all{cluster, *cluster.leader()};
  all.calls.reserve(4 * between);
  all.next();
  cluster.io.restart();
  cluster.io.run();
  ASSERT_EQ(all.done, 4 * between);
  // Of the hundreds of the last two rounds between snapshots a third at least took nothing at all;
  // there would be none if a decision took something. In the others a snapshot was taken, or a
  // replica was further behind than ever before and held more slots at once.
  auto const last = all.calls.end() - 2 * between / 100;
  auto const without = std::count(last, all.calls.end(), 0U);
  EXPECT_GE(without, 10) << testing::PrintToString(std::vector(last, all.calls.end()));
}

}  // namespace
