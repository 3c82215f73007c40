// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/moves_as_bytes.hpp>

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <new>
#include <utility>

namespace synod {

namespace detail {

// What the memory of a list must know of its elements.
struct element_kind {
  std::size_t alignment;
  void (*move)(void* to, void* from, std::size_t bytes);  // null where bytes may be moved instead

  [[nodiscard]] void* block(std::size_t bytes) const {
    if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator new(bytes);
    return ::operator new(bytes, std::align_val_t(alignment));
  }
  void free(void* block) const {
    if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator delete(block);
    ::operator delete(block, std::align_val_t(alignment));
  }
};

// The memory of a list, and all that can be done with it by one function for every type of list.
// Everything is counted in bytes, so that the next element's place and the last one's take no
// multiplication.
struct list_memory {
  std::byte* first = nullptr;
  std::size_t used = 0;
  std::size_t room = 0;

  list_memory() = default;
  list_memory(list_memory&& other) noexcept
      : first(other.first), used(other.used), room(other.room) {
    other.let_go();
  }
  // Requires: another, and that no element lives here.
  void take(list_memory& other, element_kind const& kind) {
    kind.free(first);
    first = other.first;
    used = other.used;
    room = other.room;
    other.let_go();
  }
  void swap(list_memory& other) {
    std::swap(first, other.first);
    std::swap(used, other.used);
    std::swap(room, other.room);
  }
  void let_go() {
    first = nullptr;
    used = room = 0;
  }
  [[nodiscard]] std::size_t wider(std::size_t at_least) const {
    return room * 2 < at_least ? at_least : room * 2;
  }
  void move_to(void* block, std::size_t bytes, element_kind const& kind) {
    if (kind.move != nullptr) {
      kind.move(block, first, used);
    } else if (used != 0) {
      std::memcpy(block, first, used);
    }
    kind.free(first);
    first = static_cast<std::byte*>(block);
    room = bytes;
  }
  void reserve(std::size_t bytes, element_kind const& kind) {
    if (bytes > room) move_to(kind.block(bytes), bytes, kind);
  }
  // Where one more element has its place: here, or in more memory for all of them.
  struct room_for_one {
    std::byte* first;
    std::size_t bytes;
    bool elsewhere;
  };
  [[nodiscard]] SYNOD_ALWAYS_INLINE room_for_one with_room(std::size_t for_one,
                                                           element_kind const& kind) const {
    if (used != room) return {first, room, false};
    std::size_t const more = wider(for_one);
    return {static_cast<std::byte*>(kind.block(more)), more, true};
  }
  // Once that element is made there.
  SYNOD_ALWAYS_INLINE void settle(room_for_one const& in, std::size_t one,
                                  element_kind const& kind) {
    if (in.elsewhere) move_to(in.first, in.bytes, kind);
    used += one;
  }
  SYNOD_ALWAYS_INLINE void copy_one(void const* from, std::size_t one, element_kind const& kind) {
    if (used == room) return copy_one_elsewhere(from, one, kind);
    std::memcpy(first + used, from, one);
    used += one;
  }
  [[gnu::noinline, gnu::cold]] void copy_one_elsewhere(void const* from, std::size_t one,
                                                       element_kind const& kind) {
    room_for_one const in = with_room(one, kind);
    std::memcpy(in.first + used, from, one);
    settle(in, one, kind);
  }
  // Likewise, where it is made after the others have moved.
  SYNOD_ALWAYS_INLINE std::byte* next(std::size_t one, element_kind const& kind) {
    if (used == room) widen(one, kind);
    std::byte* const at = first + used;
    used += one;
    return at;
  }
  [[gnu::noinline, gnu::cold]] void widen(std::size_t one, element_kind const& kind) {
    reserve(wider(one), kind);
  }
  // For as much again, wherever that is little.
  void reserve_more(std::size_t bytes, element_kind const& kind) {
    std::size_t const needed = used + bytes;
    if (needed > room) reserve(used == 0 ? needed : wider(needed), kind);
  }
  void append(void const* from, std::size_t bytes, element_kind const& kind) {
    if (bytes == 0) return;
    reserve_more(bytes, kind);
    std::memcpy(first + used, from, bytes);
    used += bytes;
  }
  // Requires: two places here, with no element between them.
  void cut(void* from, void const* to) {
    auto* const hole = static_cast<std::byte*>(from);
    auto const* const rest = static_cast<std::byte const*>(to);
    if (hole == rest) return;
    auto const moved = static_cast<std::size_t>(first + used - rest);
    if (moved != 0) std::memmove(hole, rest, moved);
    used -= static_cast<std::size_t>(rest - hole);
  }
};

}  // namespace detail

// What std::vector is, with fewer functions: a node holds some sixty types of lists, and each type
// of std::vector costs a compiler about a hundred functions, which is more than all the rest of a
// node together. Iterators are pointers, and elements that may be moved as bytes are.
template <class T>
class list {
 public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = T const&;
  using iterator = T*;
  using const_iterator = T const*;

