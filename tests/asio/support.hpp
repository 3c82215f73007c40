// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/clock.hpp>
#include <synod/asio/tcp_mesh.hpp>
#include <synod/codec/wire.hpp>

#include <boost/asio/io_context.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace support {

// Runs the context until something holds. Returns: whether it does before it is time to give up,
// which is generous, and does not count the time in which this process, or its machine, stood
// still.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition&& holds, int milliseconds = 60'000) {
  using clock = std::chrono::steady_clock;
  clock::duration left = std::chrono::milliseconds(milliseconds);
  for (auto then = clock::now(); !holds();) {
    if (left < clock::duration()) return false;
    if (io.stopped()) io.restart();
    io.run_one_for(std::chrono::milliseconds(5));
    auto const now = clock::now();
    left -= std::min<clock::duration>(now - then, std::chrono::milliseconds(100));
    then = now;
  }
  return true;
}

// As a program that catches what its handlers throw and goes on. Returns how often it caught one.
template <class Condition>
int run_and_catch(boost::asio::io_context& io, Condition&& holds) {
  int caught = 0;
  for (bool goes_on = true; goes_on && !holds();) {
    try {
      goes_on = run_until(io, holds);
    } catch (std::runtime_error const&) {
      ++caught;
    }
  }
  return caught;
}

inline void run_for(boost::asio::io_context& io, int milliseconds) {
  run_until(
      io, [] { return false; }, milliseconds);
}

// A socket without manners, for sending what no node of ours would send.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  raw_client(raw_client const&) = delete;
  raw_client(raw_client&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_) {}
  ~raw_client() {
    if (socket_ >= 0) ::close(socket_);
  }

  [[nodiscard]] bool connected() const { return connected_; }
  // Returns: how many bytes the kernel took.
  std::size_t send(std::span<std::byte const> bytes) {
    ssize_t const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  // Takes what has arrived. Returns: false once the other side has closed.
  bool receive(std::vector<std::byte>& into) {
    std::byte some[4096];
    for (;;) {
      ssize_t const got = ::recv(socket_, some, sizeof some, 0);
      if (got > 0) {
        into.insert(into.end(), some, some + got);
      } else {
        return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
      }
    }
  }
  bool closed_by_other() {
    std::vector<std::byte> ignored;
    return !receive(ignored);
  }

 private:
  int socket_;
  bool connected_ = false;
};

// A host of a mesh that admits everybody whom it is not told to refuse, and keeps what it receives.
struct mesh_host {
  using links = synod::asio::tcp_mesh::links<mesh_host>;

  synod::asio::holdable holders;
  synod::asio::greeting self;
  links mesh;
  std::map<std::uint64_t, int> linked_now;  // by node: how often linked minus how often unlinked
  std::vector<std::pair<std::uint64_t, std::string>> received_frames;
  std::map<std::uint64_t, synod::error_code> refusals;
  synod::error verdict;
  int judged = 0;
  int inputs = 0;
  bool keep_frames = true;

  mesh_host(boost::asio::io_context& io, std::uint64_t id,
            synod::asio::mesh_options const& options = {})
      : mesh(io.get_executor(), options, *this) {
    self.from = synod::node_id(id);
    self.store = {id, id};
    self.life = {1, id * 1000};
    self.cluster = {7, 7};
    self.cluster_name = "test";
    self.protocol = "none";
    mesh.introduce(self);
  }

  synod::asio::greeting greet() const { return self; }
  synod::error judge(synod::asio::greeting const&) {
    ++judged;
    return verdict;
  }
  void refused_by(synod::node_id who, synod::error_code why) { refusals[who.value] = why; }
  void linked(synod::node_id who) { ++linked_now[who.value]; }
  void unlinked(synod::node_id who) { --linked_now[who.value]; }
  void received(synod::node_id from, synod::frame&& one) {
    if (!keep_frames) return;
    auto const bytes = one.body.bytes();
    received_frames.emplace_back(
        from.value, std::string(reinterpret_cast<char const*>(bytes.data()), bytes.size()));
  }
  void input_ended() { ++inputs; }

  // Listens at a port of its own and returns it.
  std::uint16_t listen() {
    auto const why = mesh.listen(*synod::asio::read_address("127.0.0.1:0"));
    return why ? std::uint16_t{0} : mesh.local().port();
  }
  [[nodiscard]] synod::shared_bytes frame_of(std::string const& text) {
    scratch.clear();
    std::size_t const begin = synod::begin_frame(scratch);
    auto const bytes = std::as_bytes(std::span(text.data(), text.size()));
    scratch.insert(scratch.end(), bytes.begin(), bytes.end());
    synod::end_frame(scratch, begin, synod::frame_family::peer,
                     {.kind = synod::frame_kind::protocol,
                      .cluster = self.cluster,
                      .from = self.from,
                      .life = self.life});
    return frames.seal(scratch);
  }
  void say(std::uint64_t to, std::string const& text) {
    mesh.send(synod::node_id(to), frame_of(text));
  }
  synod::bytes_pool frames;
  std::vector<std::byte> scratch;
};

// A host lives as long as a handler refers to it, so tests hold it as handlers do, and close it.
class open_host {
 public:
  open_host(boost::asio::io_context& io, std::uint64_t id,
            synod::asio::mesh_options const& options = {})
      : host_(new mesh_host(io, id, options)) {}
  open_host(open_host&&) noexcept = default;
  ~open_host() {
    if (host_) host_->mesh.close();
  }
  mesh_host* operator->() const { return host_.get(); }

 private:
  synod::asio::held<mesh_host> host_;
};

inline synod::asio::mesh_peer peer_at(std::uint64_t id, std::uint16_t port) {
  synod::asio::mesh_peer made;
  made.id = synod::node_id(id);
  if (port != 0) made.at = *synod::asio::read_address("127.0.0.1:" + std::to_string(port));
  return made;
}

}  // namespace support
