// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/runtime/batcher.hpp>
#include <synod/runtime/session.hpp>

#include <cstddef>

namespace synod {

struct submissions_options {
  session_options session;
  batcher_options batches;
  std::size_t waiting_max = 65'536;
};

}  // namespace synod
