// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

// The slots a node still holds, by number, with gaps: a cell that nobody wrote is a default Cell.
// Cells live in chunks that never move and are recycled by trimming, so the steady state allocates
// nothing and a pointer to a cell stays good until the cell is trimmed. The chunks stand in a ring,
// each at its number modulo the size of the ring.
template <class Cell>
class window {
 public:
  static constexpr std::size_t chunk_slots = 256;

  window() = default;
  window(window&& other) noexcept { swap(other); }
  window& operator=(window other) noexcept {
    swap(other);
    return *this;
  }
  window(window const& other)
      : ring_(other.ring_.size()), places_(other.places_), trimmed_upto_(other.trimmed_upto_),
        last_(other.last_) {
    for (std::size_t i = 0; i < ring_.size(); ++i) {
      if (other.ring_[i] == nullptr) continue;
      ring_[i] = new Cell[chunk_slots];
      for (std::size_t j = 0; j < chunk_slots; ++j) ring_[i][j] = other.ring_[i][j];
    }
  }
  ~window() {
    for (Cell* chunk : ring_) delete[] chunk;
    for (Cell* chunk : free_) delete[] chunk;
  }

  // The highest slot ever written, or trimmed.
  [[nodiscard]] slot last() const { return last_; }
  [[nodiscard]] slot trimmed_upto() const { return trimmed_upto_; }
  [[nodiscard]] bool holds(slot at) const { return at > trimmed_upto_ && at <= last_; }

  // Null for what was trimmed or never reached.
  [[nodiscard]] SYNOD_ALWAYS_INLINE Cell* find(slot at) {
    if (at > last_) return nullptr;
    if (!is_usual(at)) [[unlikely]]
      return search(at);
    return usual_cell(at);
  }
  [[nodiscard]] Cell const* find(slot at) const { return const_cast<window*>(this)->find(at); }

  // Makes room up to `at` where needed. Requires: not trimmed; the caller bounds how far `at` may
  // be.
  [[nodiscard]] Cell& at(slot at) {
    if (Cell* const here = at_once(at)) return *here;
    return make_room(at);
  }
  // The same where there is room already; null elsewhere.
  [[nodiscard]] SYNOD_ALWAYS_INLINE Cell* at_once(slot at) {
    if (!is_usual(at)) [[unlikely]]
      return reach(at);
    if (at > last_) last_ = at;
    return usual_cell(at);
  }

  // Forgets every slot up to `upto`, after a last look at each cell that there is.
  template <class Visit>
  SYNOD_ALWAYS_INLINE void trim(slot upto, Visit&& last_look) {
    slot const end = upto < last_ ? upto : last_;
    usual_slots_ = 0;
    for (slot at = trimmed_upto_.next(); at <= end;) {
      slot const chunk_end(at.value | (chunk_slots - 1));
      slot const stop = chunk_end < end ? chunk_end : end;
      Cell*& chunk = ring_[place_of(at)];
      if (chunk != nullptr) {
        Cell* const past = chunk + stop.value % chunk_slots + 1;
        for (Cell* gone = chunk + at.value % chunk_slots; gone != past; ++gone) {
          last_look(std::as_const(*gone));
          *gone = Cell();
        }
        if (chunk_end <= upto) {
          free_.push_back(chunk);
          chunk = nullptr;
        }
      }
      at = stop.next();
    }
    if (trimmed_upto_ < upto) trimmed_upto_ = upto;
    if (last_ < trimmed_upto_) last_ = trimmed_upto_;
  }
  void trim(slot upto) {
    trim(upto, [](Cell const&) {});
  }

 private:
  static std::uint64_t chunk_of(slot at) { return at.value / chunk_slots; }
  std::size_t place_of(slot at) const { return chunk_of(at) & (places_ - 1); }
  // Whether it lies in the chunk that is written at present, so that nothing else need be looked
  // at.
  [[nodiscard]] bool is_usual(slot at) const { return at.value - usual_from_.value < usual_slots_; }
  [[nodiscard]] Cell* usual_cell(slot at) {
    Cell* const found = usual_ + at.value % chunk_slots;
    if (found == nullptr) __builtin_unreachable();
    return found;
  }
  [[nodiscard, gnu::noinline]] Cell* search(slot at) {
    if (!holds(at)) return nullptr;
    Cell* const chunk = ring_[place_of(at)];
    return chunk == nullptr ? nullptr : chunk + at.value % chunk_slots;
  }
  [[nodiscard, gnu::noinline]] Cell* reach(slot at) {
    if (at <= trimmed_upto_ || distance(at) >= places_) return nullptr;
    Cell* const chunk = ring_[place_of(at)];
    if (chunk == nullptr) return nullptr;
    if (at > last_) last_ = at;
    slot const begins(at.value - at.value % chunk_slots);
    usual_ = chunk;
    usual_from_ = begins > trimmed_upto_ ? begins : trimmed_upto_.next();
    usual_slots_ = begins.value + chunk_slots - usual_from_.value;
    return chunk + at.value % chunk_slots;
  }
  // In chunks, from the first that is not yet trimmed.
  std::uint64_t distance(slot at) const { return chunk_of(at) - chunk_of(trimmed_upto_.next()); }

  void swap(window& other) noexcept {
    ring_.swap(other.ring_);
    free_.swap(other.free_);
    std::swap(places_, other.places_);
    std::swap(trimmed_upto_, other.trimmed_upto_);
    std::swap(last_, other.last_);
    std::swap(usual_, other.usual_);
    std::swap(usual_from_, other.usual_from_);
    std::swap(usual_slots_, other.usual_slots_);
  }

  [[gnu::noinline]] Cell& make_room(slot at) {
    SYNOD_ASSERT(at > trimmed_upto_, "a trimmed slot was written; is the floor checked first?");
    if (distance(at) >= places_) widen(at);
    if (at > last_) last_ = at;
    Cell*& chunk = ring_[place_of(at)];
    if (chunk == nullptr) chunk = fresh();
    return chunk[at.value % chunk_slots];
  }

  // Makes the ring a power of two that holds the chunks from the first one needed to that of `at`.
  void widen(slot at) {
    std::uint64_t const first = chunk_of(trimmed_upto_.next());
    std::size_t places = 1;
    while (places <= distance(at)) places *= 2;
    list<Cell*> wider(places);
    for (std::uint64_t i = 0; i < places_; ++i) {
      wider[(first + i) & (places - 1)] = ring_[(first + i) & (places_ - 1)];
    }
    ring_ = std::move(wider);
    places_ = places;
  }

  Cell* fresh() {
    if (free_.empty()) return new Cell[chunk_slots]();
    Cell* const chunk = free_.back();
    free_.pop_back();
    return chunk;
  }

  list<Cell*> ring_;
  list<Cell*> free_;
  std::size_t places_ = 0;
  slot trimmed_upto_;
  slot last_;
  Cell* usual_ = nullptr;  // the chunk of the slots from usual_from_ on, as many as are not trimmed
  slot usual_from_;
  std::uint64_t usual_slots_ = 0;
};

}  // namespace synod
