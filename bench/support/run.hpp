// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include "support/settings.hpp"

namespace bench {

// Starts the processes of a cluster, lets it work for as long as the settings say, and ends them.
// Returns: the figures as one line of JSON; empty if it did not come about.
std::string run_cluster(settings with);

}  // namespace bench
