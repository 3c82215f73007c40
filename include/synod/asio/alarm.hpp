// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/clock.hpp>
#include <synod/core/ids.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace synod::asio {

// Calls at or after a time that may be moved. Moving it later costs nothing: the alarm then rings
// early, and whoever is called looks at the clock and sets it again. So the usual case, a deadline
// that is pushed on by every message, never touches the timer.
template <class Executor>
class alarm {
 public:
  explicit alarm(Executor const& on) : timer_(on) {}

  // To set it for no earlier than this changes nothing.
  [[nodiscard]] time_ns due() const { return due_; }

  // Effects: calls ring() once, not much later than `at` and perhaps earlier. `hold` is kept until
  // then and keeps alive what `ring` refers to.
  template <class Hold, class Ring>
  void set(time_ns at, Hold&& hold, Ring ring) {
    if (at >= due_ || closed_) return;
    due_ = at;
    std::uint64_t const turn = ++turns_;
    time_ns const wait = std::min(std::max<time_ns>(at - boot_time(), 0), wait_max);
    timer_.expires_after(std::chrono::nanoseconds(wait));
    timer_.async_wait([this, turn, hold, ring](boost::system::error_code) mutable {
      if (turn != turns_ || closed_) return;  // it was set anew meanwhile
      due_ = never;
      ring();
    });
  }

  void close() {
    closed_ = true;
    timer_.cancel();
  }

 private:
  static constexpr time_ns wait_max = 3'600'000'000'000;

  time_ns due_ = never;
  std::uint64_t turns_ = 0;
  bool closed_ = false;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
};

}  // namespace synod::asio
