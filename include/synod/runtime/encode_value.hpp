// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/maybe.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

namespace synod {

// Appends a value with a codec that may say that nobody could decode it, or has no such opinion.
// Returns: false for the first; then nothing was appended.
template <class Codec, class Value>
[[nodiscard]] bool encode_value(Codec& coder, Value const& from, std::vector<std::byte>& into) {
  if constexpr (std::same_as<decltype(coder.encode(from, into)), bool>) {
    return coder.encode(from, into);
  } else {
    coder.encode(from, into);
    return true;
  }
}

// What a value is when encoded, unless nobody could decode it. It lies in `room`, which is
// overwritten, or in the value itself where the codec says so.
template <class Codec, class Value>
[[nodiscard]] maybe<std::span<std::byte const>> encoded(Codec& coder, Value const& from,
                                                        std::vector<std::byte>& room) {
  if constexpr (requires { coder.bytes_of(from); }) {
    return coder.bytes_of(from);
  } else {
    room.clear();
    if (!encode_value(coder, from, room)) return std::nullopt;
    return std::span<std::byte const>(room);
  }
}

// How long a value is when encoded, unless nobody could decode it. `room` is overwritten.
template <class Codec, class Value>
[[nodiscard]] maybe<std::size_t> encoded_size(Codec& coder, Value const& from,
                                              std::vector<std::byte>& room) {
  if constexpr (requires { Codec::template encoded_length<Value>; }) {
    return Codec::template encoded_length<Value>;
  } else {
    room.clear();
    if (!encode_value(coder, from, room)) return std::nullopt;
    return room.size();
  }
}

}  // namespace synod
