// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/node_set.hpp>

#include <cstdint>

namespace synod {

// Whom a leader can do without: everybody beyond a quorum with itself in it. No decision waits for
// what they say to an Accept, so a host may let theirs wait a little, for company: it is then
// taken, voted for and written with others in one go.
//
// The quorum is that of the last decision. Who falls silent in it is replaced by those who hear of
// everything a little later, as soon as one decision was theirs; and now and then all are asked at
// once, so that whoever is fastest stays in it. Whom a message reaches first, and how late, is
// nothing that safety depends on.
class spare_voters {
 public:
  [[nodiscard]] node_set get() const { return spare_; }

  // `votes` have just decided a slot, under what governs it.
  template <class Governing>
  SYNOD_ALWAYS_INLINE void decided(node_set votes, node_set self, Governing const& there) {
    if (spare_.empty() || !(votes & spare_).empty()) return choose(votes | self, self, there);
    if (++decisions_ % decisions_between == 0) spare_ = {};
  }

 private:
  static constexpr std::uint64_t decisions_between = 1024;

  // A quorum of those who voted and of this node, as small as it gets; who was spared before is
  // spared first.
  template <class Governing>
  [[gnu::noinline]] void choose(node_set needed, node_set self, Governing const& there) {
    auto const spare = [&](node_index one) {
      needed.erase(one);
      if (!there.quorums.phase2(needed)) needed.insert(one);
    };
    (needed & spare_).for_each(spare);
    (needed - self).for_each(spare);
    spare_ = there.members.everybody() - needed - self;
  }

  node_set spare_;
  std::uint64_t decisions_ = 0;
};

}  // namespace synod
