// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/core/record.hpp>

#include <cstddef>
#include <utility>

namespace synod {

// What this node knows that it has forgotten: slots whose records rotted, or everything (hazard
// H20). It never votes where it may have voted already, and promises nothing once promises may be
// gone. A slot that is chosen here again needs no vote any more, so its loss is made good.
class lost_slots {
 public:
  lost_slots() = default;
  explicit lost_slots(damage what) : what_(std::move(what)), none_(what_.none()) {}

  [[nodiscard]] bool none() const { return none_; }
  [[nodiscard]] bool may_promise() const {
    return !what_.everything || SYNOD_MUTATION(amnesiac_promises);
  }
  [[nodiscard]] bool may_vote(slot at) const {
    return none_ || !what_.covers(at) || SYNOD_MUTATION(damaged_slot_votes);
  }
  // What a damaged slot still holds may be a vote that lost: the record that is gone may have been
  // of a later one, or of the value that was learned.
  [[nodiscard]] bool holds_all_of(slot at) const {
    return none_ || !what_.covers(at) || SYNOD_MUTATION(damaged_slot_marked);
  }
  // The last slot that was voted for, given the last that is known.
  [[nodiscard]] slot voted_upto(slot known) const {
    for (damaged_range const& one : what_.ranges) {
      if (one.last > known && !SYNOD_MUTATION(damage_read_as_empty)) known = one.last;
    }
    return known;
  }
  // What promises must carry.
  [[nodiscard]] list<damaged_range> const& ranges() const { return what_.ranges; }

  // Everything up to there is chosen here.
  void made_good(slot upto) {
    if (none_) return;
    make_good(upto);
  }

 private:
  [[gnu::noinline, gnu::cold]] void make_good(slot upto) {
    std::size_t kept = 0;
    for (damaged_range& one : what_.ranges) {
      if (one.last <= upto) continue;
      if (one.first <= upto) one.first = upto.next();
      what_.ranges[kept++] = one;
    }
    what_.ranges.resize(kept);
    none_ = what_.none();
  }

  damage what_;
  bool none_ = true;
};

}  // namespace synod
