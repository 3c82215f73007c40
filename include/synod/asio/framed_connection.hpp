// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/at_end.hpp>
#include <synod/asio/held.hpp>
#include <synod/asio/listener.hpp>
#include <synod/asio/send_queue.hpp>
#include <synod/codec/frame_decoder.hpp>
#include <synod/core/error.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/prefetch.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace synod::asio {

struct connection_options {
  send_queue_options queue;
  std::size_t read_bytes_before_greeting = 4096 + frame_header_length;
  // For one answer, and one write to the disk. Whoever is behind finds megabytes that the kernel
  // took meanwhile, with heartbeats behind them: as long as they are unread, the leader looks
  // silent.
  std::size_t read_bytes = std::size_t{4} << 20;
  // What the kernel may hold beyond what is under way: a heartbeat waits behind at most this.
  int unsent_in_kernel_bytes_max = 256 << 10;
  time_ns unanswered_max_ns = 5'000'000'000;  // sent and not acknowledged: the link is dead
};

// One connection that carries frames: reads and cuts them, queues and writes them. It knows nothing
// of what is in them. Its owner is told of
//   frame_arrived(connection&, frame&&)          each frame, in order; may close the connection
//   frame_passes(connection&, passing_frame const&), instead, if it keeps no frame
//   expect_input(), before all of them, if it is one of thousands: to fetch its memory
//   input_ended(connection&)                     after the frames that arrived together
//   connection_closed(connection&, error const&) once, whoever closed it
// and keeps one `attachment` in it; `hold()` gives what keeps the owner alive.
template <class Executor, class Owner>
class framed_connection {
 public:
  using pointer = held<framed_connection>;

  holdable holders;
  typename Owner::attachment attached{};

  framed_connection(tcp_socket<Executor> socket, Owner& owner, frame_family family,
                    connection_options const& limits)
      : owner_(owner), wanted_(limits.read_bytes_before_greeting), buffer_(read_bytes_at_first),
        socket_(std::move(socket)), decoder_(family, owner.pool(), owner.frame_counts()),
        queue_(limits.queue), hold_(owner.hold()), limits_(limits) {}

  [[nodiscard]] bool is_open() const { return !closed_; }
  [[nodiscard]] tcp_socket<Executor>& socket() { return socket_; }
  [[nodiscard]] send_queue const& queue() const { return queue_; }
  // Bytes read and written so far.
  [[nodiscard]] std::uint64_t moved() const { return moved_; }

