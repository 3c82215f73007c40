// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <utility>

namespace synod::asio {

// Whoever is pointed at by handlers that are still to be called counts them here. The count is a
// plain integer, like that of a batch: everything of one node runs on one executor.
class holdable {
 public:
  holdable() = default;
  holdable(holdable const&) = delete;
  holdable& operator=(holdable const&) = delete;

 private:
  template <class>
  friend class held;

  std::uint32_t holders_ = 0;
};

// Keeps its T, which derives from nothing but has a `holdable holders` member, alive.
template <class T>
class held {
 public:
  held() = default;
  explicit held(T* what) : what_(what) {
    if (what_ != nullptr) ++what_->holders.holders_;
  }
  held(held const& other) : held(other.what_) {}
  held(held&& other) noexcept : what_(std::exchange(other.what_, nullptr)) {}
  held& operator=(held other) noexcept {
    std::swap(what_, other.what_);
    return *this;
  }
  ~held() {
    if (what_ != nullptr && --what_->holders.holders_ == 0) delete what_;
  }

  [[nodiscard]] T* get() const { return what_; }
  T* operator->() const { return what_; }
  T& operator*() const { return *what_; }
  explicit operator bool() const { return what_ != nullptr; }

 private:
  T* what_ = nullptr;
};

}  // namespace synod::asio
