// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

// Counts durations, each to within half a percent: finer than synod::histogram, since figures that
// are to be compared with a floor may differ by little.
class latencies {
 public:
  void add(std::int64_t nanoseconds) {
    auto const value = nanoseconds < 0 ? 0 : static_cast<std::uint64_t>(nanoseconds);
    ++counts_[place_of(value)];
    ++total_;
  }
  void clear() {
    counts_.assign(counts_.size(), 0);
    total_ = 0;
  }
  [[nodiscard]] std::uint64_t count() const { return total_; }

  // In microseconds: at least that part of all took no longer.
  [[nodiscard]] double at(double part) const {
    auto const wanted = static_cast<std::uint64_t>(part * static_cast<double>(total_) + 0.5);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= wanted && seen != 0) return middle_of(i) / 1000;
    }
    return 0;
  }

 private:
  static constexpr unsigned bits = 7;
  static constexpr std::uint64_t fine = 1U << bits;

  static std::size_t place_of(std::uint64_t value) {
    if (value < 2 * fine) return static_cast<std::size_t>(value);
    auto const shift = static_cast<unsigned>(std::bit_width(value)) - bits - 1;
    return static_cast<std::size_t>(shift * fine + (value >> shift));
  }
  static double middle_of(std::size_t place) {
    if (place < 2 * fine) return static_cast<double>(place);
    std::size_t const shift = place / fine - 1;
    return (static_cast<double>(place - shift * fine) + 0.5) *
           static_cast<double>(std::uint64_t{1} << shift);
  }

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>((64 - bits + 1) * fine);
  std::uint64_t total_ = 0;
};

}  // namespace bench
