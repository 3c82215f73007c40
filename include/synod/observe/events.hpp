// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/outcome.hpp>
#include <synod/core/slot_value.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

// What a host tells its observer, a struct each. An observer is any class with `on(event)` for the
// events it wants; for the others nothing is even called:
//
//   observe(observer, batch_proposed{now, commands, bytes});

struct node_started {
  time_ns at = 0;
  node_id self;
  slot applied;
  incarnation life;
};
struct node_stopped {
  time_ns at = 0;
  error why;
};
struct leadership_changed {
  time_ns at = 0;
  leader_hint hint;
  bool here = false;
};
struct configuration_changed {
  time_ns at = 0;
  config_number number;
  slot first;
};
struct batch_proposed {
  time_ns at = 0;
  std::size_t commands = 0;
};
struct slot_applied {
  time_ns at = 0;
  slot which;
  value_kind kind = value_kind::noop;
  std::size_t commands = 0;
};
// From submission to result, or to the end without one.
struct operation_ended {
  time_ns at = 0;
  time_ns took = 0;
  error_code why = error_code::none;
  bool unknown = false;
};
struct read_ended {
  time_ns at = 0;
  time_ns took = 0;
  error_code why = error_code::none;
};
struct records_written {
  time_ns at = 0;
  time_ns took = 0;
  std::size_t records = 0;
  std::size_t bytes = 0;
};
struct message_sent {
  time_ns at = 0;
  std::size_t bytes = 0;
  std::size_t receivers = 0;
};
struct message_received {
  time_ns at = 0;
  node_id from;
  std::size_t bytes = 0;
};
struct message_rejected {
  time_ns at = 0;
  node_id from;
  error_code why = error_code::none;
};
struct snapshot_taken {
  time_ns at = 0;
  slot upto;
  error_code why = error_code::none;  // none: it is durable
};
struct snapshot_loaded {
  time_ns at = 0;
  slot upto;
  node_id from;
};

template <class Observer, class Event>
concept hears = requires(Observer& to, Event const& what) {
  to.on(what);
};

// Hands an event to an observer that has a handler for it, and is nothing at all otherwise.
template <class Observer, class Event>
constexpr void observe(Observer& to, Event const& what) {
  if constexpr (hears<Observer, Event>) to.on(what);
}

}  // namespace synod
