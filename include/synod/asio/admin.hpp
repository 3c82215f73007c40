// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/alarm.hpp>
#include <synod/asio/held.hpp>
#include <synod/asio/http.hpp>
#include <synod/asio/listener.hpp>
#include <synod/core/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace synod::asio {

struct admin_page {
  int status = 404;
  std::string_view type = "text/plain; charset=utf-8";
  std::string body = "there is /status, /metrics and /healthz\n";
};

// Pages over HTTP for people and monitors of this machine. It reads a request of bounded size,
// within bounded time, asks its host for `page(path) -> admin_page`, writes it and closes.
template <class Executor, class Host>
class admin {
 public:
  admin(Executor const& on, Host& host) : listener_(on), alarm_(on), host_(host) {}

  error open(tcp_endpoint const& at) {
    if (error const why = listener_.open(at)) return why;
    listener_.accept(held<Host>(&host_),
                     [this](tcp_socket<Executor> one) { accepted(std::move(one)); });
    return {};
  }
  [[nodiscard]] tcp_endpoint local() const { return listener_.local(); }

  void close() {
    closed_ = true;
    listener_.close();
    alarm_.close();
    for (pointer const& one : std::vector<pointer>(visits_)) one->close();
  }

 private:
  static constexpr std::size_t visits_max = 32;
  static constexpr time_ns visit_ns = 5'000'000'000;

  struct visit {
    holdable holders;
    admin& of;
    held<Host> hold;
    tcp_socket<Executor> socket;
    time_ns deadline;
    std::string arrived;
    std::string answer;
    std::string reader;  // the page that may read the answer

    visit(admin& where, tcp_socket<Executor> from)
        : of(where), hold(&where.host_), socket(std::move(from)), deadline(boot_time() + visit_ns) {
      arrived.reserve(1024);
    }

    void read() {
      std::size_t const had = arrived.size();
      arrived.resize(had + 1024);
      socket.async_read_some(
          boost::asio::buffer(arrived.data() + had, 1024),
          [self = held<visit>(this), had](boost::system::error_code bad, std::size_t count) {
            self->arrived.resize(had + count);
            if (bad) return self->close();
            self->consider();
          });
    }
    void consider() {
      http_request request;
      int status = 0;
      switch (read_http_request(arrived, request, status)) {
        case http_progress::incomplete: return read();
        case http_progress::refused: return reply({status, "text/plain", "\n"}, false);
        case http_progress::complete: break;
      }
      bool const head_only = request.method == "HEAD";
      if (is_local_origin(request.origin)) reader = request.origin;
      if (!is_local_host(request.host)) return reply({403, "text/plain", "\n"}, head_only);
      reply(of.host_.page(request.path), head_only);
    }
    void reply(admin_page const& what, bool head_only) {
      answer = http_response(what.status, what.type, what.body, head_only, reader);
      boost::asio::async_write(socket, boost::asio::buffer(answer),
                               [self = held<visit>(this)](boost::system::error_code, std::size_t) {
                                 boost::system::error_code ignored;
                                 self->socket.shutdown(boost::asio::socket_base::shutdown_send,
                                                       ignored);
                                 self->close();
                               });
    }
    void close() {
      boost::system::error_code ignored;
      socket.close(ignored);
      std::erase_if(of.visits_, [this](pointer const& one) { return one.get() == this; });
    }
  };
  using pointer = held<visit>;

  void accepted(tcp_socket<Executor> socket) {
    if (closed_) return;
    if (visits_.size() >= visits_max) visits_.front()->close();
    pointer const made(new visit(*this, std::move(socket)));
    visits_.push_back(made);
    made->read();
    watch();
  }
  void watch() {
    if (visits_.empty() || closed_) return;
    alarm_.set(visits_.front()->deadline, held<Host>(&host_), [this] {
      while (!visits_.empty() && visits_.front()->deadline <= boot_time()) {
        pointer const late = visits_.front();
        late->close();
      }
      watch();
    });
  }

  listener<Executor> listener_;
  alarm<Executor> alarm_;
  Host& host_;
  std::vector<pointer> visits_;  // oldest first
  bool closed_ = false;
};

}  // namespace synod::asio
