// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/ids.hpp>

#include <bit>
#include <compare>
#include <cstdint>

namespace synod {

// A set of members by index. A tally is always a set and never a counter, so that a duplicated
// reply cannot count twice (hazard H7).
class node_set {
 public:
  static constexpr unsigned capacity = 64;

  constexpr node_set() = default;
  constexpr explicit node_set(std::uint64_t bits) : bits_(bits) {}

  [[nodiscard]] static constexpr node_set of(node_index at) {
    return node_set(std::uint64_t{1} << at.value);
  }
  [[nodiscard]] static constexpr node_set first(unsigned count) {
    return node_set(count >= capacity ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1);
  }

  [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr unsigned size() const {
    return static_cast<unsigned>(std::popcount(bits_));
  }
  // Whether there are at least `count`. Sets are small, and most processors that this is built for
  // are asked to count without an instruction for it.
  [[nodiscard]] SYNOD_ALWAYS_INLINE constexpr bool has_at_least(unsigned count) const {
    if (count == 2) [[likely]]
      return (bits_ & (bits_ - 1)) != 0;
    return counts_up_to(count);
  }
  [[nodiscard]] constexpr bool contains(node_index at) const {
    return (bits_ >> at.value & 1U) != 0;
  }
  [[nodiscard]] constexpr bool contains(node_set other) const {
    return (other.bits_ & ~bits_) == 0;
  }

  constexpr void insert(node_index at) { bits_ |= std::uint64_t{1} << at.value; }
  constexpr void erase(node_index at) { bits_ &= ~(std::uint64_t{1} << at.value); }
  constexpr void clear() { bits_ = 0; }

  // Requires: not empty.
  [[nodiscard]] constexpr node_index lowest() const {
    return node_index(static_cast<std::uint8_t>(std::countr_zero(bits_)));
  }

  // Calls visit(node_index) in rising order.
  template <class Visit>
  constexpr void for_each(Visit&& visit) const {
    for (std::uint64_t left = bits_; left != 0; left &= left - 1) {
      visit(node_index(static_cast<std::uint8_t>(std::countr_zero(left))));
    }
  }

  friend constexpr node_set operator|(node_set a, node_set b) {
    return node_set(a.bits_ | b.bits_);
  }
  friend constexpr node_set operator&(node_set a, node_set b) {
    return node_set(a.bits_ & b.bits_);
  }
  friend constexpr node_set operator-(node_set a, node_set b) {
    return node_set(a.bits_ & ~b.bits_);
  }
  friend constexpr auto operator<=>(node_set, node_set) = default;

 private:
  [[nodiscard, gnu::noinline]] constexpr bool counts_up_to(unsigned count) const {
    std::uint64_t left = bits_;
    for (; count > 1 && left != 0; --count) left &= left - 1;
    return count == 0 || left != 0;
  }

  std::uint64_t bits_ = 0;
};

}  // namespace synod
