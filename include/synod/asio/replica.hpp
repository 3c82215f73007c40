// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/coroutine_guard.hpp>
#include <synod/asio/file_store.hpp>
#include <synod/asio/initiation.hpp>
#include <synod/asio/queries.hpp>
#include <synod/asio/replica_state.hpp>
#include <synod/asio/run.hpp>
#include <synod/asio/tcp_mesh.hpp>
#include <synod/cereal/codec.hpp>
#include <synod/observe/null.hpp>

#include <boost/asio/async_result.hpp>

#include <concepts>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace synod::asio {

// What joins replicas to each other: an executor, options, and for a Host the links of one node.
template <class T>
concept mesh_transport = requires {
  typename T::executor_type;
  typename T::options;
};

template <class T, class Executor>
concept gives_executor = requires(T& context) {
  { context.get_executor() } -> std::convertible_to<Executor>;
};

// For one call, instead of what the options of the replica say.
struct call_options {
  time_ns timeout_ns = 0;  // 0: as the options of the replica say
};

// One replica of a machine, on an executor of the user's. It owns no thread: everything happens in
// handlers on that executor, and every function but the asynchronous ones must be called there.
// Those may be called from any thread, as long as the replica is there.
//
// Each asynchronous operation ends with an outcome<R>: a result, a refusal (definitely not done),
// or an unknown fate. Any completion token will do: a callback, use_future, use_awaitable, ...
// A cancelled operation ends at once; what it had sent may still be done.
template <class Protocol, class Machine, class Storage = file_log<>, class Transport = tcp_mesh,
          class Codec = cereal_codec, class Observer = null_observer>
class replica {
  static_assert(protocol<Protocol>,
                "synod::asio::replica: Protocol does not model synod::protocol: it needs a nested "
                "`core<Machine>` and `name()`");
  static_assert(machine<Machine>,
                "synod::asio::replica: Machine does not model synod::machine: it needs `using "
                "command` and `apply(command const&)`, for every alternative of a variant");
  static_assert(storage<Storage>,
                "synod::asio::replica: Storage does not model synod::storage: it needs append, "
                "durable, wait, failed, replay, trim, store and life");
  static_assert(openable<Storage>,
                "synod::asio::replica: Storage cannot be opened in a folder: it needs a "
                "specialisation of synod::asio::store_opening");
  static_assert(mesh_transport<Transport>,
                "synod::asio::replica: Transport needs `executor_type`, `options` and a nested "
                "`links<Host>`, as synod::asio::tcp_mesh has them");
  static_assert(codec<Codec, typename Machine::command>,
                "synod::asio::replica: Codec does not model synod::codec for the commands: it "
                "needs encode(command, bytes) and decode(bytes, command) -> bool");

  using state_type = replica_state<Protocol, Machine, Storage, Transport, Codec, Observer>;

 public:
  using executor_type = typename state_type::executor_type;
  using options = typename state_type::options;
  using machine_type = Machine;
  using command = typename Machine::command;

  template <gives_executor<executor_type> Context>
  replica(Context& context, options given, Machine initial = {}, Observer observer = {})
      : replica(executor_type(context.get_executor()), std::move(given), std::move(initial),
                std::move(observer)) {}
  replica(executor_type const& on, options given, Machine initial = {}, Observer observer = {})
      : state_(
            new state_type(on, std::move(given), std::move(initial), Codec(), std::move(observer))),
        anchor_(new anchor_node<state_type>{state_.get(), on}) {}
  replica(replica&&) noexcept = default;
  replica& operator=(replica&&) = delete;
  // Effects: everything ends; handlers that were not called are destroyed.
  ~replica() {
    if (!state_) return;
    anchor_->state = nullptr;
    state_->abandon();
  }

  [[nodiscard]] executor_type get_executor() const { return state_->executor(); }

  // Effects: opens the data, listens, and ends once the cluster is founded and what this node had
  // written is recovered; or says in one sentence what is wrong. It does not wait for a leader.
  template <class Token>
  auto async_start(Token&& token) {
    return begin<done>(token, [](state_type& at, operation& one) { at.start(one); });
  }

