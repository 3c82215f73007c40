// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/grid.hpp>
#include <synod/testing/single_decree.hpp>

namespace synod_sim {

static registered const grid(
    make_runner<synod::testing::cluster<synod::single_decree<synod::grid<>>, number_machine>>(
        "single_decree", "grid", "none"));

}  // namespace synod_sim
