// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod::testing {

// Spreads a number over all 64 bits, the same way on every machine and compiler.
constexpr std::uint64_t scramble(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

// Where every random choice of a simulation comes from. It adds and scrambles 64-bit integers (the
// scheme of Steele, Lea and Flood, "Fast splittable pseudorandom number generators"), so that one
// seed means the same run on every compiler; nothing here is a floating-point number for the same
// reason.
//
// `split` gives an independent source for a purpose: what one purpose draws does not move the
// choices of another, which lets a schedule be shortened without changing the rest of the run.
class random_source {
 public:
  constexpr explicit random_source(std::uint64_t seed) : state_(scramble(seed ^ 0x53796e6f64)) {}

  [[nodiscard]] constexpr random_source split(std::uint64_t purpose) const {
    return random_source(scramble(state_) ^ scramble(~purpose));
  }

  constexpr std::uint64_t next() { return scramble(state_ += 0x9e3779b97f4a7c15U); }

  // One of 0 .. limit - 1, and 0 where the limit is 0.
  constexpr std::uint64_t below(std::uint64_t limit) {
    if (limit <= UINT32_MAX) return ((next() >> 32) * limit) >> 32;
    return next() % limit;
  }
  constexpr std::int64_t between(std::int64_t first, std::int64_t last) {
    return first + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(last - first) + 1));
  }
  constexpr bool one_in(std::uint64_t count) { return below(count) == 0; }
  constexpr bool chance_per_million(std::uint32_t parts) { return below(1'000'000) < parts; }

  // A waiting time with the given mean, as of independent arrivals. The logarithm is linear between
  // powers of two, which is close enough for a delay; the result is at most 64 times the mean.
  // Requires: the mean is below 2^41.
  constexpr std::int64_t exponential(std::int64_t mean) {
    std::uint64_t const bits = next() | 1;
    auto const zeros = static_cast<unsigned>(std::countl_zero(bits));
    std::uint64_t const fraction = (bits << zeros) >> 47 & 0xffff;  // after the leading one
    std::uint64_t const log2_of_inverse = (std::uint64_t{zeros} + 1) * 65536 - fraction;
    // ln 2 = 0.6931, as 45426 / 65536; the logarithm is in steps of 2^-16.
    std::uint64_t const scaled = log2_of_inverse * 45426 >> 16;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(mean) * scaled >> 16);
  }

  template <class Sequence>
  constexpr auto& pick(Sequence& from) {
    return from[static_cast<std::size_t>(below(from.size()))];
  }
  template <class Sequence>
  constexpr void shuffle(Sequence& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      using std::swap;
      swap(items[left - 1], items[static_cast<std::size_t>(below(left))]);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace synod::testing
