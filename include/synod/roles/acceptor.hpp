// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/record.hpp>
#include <synod/core/slot_value.hpp>
#include <synod/log/window.hpp>
#include <synod/roles/promises.hpp>

namespace synod {

// What an acceptor holds for one slot. `voted` is the ballot of the vote, never the ballot promised
// since (hazard H26): a later proposer ranks votes by it.
template <class Command>
struct acceptor_cell {
  ballot voted;
  slot_value<Command> value;
  bool chosen = false;

  [[nodiscard]] bool empty() const { return voted.empty() && !chosen; }
};

enum class verdict : std::uint8_t {
  granted,   // state changed: a record is due, the answer waits for it
  repeated,  // the answer was given before: give it again, behind whatever is still being written
  refused,   // a higher ballot was promised or voted
  chosen,    // the slot is decided: nothing to promise or vote any more
};

struct ruling {
  verdict is = verdict::refused;
  ballot promised;  // on refusal: what stands in the way
};

// The acceptor: two rules over promises and votes, durable through the records its owner writes.
//   A1  promise a range at b unless some promise or vote within is above b;
//   A2  vote for (b, slot) unless that slot is promised or voted above b.
// A vote raises its own slot only, and counts as its promise (I1.2: voted <= promised).
template <class Command>
class acceptor {
 public:
  using cell = acceptor_cell<Command>;

  [[nodiscard]] ruling on_prepare(ballot at, slot first, slot last) {
    ballot const standing = strongest(first, last);
    if (at < standing && !SYNOD_MUTATION(promise_below_promise)) {
      return {verdict::refused, standing};
    }
    bool const covered = promises_.of(first) == at && promises_.strongest(first, last) == at &&
                         promised_throughout(first, last, at);
    if (covered) return {verdict::repeated, at};
    if (!SYNOD_MUTATION(promise_not_recorded)) promises_.set(first, last, at);
    return {verdict::granted, at};
  }

  // Requires: the slot is above what was trimmed, and within the bound that the owner keeps.
  [[nodiscard]] ruling on_accept(ballot at, slot at_slot, slot_value<Command> const& value) {
    if (vote_at_once(at, at_slot, value)) return {verdict::granted, at};
    return judge(at, at_slot, value);
  }
  // Votes in what is nearly always the case: it is the first Accept for a slot, at the ballot that
  // is promised from somewhere on. Returns whether it is; if not, on_accept has to judge.
  [[nodiscard]] SYNOD_ALWAYS_INLINE bool vote_at_once(ballot at, slot at_slot,
                                                      slot_value<Command> const& value) {
    bool const promised = promises_.of_topmost(at_slot, at);
    if (!promised && !SYNOD_MUTATION(voted_at_once_unasked)) return false;
    cell* const here = cells_.at_once(at_slot);
    if (here == nullptr || !here->empty()) return false;
    here->voted = at;
    here->value.fill(value);
    return true;
  }

  // Marks a slot chosen with the value it is known to have. Its vote, if any, stays what it was.
  void learn(slot at_slot, slot_value<Command> const& value) {
    cell& here = cells_.at(at_slot);
    here.value = value;
    here.chosen = true;
  }

  // The highest ballot that was promised or voted anywhere in first..last.
  [[nodiscard]] ballot strongest(slot first, slot last) const {
    ballot most = promises_.strongest(first, last);
    if (SYNOD_MUTATION(prepare_ignores_votes)) return most;
    slot const from = first > cells_.trimmed_upto() ? first : cells_.trimmed_upto().next();
    slot const upto = last < cells_.last() ? last : cells_.last();
    for (slot at = from; at <= upto; at = at.next()) {
      cell const* here = cells_.find(at);
      if (here != nullptr && here->voted > most) most = here->voted;
    }
    return most;
  }

  void restore(record<Command> const& saved) {
    if (saved.kind == record_kind::promise) {
      promises_.restore(*saved.promises);
    } else if (saved.at_slot > cells_.trimmed_upto()) {
      cell& here = cells_.at(saved.at_slot);
      if (saved.kind == record_kind::chosen) {
        here.value = saved.value;
        here.chosen = true;
      } else if (saved.kind == record_kind::vote && saved.at > here.voted) {
        here.voted = saved.at;
        if (!here.chosen) here.value = saved.value;
      }
    }
  }

  // Forgets the slots up to `upto`, whose votes live on as promises: a ballot that was voted there
  // is never undercut (I4).
  void trim(slot upto) {
    ballot most;
    cells_.trim(upto, [&most](cell const& gone) {
      if (gone.voted != most && gone.voted > most) most = gone.voted;
    });
    if (!most.empty()) promises_.raise(slot(1), upto, most);
    promises_.merge(upto);
  }

  // Keeps one promise, the strongest, for all slots up to `upto`, which are decided here: nothing
  // is voted for there again, and refusing too much costs no more than a round. Without it every
  // leader, and every slot that was contended for, would leave a range behind.
  void merge_promises(slot upto) { promises_.merge(upto); }

  [[nodiscard]] range_promises const& promises() const { return promises_; }
  [[nodiscard]] window<cell>& cells() { return cells_; }
  [[nodiscard]] window<cell> const& cells() const { return cells_; }

  // Everything that decides how it goes on, for whoever compares states.
  template <class Visit>
  void fields(Visit&& visit) const {
    for (promised_range const& one : *promises_.ranges()) visit(one.first, one.last, one.at);
    for (slot at = cells_.trimmed_upto().next(); at <= cells_.last(); at = at.next()) {
      cell const* const here = cells_.find(at);
      if (here != nullptr && !here->empty()) visit(at, here->voted, here->value, here->chosen);
    }
  }

 private:
  [[gnu::noinline]] ruling judge(ballot at, slot at_slot, slot_value<Command> const& value) {
    ballot const promised = promises_.of(at_slot);
    if (at < promised && cells_.find(at_slot) == nullptr && !SYNOD_MUTATION(accept_below_promise)) {
      return {verdict::refused, promised};  // without making room for it
    }
    cell& here = cells_.at(at_slot);
    if (here.chosen) return {verdict::chosen, here.voted};
    ballot const standing = standing_for(promised, here.voted);
    if (at < standing && !SYNOD_MUTATION(accept_below_promise)) {
      return {verdict::refused, standing};
    }
    if (here.voted == at && here.value == value) return {verdict::repeated, at};
    if (here.voted == at && !SYNOD_MUTATION(second_value_per_ballot)) {
      // Two values under one ballot: its owner broke the rule that a ballot is used once (H2).
      return {verdict::refused, at};
    }
    here.voted = at;
    here.value = value;
    return {verdict::granted, at};
  }

  static ballot standing_for(ballot promised, ballot voted) {
    return SYNOD_MUTATION(vote_is_no_promise) || promised > voted ? promised : voted;
  }

  [[nodiscard]] bool promised_throughout(slot first, slot last, ballot at) const {
    for (promised_range const& one : *promises_.ranges()) {
      if (one.at == at && one.first <= first && last <= one.last) return true;
    }
    return false;
  }

  range_promises promises_;
  window<cell> cells_;
};

}  // namespace synod
