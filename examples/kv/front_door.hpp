// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/listener.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp.hpp"

namespace store {

// Where Redis clients come in. Requests of one connection are answered in their order, however many
// are under way; a client that sends faster than it is served, or does not read, is read no
// further.
//
// Whoever executes a request calls `answer` with the encoded reply, once and at any time.
using answer = std::function<void(std::string)>;

class front_door {
 public:
  using executor = boost::asio::io_context::executor_type;
  using execution = std::function<void(std::vector<std::string>, answer)>;

  front_door(boost::asio::io_context& io, execution execute)
      : execute_(std::move(execute)), listener_(io.get_executor()) {}

  synod::error open(synod::asio::tcp_endpoint const& at) {
    if (synod::error const why = listener_.open(at)) return why;
    // This door outlives its context, so nothing has to be held.
    listener_.accept(std::shared_ptr<void>(), [this](synod::asio::tcp_socket<executor> one) {
      if (open_ >= connections_max) return;
      std::make_shared<connection>(*this, std::move(one))->read();
    });
    return {};
  }
  void close() { listener_.close(); }

 private:
  static constexpr std::size_t connections_max = 4096;
  static constexpr std::size_t pending_max = 1024;
  static constexpr std::size_t unread_bytes_max = 4 << 20;
  static constexpr std::size_t piece_bytes = 16 << 10;

  class connection : public std::enable_shared_from_this<connection> {
   public:
    connection(front_door& of, synod::asio::tcp_socket<executor> from)
        : of_(of), socket_(std::move(from)) {
      ++of_.open_;
      boost::system::error_code ignored;
      socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    }
    ~connection() { --of_.open_; }

    void read() {
      if (reading_ || ended_ || full()) return;
      reading_ = true;
      std::size_t const had = arrived_.size();
      arrived_.resize(had + piece_bytes);
      socket_.async_read_some(
          boost::asio::buffer(arrived_.data() + had, piece_bytes),
          [self = this->shared_from_this(), had](boost::system::error_code bad, std::size_t count) {
            self->reading_ = false;
            self->arrived_.resize(had + count);
            if (bad) self->ended_ = true;
            self->take();
          });
    }

   private:
    [[nodiscard]] bool full() const {
      return replies_.size() >= pending_max || ready_.size() >= unread_bytes_max;
    }

    void take() {
      std::size_t taken = 0;
      resp::request one;
      while (!full() && !last_) {
        std::string_view const left = std::string_view(arrived_).substr(taken);
        if (left.empty()) break;
        auto const got = resp::read_request(left, one);
        if (got == resp::progress::incomplete) break;
        std::uint64_t const number = first_ + replies_.size();
        replies_.emplace_back();
        if (got == resp::progress::refused) {
          last_ = true;
          answer(number, resp::failure(std::string("ERR protocol error: ") + one.refusal));
          break;
        }
        taken += one.length;
        if (one.words.empty()) {
          answer(number, {});
          continue;
        }
        last_ = one.words[0] == "QUIT" || one.words[0] == "quit";
        of_.execute_(std::move(one.words),
                     [self = this->shared_from_this(), number](std::string text) {
                       self->answer(number, std::move(text));
                     });
      }
      arrived_.erase(0, taken);
      read();
    }

    void answer(std::uint64_t number, std::string text) {
      replies_[static_cast<std::size_t>(number - first_)] = std::move(text);
      while (!replies_.empty() && replies_.front().has_value()) {
        ready_ += *replies_.front();
        replies_.pop_front();
        ++first_;
      }
      if (std::exchange(flush_due_, true)) return;
      boost::asio::post(socket_.get_executor(),
                        [self = this->shared_from_this()] { self->flush(); });
    }
    void flush() {
      flush_due_ = false;
      if (writing_ || ready_.empty()) return;
      writing_ = true;
      leaving_ = std::exchange(ready_, {});
      boost::asio::async_write(
          socket_, boost::asio::buffer(leaving_),
          [self = this->shared_from_this()](boost::system::error_code bad, std::size_t) {
            self->writing_ = false;
            bool const done = self->last_ && self->replies_.empty() && self->ready_.empty();
            if (bad || done) {
              self->ended_ = true;
              boost::system::error_code ignored;
              self->socket_.shutdown(boost::asio::socket_base::shutdown_both, ignored);
              self->socket_.close(ignored);
              return;
            }
            self->flush();
            self->take();
          });
    }

    front_door& of_;
    synod::asio::tcp_socket<executor> socket_;
    std::string arrived_;
    std::deque<std::optional<std::string>> replies_;  // in the order of the requests
    std::uint64_t first_ = 0;                         // the number of the first of them
    std::string ready_;
    std::string leaving_;
    bool reading_ = false;
    bool writing_ = false;
    bool flush_due_ = false;
    bool last_ = false;   // nothing more is read from it
    bool ended_ = false;  // it is gone
  };

  execution execute_;
  synod::asio::listener<executor> listener_;
  std::size_t open_ = 0;
};

}  // namespace store
