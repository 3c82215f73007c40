// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

static registered const masterless(
    make_runner<synod::testing::cluster<synod::masterless_multi_paxos<named_quorum>,
                                        number_machine>>("masterless_multi_paxos", "none"));

}  // namespace synod_sim
