// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/core/prefetch.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace synod {

// Finds the place of a node in an array by the id of the node: a 64-bit number, or anything with
// `spread()`, 64 bits of it. Only places are stored, each beside half of a hash of its id, so that
// what is at other places need not be looked at; the owner of the array says which id is at a
// place. Nothing ever walks it, so its order cannot leak into a state machine.
class id_index {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  // `id_at(place)` gives the id of a stored place.
  template <class Id, class IdAt>
  [[nodiscard]] std::uint32_t find(Id const& id, IdAt&& id_at) const {
    if (used_ == 0) return none;
    std::uint32_t const hash = hash_of(id);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      cell const& here = cells_[at];
      if (here.place == none || (here.hash == hash && id_at(here.place) == id)) return here.place;
    }
  }

  // For what is going to be looked for soon: `foresee` first, for as many as there are, and then
  // `likely`, which tells where it is as far as can be said without looking there.
  template <class Id>
  void foresee(Id const& id) const {
    if (used_ != 0) prefetch(&cells_[hash_of(id) & mask()]);
  }
  template <class Id>
  [[nodiscard]] std::uint32_t likely(Id const& id) const {
    if (used_ == 0) return none;
    std::uint32_t const hash = hash_of(id);
    std::size_t at = hash & mask();
    while (cells_[at].place != none && cells_[at].hash != hash) at = (at + 1) & mask();
    return cells_[at].place;
  }

  // Requires: no place with this id is stored, and `place` is not none.
  template <class Id>
  void insert(Id const& id, std::uint32_t place) {
    if (cells_.size() * 3 < (used_ + 1) * 4) reserve(used_ + 1);
    put({place, hash_of(id)});
    ++used_;
  }

  // Returns the place that had the id; none, and nothing is done, when it is not stored.
  template <class Id, class IdAt>
  std::uint32_t erase(Id const& id, IdAt&& id_at) {
    if (used_ == 0) return none;
    std::uint32_t const hash = hash_of(id);
    std::size_t hole = hash & mask();
    std::uint32_t gone = none;
    for (;; hole = (hole + 1) & mask()) {
      gone = cells_[hole].place;
      if (gone == none) return none;
      if (cells_[hole].hash == hash && id_at(gone) == id) break;
    }
    --used_;
    // Whoever was pushed past the hole moves back into it, so that no tombstones pile up.
    for (std::size_t at = (hole + 1) & mask(); cells_[at].place != none; at = (at + 1) & mask()) {
      std::size_t const home = cells_[at].hash & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole] = {};
    return gone;
  }

  void reserve(std::size_t count) {
    std::size_t size = cells_.empty() ? 8 : cells_.size();
    while (size * 3 < count * 4) size *= 2;
    if (size == cells_.size()) return;
    list<cell> const before = std::move(cells_);
    cells_.assign(size, {});
    for (cell const& one : before) {
      if (one.place != none) put(one);
    }
  }

  void clear() {
    for (cell& one : cells_) one = {};
    used_ = 0;
  }

  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  struct cell {
    std::uint32_t place = none;
    std::uint32_t hash = 0;
  };

  [[nodiscard]] std::size_t mask() const { return cells_.size() - 1; }
  template <class Id>
  [[nodiscard]] static std::uint32_t hash_of(Id const& of) {
    std::uint64_t id = 0;
    if constexpr (std::integral<Id>) {
      id = of;
    } else {
      id = of.spread();
    }
    std::uint64_t const mixed = (id ^ (id >> 32)) * 0x9e3779b97f4a7c15ULL;
    return static_cast<std::uint32_t>(mixed >> 32);
  }
  void put(cell const& one) {
    std::size_t at = one.hash & mask();
    while (cells_[at].place != none) at = (at + 1) & mask();
    cells_[at] = one;
  }

  list<cell> cells_;
  std::size_t used_ = 0;
};

}  // namespace synod
