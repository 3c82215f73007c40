// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "command_line.hpp"

namespace synod_sim {

// Prints what a decision costs, for one to five proposers and with and without loss; then one line
// of JSON, in which a window of ten seconds without a decision is a stall. Returns a status.
int measure(command_line const& wanted);

}  // namespace synod_sim
