// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/masterless/core.hpp>
#include <synod/quorum/majority.hpp>

#include <cstdint>

#include "support/hand_run.hpp"

namespace support {

using masterless_core = synod::masterless_core<std::uint64_t, synod::majority>;
extern template class hand_run<masterless_core>;

// Nodes of multi-Paxos without a leader, all members 0, 1, ... and all voters unless `members` says
// otherwise.
class masterless_by_hand : public hand_run<masterless_core> {
 public:
  masterless_by_hand(unsigned count, synod::membership const& members);
  explicit masterless_by_hand(unsigned count) : masterless_by_hand(count, voters(count)) {}

  masterless_by_hand& boot_all();
};

}  // namespace support
