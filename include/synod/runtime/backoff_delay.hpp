// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <cstdint>

namespace synod {

// How long to wait before the n-th next attempt: doubled each time up to a limit, and drawn from
// its upper half, so that those who failed together do not come back together (hazard H25).
struct backoff_delay {
  time_ns first_ns = 10'000'000;
  time_ns most_ns = 2'000'000'000;

  [[nodiscard]] constexpr time_ns draw(std::uint32_t attempts, std::uint64_t dice) const {
    time_ns delay = first_ns;
    for (std::uint32_t i = 0; i < attempts && delay < most_ns; ++i) delay *= 2;
    if (delay > most_ns) delay = most_ns;
    if (delay < 2) return delay;
    auto const half = static_cast<std::uint64_t>(delay / 2);
    return static_cast<time_ns>(half + dice % (half + 1));
  }
};

}  // namespace synod
