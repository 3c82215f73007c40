// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/moves_as_bytes.hpp>

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>

namespace synod {

namespace detail {

inline void* new_block(std::size_t bytes, std::size_t alignment) {
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator new(bytes);
  return ::operator new(bytes, std::align_val_t(alignment));
}
inline void free_block(void* block, std::size_t alignment) {
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return ::operator delete(block);
  ::operator delete(block, std::align_val_t(alignment));
}
inline void move_block(void* to, void const* from, std::size_t bytes) {
  if (bytes != 0) std::memcpy(to, from, bytes);
}

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

  list(list const& other) { append(other.first_, other.size()); }
  list(list&& other) noexcept : first_(other.first_), used_(other.used_), room_(other.room_) {
    other.let_go();
  }
  list& operator=(list const& other) {
    if (this == &other) return *this;
    clear();
    append(other.first_, other.size());
    return *this;
  }
  list& operator=(list&& other) noexcept {
    if (this == &other) return *this;
    clear();
    detail::free_block(first_, alignof(T));
    first_ = other.first_;
    used_ = other.used_;
    room_ = other.room_;
    other.let_go();
    return *this;
  }
  ~list() {
    clear();
    detail::free_block(first_, alignof(T));
  }

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end() - first_); }
  [[nodiscard]] std::size_t capacity() const { return room_ / sizeof(T); }
  [[nodiscard]] bool empty() const { return used_ == 0; }
  // Not 0 unless it is empty: to ask of several lists at once.
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] T* data() { return first_; }
  [[nodiscard]] T const* data() const { return first_; }
  [[nodiscard]] T* begin() { return first_; }
  [[nodiscard]] T const* begin() const { return first_; }
  [[nodiscard]] T* end() { return at_byte(used_); }
  [[nodiscard]] T const* end() const { return at_byte(used_); }
  // Requires: not empty.
  [[nodiscard]] T& front() { return *first_; }
  [[nodiscard]] T const& front() const { return *first_; }
  [[nodiscard]] T& back() { return end()[-1]; }
  [[nodiscard]] T const& back() const { return end()[-1]; }
  // Requires: at < size().
  [[nodiscard]] T& operator[](std::size_t at) { return first_[at]; }
  [[nodiscard]] T const& operator[](std::size_t at) const { return first_[at]; }

  [[nodiscard]] T& at(std::size_t place) { return first_[checked(place)]; }
  [[nodiscard]] T const& at(std::size_t place) const { return first_[checked(place)]; }

  void reserve(std::size_t count) {
    if (count > capacity()) move_to(new_block(count), count);
  }
  void push_back(T const& value) { emplace_back(value); }
  void push_back(T&& value) { emplace_back(static_cast<T&&>(value)); }
  // An argument may be an element of this very list.
  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (used_ < room_) {
      T* const made = ::new (static_cast<void*>(end())) T(static_cast<Args&&>(args)...);
      used_ += sizeof(T);
      return *made;
    }
    std::size_t const wider = room_ == 0 ? 1 : capacity() * 2;
    T* const block = new_block(wider);
    T* const made = ::new (static_cast<void*>(block + size())) T(static_cast<Args&&>(args)...);
    move_to(block, wider);
    used_ += sizeof(T);
    return *made;
  }
  // The same for where every instruction counts: no argument has to be kept while room is made.
  // Requires: none is an element of this very list.
  template <class... Args>
  [[gnu::always_inline]] T& add(Args&&... args) {
    if (used_ == room_) widen();
    T* const at = end();
    used_ += sizeof(T);
    return *::new (static_cast<void*>(at)) T(static_cast<Args&&>(args)...);
  }
  // Requires: not elements of this very list.
  void append(T const* from, std::size_t count) {
    std::size_t const needed = size() + count;
    std::size_t const twice = capacity() * 2;
    if (needed > capacity()) reserve(used_ != 0 && needed < twice ? twice : needed);
    for (std::size_t i = 0; i < count; ++i) {
      ::new (static_cast<void*>(end())) T(from[i]);
      used_ += sizeof(T);
    }
  }
  void assign(std::size_t count, T const& value) {
    clear();
    reserve(count);
    while (size() < count) emplace_back(value);
  }
  void resize(std::size_t count) {
    while (size() > count) pop_back();
    reserve(count);
    while (size() < count) emplace_back();
  }
  // Likewise, for what is written over at once: nothing is put there before.
  void resize_for_overwrite(std::size_t count) requires std::is_trivially_copyable_v<T> {
    reserve(count);
    used_ = count * sizeof(T);
  }
  void clear() {
    T const* const last = end();
    used_ = 0;
    for (T* one = first_; one != last; ++one) one->~T();
  }
  // Hands each element to `visit`, which must not append here, and ends it.
  template <class Visit>
  [[gnu::always_inline]] void consume(Visit&& visit) {
    T* const last = end();
    used_ = 0;
    for (T* one = first_; one != last; ++one) {
      visit(*one);
      one->~T();
    }
  }
  // Takes each element that there is out of the list and hands it to `visit`. What that appends
  // here stays, to be taken another time.
  template <class Visit>
  [[gnu::always_inline]] void take_each(Visit&& visit) {
    std::size_t const taken = used_;
    for (std::size_t i = 0; i != taken; i += sizeof(T)) {
      T one(static_cast<T&&>(*at_byte(i)));
      visit(one);
    }
    if (used_ != taken) {
      erase(first_, at_byte(taken));
    } else if constexpr (moves_as_bytes<T>) {
      used_ = 0;
    } else {
      clear();
    }
  }
  // Requires: not empty.
  void pop_back() {
    used_ -= sizeof(T);
    end()->~T();
  }

  // The same where the last one owns nothing.
  void drop_back() { used_ -= sizeof(T); }

  // Requires: a place within this list, or its end.
  T* insert(T const* before, T value) {
    auto const at = static_cast<std::size_t>(before - first_);
    emplace_back(static_cast<T&&>(value));
    T last(static_cast<T&&>(back()));
    for (std::size_t i = size() - 1; i > at; --i) first_[i] = static_cast<T&&>(first_[i - 1]);
    first_[at] = static_cast<T&&>(last);
    return first_ + at;
  }
  T* erase(T const* place) { return erase(place, place + 1); }
  T* erase(T const* first, T const* last) {
    T* const to = first_ + (first - first_);
    T* into = to;
    for (T* from = first_ + (last - first_); from != end(); ++from, ++into) {
      if (into != from) *into = static_cast<T&&>(*from);
    }
    while (end() != into) pop_back();
    return to;
  }
  void swap(list& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(used_, other.used_);
    std::swap(room_, other.room_);
  }

  friend bool operator==(list const& a, list const& b) {
    if (a.used_ != b.used_) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!(a.first_[i] == b.first_[i])) return false;
    }
    return true;
  }
  template <class Other>
    requires std::is_convertible_v<Other const&, list>
  friend bool operator==(list const& a, Other const& b) { return a == list(b); }

 private:
  [[nodiscard]] std::size_t checked(std::size_t place) const {
    SYNOD_ASSERT(place < size(), "whoever names a place in a list knows how long it is");
    return place;
  }
  [[gnu::noinline, gnu::cold]] void widen() { reserve(room_ == 0 ? 1 : capacity() * 2); }

  T* at_byte(std::size_t offset) {
    return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(first_) + offset);
  }
  T const* at_byte(std::size_t offset) const {
    return reinterpret_cast<T const*>(reinterpret_cast<std::byte const*>(first_) + offset);
  }

  static T* new_block(std::size_t count) {
    return static_cast<T*>(detail::new_block(count * sizeof(T), alignof(T)));
  }
  void move_to(T* block, std::size_t room) {
    if constexpr (moves_as_bytes<T>) {
      detail::move_block(block, first_, used_);
    } else {
      std::size_t const count = size();
      for (std::size_t i = 0; i < count; ++i) {
        ::new (static_cast<void*>(block + i)) T(static_cast<T&&>(first_[i]));
        first_[i].~T();
      }
    }
    detail::free_block(first_, alignof(T));
    first_ = block;
    room_ = room * sizeof(T);
  }
  void let_go() {
    first_ = nullptr;
    used_ = room_ = 0;
  }

  // Both in bytes, so that the next element's place and the last one's take no multiplication.
  T* first_ = nullptr;
  std::size_t used_ = 0;
  std::size_t room_ = 0;
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
