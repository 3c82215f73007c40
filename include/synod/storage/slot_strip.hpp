// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace synod {

// One number for each slot of a window that moves upwards: eight bytes a slot, and neighbours are
// neighbours in memory, which is what makes appending to and trimming a long lane cheap.
class slot_strip {
 public:
  static constexpr std::uint64_t absent = UINT64_MAX;

  [[nodiscard]] std::uint64_t size() const { return used_; }

  // Whether a slot can have its place here: one far beyond all others cannot, or it would cost the
  // memory of everything in between. What is within reach already costs nothing more, and a slot
  // that has its place here keeps it.
  [[nodiscard]] bool takes(std::uint64_t at) const {
    return used_ == 0 ||
           (at >= base_ && at - base_ < std::max<std::uint64_t>(ring_.size(), 16 + 4 * used_));
  }

  [[nodiscard]] std::uint64_t find(std::uint64_t at) const {
    return inside(at) ? ring_[index(at)] : absent;
  }

  // Returns what was there, or absent. Requires: takes(at).
  std::uint64_t put(std::uint64_t at, std::uint64_t place) {
    if (used_ == 0) base_ = at;
    while (at - base_ >= ring_.size()) grow();
    std::uint64_t& there = ring_[index(at)];
    std::uint64_t const before = there;
    if (before == absent) ++used_;
    there = place;
    return before;
  }

  // Returns what was there, or absent.
  std::uint64_t erase(std::uint64_t at) {
    if (!inside(at)) return absent;
    std::uint64_t& there = ring_[index(at)];
    std::uint64_t const before = there;
    there = absent;
    if (before != absent) --used_;
    return before;
  }

  // Effects: forgets the slots up to that one; gone(place) for each that was there.
  template <class Gone>
  void trim(std::uint64_t upto, Gone&& gone) {
    while (used_ != 0 && base_ <= upto) {
      std::uint64_t const before = erase(base_);
      if (before != absent) gone(before);
      ++base_;
    }
  }

  // visit(slot, place) for each slot that is there.
  template <class Visit>
  void each(Visit&& visit) const {
    std::uint64_t left = used_;
    for (std::uint64_t at = base_; left != 0; ++at) {
      std::uint64_t const place = ring_[index(at)];
      if (place == absent) continue;
      visit(at, place);
      --left;
    }
  }

 private:
  [[nodiscard]] bool inside(std::uint64_t at) const {
    return used_ != 0 && at >= base_ && at - base_ < ring_.size();
  }
  [[nodiscard]] std::size_t index(std::uint64_t at) const {
    return static_cast<std::size_t>(at) & (ring_.size() - 1);
  }

  // Everything of a window keeps its slot, and so another index.
  void grow() {
    std::vector<std::uint64_t> former(ring_.empty() ? 16 : ring_.size() * 2, absent);
    former.swap(ring_);
    for (std::uint64_t at = base_; at - base_ < former.size(); ++at) {
      ring_[index(at)] = former[static_cast<std::size_t>(at) & (former.size() - 1)];
    }
  }

  std::vector<std::uint64_t> ring_;  // a power of two; absent outside the window
  std::uint64_t base_ = 0;           // the first slot of the window
  std::uint64_t used_ = 0;
};

}  // namespace synod
