// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace synod {

inline constexpr std::size_t cache_line_bytes = 64;

// Effects: the caches begin to load all of that memory at once, while others go on. Worth it for
// what has long been out of them and is about to be used piece by piece, each for the next.
inline void fetch_ahead(void const* from, std::size_t bytes) {
  auto const* const first = static_cast<std::byte const*>(from);
  for (std::size_t at = 0; at < bytes; at += cache_line_bytes) __builtin_prefetch(first + at, 1);
}

}  // namespace synod
