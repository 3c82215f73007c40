// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/counted.hpp>
#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

static registered const log_counted(
    make_runner<synod::testing::cluster<synod::multi_paxos<synod::counted>, number_machine>>(
        "multi_paxos", "counted", "ballot_election"));

}  // namespace synod_sim
