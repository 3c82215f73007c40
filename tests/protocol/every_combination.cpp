// SPDX-License-Identifier: BSL-1.0
#include <synod/leader/stable.hpp>
#include <synod/protocol/masterless_multi_paxos.hpp>
#include <synod/protocol/multi_paxos.hpp>
#include <synod/protocol/single_decree.hpp>
#include <synod/quorum/counted.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/quorum/grid.hpp>
#include <synod/quorum/majority.hpp>
#include <synod/quorum/weighted.hpp>

#include <gtest/gtest.h>

#include <type_traits>

#include "support/small_world.hpp"

// Every protocol with every family of quorums and every leader policy, on every storage, over links
// that keep the order and links that lose, double and reorder: something is proposed, decided, and
// there after crashes.

namespace {

using namespace synod;
using few = flexible<4, 2>;

// What a family needs to know beyond the members.
template <class Quorum>
quorum_spec spec_of() {
  quorum_spec made{};
  if (std::is_same_v<Quorum, grid<>>) made.columns = 2;
  if (std::is_same_v<Quorum, counted>) {
    made.phase1 = 4;
    made.phase2 = 2;
  }
  return made;
}
template <template <class...> class Protocol, class Quorum, class... Others>
quorum_spec spec_for(Protocol<Quorum, Others...> const&) {
  return spec_of<Quorum>();
}

template <class Protocol>
class every_combination : public ::testing::Test {};

using combinations =
    ::testing::Types<single_decree<majority>, single_decree<few>, single_decree<counted>,
                     single_decree<grid<>>, single_decree<weighted>, multi_paxos<majority>,
                     multi_paxos<few>, multi_paxos<counted>, multi_paxos<grid<>>,
                     multi_paxos<weighted>, multi_paxos<majority, stable>, multi_paxos<few, stable>,
                     multi_paxos<counted, stable>, multi_paxos<grid<>, stable>,
                     multi_paxos<weighted, stable>, masterless_multi_paxos<majority>,
                     masterless_multi_paxos<few>, masterless_multi_paxos<counted>,
                     masterless_multi_paxos<grid<>>, masterless_multi_paxos<weighted>>;
TYPED_TEST_SUITE(every_combination, combinations);

TYPED_TEST(every_combination, decides_crashes_and_recovers) {
  using synod::testing::storage_kind;
  for (storage_kind const storage : {storage_kind::memory, storage_kind::file_log}) {
    for (bool const lossy : {false, true}) {
      support::small_world<TypeParam> world(spec_for(TypeParam()), storage, lossy);
      EXPECT_EQ(world.play(), "") << name_of(storage) << (lossy ? ", lossy" : ", in order");
    }
  }
}

}  // namespace
