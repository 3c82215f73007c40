// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace synod {

// A 64-bit digest of a history: two nodes that applied the same have the same, and one that
// diverged differs from then on (hazard H34, invariant I3). It is no protection against forgery.
class rolling_digest {
 public:
  explicit rolling_digest(bool on) : on_(on) {}

  [[nodiscard]] std::uint64_t value() const { return value_; }
  void restore(std::uint64_t value) { value_ = value; }

  void mix(std::uint64_t first, std::uint64_t second) {
    if (!on_) return;
    add(first);
    add(second);
  }
  void mix(std::span<std::byte const> all) {
    if (on_) add(all);
  }

 private:
  [[gnu::noinline]] void add(std::span<std::byte const> all) {
    add(all.size());
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      word = word << 8 | std::to_integer<std::uint64_t>(all[i]);
      if (i % 8 == 7) add(word);
    }
    add(word);
  }
  void add(std::uint64_t word) {
    value_ = (value_ ^ word) * 0x9e3779b97f4a7c15ULL;
    value_ ^= value_ >> 29;
  }

  std::uint64_t value_ = 0;
  bool on_;
};

}  // namespace synod
