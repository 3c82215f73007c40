// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>

#include <cstdint>

namespace synod {

enum class quorum_verdict : std::uint8_t { pending, reached, impossible };

// Who agreed and who refused, in one phase of one ballot. Two sets, so that a duplicated reply
// changes nothing (hazard H7). What comes in is `membership::only(from)`, of the configuration that
// governs the slot; every verdict counts voters of that configuration alone (H12).
class tally {
 public:
  // Returns: whether this is news.
  bool yes(node_set who) {
    if (yes_.contains(who)) {
      if (SYNOD_MUTATION(duplicates_count) && !who.empty()) {
        yes_ = node_set(yes_.bits() | (yes_.bits() + 1));
      }
      return false;
    }
    yes_ = yes_ | who;
    return true;
  }
  // Who agreed once stays agreed: a promise or vote that was given cannot be taken back, and a
  // refusal that overtook it only says that there has been a higher ballot since.
  bool no(node_set who) {
    if (no_.contains(who)) return false;
    no_ = no_ | who;
    return true;
  }
  void clear() { *this = {}; }

  [[nodiscard]] node_set agreed() const { return yes_; }
  [[nodiscard]] node_set refused() const { return no_ - yes_; }

  template <quorum_system System>
  [[nodiscard]] quorum_verdict phase1(System const& system, node_set voters) const {
    if (system.phase1(counted(voters))) return quorum_verdict::reached;
    return system.phase1(voters - refused()) ? quorum_verdict::pending : quorum_verdict::impossible;
  }
  template <quorum_system System>
  [[nodiscard]] quorum_verdict phase2(System const& system, node_set voters) const {
    if (system.phase2(counted(voters))) return quorum_verdict::reached;
    return system.phase2(voters - refused()) ? quorum_verdict::pending : quorum_verdict::impossible;
  }

 private:
  [[nodiscard]] node_set counted(node_set voters) const {
    return SYNOD_MUTATION(learners_count) ? yes_ : yes_ & voters;
  }

  node_set yes_;
  node_set no_;
};

// Whether every phase-1 quorum has a member in `set`: what a lease and a read confirmation need,
// since then no other leader can have been elected behind their back. A phase-2 quorum always does.
template <quorum_system System>
[[nodiscard]] bool meets_every_phase1(System const& system, node_set set, node_set voters) {
  return !system.phase1(voters - set);
}

}  // namespace synod
