// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/concepts.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/node_set.hpp>
#include <synod/core/record.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace synod {

// Which configuration governs which slots: each from its first slot to the next one's. A
// configuration decided at slot s governs from s + alpha, so it is always known before it is needed
// (hazard H13).
template <quorum Quorum>
class configurations {
 public:
  using system = typename Quorum::system;

  struct governing {
    slot first;
    membership members;
    system quorums;
  };

  // Requires: Quorum::bind accepts the members.
  explicit configurations(membership first) {
    auto bound = Quorum::bind(first);
    SYNOD_ASSERT(bound.system.has_value(), "the quorums do not meet; was bind asked before?");
    all_.push_back({slot(), std::move(first), *bound.system});
  }

  [[nodiscard]] governing const& of(slot at) const {
    std::size_t i = all_.size() - 1;
    while (i > 0 && at < all_[i].first) --i;
    return all_[i];
  }
  [[nodiscard]] governing const& newest() const { return all_.back(); }
  [[nodiscard]] std::vector<governing> const& all() const { return all_; }

  // The oldest retained one whose number is above, null if none is.
  [[nodiscard]] governing const* first_above(config_number number) const {
    for (governing const& one : all_) {
      if (one.members.number() > number) return &one;
    }
    return nullptr;
  }

  // Adds the newest one. False if it does not build on the newest, or binds no quorums: then the
  // slot that held it is a noop, on every node alike.
  bool add(slot first, membership members) {
    if (members.number() != newest().members.number().next()) return false;
    auto bound = Quorum::bind(members);
    if (!bound.system.has_value()) return false;
    all_.push_back({first, std::move(members), *bound.system});
    return true;
  }

  // Everybody in a configuration that governs `from` or a later slot.
  [[nodiscard]] node_set everybody_from(slot from) const {
    node_set all;
    for_each_from(from, [&](governing const& one) { all = all | one.members.everybody(); });
    return all;
  }
  [[nodiscard]] node_set voters_from(slot from) const {
    node_set all;
    for_each_from(from, [&](governing const& one) { all = all | one.members.voters(); });
    return all;
  }
  // The set of this one node, by any retained configuration; empty for a stranger.
  [[nodiscard]] node_set only(node_id id) const {
    for (std::size_t i = all_.size(); i-- > 0;) {
      node_set const found = all_[i].members.only(id);
      if (!found.empty()) return found;
    }
    return {};
  }

  // Visits every configuration that governs `from` or a later slot.
  template <class Visit>
  void for_each_from(slot from, Visit&& visit) const {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (i + 1 < all_.size() && all_[i + 1].first <= from) continue;
      visit(all_[i]);
    }
  }

  // Forgets what governs only slots below `from`.
  void forget_below(slot from) {
    while (all_.size() > 1 && all_[1].first <= from) all_.erase(all_.begin());
  }

  // What a floor record and a snapshot head carry.
  [[nodiscard]] std::vector<governed_from> saved(slot from) const {
    std::vector<governed_from> made;
    for_each_from(from, [&](governing const& one) { made.push_back({one.first, one.members}); });
    return made;
  }
  void restore(std::vector<governed_from> const& known) {
    std::vector<governing> next;
    for (governed_from const& one : known) {
      auto bound = Quorum::bind(one.members);
      if (!bound.system.has_value()) return;
      next.push_back({one.first, one.members, *bound.system});
    }
    if (next.empty() || next.back().members.number() < newest().members.number()) return;
    all_ = std::move(next);
  }

 private:
  std::vector<governing> all_;
};

}  // namespace synod
