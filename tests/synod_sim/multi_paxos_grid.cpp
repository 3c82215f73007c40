// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/grid.hpp>
#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

static registered const log_in_grid(
    make_runner<synod::testing::cluster<synod::multi_paxos<synod::grid<>>, number_machine>>(
        "multi_paxos", "grid", "ballot_election"));

}  // namespace synod_sim
