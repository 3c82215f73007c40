// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
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

}  // namespace synod
