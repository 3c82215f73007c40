// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/record.hpp>
#include <synod/core/shared.hpp>

#include <utility>

namespace synod {

// Which ballot is promised for which slots: disjoint ranges in rising order. With a leader there is
// one, from somewhere to infinity, so every look-up ends at the last element.
class range_promises {
 public:
  // Shared with the records that say so; these are never copied.
  [[nodiscard]] shared<list<promised_range>> const& ranges() const { return ranges_; }

  // The ballot promised for one slot, empty if none.
  [[nodiscard]] ballot of(slot at) const {
    for (std::size_t i = ranges_->size(); i > 0; --i) {
      promised_range const& one = (*ranges_)[i - 1];
      if (one.last < at) break;
      if (one.first <= at) return one.at;
    }
    return {};
  }
  // Whether the range of the highest slots covers this one and is promised to exactly `by`: under a
  // leader the answer to nearly every Accept.
  [[nodiscard]] SYNOD_ALWAYS_INLINE bool of_topmost(slot at, ballot by) const {
    return topmost_.at == by && topmost_.first <= at && at <= topmost_.last;
  }

  // The strongest promise anywhere in first..last. It decides whether that range may be promised: a
  // look at `first` alone would let a weaker promise slip under a stronger one further up.
  [[nodiscard]] ballot strongest(slot first, slot last) const {
    ballot most;
    for (promised_range const& one : *ranges_) {
      if (one.first <= last && first <= one.last && one.at > most) most = one.at;
    }
    return most;
  }

  // Promises exactly first..last. Requires: nothing stronger is promised within.
  void set(slot first, slot last, ballot at) {
    list<promised_range> next;
    next.reserve(ranges_->size() + 2);
    auto keep = [&next](slot from, slot upto, ballot of) {
      if (from > upto) return;
      if (!next.empty() && next.back().at == of && next.back().last.next() == from) {
        next.back().last = upto;
      } else {
        next.push_back({from, upto, of});
      }
    };
    bool placed = false;
    for (promised_range const& one : *ranges_) {
      if (!placed && first < one.first) {
        keep(first, last, at);
        placed = true;
      }
      if (one.first < first)
        keep(one.first, one.last < first ? one.last : first.previous(), one.at);
      if (!placed && one.last >= first) {
        keep(first, last, at);
        placed = true;
      }
      if (one.last > last) keep(one.first > last ? one.first : last.next(), one.last, one.at);
    }
    if (!placed) keep(first, last, at);
    topmost_ = next.back();
    ranges_ = std::move(next);
  }

  // Takes over what a record says, where it is stronger than what is known: records may be replayed
  // in any order.
  void restore(list<promised_range> const& saved) {
    for (promised_range const& one : saved) {
      if (one.first > one.last || one.at.empty()) continue;
      raise(one.first, one.last, one.at);
    }
  }

  // Raises every slot of first..last that is promised less to `at`.
  void raise(slot first, slot last, ballot at) {
    shared<list<promised_range>> const before = ranges_;
    for (promised_range const& one : *before) {
      if (one.first <= first && last <= one.last && at <= one.at) return;
    }
    set(first, last, at);
    for (promised_range const& one : *before) {
      if (one.at <= at || one.last < first || last < one.first) continue;
      set(one.first < first ? first : one.first, one.last < last ? one.last : last, one.at);
    }
  }

  // Makes one range, at the strongest ballot in it, of everything up to `upto`.
  void merge(slot upto) {
    ballot const most = strongest(slot(1), upto);
    if (!most.empty()) raise(slot(1), upto, most);
  }

 private:
  shared<list<promised_range>> ranges_;
  promised_range topmost_;  // the last of them, if there is one
};

}  // namespace synod
