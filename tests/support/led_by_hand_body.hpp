// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/hand_run_body.hpp"
#include "support/led_by_hand.hpp"

// For one translation unit of each program.

namespace support {

template class hand_run<led_core>;

// clang-format off
template synod::prepare const* hand_run<led_core>::part(message const&);
template synod::promise<std::uint64_t> const* hand_run<led_core>::part(message const&);
template synod::accept<std::uint64_t> const* hand_run<led_core>::part(message const&);
template synod::accepted<std::uint64_t> const* hand_run<led_core>::part(message const&);
template synod::nack const* hand_run<led_core>::part(message const&);
template synod::notice const* hand_run<led_core>::part(message const&);
template synod::pulse_beat const* hand_run<led_core>::part(message const&);
template synod::pulse_ack const* hand_run<led_core>::part(message const&);
template synod::pulse_hand_over const* hand_run<led_core>::part(message const&);
template synod::learn_ask const* hand_run<led_core>::part(message const&);
template synod::learn_values<std::uint64_t> const* hand_run<led_core>::part(message const&);
template synod::read_ask const* hand_run<led_core>::part(message const&);
template synod::read_confirmed const* hand_run<led_core>::part(message const&);
template synod::read_refused const* hand_run<led_core>::part(message const&);
// clang-format on

led_by_hand::led_by_hand(unsigned count, synod::membership const& members) : hand_run(count) {
  for (unsigned i = 0; i < count; ++i) {
    options& mine = given(i);
    mine.self = id_of(i);
    mine.members = members;
    mine.constants.alpha = 4;
    mine.pipeline_slots_max = 4;
    mine.accept_ahead_max = 64;
    mine.leader.next = &at(i).advice;
  }
}

led_by_hand& led_by_hand::boot_all() {
  for (unsigned i = 0; i < count(); ++i) boot(i);
  return *this;
}

}  // namespace support
