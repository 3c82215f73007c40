// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

template <class LeaderOptions>
struct multi_paxos_options {
  node_id self;
  membership members;  // in force at the start; restored records may know a newer one
  cluster_constants constants;
  std::uint64_t seed = 1;
  LeaderOptions leader;
  std::uint32_t pipeline_slots_max = 128;  // open at once by a leader; at most alpha
  time_ns pulse_ns = 50'000'000;
  time_ns resend_ns = 100'000'000;
  time_ns gap_grace_ns = 5'000'000;  // a gap may still be a reordered Accept
  time_ns learn_retry_ns = 100'000'000;
  time_ns probe_ns = 1'000'000'000;  // silence after which a node asks around
  time_ns transfer_max_ns = 1'000'000'000;
  time_ns read_max_ns = 2'000'000'000;
  std::size_t reads_max = 4096;         // waiting for confirmation, beyond which the core is busy
  std::size_t part_bytes = 256 * 1024;  // of a promise or of a catch-up message, one value at least
  std::uint32_t learn_parts = 4;        // messages that answer one catch-up question
  std::uint32_t accept_ahead_max = 16'384;  // how far above its decided prefix a node takes Accepts
  std::uint32_t retained_slots = 0;         // kept below a snapshot for slow followers
};

}  // namespace synod