  list() = default;
  explicit list(std::size_t count) { resize(count); }
  list(std::size_t count, T const& value) { assign(count, value); }
  list(std::initializer_list<T> values) { append(values.begin(), values.size()); }
  list(T const* first, T const* last) { append(first, static_cast<std::size_t>(last - first)); }
  // Of what else lies in one piece: a vector, an array.
  template <class Other>
    requires requires(Other const& other, T const*& first, std::size_t& count) {
      first = other.data();
      count = other.size();
    }
  list(Other const& other) { append(other.data(), other.size()); }

  list(list const& other) { append(other.begin(), other.size()); }
  list(list&& other) noexcept = default;
  list& operator=(list const& other) {
    if (this == &other) return *this;
    clear();
    append(other.begin(), other.size());
    return *this;
  }
  list& operator=(list&& other) noexcept {
    if (this == &other) return *this;
    clear();
    held_.take(other.held_, kind);
    return *this;
  }
  ~list() {
    if constexpr (!ends_without_trace<T>) clear();
    kind.free(held_.first);
  }

  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(reinterpret_cast<T const*>(held_.first + held_.used) -
                                    reinterpret_cast<T const*>(held_.first));
  }
  [[nodiscard]] std::size_t capacity() const { return held_.room / sizeof(T); }
  [[nodiscard]] bool empty() const { return held_.used == 0; }
  // Not 0 unless it is empty: to ask of several lists at once.
  [[nodiscard]] std::size_t used() const { return held_.used; }
  [[nodiscard]] T* data() { return begin(); }
  [[nodiscard]] T const* data() const { return begin(); }
  [[nodiscard]] T* begin() { return reinterpret_cast<T*>(held_.first); }
  [[nodiscard]] T const* begin() const { return reinterpret_cast<T const*>(held_.first); }
  [[nodiscard]] T* end() { return reinterpret_cast<T*>(held_.first + held_.used); }
  [[nodiscard]] T const* end() const {
    return reinterpret_cast<T const*>(held_.first + held_.used);
  }
  // Requires: not empty.
  [[nodiscard]] T& front() { return *begin(); }
  [[nodiscard]] T const& front() const { return *begin(); }
  [[nodiscard]] T& back() { return *reinterpret_cast<T*>(held_.first + held_.used - sizeof(T)); }
  [[nodiscard]] T const& back() const {
    return *reinterpret_cast<T const*>(held_.first + held_.used - sizeof(T));
  }
  // Requires: at < size().
  [[nodiscard]] T& operator[](std::size_t at) { return reinterpret_cast<T*>(held_.first)[at]; }
  [[nodiscard]] T const& operator[](std::size_t at) const {
    return reinterpret_cast<T const*>(held_.first)[at];
  }

  [[nodiscard]] T& at(std::size_t place) { return (*this)[checked(place)]; }
  [[nodiscard]] T const& at(std::size_t place) const { return (*this)[checked(place)]; }

