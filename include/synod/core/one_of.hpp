// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

namespace synod {

// Whether an object may be moved by copying its bytes and forgetting where it was: true of whatever
// does not point into itself. A type that owns something by a pointer says so beside its
// definition.
template <class T>
inline constexpr bool moves_as_bytes = std::is_trivially_copyable_v<T>;
template <class... Ts>
inline constexpr bool moves_as_bytes<std::variant<Ts...>> = (moves_as_bytes<Ts> && ...);

template <class T>
inline constexpr std::size_t alternatives_of = std::variant_size_v<T>;

// A variant for messages, which are moved from list to list more often than anything else is done
// with them: a move copies bytes without asking what they are, and what was moved from is nothing,
// so that it costs nothing to destroy. std::variant asks each time, by an indirect jump.
template <class... Ts>
class one_of {
 public:
  static_assert(sizeof...(Ts) < 63, "one_of: too many alternatives");
  static_assert((moves_as_bytes<Ts> && ...),
                "one_of: every alternative must be movable as bytes: see moves_as_bytes");

  template <std::size_t At>
  using alternative = std::variant_alternative_t<At, std::variant<Ts...>>;

  one_of() { emplace<0>(); }
  template <class T>
    requires(std::is_same_v<std::remove_cvref_t<T>, Ts> || ...)
  one_of(T&& value) : index_(place_of<std::remove_cvref_t<T>>) {
    ::new (bytes_) std::remove_cvref_t<T>(std::forward<T>(value));
  }

  one_of(one_of const& other) { copy(other); }
  one_of(one_of&& other) noexcept { take(other); }
  one_of& operator=(one_of const& other) { return *this = one_of(other); }
  one_of& operator=(one_of&& other) noexcept {
    if (this == &other) return *this;
    destroy();
    take(other);
    return *this;
  }
  ~one_of() { destroy(); }

  [[nodiscard]] std::size_t index() const { return index_; }

  template <std::size_t At>
  alternative<At>& emplace() {
    destroy();
    index_ = At;
    return *::new (bytes_) alternative<At>();
  }

  // Null unless it is a T.
  template <class T>
  [[nodiscard]] T* get_if() {
    return index_ == place_of<T> ? as<T>() : nullptr;
  }
  template <class T>
  [[nodiscard]] T const* get_if() const {
    return const_cast<one_of*>(this)->get_if<T>();
  }

  // Calls `visitor` with the alternative there is. Requires: not moved from.
  template <class Visitor>
  friend decltype(auto) visit(Visitor&& visitor, one_of& what) {
    return dispatch<0>(visitor, what);
  }
  template <class Visitor>
  friend decltype(auto) visit(Visitor&& visitor, one_of const& what) {
    return dispatch<0>(
        [&visitor](auto& one) -> decltype(auto) { return visitor(std::as_const(one)); },
        const_cast<one_of&>(what));
  }

 private:
  static constexpr std::uint8_t nothing = 63;

  template <class T>
  static constexpr std::uint8_t place_of = [] {
    std::uint8_t at = 0;
    (void)((std::is_same_v<T, Ts> || (++at, false)) || ...);
    return at;
  }();
  // One bit for each alternative that must be destroyed, or copied, as what it is.
  static constexpr std::uint64_t owning = [] {
    std::uint64_t bits = 0;
    std::uint64_t one = 1;
    ((bits |= std::is_trivially_copyable_v<Ts> ? 0 : one, one <<= 1), ...);
    return bits;
  }();

  template <class T>
  T* as() {
    return std::launder(reinterpret_cast<T*>(bytes_));
  }
  [[nodiscard]] bool owns() const { return (owning >> index_ & 1) != 0; }

  void take(one_of& other) {
    std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    index_ = std::exchange(other.index_, nothing);
  }
  void copy(one_of const& other) {
    if (other.owns()) {
      visit([this]<class T>(T const& one) { ::new (bytes_) T(one); }, other);
    } else {
      std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    }
    index_ = other.index_;
  }
  void destroy() {
    if (owns()) visit([]<class T>(T& one) { one.~T(); }, *this);
    index_ = nothing;
  }

  template <std::size_t At, class Visitor>
  static decltype(auto) dispatch(Visitor&& visitor, one_of& what) {
    if constexpr (At + 1 < sizeof...(Ts)) {
      if (what.index_ != At) return dispatch<At + 1>(visitor, what);
    } else {
      SYNOD_ASSERT(what.index_ == At, "a message was looked at after it had been moved");
    }
    return visitor(*what.template as<alternative<At>>());
  }

  static constexpr std::size_t size = [] {
    std::size_t most = 0;
    ((most = sizeof(Ts) > most ? sizeof(Ts) : most), ...);
    return most;
  }();
  alignas(Ts...) std::byte bytes_[size];
  std::uint8_t index_ = nothing;
};

template <class... Ts>
inline constexpr std::size_t alternatives_of<one_of<Ts...>> = sizeof...(Ts);

}  // namespace synod
