// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>

#include <cstddef>

namespace synod {

// A list that grows and never shrinks, whose first elements lie in itself: where there is mostly no
// more than one, and thousands of such lists, to look elsewhere for it is all that it would cost.
template <class T, std::size_t Here = 1>
class short_list {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T& operator[](std::size_t place) {
    return place < Here ? here_[place] : more_[place - Here];
  }
  [[nodiscard]] T const& operator[](std::size_t place) const {
    return place < Here ? here_[place] : more_[place - Here];
  }
  // Effects: one more, made by T().
  T& grow() {
    if (size_ >= Here) more_.emplace_back();
    return (*this)[size_++];
  }

 private:
  T here_[Here]{};
  std::size_t size_ = 0;
  list<T> more_;
};

}  // namespace synod
