// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/clock.hpp>
#include <synod/core/ids.hpp>

#include <boost/asio/io_context.hpp>

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

template <class T>
concept wait_policy = std::is_same_v<T, wait_asleep> || std::is_same_v<T, wait_awake>;

// What is awaited may have to come from a thread that waits for this very core: after so long
// without anything, others go first. Sooner would give the core away between a message and its
// answer; never makes each of them wait until the kernel takes the core, many times as long.
inline constexpr time_ns polite_after_ns = 20'000;

// Effects: runs the context as io_context::run does, until it is stopped or out of work.
// Returns: how many handlers ran.
inline std::size_t run(boost::asio::io_context& io, wait_asleep) { return io.run(); }

inline std::size_t run(boost::asio::io_context& io, wait_awake how) {
  std::size_t ran = 0;
  time_ns idle_from = boot_time();
  while (!io.stopped()) {
    std::size_t const now = io.poll();
    ran += now;
    // Asking costs more than the clock, so the clock is read as often.
    time_ns const at = boot_time();
    if (now != 0) {
      idle_from = at;
    } else if (how.idle_ns != never && at - idle_from >= how.idle_ns) {
      ran += io.run_one();
      idle_from = boot_time();
    } else if (at - idle_from >= polite_after_ns) {
      std::this_thread::yield();
    }
  }
  return ran;
}

}  // namespace synod::asio
