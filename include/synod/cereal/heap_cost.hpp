// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace synod {

// A standard container, or one that looks like it: what cereal writes as a count and elements.
template <class T>
concept counted_container = requires(T const& of) {
  typename T::value_type;
  typename T::allocator_type;
  of.begin();
  of.end();
};

// What the elements of a container take on the heap. One who serializes a container of their own
// that is not recognised may specialise this; until then its elements count as one byte each.
template <class Container>
struct heap_cost {
  static constexpr std::size_t each = 1;  // bytes per element
  static constexpr std::size_t smallest =
      1;                                    // bytes that an element takes in an encoding, at least
  static constexpr std::size_t always = 0;  // bytes that even an empty one takes
  static constexpr std::size_t in_place = 0;  // elements that need no heap
};

namespace detail {

// An allocation takes up to this much more than was asked for.
inline constexpr std::size_t heap_rounding = 16;

template <class T>
concept lies_in_one_piece = requires(T const& of) {
  of.data();
};
template <class T>
concept is_associative = requires {
  typename T::key_type;
};
template <class T>
concept is_hashed = requires {
  typename T::hasher;
};
template <class T>
concept is_bits = requires(T& of) {
  of.flip();
};
template <class T>
concept has_blocks =
    !lies_in_one_piece<T> && !is_associative<T> && !is_bits<T> && requires(T const& of) {
  of[0];
};
template <class T>
concept is_text = requires {
  typename T::traits_type;
};

template <class T>
constexpr std::size_t heap_per_element() {
  using element = typename T::value_type;
  if constexpr (lies_in_one_piece<T>) {
    return sizeof(element);
  } else if constexpr (is_bits<T>) {
    return 1;
  } else if constexpr (is_hashed<T>) {
    return sizeof(element) + 4 * sizeof(void*) + heap_rounding;  // link, hash and bucket
  } else if constexpr (is_associative<T>) {
    return sizeof(element) + 4 * sizeof(void*) + heap_rounding;  // a node of a tree
  } else if constexpr (has_blocks<T>) {
    return 2 * sizeof(element);
  } else {
    return sizeof(element) + 2 * sizeof(void*) + heap_rounding;  // a node of a list
  }
}

}  // namespace detail

template <counted_container Container>
struct heap_cost<Container> {
  using element = typename Container::value_type;

  static constexpr std::size_t each = detail::heap_per_element<Container>();
  static constexpr std::size_t smallest =
      detail::lies_in_one_piece<Container> && std::is_arithmetic_v<element> ? sizeof(element) : 1;
  // The usual std::deque holds its first block even when it is empty.
  static constexpr std::size_t always = detail::has_blocks<Container> ? 640 : 0;
  static constexpr std::size_t in_place =
      detail::is_text<Container> ? sizeof(Container) / 2 / sizeof(element) - 1 : 0;
};

}  // namespace synod
