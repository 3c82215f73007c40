// SPDX-License-Identifier: BSL-1.0
#include "runner.hpp"

#include <synod/quorum/flexible.hpp>
#include <synod/testing/single_decree.hpp>

namespace synod_sim {

template <unsigned Nodes>
using flexible_cluster =
    synod::testing::cluster<synod::single_decree<synod::flexible<Nodes - 1, 2>>, number_machine>;

static registered const flexible_of_four(make_runner<flexible_cluster<4>>("single_decree",
                                                                          "flexible", "none", 4));
static registered const flexible_of_five(make_runner<flexible_cluster<5>>("single_decree",
                                                                          "flexible", "none", 5));

}  // namespace synod_sim
