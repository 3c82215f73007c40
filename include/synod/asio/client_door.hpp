// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/alarm.hpp>
#include <synod/asio/client_messages.hpp>
#include <synod/asio/framed_connection.hpp>
#include <synod/asio/listener.hpp>
#include <synod/core/error.hpp>
#include <synod/core/prefetch.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod::asio {

struct client_door_options {
  std::size_t clients_max = 1024;
  std::size_t strangers_max = 64;  // connections that have not said hello yet
  time_ns hello_timeout_ns = 5'000'000'000;
  std::uint32_t frame_bytes_max = std::uint32_t{1} << 20;
  connection_options connection{.queue = {.bytes_max = std::size_t{8} << 20},
                                .read_bytes = std::size_t{16} << 10};
};

// Where clients come in: a listener of its own, with frames of a family that no peer understands,
// so that a client can never send what only a peer may. Its host has
//
//   holders                              a `holdable`
//   judge(client_hello) -> error_code, own_hello() -> client_hello, cluster() -> cluster_id,
//   self() -> node_id
//   asked(std::uint64_t client, client_request const&)
//   served_version() -> std::uint64_t, served() -> served_members     what clients should know
//   input_ended()
template <class Executor, class Host>
class client_door {
 public:
  struct attachment {
    std::uint64_t client = 0;
    bool known = false;        // it has said hello
    time_ns deadline = never;  // for that
  };
  using connection = framed_connection<Executor, client_door>;
  using pointer = held<connection>;
  using keeps_alive = held<Host>;

  client_door(Executor const& on, client_door_options const& given, Host& host)
      : options_(given), host_(host), listener_(on), alarm_(on) {}

  error open(tcp_endpoint const& at) {
    if (error const why = listener_.open(at)) return why;
    listener_.accept(hold(), [this](tcp_socket<Executor> one) { accepted(std::move(one)); });
    return {};
  }
  [[nodiscard]] tcp_endpoint local() const { return listener_.local(); }
  [[nodiscard]] std::size_t clients() const { return connections_.size(); }
  [[nodiscard]] rejections const& refused() const { return counts_.refused; }

  // There is going to be a reply to each of them soon.
  void foresee_replies(std::span<std::uint64_t const> clients) const {
    for (std::uint64_t const one : clients) {
      auto const at = static_cast<std::uint32_t>(one);
      if (at < places_.size()) prefetch(&places_[at]);
    }
    for (std::uint64_t const one : clients) {
      auto const at = static_cast<std::uint32_t>(one);
      connection const* const to = at < places_.size() ? places_[at].over : nullptr;
      if (to == nullptr) continue;
      prefetch(to);
      prefetch(&to->queue());
      prefetch(&to->queue() + 1);  // where it ends
      prefetch(reinterpret_cast<std::byte const*>(to + 1) - 1);
    }
  }
  // Effects: queues the reply, if that client is still there. `flush` writes.
  void reply(std::uint64_t client, client_reply what) {
    auto const at = static_cast<std::uint32_t>(client);
    connection* const to = at < places_.size() ? places_[at].over : nullptr;
    if (to == nullptr || to->attached.client != client) return;
    std::uint64_t const version = host_.served_version();
    if (std::exchange(places_[at].told, version) != version) what.members = host_.served();
    write_client_frame(scratch_, frame_kind::reply, host_.cluster(), host_.self(), what);
    shared_bytes const whole = pool_.seal(scratch_);
    // A client that does not read its answers is cut off: it will ask again.
    if (!to->push(whole, 0, whole.bytes().size())) {
      return to->close({error_code::busy, to->queue().bytes(), "client", ""});
    }
    if (std::exchange(places_[at].dirty, true)) return;
    dirty_.push_back(at);
  }
  void flush() {
    for (std::uint32_t const at : dirty_) {
      places_[at].dirty = false;
      if (places_[at].over != nullptr) places_[at].over->flush();
    }
    dirty_.clear();
  }

  void close() {
    closed_ = true;
    listener_.close();
    alarm_.close();
    for (pointer const& one : std::vector<pointer>(connections_)) {
      one->close({error_code::shutting_down, 0, "client", ""});
    }
  }

