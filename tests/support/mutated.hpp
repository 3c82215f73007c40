// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace support {

// Switches one guard off while it lives. For binaries that are built with SYNOD_MUTATIONS.
class mutated {
 public:
  explicit mutated(std::string_view name) {
    for (auto* one = synod::mutation_switch::first(); one != nullptr; one = one->next) {
      if (name == one->name) switch_ = one;
    }
    EXPECT_NE(switch_, nullptr) << "no mutation is called " << name;
    if (switch_ != nullptr) switch_->on = true;
  }
  mutated(mutated const&) = delete;
  mutated& operator=(mutated const&) = delete;
  ~mutated() {
    if (switch_ != nullptr) switch_->on = false;
  }

 private:
  synod::mutation_switch* switch_ = nullptr;
};

}  // namespace support
