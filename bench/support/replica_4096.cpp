// SPDX-License-Identifier: BSL-1.0
#include "support/replica.hpp"

template int bench::run_child<4096>(settings const&);
