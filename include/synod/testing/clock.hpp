// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <cstdint>

namespace synod::testing {

// The clocks of one node as functions of the simulator's true time. The steady clock runs at its
// own rate from its own origin and never goes back; the wall clock is the steady clock plus what
// somebody sets, so it may be stepped. A pause (a stopped process, a migrated machine) stops the
// node and not its clocks: the time is read again once it goes on.
class skewed_clock {
 public:
  static constexpr std::int64_t parts = 1'000'000;

  // Requires: the drift is above -1,000,000 parts per million.
  constexpr explicit skewed_clock(time_ns origin = 0, std::int64_t drift_ppm = 0)
      : steady_at_mark_(origin), rate_(parts + drift_ppm) {}

  [[nodiscard]] constexpr time_ns steady(time_ns true_now) const {
    std::int64_t const passed = true_now - mark_;
    return steady_at_mark_ + passed / parts * rate_ + passed % parts * rate_ / parts;
  }
  [[nodiscard]] constexpr time_ns wall(time_ns true_now) const {
    return steady(true_now) + wall_offset_;
  }

  // The earliest true time at which the steady clock shows at least this.
  [[nodiscard]] constexpr time_ns true_time_of(time_ns steady_time) const {
    if (steady_time == never) return never;
    std::int64_t const passed = steady_time - steady_at_mark_;
    if (passed <= 0) return mark_;
    return mark_ + passed / rate_ * parts + (passed % rate_ * parts + rate_ - 1) / rate_;
  }

  constexpr void drift(time_ns true_now, std::int64_t drift_ppm) {
    steady_at_mark_ = steady(true_now);
    mark_ = true_now;
    rate_ = parts + drift_ppm;
  }
  constexpr void step_wall(time_ns by) { wall_offset_ += by; }
  // The machine boots again: its steady clock starts somewhere else.
  constexpr void reboot(time_ns true_now, time_ns origin) {
    wall_offset_ += steady(true_now) - origin;
    steady_at_mark_ = origin;
    mark_ = true_now;
  }

  constexpr void pause(time_ns until) {
    if (until > paused_until_) paused_until_ = until;
  }
  constexpr void resume() { paused_until_ = 0; }
  [[nodiscard]] constexpr bool paused(time_ns true_now) const { return true_now < paused_until_; }
  [[nodiscard]] constexpr time_ns paused_until() const { return paused_until_; }

 private:
  time_ns mark_ = 0;
  time_ns steady_at_mark_;
  std::int64_t rate_;
  time_ns wall_offset_ = 0;
  time_ns paused_until_ = 0;
};

}  // namespace synod::testing
