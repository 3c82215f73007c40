// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/leader/stable.hpp>
#include <synod/quorum/majority.hpp>
#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

using stable_log =
    synod::testing::cluster<synod::multi_paxos<synod::majority, synod::stable>, number_machine>;

static registered const stable_majority(make_runner<stable_log>("multi_paxos", "majority",
                                                                "stable"));

}  // namespace synod_sim
