// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/machine/commands.hpp>

#include <cstdint>

namespace synod {

// The high-water mark of a timestamp oracle: it only rises, and an allocator may hand out what lies
// below it only after the advance was applied. Each advance carries the ballot under which its
// allocator believes it leads; after an advance under a higher ballot, a lower one is fenced off,
// so two allocators never hand out the same range. The fence is the packed ballot, which compares
// like the ballot itself (hazard H19).
struct high_water {
  class command {
   public:
    command() = default;
    command(std::uint64_t mark, packed_ballot under) : at_least(mark), fence(under) {}

    template <class Archive>
    void serialize(Archive& archive) {
      archive(at_least, fence.high, fence.low);
    }

    std::uint64_t at_least = 0;
    packed_ballot fence;
  };

  struct advanced {
    bool fenced = false;     // not done: a higher ballot was here
    std::uint64_t mark = 0;  // the one that holds now
    packed_ballot fence{};

    template <class Archive>
    void serialize(Archive& archive) {
      archive(fenced, mark, fence.high, fence.low);
    }
    friend constexpr bool operator==(advanced const&, advanced const&) = default;
  };

  advanced apply(command const& one) {
    if (one.fence < fence) return {true, mark, fence};
    fence = one.fence;
    if (one.at_least > mark) mark = one.at_least;
    return {false, mark, fence};
  }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(mark, fence.high, fence.low);
  }

  std::uint64_t mark = 0;
  packed_ballot fence;
};

}  // namespace synod
