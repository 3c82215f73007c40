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

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>

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
  ASSERT_TRUE(run_until(
      cluster.io, [&] { return got.has_value(); }, 1000));
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

// From its submission to its result, at the leader of one: what is allocated is the batch and the
// record that the log keeps until it is trimmed, in nine pieces. No operation, handler or frame is.
TEST(tokens, a_command_allocates_only_what_the_log_keeps) {
  replicas<counter> cluster(1);
  cluster.start_all();
  // One after the other within one run of the context, which keeps memory for its handlers then.
  struct chain {
    decltype(cluster)& of;
    std::uint64_t left;
    std::uint64_t calls = 0;

    void next() {
      of.nodes[0]->async_submit(std::int64_t{1}, [this](outcome<std::int64_t> const&) {
        if (--left == 1000) counted.emplace();
        if (left != 0) return next();
        calls = counted->calls();
        of.io.stop();
      });
    }
    std::optional<support::allocations> counted = {};
  };
  chain all{cluster, 6000};
  all.next();
  cluster.io.restart();
  cluster.io.run();
  EXPECT_EQ(all.left, 0U);
  EXPECT_LE(all.calls, 9'100U) << "for 1000 commands";
}

}  // namespace
