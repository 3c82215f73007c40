// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/alarm.hpp>
#include <synod/asio/framed_connection.hpp>
#include <synod/asio/greeting.hpp>
#include <synod/asio/listener.hpp>
#include <synod/asio/mesh_options.hpp>
#include <synod/core/generator.hpp>

#include <boost/asio/io_context.hpp>

#include <bit>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace synod::asio {

// Connections to all peers of a node, over TCP. Both sides of a pair call each other, and once both
// calls have come through, the one made by the node with the lower id stays; so a restarted node is
// connected as soon as it calls, and usually there is one connection for both directions.
//
// Nothing is believed before the greetings are exchanged and the host has judged them; nothing is
// sent to a peer that is not linked, and what a broken connection had not delivered is lost, since
// protocols send again. So a frame is delivered at most once.
//
// The host, which owns the mesh, is told what it has to know and has:
//   holders                       a `holdable`, by which handlers keep it alive
//   greet() -> greeting           who we are; the mesh fills in whom it talks to
//   judge(greeting) -> error      whether a greeting that is in order is welcome
//   refused_by(node_id, error_code)   a peer refuses us, for a reason worth knowing
//   linked(node_id), unlinked(node_id)
//   received(node_id, frame&&)    from that very node, in its present life
//   input_ended()                 after what arrived together
template <class Executor, class Host>
class tcp_links {
 public:
  struct peer;
  enum class phase : std::uint8_t { connecting, called, greeted, linked };
  // What a connection knows about itself.
  struct attachment {
    phase at = phase::called;
    bool dialled = false;
    peer* who = nullptr;
    time_ns deadline = never;  // of the greeting, or of a link that is no longer needed
    time_ns linked_at = 0;
    std::uint64_t moved = 0;  // when it was last looked at, of such a link
    greeting theirs;
  };
  using connection = framed_connection<Executor, tcp_links>;
  using pointer = held<connection>;
  using keeps_alive = held<Host>;

  struct peer : mesh_peer {
    connection* dialling = nullptr;
    connection* link = nullptr;  // the one to send over
    time_ns dial_at = 0;
    std::uint32_t attempts = 0;
    std::uint64_t dropped_before = 0;
    bool kept = true;
    bool refused = false;
    error last;
    greeting said;  // when it was linked last
  };

  tcp_links(Executor const& on, mesh_options const& given, Host& host)
      : executor_(on), options_(given), host_(host), listener_(on), alarm_(on), dice_(1) {}

  // Effects: from now on, that is where this node can be called.
  error listen(tcp_endpoint const& at) {
    if (error const why = listener_.open(at)) return why;
    listener_.accept(hold(), [this](tcp_socket<Executor> one) { accepted(std::move(one)); });
    return {};
  }
  [[nodiscard]] tcp_endpoint local() const { return listener_.local(); }

  // Who we are from now on, and whose frames are ours.
  void introduce(greeting const& self) {
    self_ = self;
    dice_ = generator(self.life.nonce ^ self.from.value);
  }

  // Effects: calls whom it names and is not linked with yet; forgets everybody else.
  void set_peers(std::vector<mesh_peer> const& all);

  // --- sending

  // Effects: queues a whole frame, if the node is linked. `flush` writes.
  void send(node_id to, shared_bytes const& frame) {
    written_to_ |= put(to, frame, options_.turn_bytes_max);
  }
  // The same for what nobody waits for: it leaves with whatever else is sent to that node, once
  // there is much of it, or when it is hurried.
  void send_soon(node_id to, shared_bytes const& frame) {
    if (options_.soon_ns <= 0) return send(to, frame);
    held_back_ |= put(to, frame, options_.soon_bytes_max);
  }
  [[nodiscard]] bool holds_back() const { return held_back_ != 0; }
  // Effects: `flush` writes what was held back, too.
  void hurry() { written_to_ |= std::exchange(held_back_, 0); }

  // Effects: hands what was sent to the kernel, with one write per peer.
  void flush() {
    held_back_ &= ~written_to_;
    for (std::uint64_t left = std::exchange(written_to_, 0); left != 0; left &= left - 1) {
      connection* const over = peers_[static_cast<std::size_t>(std::countr_zero(left))]->link;
      if (over != nullptr) over->flush();
    }
  }

  // Effects: nothing is heard from that node any more, until it greets again.
  void cut(node_id id, error const& why) {
    for (pointer const& one : std::vector<pointer>(connections_)) {
      if (one->is_open() && one->attached.who != nullptr && one->attached.who->id == id) {
        one->close(why);
      }
    }
  }

  // --- questions

  [[nodiscard]] bool linked(node_id id) const {
    peer const* const one = find(id);
    return one != nullptr && one->link != nullptr;
  }
  // What a peer said of itself when it was linked last; null if it never was.
  [[nodiscard]] greeting const* said_by(node_id id) const {
    peer const* const one = find(id);
    return one == nullptr || one->said.cluster_name.empty() ? nullptr : &one->said;
  }
  [[nodiscard]] std::vector<link_status> status() const;
  [[nodiscard]] rejections const& refused() const { return counts_.refused; }
  [[nodiscard]] std::uint64_t frames_received() const { return counts_.frames; }

