// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

static registered const elected_by_ballot(
    make_runner<synod::testing::cluster<synod::multi_paxos<named_quorum>, number_machine>>(
        "multi_paxos", "ballot_election"));

}  // namespace synod_sim
