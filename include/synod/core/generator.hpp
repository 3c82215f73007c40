// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace synod {

// A small deterministic generator (splitmix64). A core draws its jitter from one of these, seeded
// through its options, so that a run is a function of its inputs.
class generator {
 public:
  constexpr explicit generator(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15ULL);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
  }

  // From 0 to bound - 1; 0 for a bound of 0.
  constexpr std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace synod
