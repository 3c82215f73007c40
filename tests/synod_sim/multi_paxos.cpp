// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

static registered const elected_by_ballot(
    make_measured_runner<synod::multi_paxos<named_quorum>>("multi_paxos", "ballot_election"));

}  // namespace synod_sim
