// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace synod::testing {

// Which events of a schedule are kept, by their number in the whole schedule.
using kept_events = std::vector<std::uint32_t>;

// Shrinks a failing schedule of `count` events: removes halves, then smaller and smaller pieces, as
// long as `fails(kept)` still says that the rest fails (delta debugging). Each question is one run
// from the seed, so their number is bounded.
//
// Requires: fails() of all events is true.
// Returns: the events that are left; where the bound was not reached, removing any single one of
// them makes the run succeed.
template <class Fails>
kept_events minimize(std::size_t count, Fails&& fails, std::size_t runs_max = 400) {
  kept_events kept;
  for (std::size_t i = 0; i < count; ++i) kept.push_back(static_cast<std::uint32_t>(i));
  std::size_t runs = 0;
  kept_events candidate;
  if (count != 0 && runs_max != 0) {
    ++runs;
    if (fails(candidate)) return candidate;
  }
  std::size_t piece = (kept.size() + 1) / 2;
  while (!kept.empty() && runs < runs_max) {
    bool removed = false;
    for (std::size_t first = 0; first < kept.size() && runs < runs_max;) {
      std::size_t const last = first + piece < kept.size() ? first + piece : kept.size();
      candidate.assign(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(first));
      candidate.insert(candidate.end(), kept.begin() + static_cast<std::ptrdiff_t>(last),
                       kept.end());
      ++runs;
      if (fails(candidate)) {
        kept.swap(candidate);
        removed = true;
      } else {
        first = last;
      }
    }
    if (piece == 1) {
      if (!removed) break;
    } else {
      piece = (piece + 1) / 2;
    }
  }
  return kept;
}

}  // namespace synod::testing
