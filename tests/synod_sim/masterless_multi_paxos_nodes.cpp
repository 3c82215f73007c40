// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/cereal/codec.hpp>
#include <synod/testing/node_cluster.hpp>

namespace synod_sim {

// Whole nodes, with the machine kv.
using nodes =
    synod::testing::node_cluster<synod::masterless_multi_paxos<named_quorum>, synod::cereal_codec>;

static registered const whole_nodes(make_runner<nodes>("masterless_multi_paxos", "none", "nodes"));

}  // namespace synod_sim
