// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <string>

#include <synod/version.hpp>

TEST(version, string_is_made_of_its_three_parts) {
  std::string const parts = std::to_string(SYNOD_VERSION_MAJOR) + "." +
                            std::to_string(SYNOD_VERSION_MINOR) + "." +
                            std::to_string(SYNOD_VERSION_PATCH);
  EXPECT_EQ(parts, SYNOD_VERSION_STRING);
}
