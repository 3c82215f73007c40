// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <utility>

namespace synod {

// The memory of nodes that a pool hands out and takes back: made by the dozen, since a piece of
// memory each costs more than what is in it, and all given back together.
template <class Node, std::size_t Many>
class node_rows {
 public:
  node_rows() = default;
  node_rows(node_rows const&) = delete;
  node_rows& operator=(node_rows const&) = delete;
  ~node_rows() {
    while (last_ != nullptr) delete std::exchange(last_, last_->before);
  }

  // Effects: makes as many as there are in a row, and gives each to `take`, the first one last.
  template <class Take>
  [[gnu::noinline]] void widen(Take&& take) {
    auto* const made = new row;
    made->before = std::exchange(last_, made);
    for (std::size_t i = Many; i-- > 0;) take(made->nodes[i]);
  }

 private:
  struct row {
    row* before = nullptr;
    Node nodes[Many];
  };

  row* last_ = nullptr;
};

}  // namespace synod
