// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace synod {

// Finds the place of a node in an array by the id of the node: a 64-bit number, or anything with
// `spread()`, 64 bits of it. Only places are stored, four bytes each; the owner of the array says
// which id is at a place. Nothing ever walks it, so its order cannot leak into a state machine.
class id_index {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  // `id_at(place)` gives the id of a stored place.
  template <class Id, class IdAt>
  [[nodiscard]] std::uint32_t find(Id const& id, IdAt&& id_at) const {
    if (used_ == 0) return none;
    for (std::size_t at = home_of(id);; at = (at + 1) & mask()) {
      if (cells_[at] == none || id_at(cells_[at]) == id) return cells_[at];
    }
  }

  // Requires: no place with this id is stored, and `place` is not none.
  template <class Id, class IdAt>
  void insert(Id const& id, std::uint32_t place, IdAt&& id_at) {
    if (cells_.size() * 3 < (used_ + 1) * 4) reserve(used_ + 1, id_at);
    put(id, place);
    ++used_;
  }

  // Returns the place that had the id; none, and nothing is done, when it is not stored.
  template <class Id, class IdAt>
  std::uint32_t erase(Id const& id, IdAt&& id_at) {
    if (used_ == 0) return none;
    std::size_t hole = home_of(id);
    while (cells_[hole] != none && id_at(cells_[hole]) != id) hole = (hole + 1) & mask();
    std::uint32_t const gone = cells_[hole];
    if (gone == none) return none;
    --used_;
    // Whoever was pushed past the hole moves back into it, so that no tombstones pile up.
    for (std::size_t at = (hole + 1) & mask(); cells_[at] != none; at = (at + 1) & mask()) {
      std::size_t const home = home_of(id_at(cells_[at]));
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole] = none;
    return gone;
  }

  template <class IdAt>
  void reserve(std::size_t count, IdAt&& id_at) {
    std::size_t size = cells_.empty() ? 8 : cells_.size();
    while (size * 3 < count * 4) size *= 2;
    if (size == cells_.size()) return;
    list<std::uint32_t> const before = std::move(cells_);
    cells_.assign(size, none);
    for (std::uint32_t place : before) {
      if (place != none) put(id_at(place), place);
    }
  }

  void clear() {
    for (std::uint32_t& one : cells_) one = none;
    used_ = 0;
  }

  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  [[nodiscard]] std::size_t mask() const { return cells_.size() - 1; }
  template <class Id>
  [[nodiscard]] std::size_t home_of(Id const& of) const {
    std::uint64_t id = 0;
    if constexpr (std::integral<Id>) {
      id = of;
    } else {
      id = of.spread();
    }
    std::uint64_t const mixed = (id ^ (id >> 32)) * 0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(mixed >> 32) & mask();
  }
  template <class Id>
  void put(Id const& id, std::uint32_t place) {
    std::size_t at = home_of(id);
    while (cells_[at] != none) at = (at + 1) & mask();
    cells_[at] = place;
  }

  list<std::uint32_t> cells_;
  std::size_t used_ = 0;
};

}  // namespace synod
