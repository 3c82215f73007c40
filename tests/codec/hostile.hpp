// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/generator.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <vector>

#include "support/allocations.hpp"

namespace hostile {

using bytes = std::vector<std::byte>;

// Gives `decode` every truncation and every flipped bit of a good input, then inputs with several
// bytes replaced, preferring values that break lengths. Whatever it does with them, it must not
// take more memory than the rule allows. Returns: how many it accepted.
template <class Decode>
int feed_variations(bytes const& good, Decode&& decode, int rounds = 3000) {
  int accepted = 0;
  auto const feed = [&](bytes const& input) {
    support::allocations const counted;
    if (decode(input)) ++accepted;
    EXPECT_LE(counted.peak(), 4 * input.size() + 65536) << "input of " << input.size();
  };
  for (std::size_t length = 0; length < good.size(); ++length) {
    feed({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)});
  }
  bytes changed = good;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    feed(changed);
    changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
  synod::generator random(7);
  constexpr unsigned favourites[] = {0, 1, 2, 0x7f, 0x80, 0xff};
  for (int round = 0; round < rounds; ++round) {
    changed = good;
    for (std::uint64_t left = 1 + random.below(4); left != 0; --left) {
      std::size_t const at = random.below(changed.size());
      unsigned const value = random.below(2) == 0 ? favourites[random.below(6)]
                                                  : static_cast<unsigned>(random.below(256));
      std::size_t const run = 1 + random.below(8);
      for (std::size_t i = at; i < at + run && i < changed.size(); ++i) {
        changed[i] = static_cast<std::byte>(value);
      }
    }
    if (random.below(4) == 0) changed.resize(random.below(2 * changed.size() + 1));
    feed(changed);
  }
  return accepted;
}

}  // namespace hostile