  void close() {
    closed_ = true;
    listener_.close();
    alarm_.close();
    for (pointer const& one : std::vector<pointer>(connections_)) {
      one->close({error_code::shutting_down, 0, "mesh", ""});
    }
  }

  // --- for the connections

  keeps_alive hold() { return keeps_alive(&host_); }
  bytes_pool& pool() { return pool_; }
  frame_counters& frame_counts() { return counts_; }
  void frame_arrived(connection& over, frame&& one);
  void input_ended(connection&) { host_.input_ended(); }
  void connection_closed(connection& over, error const& why);

 private:
  static constexpr std::size_t peers_max = node_set::capacity;
  static constexpr time_ns lasting_ns = 1'000'000'000;

  // Returns the place of the peer, as a bit, if something is left to be flushed.
  std::uint64_t put(node_id to, shared_bytes const& frame, std::size_t bytes_max) {
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      peer const& one = *peers_[i];
      if (one.id != to) continue;
      if (one.link == nullptr) return 0;
      one.link->push(frame, 0, frame.bytes().size());
      std::uint64_t const bit = std::uint64_t{1} << i;
      if (one.link->queue().bytes() < bytes_max) return bit;
      one.link->flush();
      held_back_ &= ~bit;
      return 0;
    }
    return 0;
  }
  [[nodiscard]] peer* find(node_id id) const {
    for (auto const& one : peers_) {
      if (one->id == id) return one.get();
    }
    return nullptr;
  }
  // --- connections come about

  void accepted(tcp_socket<Executor> socket) {
    if (closed_) return;
    make_room_for_stranger();
    connection& made = add(std::move(socket));
    made.attached.at = phase::called;
    made.start();
  }
  // Strangers that say nothing are the first to go, so that they cannot keep members out.
  void make_room_for_stranger() {
    std::size_t strangers = 0;
    pointer oldest;
    for (pointer const& one : connections_) {
      if (one->attached.at != phase::called) continue;
      if (strangers++ == 0) oldest = one;
    }
    if (strangers < options_.strangers_max) return;
    counts_.refused.count(error_code::too_many_connections);
    oldest->close({error_code::too_many_connections, strangers, "mesh", ""});
  }

  connection& add(tcp_socket<Executor> socket) {
    connections_.emplace_back(
        new connection(std::move(socket), *this, frame_family::peer, options_.connection));
    connection& made = *connections_.back();
    made.attached.deadline = boot_time() + options_.greeting_timeout_ns;
    wake_at(made.attached.deadline);
    return made;
  }

  void dial(peer& to) {
    connection& made = add(tcp_socket<Executor>(executor_));
    made.attached.at = phase::connecting;
    made.attached.dialled = true;
    made.attached.who = &to;
    to.dialling = &made;
    made.socket().async_connect(*to.at, [this,
                                         self = pointer(&made)](boost::system::error_code bad) {
      if (!self->is_open()) return;
      if (bad) {
        return self->close({error_code::connection_lost, static_cast<std::uint64_t>(bad.value()),
                            "connect", "the node does not run, or listens elsewhere"});
      }
      self->start();
      self->attached.at = phase::greeted;
      say(*self, greeting_step::call, self->attached.who->id);
    });
  }

  // --- greetings

  void say(connection& over, greeting_step step, node_id to, error_code why = error_code::none) {
    greeting mine = host_.greet();
    mine.step = step;
    mine.to = to;
    mine.why = why;
    std::vector<std::byte> bytes;
    write_greeting(bytes, mine);
    over.push(std::move(bytes));
    over.flush();
  }

  void greeting_arrived(connection& over, frame const& one);
  [[nodiscard]] error outlived(greeting const& got) const;
  void refuse(connection& over, error const& why);
  void link(connection& over);
  void retire(connection& spare);

  // --- time

  void wake_at(time_ns at) {
    if (closed_) return;
    alarm_.set(at, hold(), [this] { awake(); });
  }
  void awake();
  void dial_later(peer& to) {
    if (closed_ || !to.kept || !to.at.has_value()) return;
    to.dial_at = boot_time() + options_.redial.draw(to.attempts, dice_.next());
    wake_at(to.dial_at);
  }

  Executor executor_;
  mesh_options options_;
  Host& host_;
  listener<Executor> listener_;
  alarm<Executor> alarm_;
  generator dice_;
  greeting self_;
  bytes_pool pool_;
  frame_counters counts_;
  std::vector<std::unique_ptr<peer>> peers_;
  std::vector<pointer> connections_;
  std::uint64_t written_to_ = 0;  // which of peers_ have something to be flushed
  std::uint64_t held_back_ = 0;   // and which only something that is not urgent
  bool closed_ = false;
};

// The transport over TCP, as a template argument of a host.
struct tcp_mesh {
  using executor_type = boost::asio::io_context::executor_type;
  using options = mesh_options;
  template <class Host>
  using links = tcp_links<executor_type, Host>;
};

}  // namespace synod::asio

#include <synod/asio/tcp_mesh_linking.hpp>
