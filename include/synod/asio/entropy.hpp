// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/random.h>

#include <cstdint>

namespace synod::asio {

// 64 bits that no other process and no other life will draw.
inline std::uint64_t random_bits() {
  std::uint64_t drawn = 0;
  while (::getrandom(&drawn, sizeof drawn, 0) != static_cast<ssize_t>(sizeof drawn)) {
  }
  return drawn;
}

}  // namespace synod::asio
