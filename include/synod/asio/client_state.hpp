// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/address.hpp>
#include <synod/asio/alarm.hpp>
#include <synod/asio/at_end.hpp>
#include <synod/asio/client_messages.hpp>
#include <synod/asio/entropy.hpp>
#include <synod/asio/framed_connection.hpp>
#include <synod/asio/operation.hpp>
#include <synod/asio/scratch.hpp>
#include <synod/core/generator.hpp>
#include <synod/core/prefetch.hpp>
#include <synod/core/short_list.hpp>
#include <synod/machine/commands.hpp>
#include <synod/runtime/encode_value.hpp>
#include <synod/runtime/session.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace synod::asio {

// A replica as a person names it to a client: its id, and where it serves clients.
struct client_server {
  std::uint64_t id = 0;
  std::string address = {};
};

struct client_options {
  std::string cluster = {};
  std::vector<client_server> servers = {};  // some are enough; they know the others
  bool insecure = false;
  time_ns submit_timeout_ns = 10'000'000'000;
  time_ns read_timeout_ns = 5'000'000'000;
  time_ns connect_timeout_ns = 2'000'000'000;
  session_options session = {};
  std::uint32_t frame_bytes_max = frame_body_max_default;
  connection_options connection{.read_bytes = std::size_t{16} << 10};
};

inline error check(client_options const& given) {
  if (given.cluster.empty() || !short_text::fits(given.cluster.size())) {
    return {error_code::bad_option, given.cluster.size(), "client.cluster",
            "name the cluster with 1 to 63 characters"};
  }
  if (given.servers.empty()) {
    return {error_code::empty_membership, 0, "client.servers", "name at least one server"};
  }
  for (client_server const& one : given.servers) {
    auto const at = read_permitted_address(one.address, given.insecure);
    if (!at) return at.error();
  }
  return {};
}

// The bytes of a reply, and who can read them.
template <class Codec>
struct encoded_reply {
  Codec& coder;
  std::span<std::byte const> bytes;
};

// Reads the result of a command from the reply to it.
template <class R, class Codec>
struct reply_query {
  using machine = encoded_reply<Codec>;

  [[nodiscard]] outcome<R> look(machine const& from) const {
    R value{};
    bool good = true;
    if constexpr (!std::same_as<R, done>) good = from.coder.decode(from.bytes, value);
    if (good) return value;
    return unknown_fate{{error_code::malformed, from.bytes.size(), "reply",
                         "is the machine of the replicas another version?"}};
  }
};

// Everything of one client: a session, connections to the replicas that it talks to, and what its
// callers wait for.
template <class Machine, class Codec, class Executor>
class client_state {
 public:
  using executor_type = Executor;
  using command = typename Machine::command;

  holdable holders;

  client_state(Executor const& on, client_options given, Codec coder)
      : bad_(check(given)), executor_(on), submit_timeout_ns_(given.submit_timeout_ns),
        coder_(std::move(coder)),
        session_(session_of(given), members_of(given), generator(random_bits())), alarm_(on),
        options_(std::move(given)) {
    for (client_server const& one : options_.servers) {
      if (auto const at = read_permitted_address(one.address, options_.insecure)) {
        servers_.push_back({node_id(one.id), *at});
      }
    }
  }

  [[nodiscard]] Executor const& executor() const { return executor_; }

