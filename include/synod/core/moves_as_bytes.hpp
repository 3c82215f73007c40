// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>

namespace synod {

// Whether an object may be moved by copying its bytes and forgetting where it was: true of whatever
// does not point into itself. A type that owns something by a pointer says so beside its
// definition.
template <class T>
inline constexpr bool moves_as_bytes = std::is_trivially_copyable_v<T>;

}  // namespace synod
