// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/output.hpp>

namespace support {

// A core that says nothing by itself, for what is done with an output whoever filled it.
struct silent_core {
  using command = int;
  using message_type = int;
  using answer_type = int;
  using output_type = synod::output<int, int, int>;
  void persisted(synod::time_ns, synod::ticket, output_type&) {}
};

}  // namespace support
