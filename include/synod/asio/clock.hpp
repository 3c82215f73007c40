// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <time.h>

namespace synod::asio {

// Nanoseconds since boot, suspend included: a machine that slept must not believe that its lease
// or its leader is still fresh (hazard H17).
inline time_ns boot_time() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<time_ns>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Nanoseconds since 1970, which anybody may set: for what people read, and for stamps of commands.
inline time_ns wall_time() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<time_ns>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace synod::asio
