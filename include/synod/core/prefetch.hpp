// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace synod {

// What lies there is going to be changed soon: it comes into the cache while others are looked at.
// It may be anywhere, or nowhere.
inline void prefetch(void const* what) { __builtin_prefetch(what, 1); }

}  // namespace synod
