// SPDX-License-Identifier: BSL-1.0
#include <synod/core/rejections.hpp>

#include <gtest/gtest.h>

namespace {

TEST(rejections, counts_each_reason_by_itself) {
  synod::rejections counts;
  for (std::size_t code = 0; code < synod::error_codes; ++code) {
    for (std::size_t times = 0; times < code; ++times) {
      counts.count(static_cast<synod::error_code>(code));
    }
  }
  std::uint64_t sum = 0;
  for (std::size_t code = 0; code < synod::error_codes; ++code) {
    EXPECT_EQ(counts.of(static_cast<synod::error_code>(code)), code);
    sum += code;
  }
  EXPECT_EQ(counts.total(), sum);
}

TEST(rejections, a_reason_it_does_not_know_is_still_counted) {
  synod::rejections counts;
  counts.count(static_cast<synod::error_code>(9999));
  EXPECT_EQ(counts.total(), 1U);
}

}  // namespace
