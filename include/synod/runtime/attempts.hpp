// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/ids.hpp>

#include <cstdint>

namespace synod {

// The attempts to get one thing done, and what is known from their refusals.
struct attempts {
  enum class phase : std::uint8_t { queued, sent, paused };

  phase state = phase::queued;
  node_id target;
  time_ns next = never;     // end of the attempt, or of the pause
  std::uint32_t count = 0;  // attempts that left
  std::uint32_t pauses = 0;
  std::uint32_t hops = 0;
  std::uint64_t refused = 0;  // which of the first 64 attempts were, counted from 1

  void refuse(std::uint32_t attempt) {
    if (attempt >= 1 && attempt <= 64) refused |= std::uint64_t{1} << (attempt - 1);
  }

  [[nodiscard]] bool under_way_to(node_id node) const {
    return state == phase::sent && target == node;
  }

  // Whether it is certain that no attempt was, or will be, applied: none left, or each of them was
  // refused over a link that does not duplicate. Everything else is unknown (hazard H10).
  [[nodiscard]] bool surely_not_done(bool links_deliver_once) const {
    if (count == 0 || SYNOD_MUTATION(h10_unknown_called_refused)) return true;
    if (!links_deliver_once || count > 64) return false;
    return refused == ~std::uint64_t{0} >> (64 - count);
  }
};

}  // namespace synod
