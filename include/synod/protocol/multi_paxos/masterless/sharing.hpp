// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/node_set.hpp>

#include <array>
#include <cstdint>

namespace synod {

// Which slots a node tries first, so that those who propose at the same time rarely meet in one:
// the slots go round among all who were seen proposing lately. Whoever proposes alone, or only now
// and then, has no share of its own, since a slot that nobody comes for holds everybody up until
// somebody fills it. What is said here costs or saves round trips and decides nothing.
class slot_sharing {
 public:
  explicit slot_sharing(bool everybody) : everybody_(everybody) {}

  // Somebody else had something of its own for this slot.
  void saw(node_set who, slot at) {
    who.for_each([&](node_index one) {
      sightings& its = seen_[one.value];
      if (at <= its.last) return;
      its.before = its.last;
      its.last = at;
    });
  }
  // Nobody came for this slot: whose share it was has nothing to propose any more.
  void left_empty(node_set self, node_set voters, slot at) {
    node_set const all = proposing(self, voters, at);
    std::uint64_t rank = 0;
    std::uint64_t const owner = at.value % all.size();
    all.for_each([&](node_index one) {
      if (rank++ == owner) seen_[one.value] = {};
    });
  }

  // How far beyond `base`, the first open slot, this node starts to look.
  [[nodiscard]] std::uint64_t own_share(node_set self, node_set voters, slot base) const {
    node_set const all = proposing(self, voters, base);
    std::uint64_t own = 0;
    std::uint64_t rank = 0;
    all.for_each([&](node_index one) {
      if (self.contains(one)) own = rank;
      ++rank;
    });
    return (own + rank - base.value % rank) % rank;
  }

 private:
  // Twice, and not only once, within so many slots.
  static constexpr std::uint64_t lately = 32;

  struct sightings {
    slot last;
    slot before;
  };

  [[nodiscard]] node_set proposing(node_set self, node_set voters, slot base) const {
    if (everybody_) return voters | self;
    node_set all = self;
    voters.for_each([&](node_index one) {
      slot const before = seen_[one.value].before;
      if (before != slot() && before + lately >= base) all.insert(one);
    });
    return all;
  }

  bool everybody_;
  std::array<sightings, node_set::capacity> seen_{};
};

}  // namespace synod
