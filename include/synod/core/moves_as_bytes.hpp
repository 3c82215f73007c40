// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace synod {

// What <type_traits> knows too, asked of the compiler at once: for a hundred types of messages and
// lists its detour by several templates each takes longer than to compile a core.
template <class T>
inline constexpr bool copies_as_bytes = __is_trivially_copyable(T);
#if defined(__has_builtin) && __has_builtin(__is_trivially_destructible)
template <class T>
inline constexpr bool ends_without_trace = __is_trivially_destructible(T);
#else
template <class T>
inline constexpr bool ends_without_trace = __has_trivial_destructor(T);
#endif

// Whether an object may be moved by copying its bytes and forgetting where it was: true of whatever
// does not point into itself. A type that owns something by a pointer says so beside its
// definition.
template <class T>
inline constexpr bool moves_as_bytes = copies_as_bytes<T>;

}  // namespace synod
