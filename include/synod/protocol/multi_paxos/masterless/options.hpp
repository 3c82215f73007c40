// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

struct masterless_options {
  node_id self;
  membership members;  // in force at the start; restored records may know a newer one
  cluster_constants constants;
  std::uint64_t seed = 1;
  std::uint32_t pipeline_slots_max = 64;  // contended for at once by this node; at most alpha
  std::size_t pending_max = 256;          // batches waiting for a slot, beyond which it is busy
  // Shares the slots among all voters from the start, not only among those seen proposing.
  bool everybody_proposes = false;
  std::uint32_t range_after = 16;  // own slots in a row before a whole range is asked for
  time_ns resend_ns = 100'000'000;
  time_ns backoff_base_ns = 5'000'000;
  time_ns backoff_cap_ns = 1'000'000'000;
  // A slot stays open below a decided or voted one: finish it; after an eighth of this if nobody
  // was seen to work on it.
  time_ns gap_fill_ns = 200'000'000;
  time_ns gap_grace_ns = 5'000'000;  // a gap may still be a reordered message
  time_ns learn_retry_ns = 100'000'000;
  time_ns probe_ns = 500'000'000;  // asks around for decisions that were missed
  time_ns read_max_ns = 2'000'000'000;
  std::size_t reads_max = 4096;
  std::size_t part_bytes = 256 * 1024;
  std::uint32_t learn_parts = 4;
  std::uint32_t accept_ahead_max = 16'384;
  std::uint32_t retained_slots = 0;
};

}  // namespace synod
