// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/hand_run_body.hpp"
#include "support/masterless_by_hand.hpp"

// For one translation unit of each program.

namespace support {

template class hand_run<masterless_core>;

// clang-format off
template synod::prepare const* hand_run<masterless_core>::part(message const&);
template synod::promise<std::uint64_t> const* hand_run<masterless_core>::part(message const&);
template synod::accept<std::uint64_t> const* hand_run<masterless_core>::part(message const&);
template synod::accepted<std::uint64_t> const* hand_run<masterless_core>::part(message const&);
template synod::learn_ask const* hand_run<masterless_core>::part(message const&);
template synod::learn_values<std::uint64_t> const* hand_run<masterless_core>::part(message const&);
template synod::extent_ask const* hand_run<masterless_core>::part(message const&);
template synod::extent_told const* hand_run<masterless_core>::part(message const&);
template synod::slot_notice const* hand_run<masterless_core>::part(message const&);
// clang-format on

masterless_by_hand::masterless_by_hand(unsigned count, synod::membership const& members)
    : hand_run(count) {
  for (unsigned i = 0; i < count; ++i) {
    options& mine = given(i);
    mine.self = id_of(i);
    mine.members = members;
    mine.constants.alpha = 4;
    mine.pipeline_slots_max = 4;
    mine.accept_ahead_max = 64;
    mine.everybody_proposes = true;  // so that nobody's slots depend on what it heard
  }
}

masterless_by_hand& masterless_by_hand::boot_all() {
  for (unsigned i = 0; i < count(); ++i) boot(i);
  return *this;
}

}  // namespace support
