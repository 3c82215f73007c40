// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/moves_as_bytes.hpp>

#include <concepts>
#include <new>
#include <optional>

namespace synod {

// A value or none: what std::optional is for that, which costs a compiler some thirty functions for
// each type, and this costs six. Converts from and to it.
template <class T>
class maybe {
 public:
  constexpr maybe() {}
  constexpr maybe(std::nullopt_t) {}
  constexpr maybe(T const& value) : value_(value), there_(true) {}
  constexpr maybe(T&& value) : value_(static_cast<T&&>(value)), there_(true) {}
  template <std::same_as<std::optional<T>> Other>
  maybe(Other const& other) {
    if (other.has_value()) emplace(*other);
  }

  maybe(maybe const&) requires copies_as_bytes<T>
  = default;
  maybe(maybe const& other) { take(other); }
  maybe(maybe&& other) noexcept requires copies_as_bytes<T>
  = default;
  maybe(maybe&& other) noexcept { take(static_cast<maybe&&>(other)); }
  maybe& operator=(maybe const& other) requires copies_as_bytes<T>
  = default;
  maybe& operator=(maybe const& other) { return *this = maybe(other); }
  maybe& operator=(maybe&& other) noexcept requires copies_as_bytes<T>
  = default;
  maybe& operator=(maybe&& other) noexcept {
    if (this == &other) return *this;
    reset();
    take(static_cast<maybe&&>(other));
    return *this;
  }
  ~maybe() requires ends_without_trace<T>
  = default;
  ~maybe() { reset(); }

  template <class... Args>
  T& emplace(Args&&... args) {
    reset();
    ::new (static_cast<void*>(&value_)) T(static_cast<Args&&>(args)...);
    there_ = true;
    return value_;
  }
  void reset() {
    if constexpr (!ends_without_trace<T>) {
      if (there_) value_.~T();
    }
    there_ = false;
  }

  [[nodiscard]] constexpr bool has_value() const { return there_; }
  explicit constexpr operator bool() const { return there_; }
  // Requires: has_value().
  [[nodiscard]] constexpr T& operator*() & { return value_; }
  [[nodiscard]] constexpr T const& operator*() const& { return value_; }
  [[nodiscard]] constexpr T&& operator*() && { return static_cast<T&&>(value_); }
  [[nodiscard]] constexpr T* operator->() { return &value_; }
  [[nodiscard]] constexpr T const* operator->() const { return &value_; }

  [[nodiscard]] constexpr T value_or(T other) const { return there_ ? value_ : other; }

  template <std::same_as<std::optional<T>> Other>
  operator Other() const {
    return there_ ? Other(value_) : Other();
  }

  friend constexpr bool operator==(maybe const& a, maybe const& b) {
    return a.there_ == b.there_ && (!a.there_ || a.value_ == b.value_);
  }
  friend constexpr bool operator==(maybe const& a, T const& b) { return a.there_ && a.value_ == b; }

 private:
  template <class Other>
  void take(Other&& other) {
    if (!other.there_) return;
    ::new (static_cast<void*>(&value_)) T(static_cast<Other&&>(other).value_);
    there_ = true;
  }

  union {
    T value_;
  };
  bool there_ = false;
};

template <class T>
inline constexpr bool moves_as_bytes<maybe<T>> = moves_as_bytes<T>;

// For what a part of the user's may return: either of the two.
template <class T, class Of>
concept maybe_of = std::same_as<T, maybe<Of>> || std::same_as<T, std::optional<Of>>;

}  // namespace synod
