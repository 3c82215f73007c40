// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace synod {

// What lies there is going to be changed soon: it comes into the cache while others are looked at.
// It may be anywhere, or nowhere. To g++ a function that does no more than that does nothing, and
// calls of it are left out, hence the empty instruction.
inline void prefetch(void const* what) {
  __builtin_prefetch(what, 1);
  __asm__ volatile("" : : "r"(what));
}

}  // namespace synod
