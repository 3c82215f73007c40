// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <new>

namespace synod {

// A member that is made after its owner, and may be gone before it. What std::optional is for that,
// with a third of the functions for a compiler to make; it cannot be copied.
template <class T>
class late {
 public:
  late() {}
  late(late const&) = delete;
  late& operator=(late const&) = delete;
  ~late() { reset(); }

  // Ends what is there. Requires: no argument belongs to it.
  template <class... Args>
  T& emplace(Args&&... args) {
    reset();
    ::new (static_cast<void*>(&value_)) T(static_cast<Args&&>(args)...);
    made_ = true;
    return value_;
  }
  void reset() {
    if (!made_) return;
    made_ = false;
    value_.~T();
  }
  [[nodiscard]] bool has_value() const { return made_; }

  // Requires: has_value().
  [[nodiscard]] T& operator*() { return value_; }
  [[nodiscard]] T const& operator*() const { return value_; }
  [[nodiscard]] T* operator->() { return &value_; }
  [[nodiscard]] T const* operator->() const { return &value_; }

 private:
  union {
    T value_;
  };
  bool made_ = false;
};

}  // namespace synod
