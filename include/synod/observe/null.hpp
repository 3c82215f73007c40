// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace synod {

// Wants to know nothing, and costs nothing.
struct null_observer {};

}  // namespace synod
