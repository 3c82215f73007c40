// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>

#include <cstdint>

namespace synod {

struct single_decree_options {
  node_id self;
  membership members;
  std::uint64_t seed = 1;
  std::uint32_t attempts_max = 64;      // higher ballots met before a proposal is superseded
  time_ns give_up_ns = 10'000'000'000;  // without any quorum: the outcome is unknown
  time_ns resend_ns = 50'000'000;
  time_ns backoff_base_ns = 10'000'000;
  time_ns backoff_cap_ns = 1'000'000'000;
  time_ns silence_ns = 500'000'000;  // activity, then nothing: ask, then finish it
};

}  // namespace synod
