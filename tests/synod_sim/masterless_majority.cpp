// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/majority.hpp>
#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

using masterless_log =
    synod::testing::cluster<synod::masterless_multi_paxos<synod::majority>, number_machine>;

static registered const masterless_majority(make_runner<masterless_log>("masterless_multi_paxos",
                                                                        "majority", "none"));

}  // namespace synod_sim
