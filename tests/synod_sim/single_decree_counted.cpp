// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/counted.hpp>
#include <synod/testing/single_decree.hpp>

namespace synod_sim {

static registered const counted(
    make_runner<synod::testing::cluster<synod::single_decree<synod::counted>, number_machine>>(
        "single_decree", "counted", "none"));

}  // namespace synod_sim
