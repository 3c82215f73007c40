// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/testing/single_decree.hpp>

namespace synod_sim {

static registered const single_decree(
    make_runner<synod::testing::cluster<synod::single_decree<named_quorum>, number_machine>>(
        "single_decree", "none"));

}  // namespace synod_sim
