// SPDX-License-Identifier: BSL-1.0
//
// Three servers of etcd on loopback under a closed loop: as many connections to the leader as
// commands are to be under way, each with one put of its own key.
//
//   peer_etcd --payload 16 --outstanding 256 --seconds 3 --warm 1 --folder F
//
// Puts go through etcd's gateway, JSON over HTTP, which adds to their cost; and callers are in a
// process of their own. It syncs its log before it acknowledges, always: with a folder on a tmpfs
// that costs next to nothing, and the line says "durable":false.

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "peers/peer.hpp"
#include "support/load.hpp"

namespace bench {

namespace {

namespace net = boost::asio;

constexpr unsigned servers = 3;

std::string peer_url(settings const& with, unsigned id) {
  return "http://" + address_of(with.ports[id - 1]);
}
std::uint16_t client_port(settings const& with, unsigned id) {
  return with.ports[servers + id - 1];
}

// Becomes the server; what it says is in a file of its folder.
int serve(settings const& with) {
  std::string const folder = with.folder + "/" + std::to_string(with.id);
  std::string cluster;
  for (unsigned id = 1; id <= servers; ++id) {
    cluster += (id == 1 ? "" : ",") + std::to_string(id) + "=" + peer_url(with, id);
  }
  std::string const peers = peer_url(with, with.id);
  std::string const clients = "http://" + address_of(client_port(with, with.id));
  std::vector<std::string> words{"etcd",
                                 "--name=" + std::to_string(with.id),
                                 "--data-dir=" + folder,
                                 "--listen-peer-urls=" + peers,
                                 "--initial-advertise-peer-urls=" + peers,
                                 "--listen-client-urls=" + clients,
                                 "--advertise-client-urls=" + clients,
                                 "--initial-cluster=" + cluster,
                                 "--initial-cluster-state=new",
                                 "--logger=zap",
                                 "--log-level=error"};
  std::vector<char*> given;
  for (std::string& one : words) given.push_back(one.data());
  given.push_back(nullptr);
  int const said = ::open((folder + ".log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (said >= 0) ::dup2(said, STDERR_FILENO);
  ::execvp(given[0], given.data());
  return 127;
}

std::string base64(std::string const& bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string made;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned three = 0;
    for (std::size_t k = i; k < i + 3; ++k) {
      three = three << 8 | (k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      made += i + k > bytes.size() ? '=' : digits[three >> (18 - 6 * k) & 63];
    }
  }
  return made;
}

std::string post(std::string const& path, std::string const& json) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(json.size()) +
         "\r\n\r\n" + json;
}

// How long the body is that follows this head; less than 0 if it tells of no success.
long length_of(std::string_view head) {
  constexpr std::string_view name = "Content-Length: ";
  std::size_t const at = head.find(name);
  if (!head.starts_with("HTTP/1.1 200") || at == std::string_view::npos) return -1;
  return std::atol(head.data() + at + name.size());
}

[[noreturn]] void leave(std::string const& why) {
  std::fprintf(stderr, "etcd: %s\n", why.c_str());
  std::_Exit(1);
}

// One connection, kept for one put after the other.
class caller {
 public:
  caller(net::io_context& io, std::uint16_t port, std::string request)
      : socket_(io), request_(std::move(request)) {
    socket_.connect({net::ip::address_v4::loopback(), port});
    socket_.set_option(net::ip::tcp::no_delay(true));
  }

  template <class Handler>
  void put(Handler handler) {
    net::async_write(socket_, net::buffer(request_),
                     [this, handler](boost::system::error_code bad, std::size_t) {
                       if (bad) leave(bad.message());
                       read(handler);
                     });
  }

  // Returns: the answer, without going on with anything else meanwhile.
  std::string ask() {
    net::write(socket_, net::buffer(request_));
    std::size_t const head = net::read_until(socket_, net::dynamic_buffer(said_), "\r\n\r\n");
    net::read(socket_, net::dynamic_buffer(said_), net::transfer_exactly(left_after(head)));
    return std::exchange(said_, {});
  }

 private:
  template <class Handler>
  void read(Handler handler) {
    net::async_read_until(socket_, net::dynamic_buffer(said_), "\r\n\r\n",
                          [this, handler](boost::system::error_code bad, std::size_t head) {
                            if (bad) leave(bad.message());
                            net::async_read(
                                socket_, net::dynamic_buffer(said_),
                                net::transfer_exactly(left_after(head)),
                                [this, handler](boost::system::error_code broken, std::size_t) {
                                  if (broken) leave(broken.message());
                                  said_.clear();
                                  handler(synod::outcome<int>(1));
                                });
                          });
  }
  // What is still to come of an answer whose head has so many bytes.
  [[nodiscard]] std::size_t left_after(std::size_t head) const {
    long const body = length_of(std::string_view(said_).substr(0, head));
    if (body < 0) leave(said_);
    return head + static_cast<std::size_t>(body) - said_.size();
  }

  net::ip::tcp::socket socket_;
  std::string request_;
  std::string said_;
};

// The number after a key, as text: etcd writes 64-bit numbers as strings.
std::string number_of(std::string const& json, std::string const& key) {
  std::size_t const at = json.find("\"" + key + "\":\"");
  if (at == std::string::npos) return {};
  std::size_t const from = at + key.size() + 4;
  return json.substr(from, json.find('"', from) - from);
}

// Whether it answers and says that it leads, and all others follow it.
bool leads(settings const& with, unsigned id) {
  std::string leader;
  bool agreed = true;
  for (unsigned one = 1; one <= servers; ++one) {
    try {
      net::io_context io;
      std::string const said =
          caller(io, client_port(with, one), post("/v3/maintenance/status", "{}")).ask();
      std::string const known = number_of(said, "leader");
      if (one == id) agreed = agreed && known == number_of(said, "member_id");
      if (!leader.empty()) agreed = agreed && known == leader;
      agreed = agreed && !known.empty();
      leader = known;
    } catch (boost::system::system_error const&) {
      return false;  // it does not listen yet
    }
  }
  return agreed;
}

int call(settings const& with) {
  unsigned leader = 0;
  for (int i = 0; i < 1000 && leader == 0; ++i) {
    for (unsigned id = 1; id <= servers && leader == 0; ++id) {
      if (leads(with, id)) leader = id;
    }
    if (leader == 0) ::usleep(20'000);
  }
  if (leader == 0) leave("no leader was elected");
  net::io_context io(1);
  std::string const value = base64(std::string(with.payload, 'x'));
  std::vector<std::unique_ptr<caller>> all;
  for (unsigned i = 0; i < with.outstanding; ++i) {
    std::string const json =
        "{\"key\":\"" + base64(std::to_string(i)) + "\",\"value\":\"" + value + "\"}";
    all.push_back(
        std::make_unique<caller>(io, client_port(with, leader), post("/v3/kv/put", json)));
  }
  load made(io, with,
            [&](std::uint32_t which, auto handler) { all[which]->put(std::move(handler)); });
  made.run();
  io.run();
  return 0;
}

}  // namespace

}  // namespace bench

int main(int count, char** words) {
  return bench::run_peer({.name = "etcd", .serve = bench::serve, .call = bench::call}, count,
                         words);
}
