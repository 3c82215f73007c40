// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>

#include <array>
#include <cstdint>

namespace synod {

// How often what was received had to be refused, by reason. Bad input is counted and dropped: it
// never stops a node and never reaches an assertion.
class rejections {
 public:
  void count(error_code why) { ++counts_[place(why)]; }
  [[nodiscard]] std::uint64_t of(error_code why) const { return counts_[place(why)]; }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (std::uint64_t one : counts_) sum += one;
    return sum;
  }

 private:
  static std::size_t place(error_code why) {
    auto const at = static_cast<std::size_t>(why);
    return at < error_codes ? at : 0;
  }

  std::array<std::uint64_t, error_codes> counts_{};
};

}  // namespace synod
