// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/moves_as_bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

namespace synod {

template <class T>
inline constexpr std::size_t alternatives_of = std::variant_size_v<T>;

// What most values of a one_of are: asked for first where one ends.
template <class T>
inline constexpr bool is_frequent = false;

// A variant for messages, which are moved from list to list more often than anything else is done
// with them: where every alternative moves as bytes, so does the whole, without asking what it is,
// and what was moved from is nothing, so that it costs nothing to destroy. std::variant asks each
// time, by an indirect jump, and costs a compiler ten times as many functions.
template <class... Ts>
class one_of {
 public:
  static_assert(sizeof...(Ts) <= 12, "one_of: too many alternatives");

  template <std::size_t At>
  using alternative = std::variant_alternative_t<At, std::variant<Ts...>>;
  template <class T>
  static constexpr bool can_be = (std::is_same_v<T, Ts> || ...);

  one_of() { emplace<0>(); }
  template <class T>
    requires(can_be<std::remove_cvref_t<T>>)
  one_of(T&& value) : index_(place_of<std::remove_cvref_t<T>>) {
    // Or else a compiler says, where it is moved, that nothing was written there.
    if constexpr (std::is_empty_v<std::remove_cvref_t<T>>) bytes_[0] = {};
    ::new (bytes_) std::remove_cvref_t<T>(static_cast<T&&>(value));
  }

  one_of(one_of const& other) { copy(other); }
  one_of(one_of&& other) noexcept : index_(other.index_) { take(other); }
  one_of& operator=(one_of const& other) { return *this = one_of(other); }
  one_of& operator=(one_of&& other) noexcept {
    if (this == &other) return *this;
    destroy();
    index_ = other.index_;
    take(other);
    return *this;
  }
  SYNOD_ALWAYS_INLINE ~one_of() { destroy(); }

  [[nodiscard]] std::size_t index() const { return index_; }

  template <std::size_t At>
  auto& emplace() {
    destroy();
    auto& made = *::new (bytes_) alternative<At>();
    index_ = At;
    return made;
  }

  // Null unless it is a T.
  template <class T>
  [[nodiscard]] T* get_if() {
    static_assert(can_be<T>, "one_of: never that");
    return index_ == place_of<T> ? as<T>() : nullptr;
  }
  template <class T>
  [[nodiscard]] T const* get_if() const {
    static_assert(can_be<T>, "one_of: never that");
    return index_ == place_of<T> ? as<T>() : nullptr;
  }
  // Requires: it is a T.
  template <class T>
  [[nodiscard]] T const& get() const {
    static_assert(can_be<T>, "one_of: never that");
    return *as<T>();
  }
  template <class T>
  [[nodiscard]] bool is() const {
    static_assert(can_be<T>, "one_of: never that");
    return index_ == place_of<T>;
  }

  // Calls `visitor` with the alternative there is. Requires: not moved from.
  template <class Visitor>
  friend decltype(auto) visit(Visitor&& visitor, one_of& what) {
    return dispatch(visitor, what);
  }
  template <class Visitor>
  friend decltype(auto) visit(Visitor&& visitor, one_of const& what) {
    return dispatch(visitor, what);
  }

 private:
  static constexpr std::uint8_t nothing = 63;
  static constexpr bool by_bytes = (moves_as_bytes<Ts> && ...);

  template <class T>
  static constexpr std::uint8_t place_of = [] {
    std::uint8_t at = 0;
    (void)((std::is_same_v<T, Ts> || (++at, false)) || ...);
    return at;
  }();
  // Whether it must be destroyed, or copied, as what it is.
  template <class T>
  static constexpr bool owned = !copies_as_bytes<T>;
  // One bit for each alternative that is.
  static constexpr std::uint64_t owning = [] {
    std::uint64_t bits = 0;
    std::uint64_t one = 1;
    ((bits |= owned<Ts> ? one : 0, one <<= 1), ...);
    return bits;
  }();

  template <class T>
  T* as() {
    return __builtin_launder(reinterpret_cast<T*>(bytes_));
  }
  template <class T>
  [[nodiscard]] T const* as() const {
    return __builtin_launder(reinterpret_cast<T const*>(bytes_));
  }
  [[nodiscard]] bool owns() const { return (owning >> index_ & 1) != 0; }

