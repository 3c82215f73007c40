// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

// The sequences that one session gave out, and which of them are finished: everything up to
// `acked_upto` is, and nobody will ask again. Constant time for each, in fixed memory.
class finished_numbers {
 public:
  explicit finished_numbers(std::uint32_t in_flight_max)
      : in_flight_max_(in_flight_max == 0 ? 1 : in_flight_max) {
    std::size_t size = 8;
    while (size < in_flight_max_) size *= 2;
    finished_.resize(size);
  }

  [[nodiscard]] sequence acked_upto() const { return acked_; }
  // Whether one more may be under way.
  [[nodiscard]] bool has_room() const { return next_.value - acked_.value <= in_flight_max_; }

  // Requires: has_room().
  sequence take() {
    sequence const taken = next_;
    next_ = next_.next();
    return taken;
  }
  void finish(sequence number) {
    if (number != acked_.next()) {
      at(number) = 1;
      return;
    }
    // Nearly always, and then nothing is remembered of it.
    acked_ = number;
    while (acked_.next() < next_ && at(acked_.next()) != 0) {
      acked_ = acked_.next();
      at(acked_) = 0;
    }
  }
  // Another session counts from 1.
  void restart() {
    acked_ = sequence();
    next_ = sequence(1);
    for (std::uint8_t& one : finished_) one = 0;
  }

 private:
  std::uint8_t& at(sequence number) {
    return finished_[static_cast<std::size_t>(number.value & (finished_.size() - 1))];
  }

  std::uint32_t in_flight_max_;
  sequence acked_;
  sequence next_{1};
  list<std::uint8_t> finished_;  // of the numbers above acked_, by their lowest bits
};

}  // namespace synod