  template <class R, class Handler>
  operation& make(Handler&& handler, bool harmless) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    using waiting = waiting_operation<R, std::decay_t<Handler>, Executor, reply_query<R, Codec>>;
    operation& one = waiting::make(memory_, std::forward<Handler>(handler), executor_);
    one.harmless = harmless;
    std::uint64_t const token = book_.add(one, look_at_clock());
    if (slot.is_connected()) slot.assign(canceller{this, token});
    return one;
  }

  void submit(operation& one, command const& what, time_ns timeout) {
    if (timeout == 0) timeout = submit_timeout_ns_;
    payload bytes;
    if (!encode(one, what, bytes)) return;
    track(one, session_.submit(one.began, std::move(bytes), one.began + timeout, out_));
  }
  void read(operation& one, command const& what, read::level const& level,
            std::optional<std::uint64_t> at, time_ns timeout) {
    if (timeout == 0) timeout = options_.read_timeout_ns;
    payload bytes;
    bytes.level = level;
    if (!encode(one, what, bytes)) return;
    std::optional<node_id> only;
    if (at.has_value()) only = node_id(*at);
    track(one, session_.submit_read(one.began, std::move(bytes), one.began + timeout, only, out_));
  }

  // The highest version of anything this client was told: a floor for session reads.
  [[nodiscard]] std::uint64_t seen() const { return session_.seen(); }
  [[nodiscard]] std::optional<node_id> leader() const { return session_.leader(); }
  [[nodiscard]] session_id session() const { return session_.id(); }
  [[nodiscard]] std::size_t in_flight() const { return session_.in_flight(); }

  void end(error const& why) {
    if (std::exchange(ended_, true)) return;
    bad_ = why;
    alarm_.close();
    for (pointer const& one : std::vector<pointer>(connections_)) one->close(why);
    book_.fail_all(why);
    wake();
  }
  void abandon() {
    end({error_code::shutting_down, 0, "client", ""});
    book_.drop_all(memory_);
  }

  // --- for the connections

  struct attachment {
    node_id to;
    bool open = false;  // both have said hello
    time_ns deadline = never;
    std::vector<std::byte> waiting;  // frames, for that
  };
  using connection = framed_connection<Executor, client_state>;
  using pointer = held<connection>;
  using keeps_alive = held<client_state>;

  // All that an answer and the next request need.
  void expect_input() const {
    auto const* const first = reinterpret_cast<std::byte const*>(this);
    auto const* const last = reinterpret_cast<std::byte const*>(&counts_.frames + 1);
    prefetch(first, static_cast<std::size_t>(last - first));
  }

  keeps_alive hold() { return keeps_alive(this); }
  bytes_pool& pool() { return pool_; }
  frame_counters& frame_counts() { return counts_; }
  void frame_passes(connection& over, passing_frame const& one);
  // What follows from an answer leaves at once: of many clients in one process each is in a cache
  // only for as long as it is worked on.
  void input_ended(connection&) {
    turn_due_ = true;
    turn();
  }
  void connection_closed(connection& over, error const& why);

 private:
  // A command as it is sent. Most are short, and lie in their place.
  class payload {
   public:
    synod::read::level level = synod::read::linearizable_index{};

    [[nodiscard]] std::span<std::byte const> bytes() const {
      return length_ != 0 ? std::span(here_).first(length_) : std::span(elsewhere_);
    }
    // What `room` holds may be taken.
    void keep(std::span<std::byte const> what, std::vector<std::byte>& room) {
      if (what.size() <= here_.size()) {
        length_ = static_cast<std::uint8_t>(what.size());
        if (!what.empty()) std::memcpy(here_.data(), what.data(), what.size());
      } else if (what.data() == room.data()) {
        elsewhere_ = std::move(room);
      } else {
        assign_bytes(elsewhere_, what);
      }
    }

   private:
    std::uint8_t length_ = 0;
    std::array<std::byte, 47> here_{};
    std::vector<std::byte> elsewhere_;
  };
  struct server {
    node_id id;
    tcp_endpoint at;
  };
  struct tracked {
    std::uint64_t handle = 0;
    std::uint64_t token = 0;
  };
  // What is to be sent over one connection next, by one write unless it becomes long.
  static constexpr std::size_t departure_bytes = std::size_t{64} << 10;
  struct departure {
    connection* over = nullptr;
    scratch frames = {};
  };
  struct canceller {
    client_state* at;
    std::uint64_t token;
    void operator()(boost::asio::cancellation_type type) const {
      using kind = boost::asio::cancellation_type;
      if ((type & (kind::terminal | kind::partial)) == kind::none) return;
      if (at->book_.fail(token, {error_code::cancelled, 0, "operation", "its caller gave up"})) {
        at->wake();
      }
    }
  };

  static session_options session_of(client_options const& given) {
    session_options made = given.session;
    // A connection delivers what is sent over it once or not at all, and nothing is sent again.
    made.links_deliver_once = true;
    return made;
  }
  static membership members_of(client_options const& given) {
    std::vector<member> all;
    for (client_server const& one : given.servers) {
      if (all.size() == node_set::capacity) break;
      member named;
      named.id = node_id(one.id);
      named.index = node_index(static_cast<std::uint8_t>(all.size()));
      all.push_back(named);
    }
    auto const made = membership::make(config_number(0), std::move(all));
    return made ? *made : membership();
  }

  bool encode(operation& one, command const& what, payload& into) {
    if (bad_) {
      book_.refuse(one.token, bad_);
    } else {
      scratch room;
      auto const bytes = encoded(coder_, what, room.bytes());
      if (bytes.has_value()) {
        into.keep(*bytes, room.bytes());
        return true;
      }
      book_.refuse(one.token, {error_code::too_large, 0, "client", "split the command"});
    }
    wake();
    return false;
  }
  void track(operation& one, result<std::uint64_t> const& handle) {
    if (!handle) {
      book_.refuse(one.token, handle.error());
    } else {
      std::size_t const place = client_session<payload>::place_of(*handle);
      while (place >= tracked_.size()) tracked_.grow();
      tracked_[place] = {*handle, one.token};
    }
    wake();
  }

  void wake() {
    turn_due_ = true;
    if (in_turn_ || std::exchange(turn_posted_, true)) return;
    boost::asio::post(executor_, [self = held<client_state>(this)] {
      self->turn_posted_ = false;
      if (self->turn_due_) self->turn();
    });
  }
  // The clock is read with each answer and each operation that begins, which is often enough for
  // the rest of their turn. A handler may take long, or run others.
  time_ns look_at_clock() {
    time_ns const read = boot_time();
    if (in_turn_) now_ = read;
    return read;
  }
  time_ns now() { return now_ != 0 ? now_ : look_at_clock(); }
  void turn();
  void turn_once();
  void give_up_late(time_ns now);
  void drive();
  void send(session_request const& one, departure& with);
  static void depart(departure& what);
  void finish(session_finished const& one);
  connection* connection_to(node_id id);
  void hello(connection& over);
  void reply_arrived(node_id from, client_reply const& got);
  bool done_arrived(session_answer const& got, std::span<std::byte const> result);
  void learn(served_members const& got);

  // In the order in which an answer and the next request need it: of thousands of clients each has
  // been out of the cache since the last one. What they do not need comes last.
  bool turn_due_ = false;
  bool turn_posted_ = false;
  bool in_turn_ = false;
  bool ended_ = false;
  time_ns now_ = 0;  // 0: nobody has read the clock
  cluster_id cluster_;
  connection* last_ = nullptr;  // that something was sent over
  error bad_;
  Executor executor_;
  time_ns submit_timeout_ns_;
  time_ns unopened_ = never;  // no deadline of a connection is earlier
  [[no_unique_address]] Codec coder_;
  operation_memory memory_;
  operation_book book_;
  short_list<tracked> tracked_;  // by the place of an operation in the session
  client_session<payload> session_;
  session_output out_;
  std::uint64_t answered_handle_ = 0;  // whose reply is being read
  std::span<std::byte const> answered_bytes_;
  alarm<Executor> alarm_;
  frame_counters counts_;
  bytes_pool pool_;
  error unreached_;  // why the last connection did not come about, until one does
  std::vector<server> servers_;
  std::vector<pointer> connections_;
  client_options options_;
};

}  // namespace synod::asio

#include <synod/asio/client_turn.hpp>
