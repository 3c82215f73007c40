// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/clock.hpp>
#include <synod/observe/events.hpp>

namespace synod::asio {

// What an observer of a replica is told of what a node says: the same, as a rule.
template <class Event>
Event const& observed(Event const& one) {
  return one;
}
// What is written in place is durable within the turn, of which the node knows one time only.
inline records_written observed(records_written const& one) {
  time_ns const ended = boot_time();
  return {ended, ended - (one.at - one.took), one.records, one.bytes};
}

}  // namespace synod::asio
