// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/majority.hpp>
#include <synod/testing/single_decree.hpp>

namespace synod_sim {

static registered const majority(
    make_runner<synod::testing::cluster<synod::single_decree<synod::majority>, number_machine>>(
        "single_decree", "majority", "none"));

}  // namespace synod_sim
