// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/client_state.hpp>
#include <synod/asio/coroutine_guard.hpp>
#include <synod/asio/initiation.hpp>
#include <synod/asio/queries.hpp>
#include <synod/cereal/codec.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace synod::asio {

// For one call of a client.
struct client_call {
  time_ns timeout_ns = 0;                // 0: as the options of the client say
  std::optional<std::uint64_t> at = {};  // a read: ask this replica and no other
};

// A client of replicas in other processes. It opens a session when it is first used, sends every
// command under one number however often it has to, follows the leader, learns the members, and
// says in the end what it knows: a result, a refusal (definitely not done), or an unknown fate.
// Several commands may be under way at once. It runs on the executor it is given, like a replica.
template <class Machine, class Codec = cereal_codec,
          class Executor = boost::asio::io_context::executor_type>
class client {
  static_assert(machine<Machine>,
                "synod::asio::client: Machine does not model synod::machine: it needs `using "
                "command` and `apply(command const&)`, for every alternative of a variant");

  using state_type = client_state<Machine, Codec, Executor>;

 public:
  using executor_type = Executor;
  using options = client_options;

  template <class Context>
  client(Context& context, options given)
      : client(Executor(context.get_executor()), std::move(given)) {}
  client(Executor const& on, options given)
      : state_(new state_type(on, std::move(given), Codec())),
        anchor_(new anchor_node<state_type>{state_.get(), on}) {}
  client(client&&) noexcept = default;
  client& operator=(client&&) = delete;
  // Effects: everything ends; handlers that were not called are destroyed.
  ~client() {
    if (!state_) return;
    anchor_->state = nullptr;
    state_->abandon();
  }

  [[nodiscard]] executor_type get_executor() const { return state_->executor(); }

  // Effects: the command is applied once, and this ends with what `apply` gave.
  template <class Command, class Token>
  auto async_submit(Command&& given, client_call const& how, Token&& token) {
    using one = submitted_command<Machine, std::remove_cvref_t<Command>>;
    using result = result_of<Machine, one>;
    static_assert(safe_to_await<Command, Token, void(outcome<result>)>,
                  "synod::asio::client: g++ 12 destroys this command twice if it is a temporary of "
                  "the co_await expression: give its type a constructor, or name a variable and "
                  "pass that");
    return boost::asio::async_initiate<Token, void(outcome<result>)>(
        initiation<state_type>(), token, anchor_,
        submission<result>(typename Machine::command(one(std::forward<Command>(given))), how));
  }
  template <class Command, class Token>
  auto async_submit(Command&& given, Token&& token) {
    return async_submit(std::forward<Command>(given), client_call(), std::forward<Token>(token));
  }

  // Effects: asks one replica for what the machine answers without changing (a command whose
  // `apply` is const), at a level that says what the answer may miss.
  template <class Command, class Token>
  auto async_read(Command&& given, read::level const& level, client_call const& how,
                  Token&& token) {
    using one = submitted_command<Machine, std::remove_cvref_t<Command>>;
    static_assert(query_command<Machine, one>,
                  "synod::asio::client: a read is a command whose `apply` is const");
    using result = result_of<Machine, one>;
    static_assert(safe_to_await<Command, Token, void(outcome<result>)>,
                  "synod::asio::client: g++ 12 destroys this command twice if it is a temporary of "
                  "the co_await expression: give its type a constructor, or name a variable and "
                  "pass that");
    return boost::asio::async_initiate<Token, void(outcome<result>)>(
        initiation<state_type>(), token, anchor_,
        reading<result>(typename Machine::command(one(std::forward<Command>(given))), level, how));
  }
  template <class Command, class Token>
  auto async_read(Command&& given, read::level const& level, Token&& token) {
    return async_read(std::forward<Command>(given), level, client_call(),
                      std::forward<Token>(token));
  }

  // Effects: everything under way ends, refused or with an unknown fate.
  void close() { state_->end({error_code::shutting_down, 0, "client", "it was closed"}); }

  [[nodiscard]] std::uint64_t seen() const { return state_->seen(); }
  [[nodiscard]] std::optional<node_id> leader() const { return state_->leader(); }
  [[nodiscard]] session_id session() const { return state_->session(); }
  [[nodiscard]] std::size_t in_flight() const { return state_->in_flight(); }

 private:
  template <class R>
  class submission {
   public:
    submission(typename Machine::command what, client_call const& how)
        : what_(std::move(what)), timeout_ns_(how.timeout_ns) {}
    template <class Handler>
    void operator()(state_type& at, Handler handler) {
      at.submit(at.template make<R>(std::move(handler), false), what_, timeout_ns_);
    }

   private:
    typename Machine::command what_;
    time_ns timeout_ns_;
  };
  template <class R>
  class reading {
   public:
    reading(typename Machine::command what, read::level const& level, client_call const& how)
        : what_(std::move(what)), level_(level), how_(how) {}
    template <class Handler>
    void operator()(state_type& at, Handler handler) {
      at.read(at.template make<R>(std::move(handler), true), what_, level_, how_.at,
              how_.timeout_ns);
    }

   private:
    typename Machine::command what_;
    read::level level_;
    client_call how_;
  };

  held<state_type> state_;
  anchor<state_type> anchor_;
};

}  // namespace synod::asio