  // --- for the connections

  keeps_alive hold() { return keeps_alive(&host_); }
  bytes_pool& pool() { return pool_; }
  frame_counters& frame_counts() { return counts_; }
  void expect_input() const {}  // there may be thousands

  void frame_passes(connection& over, passing_frame const& one) {
    if (!over.attached.known) return hello_arrived(over, one);
    client_request asked;
    if (one.header.kind != frame_kind::request || !read_client_frame(one.body, asked)) {
      return refuse(over, error_code::malformed);
    }
    host_.asked(over.attached.client, asked);
  }
  void input_ended(connection&) { host_.input_ended(); }
  void connection_closed(connection& over, error const&) {
    auto const at = static_cast<std::uint32_t>(over.attached.client);
    if (at < places_.size() && places_[at].over == &over) {
      places_[at].over = nullptr;
      ++places_[at].uses;
      free_.push_back(at);
    }
    std::erase_if(connections_, [&](pointer const& one) { return one.get() == &over; });
  }

 private:
  struct place {
    connection* over = nullptr;
    std::uint32_t uses = 1;
    bool dirty = false;
    std::uint64_t told = 0;  // which version of the members
  };

  void accepted(tcp_socket<Executor> socket) {
    if (closed_) return;
    make_room();
    if (connections_.size() >= options_.clients_max) {
      return counts_.refused.count(error_code::too_many_connections);
    }
    connections_.emplace_back(
        new connection(std::move(socket), *this, frame_family::client, options_.connection));
    connection& made = *connections_.back();
    made.attached.deadline = boot_time() + options_.hello_timeout_ns;
    wake_at(made.attached.deadline);
    made.start();
  }
  void make_room() {
    std::size_t strangers = 0;
    pointer oldest;
    for (pointer const& one : connections_) {
      if (one->attached.known) continue;
      if (strangers++ == 0) oldest = one;
    }
    if (strangers < options_.strangers_max) return;
    counts_.refused.count(error_code::too_many_connections);
    oldest->close({error_code::too_many_connections, strangers, "client", ""});
  }

  void hello_arrived(connection& over, passing_frame const& one) {
    client_hello got;
    if (one.header.kind != frame_kind::hello || !read_client_frame(one.body, got)) {
      return refuse(over, error_code::malformed);
    }
    client_hello mine = host_.own_hello();
    bool const foreign = !one.header.cluster.empty() && one.header.cluster != host_.cluster();
    mine.why = foreign ? error_code::wrong_cluster : host_.judge(got);
    std::vector<std::byte> bytes;
    write_client_frame(bytes, frame_kind::hello, host_.cluster(), host_.self(), mine);
    over.push(std::move(bytes));
    over.flush();
    if (mine.why != error_code::none) return refuse(over, mine.why);
    over.attached.known = true;
    over.attached.deadline = never;
    over.trust(options_.frame_bytes_max);
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    std::uint32_t const at = free_.back();
    free_.pop_back();
    places_[at].over = &over;
    places_[at].told = 0;
    over.attached.client = std::uint64_t{places_[at].uses} << 32 | at;
  }
  void refuse(connection& over, error_code why) {
    counts_.refused.count(why);
    over.close({why, 0, "client", ""});
  }

  void wake_at(time_ns at) {
    if (closed_) return;
    alarm_.set(at, hold(), [this] {
      time_ns const now = boot_time();
      for (pointer const& one : std::vector<pointer>(connections_)) {
        if (one->attached.deadline > now) {
          if (one->attached.deadline != never) wake_at(one->attached.deadline);
          continue;
        }
        counts_.refused.count(error_code::timed_out);
        one->close({error_code::timed_out, 0, "client", ""});
      }
    });
  }

  client_door_options options_;
  Host& host_;
  listener<Executor> listener_;
  alarm<Executor> alarm_;
  bytes_pool pool_;
  frame_counters counts_;
  std::vector<pointer> connections_;
  std::vector<place> places_;  // by the lower half of a client's number
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> dirty_;
  std::vector<std::byte> scratch_;
  bool closed_ = false;
};

}  // namespace synod::asio
