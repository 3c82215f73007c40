// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/majority.hpp>
#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

static registered const in_majority(
    make_runner<synod::testing::cluster<synod::multi_paxos<synod::majority>, number_machine>>(
        "multi_paxos", "majority", "ballot_election"));

}  // namespace synod_sim
