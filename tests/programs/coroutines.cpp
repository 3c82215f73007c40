// SPDX-License-Identifier: BSL-1.0
// Commands and reads of one replica, waited for in coroutines, callbacks and futures, given up,
// outlived: compiled with sanitizers and run by tests/programs/sanitized. Ends with 0 if everything
// came back as it should.
#include <synod/asio/replica.hpp>
#include <synod/machine/kv.hpp>
#include <synod/protocol/multi_paxos.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

using boost::asio::use_awaitable;
using synod::kv;
using replica = synod::asio::replica<synod::multi_paxos<>, kv, synod::memory>;

static int failures = 0;
static void expect(bool good, char const* what) {
  if (good) return;
  ++failures;
  std::cerr << what << "\n";
}

static boost::asio::awaitable<void> in_a_coroutine(replica& node, int& ended) {
  std::string const long_text(200, 'x');
  for (int i = 0; i < 50; ++i) {
    // Temporaries that own memory, in the expression that waits: what g++ 12 gets wrong for
    // aggregates, and what the constructors of commands are for.
    auto const put = co_await node.async_submit(
        kv::put("key " + std::to_string(i) + long_text, long_text), use_awaitable);
    expect(static_cast<bool>(put), "a put in a coroutine");
    kv::get named("key " + std::to_string(i) + long_text);
    auto const got = co_await node.async_read(std::move(named), synod::read::linearizable_index{},
                                              use_awaitable);
    expect(got && got->value == long_text, "a get in a coroutine");
  }
  auto const later = node.async_submit(kv::put("later", long_text), boost::asio::deferred);
  auto const there = co_await node.async_read(
      [](kv const& state) { return state.apply(kv::exists("later")).version != 0; },
      synod::read::local{}, use_awaitable);
  expect(there && !*there, "nothing begins before it is launched");
  auto const launched = co_await later(use_awaitable);
  expect(static_cast<bool>(launched), "a deferred put");
  ++ended;
}

static boost::asio::awaitable<void> left_waiting(replica& node, bool& begun) {
  begun = true;
  (void)co_await node.async_submit(kv::put("too late", "x"), use_awaitable);
}

static void with_callbacks(replica& node, int left, int& ended) {
  auto owned = std::make_unique<int>(left);
  node.async_submit(kv::incr("counter"),
                    [&node, &ended, owned = std::move(owned)](synod::outcome<kv::number> got) {
                      expect(static_cast<bool>(got), "an increment with a callback");
                      int const next = *owned - 1;
                      if (next > 0) return with_callbacks(node, next, ended);
                      ++ended;
                    });
}

int main() {
  boost::asio::io_context io;
  auto node = std::make_unique<replica>(
      io,
      replica::options{
          .cluster = "sanitized", .id = 1, .members = {{1, "127.0.0.1:29801"}}, .data = "nowhere"});
  int ended = 0;
  bool cancelled = false;
  boost::asio::cancellation_signal give_up;
  node->async_start([&](synod::outcome<synod::done> started) {
    expect(static_cast<bool>(started), "the start");
    if (!started) return io.stop();
    boost::asio::co_spawn(io, in_a_coroutine(*node, ended), boost::asio::detached);
    with_callbacks(*node, 50, ended);
    node->async_submit(kv::put("given up", "x"),
                       boost::asio::bind_cancellation_slot(
                           give_up.slot(), [&](synod::outcome<kv::written> const& got) {
                             cancelled = got.error().code == synod::error_code::cancelled;
                             ++ended;
                           }));
    give_up.emit(boost::asio::cancellation_type::terminal);
  });
  while (ended < 3 && failures == 0 && io.run_one() != 0) {
  }
  expect(cancelled, "a command that was given up ends at once");
  // What waits when its replica goes away is destroyed with it, or told so.
  auto future = node->async_submit(kv::put("too late", "x"), boost::asio::use_future);
  node->async_submit(kv::put("too late", "x"), [](synod::outcome<kv::written> const&) {});
  bool begun = false;
  boost::asio::co_spawn(io, left_waiting(*node, begun), boost::asio::detached);
  while (!begun) io.poll_one();
  node.reset();
  io.poll();
  expect(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready,
         "a future of a replica that is gone is ready");
  return failures == 0 ? 0 : 1;
}
