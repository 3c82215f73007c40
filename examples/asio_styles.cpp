// SPDX-License-Identifier: BSL-1.0
// The same three additions to a durable counter, waited for with callbacks, futures and a
// coroutine. The cluster is of one member, so this program needs no other.
#include <synod/asio/replica.hpp>
#include <synod/machine/counter.hpp>
#include <synod/protocol/multi_paxos.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <iostream>
#include <string>
#include <thread>

using replica = synod::asio::replica<synod::multi_paxos<>, synod::counter>;
using total = synod::outcome<std::int64_t>;

void say(char const* style, total const& got) {
  if (got) {
    std::cout << style << *got << std::endl;
  } else {
    std::cerr << style << got.error() << "\n";
  }
}

// Each ends by telling `ended`, on the thread that runs the context.
void with_callbacks(replica& node, std::promise<void>& ended) {
  node.async_submit(std::int64_t{1}, [&](total const& one) {
    say("callback   ", one);
    node.async_submit(std::int64_t{2}, [&](total const& two) {
      say("callback   ", two);
      ended.set_value();
    });
  });
}

// From any other thread, which waits.
void with_futures(replica& node) {
  std::future<total> one = node.async_submit(std::int64_t{3}, boost::asio::use_future);
  std::future<total> two = node.async_submit(std::int64_t{4}, boost::asio::use_future);
  say("future     ", one.get());
  say("future     ", two.get());
}

boost::asio::awaitable<void> with_a_coroutine(replica& node) {
  for (std::int64_t by : {5, 6}) {
    total const got = co_await node.async_submit(by, boost::asio::use_awaitable);
    say("coroutine  ", got);
  }
}

int main(int count, char** words) {
  boost::asio::io_context io;
  replica node(io, {.cluster = "styles",
                    .id = 1,
                    .members = {{1, "127.0.0.1:6311"}},
                    .data = count > 1 ? words[1] : "styles"});
  auto const work = boost::asio::make_work_guard(io);
  std::thread loop([&] { synod::asio::run(io); });
  auto const started = node.async_start(boost::asio::use_future).get();
  if (started) {
    std::promise<void> ended;
    with_callbacks(node, ended);
    ended.get_future().wait();
    with_futures(node);
    boost::asio::co_spawn(io, with_a_coroutine(node), boost::asio::use_future).get();
  } else {
    std::cerr << started.error() << "\n";
  }
  node.async_stop(boost::asio::use_future).get();
  io.stop();
  loop.join();
  return started ? 0 : 1;
}