  void reserve(std::size_t count) { held_.reserve(count * sizeof(T), kind); }
  // An argument may be an element of this very list: the others move after the new one is made.
  void push_back(T const& value) {
    if constexpr (copies_as_bytes<T>) {
      held_.copy_one(&value, sizeof(T), kind);
    } else {
      emplace_back(value);
    }
  }
  void push_back(T&& value) {
    if constexpr (copies_as_bytes<T>) {
      held_.copy_one(&value, sizeof(T), kind);
    } else {
      emplace_back(static_cast<T&&>(value));
    }
  }
  template <class... Args>
  T& emplace_back(Args&&... args) {
    auto const in = held_.with_room(sizeof(T), kind);
    T* const made = ::new (in.first + held_.used) T(static_cast<Args&&>(args)...);
    held_.settle(in, sizeof(T), kind);
    return *made;
  }
  // The same for where every instruction counts: no argument has to be kept while room is made.
  // Requires: none is an element of this very list.
  template <class... Args>
  SYNOD_ALWAYS_INLINE T& add(Args&&... args) {
    return *::new (held_.next(sizeof(T), kind)) T(static_cast<Args&&>(args)...);
  }
  // Requires: not elements of this very list.
  void append(T const* from, std::size_t count) {
    if constexpr (copies_as_bytes<T>) {
      held_.append(from, count * sizeof(T), kind);
    } else {
      held_.reserve_more(count * sizeof(T), kind);
      for (std::size_t i = 0; i < count; ++i) add(from[i]);
    }
  }
  void assign(std::size_t count, T const& value) {
    clear();
    reserve(count);
    while (size() < count) emplace_back(value);
  }
  void resize(std::size_t count) {
    std::size_t const bytes = count * sizeof(T);
    while (held_.used > bytes) pop_back();
    held_.reserve(bytes, kind);
    while (held_.used < bytes) add();
  }
  // Likewise, for what is written over at once: nothing is put there before.
  void resize_for_overwrite(std::size_t count) requires copies_as_bytes<T> {
    reserve(count);
    held_.used = count * sizeof(T);
  }
  void clear() {
    if constexpr (!ends_without_trace<T>) {
      for (T *one = begin(), *const last = end(); one != last; ++one) one->~T();
    }
    held_.used = 0;
  }
  // Hands each element to `visit`, which must not append here, and ends it.
  template <class Visit>
  SYNOD_ALWAYS_INLINE void consume(Visit&& visit) {
    T* const last = end();
    held_.used = 0;
    for (T* one = begin(); one != last; ++one) {
      visit(*one);
      one->~T();
    }
  }
  // Takes each element that there is out of the list and hands it to `visit`. What that appends
  // here stays, to be taken another time.
  template <class Visit>
  SYNOD_ALWAYS_INLINE void take_each(Visit&& visit) {
    std::size_t const taken = held_.used;
    for (std::size_t i = 0; i != taken; i += sizeof(T)) {
      T one(static_cast<T&&>(*reinterpret_cast<T*>(held_.first + i)));
      visit(one);
    }
    if (held_.used != taken) {
      erase(begin(), reinterpret_cast<T*>(held_.first + taken));
    } else if constexpr (moves_as_bytes<T>) {
      held_.used = 0;
    } else {
      clear();
    }
  }
  // Requires: not empty.
  void pop_back() {
    held_.used -= sizeof(T);
    if constexpr (!ends_without_trace<T>) end()->~T();
  }

  // The same where the last one owns nothing.
  void drop_back() { held_.used -= sizeof(T); }

  // Requires: a place within this list, or its end.
  T* insert(T const* before, T value) {
    auto const at = static_cast<std::size_t>(before - begin());
    emplace_back(static_cast<T&&>(value));
    T last(static_cast<T&&>(back()));
    T* const first = begin();
    for (std::size_t i = size() - 1; i > at; --i) first[i] = static_cast<T&&>(first[i - 1]);
    first[at] = static_cast<T&&>(last);
    return first + at;
  }
  T* erase(T const* place) { return erase(place, place + 1); }
  T* erase(T const* first, T const* last) {
    T* const to = const_cast<T*>(first);
    if constexpr (moves_as_bytes<T>) {
      if constexpr (!ends_without_trace<T>) {
        for (T* one = to; one != last; ++one) one->~T();
      }
      held_.cut(to, last);
    } else {
      T* into = to;
      for (T *from = const_cast<T*>(last), *const stop = end(); from != stop; ++from, ++into) {
        if (into != from) *into = static_cast<T&&>(*from);
      }
      while (end() != into) pop_back();
    }
    return to;
  }
  void swap(list& other) noexcept { held_.swap(other.held_); }

  friend bool operator==(list const& a, list const& b) {
    if (a.used() != b.used()) return false;
    for (T const *one = a.begin(), *other = b.begin(); one != a.end(); ++one, ++other) {
      if (!(*one == *other)) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] std::size_t checked(std::size_t place) const {
    SYNOD_ASSERT(place < size(), "whoever names a place in a list knows how long it is");
    return place;
  }

  static void move_each(void* to, void* from, std::size_t bytes) {
    for (std::size_t i = 0; i != bytes; i += sizeof(T)) {
      T* const one = reinterpret_cast<T*>(static_cast<std::byte*>(from) + i);
      ::new (static_cast<std::byte*>(to) + i) T(static_cast<T&&>(*one));
      one->~T();
    }
  }
  static constexpr auto mover() {
    if constexpr (moves_as_bytes<T>) {
      return nullptr;
    } else {
      return &move_each;
    }
  }
  static constexpr detail::element_kind kind{alignof(T), mover()};

  detail::list_memory held_;
};

template <class T>
inline constexpr bool moves_as_bytes<list<T>> = true;

// Removes every element that is `unwanted`; the others keep their order. Returns how many went.
template <class T, class Unwanted>
std::size_t erase_if(list<T>& from, Unwanted&& unwanted) {
  T* into = from.begin();
  for (T& one : from) {
    if (unwanted(one)) continue;
    if (into != &one) *into = static_cast<T&&>(one);
    ++into;
  }
  auto const gone = static_cast<std::size_t>(from.end() - into);
  from.erase(into, from.end());
  return gone;
}

}  // namespace synod
