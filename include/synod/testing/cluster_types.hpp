// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>
#include <synod/testing/either_disk.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/faults.hpp>
#include <synod/testing/minimize.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace synod::testing {

struct cluster_options {
  std::uint64_t seed = 1;
  unsigned nodes = 3;  // voters
  unsigned learners = 0;
  quorum_spec spec{};             // what the quorum family needs to know beyond the members
  std::uint32_t heaviest = 1;     // weights of the members are 1 to this, and from the start again
  time_ns storm = 4'000'000'000;  // how long things go wrong, before the cluster is left in peace
  fault_families faults = fault_families::all();
  storage_kind storage = storage_kind::file_log;
  bool record = false;  // keep a text of everything
  // Of the schedule only these events happen; all of them where it is null.
  kept_events const* kept = nullptr;
};

struct cluster_report {
  std::uint64_t events = 0;
  time_ns ended_at = 0;
  std::uint64_t trace_hash = 0;
  std::size_t planned = 0;     // faults and operations of clients in the schedule
  std::size_t operations = 0;  // that clients saw completed
  std::vector<violation> violations;
  std::string trace;

  [[nodiscard]] bool good() const { return violations.empty(); }
  // Nothing wrong was said, but what should have happened did not.
  [[nodiscard]] bool stalled() const {
    return !violations.empty() && std::string(violations.front().invariant) == "I9";
  }
};

// What happens in a cluster. Who owns more than numbers keeps it elsewhere.
struct cluster_event {
  enum class kind : std::uint8_t {
    deliver,
    timer,
    disk,
    fault_begins,
    fault_ends,
    revive,
    client,
    heal
  };

  kind what = kind::deliver;
  std::uint8_t node = 0;
  std::uint32_t life = 0;    // of the node, where that matters
  std::uint64_t number = 0;  // of a packet, ticket, fault, ...
};

// The schedule of a run: faults first, operations of clients after them, each with a number under
// which it can be left out.
class schedule_filter {
 public:
  explicit schedule_filter(kept_events const* kept) : kept_(kept) {}

  [[nodiscard]] bool keeps(std::size_t number) const {
    return kept_ == nullptr ||
           std::binary_search(kept_->begin(), kept_->end(), static_cast<std::uint32_t>(number));
  }

 private:
  kept_events const* kept_;
};

}  // namespace synod::testing
