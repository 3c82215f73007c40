// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace synod {

// The memory of nodes that a pool hands out and takes back: made by the dozen, since a piece of
// memory each costs more than what is in it, and all given back together.
// A node that knows its place in its row needs no pointer to the owner of all rows.
template <class Node, std::size_t Many, class Owner = void>
class node_rows {
 public:
  static constexpr std::size_t many = Many;

  node_rows() = default;
  explicit node_rows(Owner* owner) : owner_(owner) {}
  node_rows(node_rows const&) = delete;
  node_rows& operator=(node_rows const&) = delete;
  ~node_rows() {
    while (last_ != nullptr) delete std::exchange(last_, last_->before);
  }

  // Effects: makes as many as there are in a row, and gives each to `take`, the first one last.
  template <class Take>
  [[gnu::noinline]] void widen(Take&& take) {
    auto* const made = new row;
    made->owner = owner_;
    made->before = std::exchange(last_, made);
    for (std::size_t i = Many; i-- > 0;) take(made->nodes[i]);
  }
  // Requires: `one` is in a row, at this place.
  [[nodiscard]] static Owner* owner_of(Node& one, std::size_t place) {
    static_assert(std::is_standard_layout_v<row>, "where a row begins is told from its nodes");
    auto* const nodes = reinterpret_cast<std::byte*>(&one - place);
    return reinterpret_cast<row*>(nodes - offsetof(row, nodes))->owner;
  }

 private:
  struct row {
    row* before = nullptr;
    Owner* owner = nullptr;
    Node nodes[Many];
  };

  row* last_ = nullptr;
  Owner* owner_ = nullptr;
};

}  // namespace synod
