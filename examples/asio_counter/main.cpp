// SPDX-License-Identifier: BSL-1.0
// usage: asio_counter 1|2|3
// One of three replicas of a counter, over TCP, durable in ./counter/<id>. Type numbers: each is
// added once, on all three, and the total is printed.
#include <synod/asio/replica.hpp>
#include <synod/protocol/multi_paxos.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
using boost::asio::use_awaitable;

struct counter {
  using command = std::int64_t;
  std::int64_t total = 0;
  std::int64_t apply(command const& by) { return total += by; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(total);
  }
};
using replica = synod::asio::replica<synod::multi_paxos<>, counter>;

boost::asio::awaitable<void> add_what_is_typed(replica& node, boost::asio::io_context& io) {
  auto const started = co_await node.async_start(use_awaitable);
  if (!started) std::exit((std::cerr << started.error() << "\n", 1));
  boost::asio::posix::stream_descriptor input(io, ::dup(0));
  for (std::string line; started;) {
    auto const [bad, length] = co_await boost::asio::async_read_until(
        input, boost::asio::dynamic_buffer(line), '\n', boost::asio::as_tuple(use_awaitable));
    if (bad) break;
    std::int64_t const by = std::atoll(line.c_str());
    auto const total = co_await node.async_submit(by, use_awaitable);
    if (total) std::cout << *total << std::endl;
    if (total.refused()) std::cerr << "not done: " << total.error() << "\n";
    if (total.unknown()) std::cerr << "perhaps done: " << total.error() << "\n";
    line.erase(0, length);
  }
  io.stop();
}

int main(int count, char** words) {
  boost::asio::io_context io;
  std::string const id = count > 1 ? words[1] : "1";
  replica node(io,
               {.cluster = "counter",
                .id = std::strtoull(id.c_str(), nullptr, 10),
                .members = {{1, "127.0.0.1:6301"}, {2, "127.0.0.1:6302"}, {3, "127.0.0.1:6303"}},
                .data = "counter/" + id});
  boost::asio::co_spawn(io, add_what_is_typed(node, io), boost::asio::detached);
  synod::asio::run(io);
}
