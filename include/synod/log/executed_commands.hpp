// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/log/reply_store.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

// The commands of one session that were applied and are not acknowledged yet, by number, each with
// the place of its reply. What is acknowledged is the lowest: it is passed over, and the others
// move down only once they are no more than what went, so forgetting one costs the same however
// many are in flight.
class executed_commands {
 public:
  struct executed {
    sequence number;
    std::uint32_t reply = reply_store::none;
  };

  [[nodiscard]] std::size_t size() const { return all_.size() - gone_; }
  [[nodiscard]] executed* begin() { return all_.begin() + gone_; }
  [[nodiscard]] executed const* begin() const { return all_.begin() + gone_; }
  [[nodiscard]] executed* end() { return all_.end(); }
  [[nodiscard]] executed const* end() const { return all_.end(); }
  // Of all that were ever here: where nothing is left, it was acknowledged.
  [[nodiscard]] sequence highest() const { return highest_; }

  // Null when there is none with this number.
  [[nodiscard]] executed const* find(sequence number) const {
    executed const* const at = begin() + place_of(number);
    return at != end() && at->number == number ? at : nullptr;
  }
  [[nodiscard]] executed* find(sequence number) {
    executed* const at = begin() + place_of(number);
    return at != end() && at->number == number ? at : nullptr;
  }

  // Requires: there is none with this number.
  [[gnu::always_inline]] executed& insert(sequence number) {
    if (number <= highest_) return insert_among(number);
    highest_ = number;
    return all_.add(executed{number});
  }

  // Hands the ones up to a number to `visit` and forgets them.
  template <class Visit>
  void drop_upto(sequence number, Visit&& visit) {
    executed* one = begin();
    for (; one != end() && one->number <= number; ++one) visit(*one);
    gone_ = static_cast<std::size_t>(one - all_.begin());
    if (gone_ < size()) return;
    all_.erase(all_.begin(), one);
    gone_ = 0;
  }

  void clear() {
    all_.clear();
    gone_ = 0;
    highest_ = sequence();
  }
  void reserve(std::size_t count) { all_.reserve(count); }

 private:
  [[gnu::noinline]] executed& insert_among(sequence number) {
    return *all_.insert(begin() + place_of(number), executed{number});
  }
  [[gnu::noinline]] [[nodiscard]] std::size_t place_of(sequence number) const {
    executed const* const in = begin();
    std::size_t low = 0;
    for (std::size_t high = size(); low < high;) {
      std::size_t const middle = (low + high) / 2;
      if (in[middle].number < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  list<executed> all_;
  std::size_t gone_ = 0;  // of them, at the front
  sequence highest_;
};

}  // namespace synod
