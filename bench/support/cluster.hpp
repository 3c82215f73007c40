// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

#include "support/settings.hpp"

namespace bench {

// What a process of a run does, until it is killed. Defined for payloads of 16, 256 and 4096 bytes,
// each in a file of its own: they take long to compile.
template <std::size_t Bytes>
int run_child(settings const& with);

extern template int run_child<16>(settings const&);
extern template int run_child<256>(settings const&);
extern template int run_child<4096>(settings const&);

inline int run_child(settings const& with) {
  if (with.payload == 16) return run_child<16>(with);
  if (with.payload == 256) return run_child<256>(with);
  return run_child<4096>(with);
}

}  // namespace bench