  // Effects: the command is applied once, on every replica, and this ends with what `apply` gave
  // here. A replica that does not lead hands the command to the one that does.
  template <class Command, class Token>
  auto async_submit(Command&& given, call_options const& how, Token&& token) {
    using one = submitted_command<Machine, std::remove_cvref_t<Command>>;
    using result = result_of<Machine, one>;
    static_assert(safe_to_await<Command, Token, void(outcome<result>)>,
                  "synod::asio::replica: g++ 12 destroys this command twice if it is a temporary "
                  "of the co_await expression: give its type a constructor, or name a variable "
                  "and pass that");
    return boost::asio::async_initiate<Token, void(outcome<result>)>(
        initiation<state_type>(), token, anchor_,
        submission<one>(std::forward<Command>(given), how));
  }
  template <class Command, class Token>
  auto async_submit(Command&& given, Token&& token) {
    return async_submit(std::forward<Command>(given), call_options(), std::forward<Token>(token));
  }

  // Effects: looks at the machine of this replica once the level allows it. A query is a command
  // that the machine applies without changing (its `apply` is const), or a function of the
  // machine.
  template <class Query, class Token>
  auto async_read(Query&& given, read::level const& level, call_options const& how, Token&& token) {
    using query = query_of<Machine, std::remove_cvref_t<Query>>;
    using result = typename query::result;
    static_assert(safe_to_await<Query, Token, void(outcome<result>)>,
                  "synod::asio::replica: g++ 12 destroys this query twice if it is a temporary of "
                  "the co_await expression: give its type a constructor, or name a variable and "
                  "pass that");
    return boost::asio::async_initiate<Token, void(outcome<result>)>(
        initiation<state_type>(), token, anchor_,
        reading<query>(query(std::forward<Query>(given)), level, how));
  }
  template <class Query, class Token>
  auto async_read(Query&& given, read::level const& level, Token&& token) {
    return async_read(std::forward<Query>(given), level, call_options(),
                      std::forward<Token>(token));
  }

  // Effects: the leader hands over to that node. Ends when it leads, as far as is known here.
  template <class Token>
  auto async_transfer_leadership(std::uint64_t to, Token&& token) {
    return begin<done>(token,
                       [to](state_type& at, operation& one) { at.transfer(one, node_id(to)); });
  }
  // Effects: takes a snapshot now. Ends with the slot up to which it reaches, once it is durable.
  template <class Token>
  auto async_snapshot(Token&& token) {
    return begin<slot>(token, [](state_type& at, operation& one) { at.snapshot(one); });
  }
  // Effects: a leader hands over, then everything ends; a replica is not started twice.
  template <class Token>
  auto async_stop(Token&& token) {
    return begin<done>(token, [](state_type& at, operation& one) { at.stop(one); });
  }

  [[nodiscard]] replica_status status() const { return state_->status(); }
  // Who leads, as far as is known here: cheap enough to be asked for every request.
  [[nodiscard]] leader_hint leader() const { return state_->leader(); }
  // Where that node's `options.service` is, as it said itself; empty if it was not heard of.
  [[nodiscard]] std::string_view service_of(node_id who) const { return state_->service_of(who); }
  // The state of the machine as it is here; null unless the replica runs.
  [[nodiscard]] Machine const* local() const { return state_->machine(); }
  [[nodiscard]] Observer& observer() { return state_->observer(); }

 private:
  template <class R, class Do>
  class plain {
   public:
    explicit plain(Do action) : action_(action) {}
    template <class Handler>
    void operator()(state_type& at, Handler handler) {
      action_(at, at.template make<R>(std::move(handler), no_query(), true));
    }

   private:
    Do action_;
  };
  template <class One>
  class submission {
   public:
    template <class Given>
    submission(Given&& what, call_options const& how)
        : what_(One(std::forward<Given>(what))), how_(how) {}
    template <class Handler>
    void operator()(state_type& at, Handler handler) {
      using result = result_of<Machine, One>;
      operation& one = at.template make<result>(std::move(handler), no_query(), false);
      at.submit(one, std::move(what_), how_.timeout_ns);
    }

   private:
    One what_;
    call_options how_;
  };
  template <class Query>
  class reading {
   public:
    reading(Query what, read::level const& level, call_options const& how)
        : what_(std::move(what)), level_(level), how_(how) {}
    template <class Handler>
    void operator()(state_type& at, Handler handler) {
      using result = typename Query::result;
      operation& one = at.template make<result>(std::move(handler), std::move(what_), true);
      at.read(one, level_, how_.timeout_ns);
    }

   private:
    Query what_;
    read::level level_;
    call_options how_;
  };

  template <class R, class Token, class Do>
  auto begin(Token& token, Do action) {
    return boost::asio::async_initiate<Token, void(outcome<R>)>(initiation<state_type>(), token,
                                                                anchor_, plain<R, Do>(action));
  }

  held<state_type> state_;
  anchor<state_type> anchor_;
};

}  // namespace synod::asio
