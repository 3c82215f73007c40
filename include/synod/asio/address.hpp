// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/kept_text.hpp>
#include <synod/core/error.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace synod::asio {

using tcp_endpoint = boost::asio::ip::tcp::endpoint;

// Reads "127.0.0.1:6001", "[::1]:6001" or "localhost:6001". Names are not resolved: that needs a
// thread, and a name that means another machine tomorrow would move a member of the cluster.
inline result<tcp_endpoint> read_address(std::string_view text) {
  auto const refuse = [&](char const* remedy) {
    return error{error_code::bad_address, text.size(), kept_text(text), remedy};
  };
  std::size_t const colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("write it as 127.0.0.1:6001");
  std::string_view const digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failed != std::errc() || end != digits.data() + digits.size()) {
    return refuse("end it with a port between 0 and 65535");
  }
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse("write IPv6 in brackets, as in [::1]:6001");
  }
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code bad;
  auto const address = boost::asio::ip::make_address(std::string(host), bad);
  if (bad) return refuse("write the number of the machine, as in 127.0.0.1:6001");
  return tcp_endpoint(address, port);
}

// What nobody on another machine can reach. Everything else needs TLS, or somebody who says that
// the network is trusted.
inline bool is_loopback(tcp_endpoint const& at) {
  auto const address = at.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
        .is_loopback();
  }
  return address.is_loopback();
}

// An address that may be used: on this machine, or anywhere if `insecure` was said.
inline result<tcp_endpoint> read_permitted_address(std::string_view text, bool insecure) {
  auto const found = read_address(text);
  if (found && !is_loopback(*found) && !insecure) {
    return error{error_code::insecure_address, found->port(), kept_text(text),
                 "connections are neither encrypted nor authenticated: stay on 127.0.0.1, or set "
                 "insecure on a network that you trust"};
  }
  return found;
}

inline std::string write_address(tcp_endpoint const& at) {
  std::string text = at.address().to_string();
  if (at.address().is_v6()) text = "[" + text + "]";
  return text + ":" + std::to_string(at.port());
}

}  // namespace synod::asio
