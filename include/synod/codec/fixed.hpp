// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/bytes.hpp>

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace synod {

// The codec of values whose memory is their encoding: integers and structs of integers, copied as
// they lie. For tests, benchmarks and machines whose commands are plain numbers. A member that not
// every byte is a value of (a bool, an enumeration) does not belong into such a type.
struct fixed_codec {
  template <class T>
  static constexpr bool fits =
      std::is_trivially_copyable_v<T>&& std::has_unique_object_representations_v<T>&&
          std::endian::native == std::endian::little;

  template <class T>
  static constexpr std::size_t encoded_length = sizeof(T);

  template <class T>
  static constexpr bool any_bytes = fits<T>;

  template <class T>
  void encode(T const& from, std::vector<std::byte>& into) const {
    append_bytes(into, bytes_of(from));
  }
  template <class T>
  [[nodiscard]] bool decode(std::span<std::byte const> bytes, T& to) const {
    static_assert(fits<T>,
                  "synod::fixed_codec: the value must be trivially copyable, without padding or "
                  "floating point, on a little-endian machine; use another codec for it");
    if (bytes.size() != sizeof(T)) return false;
    std::memcpy(&to, bytes.data(), sizeof(T));
    return true;
  }

  // The encoding itself, for whoever needs no copy of it.
  template <class T>
  [[nodiscard]] std::span<std::byte const> bytes_of(T const& from) const {
    static_assert(fits<T>, "synod::fixed_codec: see decode");
    return {reinterpret_cast<std::byte const*>(&from), sizeof(T)};
  }

  // Many at once, one after another.
  template <class T>
  void encode_all(std::span<T const> from, std::vector<std::byte>& into) const {
    static_assert(fits<T>, "synod::fixed_codec: see decode");
    append_bytes(into, {reinterpret_cast<std::byte const*>(from.data()), from.size_bytes()});
  }
  template <class T>
  [[nodiscard]] bool decode_all(std::span<std::byte const> bytes, std::span<T> to) const {
    static_assert(fits<T>, "synod::fixed_codec: see decode");
    if (bytes.size() != to.size_bytes()) return false;
    if (!bytes.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
    return true;
  }
};

}  // namespace synod
