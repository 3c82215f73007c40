// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "support/allocations.hpp"

// What every fuzz target promises about the bytes that it decodes.
namespace fuzz {

inline void require(bool good, char const* what) {
  if (good) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

inline std::span<std::byte const> bytes_of(std::uint8_t const* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

// Runs `decode` and checks that it took at most 4 x input + 64 KiB of memory at any time.
template <class Decode>
void bounded(std::size_t input, Decode&& decode) {
  support::allocations const counted;
  decode();
  require(counted.peak() <= 4 * input + 65536, "memory is bounded by the input");
}

}  // namespace fuzz
