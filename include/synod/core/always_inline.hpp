// SPDX-License-Identifier: BSL-1.0
#pragma once

// SYNOD_ALWAYS_INLINE: for the few functions whose call costs more than what they do. Where nothing
// is optimised they stay calls, since to copy them then only costs the compiler time.
#ifdef __OPTIMIZE__
#define SYNOD_ALWAYS_INLINE [[gnu::always_inline]]
#else
#define SYNOD_ALWAYS_INLINE
#endif
