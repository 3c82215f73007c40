// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace synod {

// Counts numbers by their size, exact below 16 and within a sixteenth above, in fixed memory.
// Adding one is a few instructions; two histograms add up.
class histogram {
 public:
  void add(std::uint64_t value) {
    ++counts_[place_of(value)];
    ++total_;
    sum_ += value;
    if (value > most_) most_ = value;
  }
  void add(histogram const& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    sum_ += other.sum_;
    if (other.most_ > most_) most_ = other.most_;
  }
  void clear() { *this = {}; }

  [[nodiscard]] std::uint64_t count() const { return total_; }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }
  [[nodiscard]] std::uint64_t most() const { return most_; }
  [[nodiscard]] std::uint64_t mean() const { return total_ == 0 ? 0 : sum_ / total_; }

  // At least so many thousandths of what was added is at most this. 500 is the median.
  [[nodiscard]] std::uint64_t at_permille(std::uint64_t permille) const {
    std::uint64_t const wanted = (total_ * permille + 999) / 1000;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= wanted && seen != 0) return upper_of(i) < most_ ? upper_of(i) : most_;
    }
    return most_;
  }

  // Calls visit(largest number of the bucket, how many) for each bucket that is not empty.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] != 0) visit(upper_of(i), counts_[i]);
    }
  }

 private:
  static constexpr unsigned sub_bits = 4;
  static constexpr std::uint64_t sub = 1U << sub_bits;

  static constexpr std::size_t place_of(std::uint64_t value) {
    if (value < sub) return static_cast<std::size_t>(value);
    auto const shift = static_cast<unsigned>(std::bit_width(value)) - sub_bits - 1;
    return static_cast<std::size_t>(shift * sub + (value >> shift));
  }
  static constexpr std::uint64_t upper_of(std::size_t place) {
    if (place < sub) return place;
    std::uint64_t const shift = place / sub - 1;
    return ((place - shift * sub + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - sub_bits + 1) * sub> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t most_ = 0;
};

}  // namespace synod
