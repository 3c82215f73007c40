// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace synod::testing {

// What happens next. Events of one instant come in the order in which they were added, so a run has
// one order and no other. Events are small values inside a heap of four children per node, which
// touches about half the cache lines of a binary heap; nothing is allocated in the steady state.
template <class Event>
class event_queue {
  static_assert(std::is_trivially_copyable_v<Event>,
                "synod::testing::event_queue: an event is copied as bytes; keep what owns memory "
                "elsewhere and name it by number");

 public:
  struct entry {
    time_ns at;
    std::uint64_t order;
    Event what;
  };

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  // Requires: not empty.
  [[nodiscard]] entry const& next() const { return heap_.front(); }

  void add(time_ns at, Event const& what) {
    entry const made{at, added_++, what};
    std::size_t hole = heap_.size();
    heap_.push_back(made);
    while (hole != 0) {
      std::size_t const parent = (hole - 1) / 4;
      if (!before(made, heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = made;
  }

  // Requires: not empty.
  entry take() {
    entry const first = heap_.front();
    entry const last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
    return first;
  }

  void clear() { heap_.clear(); }

 private:
  static bool before(entry const& a, entry const& b) {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
  }

  void sink(entry const& moved) {
    std::size_t const count = heap_.size();
    std::size_t hole = 0;
    for (;;) {
      std::size_t const begin = hole * 4 + 1;
      if (begin >= count) break;
      std::size_t const end = begin + 4 < count ? begin + 4 : count;
      std::size_t least = begin;
      for (std::size_t child = begin + 1; child < end; ++child) {
        if (before(heap_[child], heap_[least])) least = child;
      }
      if (!before(heap_[least], moved)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    heap_[hole] = moved;
  }

  std::vector<entry> heap_;
  std::uint64_t added_ = 0;
};

}  // namespace synod::testing
