// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/post.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace synod::asio {

// Where calls from any thread find the state of a host, or that it is gone.
template <class State>
struct anchor_node {
  State* state;
  typename State::executor_type on;
};
template <class State>
using anchor = std::shared_ptr<anchor_node<State>>;

// Begins an asynchronous operation: action(state, handler), now if this is the thread of the host,
// else as soon as that thread comes to it. A class, and the actions as well, since g++ 12 destroys
// lambdas of a co_await expression twice.
template <class State>
struct initiation {
  template <class Handler, class Action>
  void operator()(Handler&& handler, anchor<State> const& where, Action&& action) const {
    if (where->on.running_in_this_thread()) {
      if (where->state != nullptr) action(*where->state, std::forward<Handler>(handler));
      return;
    }
    boost::asio::post(where->on,
                      elsewhere<std::decay_t<Handler>, std::decay_t<Action>>{
                          where, std::forward<Handler>(handler), std::forward<Action>(action)});
  }

 private:
  template <class Handler, class Action>
  struct elsewhere {
    anchor<State> where;
    Handler handler;
    Action action;
    void operator()() {
      if (where->state != nullptr) action(*where->state, std::move(handler));
    }
  };
};

}  // namespace synod::asio
