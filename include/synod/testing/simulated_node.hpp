// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/record.hpp>
#include <synod/core/rejections.hpp>
#include <synod/runtime/drain.hpp>
#include <synod/testing/clock.hpp>
#include <synod/testing/either_disk.hpp>
#include <synod/testing/oracle.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace synod::testing {

// The newest life of a peer that a handshake has proven, and its number in the simulation.
struct peer_life {
  std::uint32_t number = 0;
  incarnation proven;
};

// A machine of a cluster under simulation: its clock and disk outlive its processes; of those there
// is one at a time, or none while it is down.
template <class Core, class Machine, class Disk = either_disk>
struct simulated_node {
  static constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

  simulated_node(node_index index, node_id name, storage_kind storage, random_source random)
      : at(index), id(name), disk(storage, random.split(1)) {}

  [[nodiscard]] bool up() const { return core.has_value(); }
  [[nodiscard]] speaker self() const { return {at, id, life}; }
  // A store that was lost or damaged leaves a node that only learns.
  [[nodiscard]] bool whole() const { return !lost && !spoiled && harm.none(); }
  [[nodiscard]] time_ns now(time_ns true_now) const { return clock.steady(true_now); }

  node_index at;
  node_id id;
  skewed_clock clock;
  Disk disk;

  // The process.
  std::optional<Core> core;
  drain<Core> order;
  typename Core::output_type out;
  Machine machine{};
  std::uint64_t applied = 0;
  std::uint32_t life = 0;
  std::array<peer_life, node_set::capacity> verified{};  // of the peers

  // How many effects are still carried out before it crashes.
  std::int64_t effects_left = endless;
  bool dying = false;

  bool prepared = false;  // the store is open for the first life already
  bool lost = false;      // another, empty disk is there
  bool spoiled = false;   // something on the disk went bad
  damage harm;
  time_ns down_until = 0;
  time_ns timer_at = never;  // in true time
  time_ns disk_at = never;   // when the disk is looked at again, in true time
  rejections refused;        // frames, before any core saw them
};

}  // namespace synod::testing
