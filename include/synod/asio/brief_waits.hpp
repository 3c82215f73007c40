// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace synod::asio {

// Whether a thread that may stay awake for a moment before it sleeps had better do so this time.
// Nobody knows how long a wait will be, but the waits of one thread are much alike: where they are
// short it pays nearly always, and where they are long, or what is awaited needs this very core,
// hardly ever. So it is tried, and after each time in vain the next waits are spared it, twice as
// many as before, until only one in a thousand is a trial; each time that it paid halves them.
//
// How long a thread slept would not tell: what comes soon to one that sleeps may have come only
// because it left its core.
class brief_waits {
 public:
  static constexpr std::uint32_t spared_max = 1023;

  // Effects: a wait begins.
  // Returns: whether it is worth staying awake for. If so, `paid` or `in_vain` says how that ended.
  constexpr bool worth_it() {
    if (left_ == 0) return true;
    --left_;
    return false;
  }
  constexpr void paid() { spared_ /= 2; }
  constexpr void in_vain() {
    if (spared_ < spared_max) spared_ = 2 * spared_ + 1;
    left_ = spared_;
  }

 private:
  std::uint32_t spared_ = 0;  // 0, 1, 3, 7, ...: waits after one in vain
  std::uint32_t left_ = 0;    // and how many of them are to come
};

}  // namespace synod::asio