  // Everything but what it is.
  void take(one_of& other) {
    if constexpr (by_bytes) {
      std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    } else if (other.owns()) {
      visit([this]<class T>(T& one) { ::new (bytes_) T(static_cast<T&&>(one)); }, other);
      other.end();
    } else {
      std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    }
    other.index_ = nothing;
  }
  void copy(one_of const& other) {
    if (other.owns()) {
      std::uint8_t const at = other.index_;
      (void)((owned<Ts> && at == place_of<Ts> && ::new (bytes_) Ts(*other.template as<Ts>())) ||
             ...);
    } else {
      std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    }
    index_ = other.index_;
  }
  SYNOD_ALWAYS_INLINE void destroy() {
    end();
    index_ = nothing;
  }
  SYNOD_ALWAYS_INLINE void end() {
    bool const ended =
        ((is_frequent<Ts> && owned<Ts> && index_ == place_of<Ts> && (as<Ts>()->~Ts(), true)) ||
         ...);
    if (!ended && owns()) end_rare();
  }
  [[gnu::noinline]] void end_rare() {
    (void)((!is_frequent<Ts> && owned<Ts> && index_ == place_of<Ts> && (as<Ts>()->~Ts(), true)) ||
           ...);
  }

  template <class Self, std::size_t At>
  using held = std::conditional_t<std::is_const_v<Self>, alternative<At> const, alternative<At>>;

  // One function for each visitor, not one for each alternative of each visitor.
  template <class Visitor, class Self>
  static decltype(auto) dispatch(Visitor& visitor, Self& what) {
    constexpr std::size_t count = sizeof...(Ts);
    switch (what.index_) {
      case 0:
        if constexpr (count > 0) return visitor(*reinterpret_cast<held<Self, 0>*>(what.bytes_));
        [[fallthrough]];
      case 1:
        if constexpr (count > 1) return visitor(*reinterpret_cast<held<Self, 1>*>(what.bytes_));
        [[fallthrough]];
      case 2:
        if constexpr (count > 2) return visitor(*reinterpret_cast<held<Self, 2>*>(what.bytes_));
        [[fallthrough]];
      case 3:
        if constexpr (count > 3) return visitor(*reinterpret_cast<held<Self, 3>*>(what.bytes_));
        [[fallthrough]];
      case 4:
        if constexpr (count > 4) return visitor(*reinterpret_cast<held<Self, 4>*>(what.bytes_));
        [[fallthrough]];
      case 5:
        if constexpr (count > 5) return visitor(*reinterpret_cast<held<Self, 5>*>(what.bytes_));
        [[fallthrough]];
      case 6:
        if constexpr (count > 6) return visitor(*reinterpret_cast<held<Self, 6>*>(what.bytes_));
        [[fallthrough]];
      case 7:
        if constexpr (count > 7) return visitor(*reinterpret_cast<held<Self, 7>*>(what.bytes_));
        [[fallthrough]];
      case 8:
        if constexpr (count > 8) return visitor(*reinterpret_cast<held<Self, 8>*>(what.bytes_));
        [[fallthrough]];
      case 9:
        if constexpr (count > 9) return visitor(*reinterpret_cast<held<Self, 9>*>(what.bytes_));
        [[fallthrough]];
      case 10:
        if constexpr (count > 10) return visitor(*reinterpret_cast<held<Self, 10>*>(what.bytes_));
        [[fallthrough]];
      case 11:
        if constexpr (count > 11) return visitor(*reinterpret_cast<held<Self, 11>*>(what.bytes_));
        [[fallthrough]];
      default: break;
    }
    broken_invariant("index < count", "a message was looked at after it had been moved", __FILE__,
                     __LINE__);
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
inline constexpr bool moves_as_bytes<one_of<Ts...>> = (moves_as_bytes<Ts> && ...);
template <class... Ts>
inline constexpr std::size_t alternatives_of<one_of<Ts...>> = sizeof...(Ts);

}  // namespace synod
