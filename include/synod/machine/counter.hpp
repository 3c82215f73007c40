// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace synod {

// A number that every command adds to. Sums wrap, so that no history is undefined.
struct counter {
  using command = std::int64_t;

  std::int64_t total = 0;

  std::int64_t apply(command const& by) {
    total = static_cast<std::int64_t>(static_cast<std::uint64_t>(total) +
                                      static_cast<std::uint64_t>(by));
    return total;
  }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(total);
  }
};

}  // namespace synod
