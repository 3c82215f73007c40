// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace synod {

// The slots a node still holds, by number, with gaps: a cell that nobody wrote is a default Cell.
// Cells live in chunks that never move and are recycled by trimming, so the steady state allocates
// nothing and a pointer to a cell stays good until the cell is trimmed.
template <class Cell>
class window {
 public:
  static constexpr std::size_t chunk_slots = 256;

  window() = default;
  window(window&& other) noexcept
      : chunks_(std::move(other.chunks_)), free_(std::move(other.free_)),
        dropped_(std::exchange(other.dropped_, 0)), front_(std::exchange(other.front_, 0)),
        trimmed_upto_(std::exchange(other.trimmed_upto_, slot())),
        last_(std::exchange(other.last_, slot())) {
    other.chunks_.clear();
    other.free_.clear();
  }
  window& operator=(window other) noexcept {
    std::swap(chunks_, other.chunks_);
    std::swap(free_, other.free_);
    std::swap(dropped_, other.dropped_);
    std::swap(front_, other.front_);
    std::swap(trimmed_upto_, other.trimmed_upto_);
    std::swap(last_, other.last_);
    return *this;
  }
  window(window const&) = delete;
  ~window() {
    for (std::size_t i = front_; i < chunks_.size(); ++i) delete[] chunks_[i];
    for (Cell* chunk : free_) delete[] chunk;
  }

  // The highest slot ever written, or trimmed.
  [[nodiscard]] slot last() const { return last_; }
  [[nodiscard]] slot trimmed_upto() const { return trimmed_upto_; }
  [[nodiscard]] bool holds(slot at) const { return at > trimmed_upto_ && at <= last_; }

  // Null for what was trimmed or never reached.
  [[nodiscard]] Cell* find(slot at) {
    if (!holds(at)) return nullptr;
    Cell* const chunk = chunks_[place_of(at)];
    return chunk == nullptr ? nullptr : chunk + at.value % chunk_slots;
  }
  [[nodiscard]] Cell const* find(slot at) const { return const_cast<window*>(this)->find(at); }

  // Makes room up to `at` where needed. Requires: not trimmed; the caller bounds how far `at` may
  // be.
  [[nodiscard]] Cell& at(slot at) {
    SYNOD_ASSERT(at > trimmed_upto_, "a trimmed slot was written; is the floor checked first?");
    if (at > last_) {
      last_ = at;
      while (place_of(at) >= chunks_.size()) chunks_.push_back(nullptr);
    }
    Cell*& chunk = chunks_[place_of(at)];
    if (chunk == nullptr) chunk = fresh();
    return chunk[at.value % chunk_slots];
  }

  // Forgets every slot up to `upto`.
  void trim(slot upto) {
    while (trimmed_upto_ < upto && trimmed_upto_ < last_) {
      Cell* const gone = find(trimmed_upto_.next());
      if (gone != nullptr) *gone = Cell();
      trimmed_upto_ = trimmed_upto_.next();
    }
    if (trimmed_upto_ < upto) trimmed_upto_ = upto;
    if (last_ < trimmed_upto_) last_ = trimmed_upto_;
    drop_chunks();
  }

 private:
  static std::uint64_t chunk_of(slot at) { return at.value / chunk_slots; }

  // `chunks_[front_]` holds the slots of chunk number `dropped_`; a chunk nobody wrote to is null.
  std::size_t place_of(slot at) const {
    return static_cast<std::size_t>(chunk_of(at) - dropped_) + front_;
  }

  Cell* fresh() {
    if (free_.empty()) return new Cell[chunk_slots];
    Cell* const chunk = free_.back();
    free_.pop_back();
    return chunk;
  }

  void drop_chunks() {
    std::uint64_t const first_needed = chunk_of(trimmed_upto_.next());
    while (dropped_ < first_needed) {
      if (front_ < chunks_.size()) {
        if (chunks_[front_] != nullptr) free_.push_back(chunks_[front_]);
        ++front_;
        ++dropped_;
      } else {
        dropped_ = first_needed;
      }
    }
    if (front_ > 16 && front_ * 2 > chunks_.size()) {
      chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(front_));
      front_ = 0;
    }
  }

  std::vector<Cell*> chunks_;
  std::vector<Cell*> free_;
  std::uint64_t dropped_ = 0;
  std::size_t front_ = 0;
  slot trimmed_upto_;
  slot last_;
};

}  // namespace synod
