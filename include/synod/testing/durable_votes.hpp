// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>
#include <synod/testing/fingerprint.hpp>
#include <synod/testing/invariants/quorum_rule.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace synod::testing {

// The durable votes for one value, counted apart from everything that decides by them: one value is
// chosen at most (I1), a ballot has one value (I5), and only what is chosen is decided.
class durable_votes {
 public:
  void count(node_index voter, ballot at, std::uint64_t value, quorum_rule const& rule,
             violations& found) {
    auto place =
        std::find_if(votes_.begin(), votes_.end(), [&](vote const& one) { return one.at >= at; });
    if (place == votes_.end() || place->at != at) place = votes_.insert(place, {at, value, {}});
    if (place->value != value) {
      found.add("I5", "ballot %s has two values", ballot_text(at).c_str());
    }
    place->voters.insert(voter);
    if (!rule.phase2(place->voters)) return;
    if (chosen_ && *chosen_ != value) {
      found.add("I1", "%llu is chosen at ballot %s after %llu", wide(value),
                ballot_text(at).c_str(), wide(*chosen_));
    }
    chosen_ = value;
  }
  void check(unsigned who, std::uint64_t decided, violations& found) const {
    if (chosen_ && *chosen_ == decided) return;
    found.add("I1", "node %u decides %llu, which is not chosen", who + 1, wide(decided));
  }
  [[nodiscard]] std::optional<std::uint64_t> chosen() const { return chosen_; }

  void fields(fingerprint& all) const {
    for (vote const& one : votes_) all(one.at, one.value, one.voters);
  }

 private:
  struct vote {
    ballot at;
    std::uint64_t value;
    node_set voters;
  };

  std::vector<vote> votes_;  // by ballot
  std::optional<std::uint64_t> chosen_;
};

}  // namespace synod::testing
