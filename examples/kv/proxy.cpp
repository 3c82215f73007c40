// SPDX-License-Identifier: BSL-1.0
#include "proxy.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace store {

namespace {

constexpr std::size_t way_bytes_max = 4 << 20;

std::int64_t now_ms() {
  auto const since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

sockaddr_in here(std::uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  made.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return made;
}

int new_socket() {
  int const made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int const yes = 1;
  ::setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return made;
}

}  // namespace

bool proxy::open(std::uint16_t first_port, std::size_t nodes,
                 std::vector<std::uint16_t> const& where) {
  first_port_ = first_port;
  where_ = where;
  for (std::size_t a = 1; a <= nodes; ++a) {
    for (std::size_t b = 1; b <= nodes; ++b) {
      if (a == b) continue;
      int const made = new_socket();
      ears_.push_back({made, a, b});
      sockaddr_in const at = here(port_of(a, b));
      if (::bind(made, reinterpret_cast<sockaddr const*>(&at), sizeof at) != 0 ||
          ::listen(made, 64) != 0) {
        close();
        return false;
      }
    }
  }
  thread_ = std::thread([this] { run(); });
  return true;
}

proxy::~proxy() { close(); }

void proxy::close() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  for (ear const& one : ears_) ::close(one.socket);
  for (connection& one : connections_) end(one, false);
  ears_.clear();
  connections_.clear();
}

void proxy::set(std::size_t from, std::size_t to, weather what) {
  std::lock_guard const inside(door_);
  weather_[from][to] = what;
}
void proxy::reset(std::size_t a, std::size_t b) {
  std::lock_guard const inside(door_);
  resets_[a][b] = resets_[b][a] = true;
}
void proxy::heal() {
  std::lock_guard const inside(door_);
  weather_ = {};
}
weather proxy::between(std::size_t from, std::size_t to) {
  std::lock_guard const inside(door_);
  return weather_[from][to];
}

void proxy::end(connection& of, bool with_reset) {
  for (int& one : of.sockets) {
    if (one < 0) continue;
    linger const hard{1, 0};
    if (with_reset) ::setsockopt(one, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(std::exchange(one, -1));
  }
  of.broken = true;
}

void proxy::accept(ear const& at) {
  int const caller = ::accept4(at.socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (caller < 0) return;
  int const yes = 1;
  ::setsockopt(caller, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  int const called = new_socket();
  sockaddr_in const to = here(where_[at.called]);
  connections_.push_back({at.caller, at.called, {caller, called}, {}});
  bool const calls = ::connect(called, reinterpret_cast<sockaddr const*>(&to), sizeof to) == 0 ||
                     errno == EINPROGRESS;
  if (!calls) end(connections_.back(), true);
}

void proxy::read(connection& of, std::size_t side) {
  way& on = of.ways[side];
  weather const sky = side == 0 ? between(of.caller, of.called) : between(of.called, of.caller);
  std::vector<char> bytes(64 << 10);
  ssize_t const count = ::recv(of.sockets[side], bytes.data(), bytes.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) return;
  if (count < 0) return end(of, true);
  if (count == 0) {
    on.ended = true;
    return;
  }
  dice_ = dice_ * 6364136223846793005ULL + 1442695040888963407ULL;
  if (static_cast<int>((dice_ >> 33) % 100) < sky.dropped_percent) return;
  bytes.resize(static_cast<std::size_t>(count));
  on.bytes += bytes.size();
  on.on_the_way.push_back({now_ms() + sky.delay_ms, std::move(bytes)});
}

void proxy::deliver(connection& of, std::size_t side, std::int64_t now) {
  way& on = of.ways[side];
  weather const sky = side == 0 ? between(of.caller, of.called) : between(of.called, of.caller);
  if (sky.held) return;
  while (!on.on_the_way.empty() && on.on_the_way.front().due_ms <= now) {
    std::vector<char>& next = on.on_the_way.front().bytes;
    ssize_t const count = ::send(of.sockets[1 - side], next.data(), next.size(), MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) return;
    if (count < 0) return end(of, true);
    on.bytes -= static_cast<std::size_t>(count);
    next.erase(next.begin(), next.begin() + count);
    if (!next.empty()) return;
    on.on_the_way.erase(on.on_the_way.begin());
  }
  if (on.ended && on.on_the_way.empty()) end(of, false);
}

void proxy::run() {
  while (!stop_) {
    std::vector<pollfd> waiting;
    bool something_to_deliver = false;
    for (ear const& one : ears_) waiting.push_back({one.socket, POLLIN, 0});
    for (connection const& one : connections_) {
      for (std::size_t side = 0; side < 2; ++side) {
        way const& on = one.ways[side];
        bool const reads = !on.ended && on.bytes < way_bytes_max;
        waiting.push_back({one.sockets[side], static_cast<short>(reads ? POLLIN : 0), 0});
        something_to_deliver = something_to_deliver || !on.on_the_way.empty();
      }
    }
    ::poll(waiting.data(), waiting.size(), something_to_deliver ? 1 : 20);
    std::size_t const known = connections_.size();
    std::size_t at = 0;
    for (ear const& one : ears_) {
      if ((waiting[at++].revents & POLLIN) != 0) accept(one);
    }
    std::int64_t const now = now_ms();
    for (std::size_t i = 0; i < known; ++i) {
      connection& one = connections_[i];
      for (std::size_t side = 0; side < 2; ++side) {
        short const what = waiting[at++].revents;
        if (!one.broken && (what & (POLLIN | POLLHUP | POLLERR)) != 0) read(one, side);
      }
      for (std::size_t side = 0; side < 2 && !one.broken; ++side) deliver(one, side, now);
      bool cut = false;
      {
        std::lock_guard const inside(door_);
        cut = resets_[one.caller][one.called];
      }
      if (cut && !one.broken) end(one, true);
    }
    {
      std::lock_guard const inside(door_);
      resets_ = {};
    }
    std::erase_if(connections_, [](connection const& one) { return one.broken; });
  }
}

}  // namespace store
