// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/node_set.hpp>
#include <synod/core/slot_value.hpp>

#include <array>

namespace synod {

// The learner of one slot: counts votes by ballot, never by value, since votes of two ballots do
// not add up even for equal values (rule L1). It keeps the newest vote of each voter and needs
// nothing durable.
template <class Command, quorum_system System>
class learner {
 public:
  // Returns whether a phase-2 quorum now stands at `at`, whose value this is.
  [[nodiscard]] bool on_accepted(node_set who, ballot at, System const& quorums) {
    if (who.empty() || at.empty()) return false;
    node_set together;
    who.for_each([&](node_index one) {
      if (at > newest_[one.value]) newest_[one.value] = at;
      seen_.insert(one);
    });
    seen_.for_each([&](node_index one) {
      bool const counts =
          newest_[one.value] == at ||
          (SYNOD_MUTATION(votes_counted_across_ballots) && !newest_[one.value].empty());
      if (counts) together.insert(one);
    });
    return quorums.phase2(together);
  }

  // Everything that decides how it goes on, for whoever compares states.
  template <class Visit>
  void fields(Visit&& visit) const {
    visit(seen_);
    seen_.for_each([&](node_index one) { visit(newest_[one.value]); });
  }

 private:
  std::array<ballot, node_set::capacity> newest_{};
  node_set seen_;
};

}  // namespace synod
