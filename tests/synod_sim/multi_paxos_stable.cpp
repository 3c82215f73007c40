// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/leader/stable.hpp>
#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

using stable_log =
    synod::testing::cluster<synod::multi_paxos<named_quorum, synod::stable>, number_machine>;

static registered const stable(make_runner<stable_log>("multi_paxos", "stable"));

}  // namespace synod_sim
