// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/leader/stable.hpp>
#include <synod/testing/multi_paxos.hpp>

namespace synod_sim {

static registered const stable(
    make_measured_runner<synod::multi_paxos<named_quorum, synod::stable>>("multi_paxos", "stable"));

}  // namespace synod_sim
