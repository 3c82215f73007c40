// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/brief_waits.hpp>
#include <synod/asio/clock.hpp>
#include <synod/core/ids.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstddef>
#include <thread>
#include <type_traits>

namespace synod::asio {

// How a thread waits for the next thing to do. A replica owns no thread, so this belongs to whoever
// runs its context.
//
// Asleep until the kernel wakes it, which is what io_context::run does: an idle replica costs
// nothing, and being woken costs some microseconds of latency, on another core that sleeps some
// twenty.
struct wait_asleep {};

// Awake: asks for input again and again, and sleeps only once nothing came for `idle_ns`; `never`
// keeps it from ever sleeping. It takes a core of its own per thread that waits like that: with
// fewer cores than such threads and clients together it makes latency worse.
struct wait_awake {
  time_ns idle_ns = 100'000;
};

// Awake for a moment: asks again for `awake_ns` before it sleeps, which is about how long a message
// to a machine nearby and its answer take. Where waits turn out to be longer, or what is awaited
// needs this very core, it learns to sleep at once, and tries again now and then.
struct wait_briefly {
  time_ns awake_ns = 20'000;
};

template <class T>
concept wait_policy = std::is_same_v<T, wait_asleep> || std::is_same_v<T, wait_awake> ||
    std::is_same_v<T, wait_briefly>;

// What is awaited may have to come from a thread that waits for this very core: after so long
// without anything, others go first. Sooner would give the core away between a message and its
// answer; never makes each of them wait until the kernel takes the core, many times as long.
inline constexpr time_ns polite_after_ns = 20'000;

namespace detail {
// Effects: asks for input until some came or the context ended, for so long at most, and after
// `polite_ns` others go first.
// Returns: how many handlers ran.
inline std::size_t ask(boost::asio::io_context& io, time_ns at_most_ns, time_ns polite_ns) {
  time_ns const from = boot_time();
  // Asking costs more than the clock, so the clock is read as often. It is read after others went
  // first and before asking: who got the core back too late has waited in vain, whatever came.
  for (time_ns idle = 0; at_most_ns == never || idle < at_most_ns; idle = boot_time() - from) {
    std::size_t const ran = io.poll();
    if (ran != 0 || io.stopped()) return ran;
    if (idle >= polite_ns) std::this_thread::yield();
  }
  return 0;
}
}  // namespace detail

// Effects: runs the context as io_context::run does, until it is stopped or out of work.
// Returns: how many handlers ran.
inline std::size_t run(boost::asio::io_context& io, wait_asleep) { return io.run(); }

inline std::size_t run(boost::asio::io_context& io, wait_awake how) {
  std::size_t ran = 0;
  while (!io.stopped()) {
    std::size_t now = detail::ask(io, how.idle_ns, polite_after_ns);
    if (now == 0) now = io.run_one();
    ran += now;
  }
  return ran;
}

// Others go first in the second half of the moment. The kernel likes to put a thread that a message
// wakes on the core of whoever sent it, where it cannot begin before the sender lets it: without
// that no wait for its answer would ever pay. Were they to go first at once, waits for threads that
// share this core would seem to pay, and cost more than sleeping.
inline std::size_t run(boost::asio::io_context& io, wait_briefly how = {}) {
  brief_waits waits;
  std::size_t ran = 0;
  while (!io.stopped()) {
    std::size_t now = io.poll();
    if (now == 0 && waits.worth_it()) {
      now = detail::ask(io, how.awake_ns, std::min(how.awake_ns / 2, polite_after_ns));
      now != 0 ? waits.paid() : waits.in_vain();
    }
    if (now == 0) now = io.run_one();
    ran += now;
  }
  return ran;
}

}  // namespace synod::asio