  // The socket is connected: from now on frames arrive.
  void start() {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 2);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 1);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(limits_.unanswered_max_ns / 1'000'000));
    set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, limits_.unsent_in_kernel_bytes_max);
    read();
  }

  // The other side has shown who it is, so it may send larger frames and more at once.
  void trust(std::uint32_t frame_bytes_max) {
    decoder_.body_max(frame_bytes_max);
    wanted_ = limits_.read_bytes;
  }

  // Effects: queues a whole frame; `flush` writes. False: there was no room and it is dropped.
  bool push(shared_bytes const& owner, std::size_t offset, std::size_t length) {
    pushed_ = true;
    return !closed_ && queue_.push(owner, offset, length);
  }
  bool push(std::vector<std::byte> frame) {
    shared_bytes const whole(std::move(frame));
    return push(whole, 0, whole.bytes().size());
  }

  // Effects: writes whole frames at once where nothing waits, so that what leaves like that touches
  // no queue; else queues them. `frames` may be taken. False: there was no room and they are lost.
  bool send(std::vector<std::byte>& frames) {
    if (closed_) return false;
    if (pushed_) {
      bool const kept = push(std::move(frames));
      flush();
      return kept;
    }
    boost::system::error_code bad;
    std::size_t const sent =
        socket_.write_some(boost::asio::const_buffer(frames.data(), frames.size()), bad);
    moved_ += sent;
    if (sent == frames.size()) return true;
    push(std::move(frames));
    queue_.written(sent);
    flush();  // finds out what is wrong, if that is why
    return true;
  }

  // Writes as much as the socket takes, with one call, and the rest when it takes more.
  void flush() {
    while (!closed_ && !waiting_ && !queue_.empty()) {
      boost::system::error_code bad;
      std::size_t bytes = 0;
      std::size_t const sent = write(bytes, bad);
      if (bad && bad != boost::asio::error::would_block && bad != boost::asio::error::try_again) {
        return break_off();
      }
      queue_.written(bad ? 0 : sent);
      moved_ += sent;
      if (bad || sent < bytes) wait_for_room();
    }
    if (!waiting_) pushed_ = false;
  }

  void close(error const& why) {
    if (closed_) return;
    closed_ = true;
    pointer const alive(this);
    boost::system::error_code ignored;
    socket_.close(ignored);
    queue_.clear();
    owner_.connection_closed(*this, why);
  }

 private:
  static constexpr std::size_t gathered_max = 64;
  static constexpr std::size_t hot_bytes = 256;  // of what is below, the first
  static constexpr std::size_t read_bytes_at_first = 512;
  static constexpr std::size_t read_bytes_at_once = std::size_t{32} << 10;
  static constexpr std::size_t read_bytes_behind = std::size_t{6} << 10;

  void set(int level, int name, int value) {
    // A kernel that does not know an option is no reason to do without the connection.
    (void)::setsockopt(socket_.native_handle(), level, name, &value, sizeof value);
  }

  // Mostly one part. Room for many would be most of what a connection is, so it is made only for
  // them.
  std::size_t write(std::size_t& bytes, boost::system::error_code& bad) {
    std::span<std::byte const> only;
    std::size_t count = 0;
    queue_.front([&](std::span<std::byte const> part) {
      if (count++ == 0) only = part;
      return count < 2;
    });
    if (count > 1) return write_several(bytes, bad);
    bytes = only.size();
    return socket_.write_some(boost::asio::const_buffer(only.data(), only.size()), bad);
  }
  [[gnu::noinline]] std::size_t write_several(std::size_t& bytes, boost::system::error_code& bad) {
    std::array<boost::asio::const_buffer, gathered_max> gathered;
    std::size_t count = 0;
    queue_.front([&](std::span<std::byte const> part) {
      gathered[count++] = boost::asio::const_buffer(part.data(), part.size());
      bytes += part.size();
      return count < gathered.size();
    });
    return socket_.write_some(std::span(gathered).first(count), bad);
  }

  // What begins anew is read here; the rest of a long frame is read to where it stays, with a
  // little of what follows it.
  void read() {
    auto const done = [self = pointer(this)](boost::system::error_code bad, std::size_t count) {
      self->took(bad, count);
    };
    auto const parts = places();
    if (parts[0].size() == 0) {
      socket_.async_read_some(parts[1], done);
    } else {
      socket_.async_read_some(parts, done);
    }
  }
  // There is room for twice of what once filled all there was, and no more: of thousands of
  // connections that each hear a little, all should fit into a cache.
  std::array<boost::asio::mutable_buffer, 2> places() {
    auto const rest = decoder_.rest();
    std::size_t const most = rest.empty() ? read_bytes_at_once : read_bytes_behind;
    std::size_t const limit = wanted_ < most ? wanted_ : most;
    if (filled_ && buffer_.size() < limit) buffer_.resize(buffer_.size() * 2);
    std::size_t const here = buffer_.size() < limit ? buffer_.size() : limit;
    direct_ = rest.size();
    asked_ = direct_ + here;
    return {boost::asio::buffer(rest.data(), direct_), boost::asio::buffer(buffer_.data(), here)};
  }

  void took(boost::system::error_code bad, std::size_t count) {
    if (closed_) return;
    if constexpr (requires { owner_.expect_input(); }) {
      prefetch(this, hot_bytes);
      owner_.expect_input();
    }
    if (bad) {
      return close({error_code::connection_lost, static_cast<std::uint64_t>(bad.value()),
                    "connection", "the other side closed it, or cannot be reached"});
    }
    std::uint64_t const before = moved_;
    cut(count);
    // Where that was all there was room for there is more, and it belongs to the same input.
    while (!closed_ && !decoder_.failed() && count == asked_ && moved_ - before < wanted_) {
      count = socket_.read_some(places(), bad);
      if (bad) break;  // what is wrong, if anything is, the next read tells
      cut(count);
    }
    if (decoder_.failed()) close(decoder_.failed());
    at_end const next([this] {
      if (!closed_) read();
    });
    owner_.input_ended(*this);
  }

  // So many bytes arrived in the places that were named last.
  void cut(std::size_t count) {
    moved_ += count;
    filled_ = count == asked_;
    std::size_t const direct = count < direct_ ? count : direct_;
    decoder_.put(direct);
    std::span<std::byte const> arrived = std::as_bytes(std::span(buffer_)).first(count - direct);
    while (next(arrived) && !closed_ && !arrived.empty()) {
    }
  }

  bool next(std::span<std::byte const>& arrived) {
    if constexpr (requires(passing_frame const& one) { owner_.frame_passes(*this, one); }) {
      return decoder_.pass(arrived,
                           [this](passing_frame const& one) { owner_.frame_passes(*this, one); });
    } else {
      maybe<frame> one = decoder_.next(arrived);
      if (one.has_value()) owner_.frame_arrived(*this, *std::move(one));
      return one.has_value();
    }
  }

  void wait_for_room() {
    waiting_ = true;
    socket_.async_wait(boost::asio::socket_base::wait_write,
                       [self = pointer(this)](boost::system::error_code) {
                         self->waiting_ = false;
                         self->flush();
                       });
  }

  // The read that is always under way ends with the connection, so there is one way to close.
  void break_off() {
    queue_.clear();
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::socket_base::shutdown_both, ignored);
  }

  // In the order in which an answer needs it, and what it does not need last.
  Owner& owner_;
  bool closed_ = false;
  bool pushed_ = false;  // something, and not all of it is written
  bool waiting_ = false;
  bool filled_ = false;     // by what was read last: there may be more
  std::size_t wanted_;      // at most, before an answer
  std::size_t direct_ = 0;  // of what the last read asked for, the rest of a frame
  std::size_t asked_ = 0;
  std::uint64_t moved_ = 0;
  std::vector<std::byte> buffer_;
  tcp_socket<Executor> socket_;
  frame_decoder decoder_;
  send_queue queue_;
  typename Owner::keeps_alive hold_;
  connection_options limits_;
};

}  // namespace synod::asio
