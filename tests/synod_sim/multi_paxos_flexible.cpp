// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/flexible.hpp>
#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

template <unsigned Nodes>
using flexible_log =
    synod::testing::cluster<synod::multi_paxos<synod::flexible<Nodes - 1, 2>>, number_machine>;

static registered const log_of_five(make_runner<flexible_log<5>>("multi_paxos", "flexible",
                                                                 "ballot_election", 5));

}  // namespace synod_sim
