// SPDX-License-Identifier: BSL-1.0
// Everything there is, in one of two translation units: nothing may be defined twice.
#include <synod_everything.hpp>

int same_in_both() { return SYNOD_VERSION_MINOR; }
