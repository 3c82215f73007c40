// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/cereal/heap_cost.hpp>

#include <cereal/cereal.hpp>
#include <cereal/types/bitset.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace synod {

// Two cereal archives over flat bytes, little-endian, made for bytes that nobody vouches for. What
// cereal's own archives accept and these do not: counts beyond the bytes that are left, allocations
// beyond the allowance, nesting without end, bools and enumerators that are none, keys that come
// twice, and pointers of any kind, whose sharing cereal resolves by ids that the sender chooses.
//
// Archives are costly to make, so they are kept and rewound. Three features of cereal leave traces
// in an archive that would change what comes next (class versions, virtual bases, deferred data);
// `marked` tells that this happened, and that a new archive is needed.

// What an archive throws when it must refuse: caught by cereal_codec, never seen outside.
struct archive_refusal {};

// Values nested deeper than this are refused, lest a few bytes per level overflow the stack.
inline constexpr std::size_t archive_depth_max = 256;

// For enumerations: a codec that cannot tell which numbers are enumerators would let a byte of the
// wire become a value that no switch knows. Found through the namespace of the enumeration:
//
//   constexpr bool is_enumerator(colour c) { return c == colour::red || c == colour::blue; }
template <class T>
concept checked_enumeration = std::is_enum_v<T> && requires(T value) {
  { is_enumerator(value) } -> std::same_as<bool>;
};

namespace detail {

template <class T>
concept pointer_like = std::is_pointer_v<T> ||
    (requires { typename T::element_type; } &&
     (
         requires(T & of) { of.reset(); } || requires(T & of) { of.lock(); }));

template <class T>
inline constexpr bool is_wrapper = false;
template <class T>
inline constexpr bool is_wrapper<cereal::SizeTag<T>> = true;
template <class T>
inline constexpr bool is_wrapper<cereal::BinaryData<T>> = true;

template <class T>
inline constexpr bool leaves_traces = false;
template <class T>
inline constexpr bool leaves_traces<cereal::virtual_base_class<T>> = true;
template <class T>
inline constexpr bool leaves_traces<cereal::DeferredData<T>> = true;

// The element type of a block that cereal reads or writes at once.
template <class T>
using block_element =
    std::remove_cv_t<std::remove_all_extents_t<std::remove_pointer_t<std::remove_reference_t<T>>>>;

// Refuses at compile time what can have no place in a replicated value.
template <class T>
constexpr void check_type() {
  static_assert(!pointer_like<T>,
                "synod::cereal_codec: pointers cannot be part of a value that goes over the wire; "
                "hold the object itself, a std::optional or a std::vector");
  static_assert(
      !std::is_enum_v<T> || checked_enumeration<T>,
      "synod::cereal_codec: an enumeration needs `constexpr bool is_enumerator(E)` in its "
      "namespace, so that other numbers can be refused");
  static_assert(!std::same_as<T, long double>,
                "synod::cereal_codec: long double differs between machines; use double");
}

// Both archives walk the same containers and add up the same costs: what one writes the other can
// read within its allowance.
// Elements that cereal copies as one block, all of them or none.
template <class T>
inline constexpr bool is_block = false;
template <counted_container T>
inline constexpr bool is_block<T> =
    lies_in_one_piece<T>&& std::is_arithmetic_v<typename T::value_type>;

struct open_container {
  std::size_t count;
  std::size_t begin;
};

template <class Container>
constexpr bool heap_for(std::size_t count, std::size_t& cost) {
  using costs = heap_cost<Container>;
  cost = costs::always;
  if (count <= costs::in_place) return true;
  if (count > (SIZE_MAX / 4) / costs::each) return false;
  cost += count * costs::each + heap_rounding;
  return true;
}

}  // namespace detail

namespace detail {

template <class T>
T other_byte_order(T value) {
  auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  for (std::size_t i = 0; i < sizeof(T) / 2; ++i) std::swap(bytes[i], bytes[sizeof(T) - 1 - i]);
  return std::bit_cast<T>(bytes);
}

// cereal writes the version of a class once per archive, under this name.
template <class T>
bool is_class_version(cereal::NameValuePair<T> const& pair) {
  if constexpr (std::same_as<std::remove_cvref_t<T>, std::uint32_t>) {
    return std::string_view(pair.name) == "cereal_class_version";
  } else {
    return false;
  }
}

}  // namespace detail

}  // namespace synod

namespace cereal::bitset_detail {

constexpr bool is_enumerator(type value) {
  return value == type::ulong || value == type::ullong || value == type::string ||
         value == type::bits;
}

}  // namespace cereal::bitset_detail
