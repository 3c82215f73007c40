// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/address.hpp>
#include <synod/asio/alarm.hpp>
#include <synod/asio/kept_text.hpp>
#include <synod/asio/port_owner.hpp>
#include <synod/core/error.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <utility>

namespace synod::asio {

template <class Executor>
using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

// Accepts connections at one address until it is closed. A process without a free descriptor stops
// accepting for a moment instead of spinning.
template <class Executor>
class listener {
 public:
  explicit listener(Executor const& on) : acceptor_(on), pause_(on) {}

  error open(tcp_endpoint const& at) {
    boost::system::error_code bad;
    acceptor_.open(at.protocol(), bad);
    if (!bad) acceptor_.set_option(boost::asio::socket_base::reuse_address(true), bad);
    if (!bad) acceptor_.bind(at, bad);
    if (!bad) acceptor_.listen(boost::asio::socket_base::max_listen_connections, bad);
    if (!bad) return {};
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    if (bad == boost::asio::error::address_in_use) return port_in_use(at);
    return {error_code::bad_address, static_cast<std::uint64_t>(bad.value()),
            kept_text(write_address(at)), kept_text(bad.message())};
  }

  // Where it listens; with port 0 the system chose one.
  [[nodiscard]] tcp_endpoint local() const {
    boost::system::error_code none;
    return acceptor_.local_endpoint(none);
  }
  [[nodiscard]] bool is_open() const { return acceptor_.is_open(); }

  // Effects: calls take(socket) for each connection; `hold` keeps alive what `take` refers to.
  template <class Hold, class Take>
  void accept(Hold hold, Take take) {
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept(
        [this, hold, take](boost::system::error_code bad, tcp_socket<Executor> socket) mutable {
          if (!acceptor_.is_open()) return;
          if (!bad) {
            take(std::move(socket));
          } else if (bad != boost::asio::error::connection_aborted) {
            auto const again = [this, hold, take]() mutable { accept(hold, take); };
            return pause_.set(boot_time() + pause_ns, hold, again);
          }
          accept(std::move(hold), std::move(take));
        });
  }

  void close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.close();
  }

 private:
  static constexpr time_ns pause_ns = 100'000'000;

  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor> acceptor_;
  alarm<Executor> pause_;
};

}  // namespace synod::asio
