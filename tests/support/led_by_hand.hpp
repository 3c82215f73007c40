// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/core.hpp>
#include <synod/quorum/majority.hpp>

#include <cstdint>

#include "support/by_hand.hpp"
#include "support/hand_run.hpp"

namespace support {

// Majorities of systems that believe what they are given: no concept asks them to leave out who is
// no voter, so the core must.
struct trusting_majority {
  struct system {
    unsigned needed;
    [[nodiscard]] bool phase1(synod::node_set members) const { return members.size() >= needed; }
    [[nodiscard]] bool phase2(synod::node_set members) const { return members.size() >= needed; }
  };
  static constexpr char const* name() { return "trusting_majority"; }
  static synod::bound_quorums<system> bind(synod::membership const& members) {
    auto const whole = synod::majority::bind(members);
    if (!whole.system.has_value()) return {std::nullopt, whole.conflict};
    return {system{members.voters().size() / 2 + 1}, {}};
  }
};

using led_core = synod::multi_paxos_core<std::uint64_t, trusting_majority, by_hand>;
extern template class hand_run<led_core>;

// Nodes of leader-based multi-Paxos, all members 0, 1, ... and all voters unless `members` says
// otherwise; elections happen when the test says so.
class led_by_hand : public hand_run<led_core> {
 public:
  led_by_hand(unsigned count, synod::membership const& members);
  explicit led_by_hand(unsigned count) : led_by_hand(count, voters(count)) {}

  led_by_hand& boot_all();
};

}  // namespace support
