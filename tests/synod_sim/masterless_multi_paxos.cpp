// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

static registered const masterless(
    make_measured_runner<synod::masterless_multi_paxos<named_quorum>>("masterless_multi_paxos",
                                                                      "none"));

}  // namespace synod_sim
