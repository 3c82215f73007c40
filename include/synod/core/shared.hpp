// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/one_of.hpp>

#include <cstdint>

namespace synod {

// A value held once and shared by whoever copied it, for what is large and rare inside what is
// small and frequent: a message that carries a list only in phase 1 is as cheap to move in phase 2
// as if it had none. As large as a pointer; a copy is one increment of a plain integer, so all
// owners stay on one thread. Immutable: to change it, put another one in its place.
template <class T>
class shared {
 public:
  // A default T, without an allocation.
  shared() = default;
  shared(T value) : node_(new node{1, static_cast<T&&>(value)}) {}

  shared(shared const& other) : node_(other.node_) {
    if (node_ != nullptr) ++node_->references;
  }
  shared(shared&& other) noexcept : node_(other.node_) { other.node_ = nullptr; }
  shared& operator=(shared other) noexcept {
    node* const before = node_;
    node_ = other.node_;
    other.node_ = before;
    return *this;
  }
  ~shared() {
    if (node_ != nullptr && --node_->references == 0) delete node_;
  }

  [[nodiscard]] T const& operator*() const { return node_ == nullptr ? empty() : node_->value; }
  [[nodiscard]] T const* operator->() const { return &**this; }

 private:
  struct node {
    std::uint32_t references;
    T value;
  };

  static T const& empty() {
    static T const none{};
    return none;
  }

  node* node_ = nullptr;
};

template <class T>
inline constexpr bool moves_as_bytes<shared<T>> = true;

}  // namespace synod
