// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace synod {

// What lies there is going to be changed soon: it comes into the cache while others are looked at.
// It may be anywhere, or nowhere. To g++ a function that does no more than that does nothing, and
// calls of it are left out, hence the empty instruction.
inline void prefetch(void const* what) {
  __builtin_prefetch(what, 1);
  __asm__ volatile("" : : "r"(what));
}

// Likewise of so many bytes, all at once: worth it for what has long been out of the caches and is
// about to be used piece by piece, each for the next.
inline void prefetch(void const* from, std::size_t bytes) {
  constexpr std::size_t line_bytes = 64;
  auto const* const first = static_cast<std::byte const*>(from);
  for (std::size_t at = 0; at < bytes; at += line_bytes) prefetch(first + at);
}

}  // namespace synod
