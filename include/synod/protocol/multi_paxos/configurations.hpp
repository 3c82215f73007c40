// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/list.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/node_set.hpp>
#include <synod/core/record.hpp>
#include <synod/core/shared.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

// Which configuration governs which slots: each from its first slot to the next one's. A
// configuration decided at slot s governs from s + alpha, so it is always known before it is needed
// (hazard H13). What every message asks (who is this, who are the others) is kept ready and worked
// out anew when a configuration comes or goes.
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
  configurations(node_id self, membership first) : self_(self) {
    auto bound = Quorum::bind(first);
    SYNOD_ASSERT(bound.system.has_value(), "the quorums do not meet; was bind asked before?");
    all_.push_back({slot(), std::move(first), *bound.system});
    changed();
  }

  [[nodiscard]] SYNOD_ALWAYS_INLINE governing const& of(slot at) const {
    governing const& last = all_.back();
    return at >= last.first ? last : older(at);
  }
  [[nodiscard]] governing const& newest() const { return all_.back(); }
  [[nodiscard]] list<governing> const& all() const { return all_; }
  // How often they have changed: never 0.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

  // The oldest retained one whose number is above, null if none is.
  [[nodiscard]] governing const* first_above(config_number number) const {
    for (governing const& one : all_) {
      if (one.members.number() > number) return &one;
    }
    return nullptr;
  }

  // Whether `members` names everybody as every configuration that governs `from` or a later slot
  // does. A tally knows its members by index and its senders by id, so while two configurations are
  // in force each index and each id must mean one store in both (hazards H12, H15): who comes back
  // with a new store is taken in once the last slot of the old one is decided.
  [[nodiscard]] bool consistent(membership const& members, slot from) const {
    bool same = true;
    for_each_from(from, [&](governing const& one) {
      for (member const& known : one.members.members()) {
        for (member const& named : members.members()) {
          bool const index = known.index == named.index;
          bool const id = known.id == named.id;
          same = same && index == id && (!id || known.store == named.store);
        }
      }
    });
    return same || SYNOD_MUTATION(index_taken_for_member);
  }

  // Why `members` may not be proposed as the next configuration; none if they may. `open` is the
  // first slot that is not decided.
  [[nodiscard]] error objection(membership const& members, slot open) const {
    if (members.number() != newest().members.number().next()) {
      return {error_code::stale_configuration, members.number().value, "membership",
              "build on the newest configuration"};
    }
    if (!consistent(members, open)) {
      return {error_code::duplicate_member, members.number().value, "membership",
              "give each store an index of its own, for life"};
    }
    return Quorum::bind(members).conflict.why;
  }

  // Adds the newest one, decided in `decided_at`. False if it does not build on the newest, names
  // somebody otherwise, or binds no quorums: then the slot that held it is a noop, on every node
  // alike.
  bool add(slot decided_at, slot first, membership members) {
    if (members.number() != newest().members.number().next()) return false;
    if (!consistent(members, decided_at)) return false;
    auto bound = Quorum::bind(members);
    if (!bound.system.has_value()) return false;
    all_.push_back({first, std::move(members), *bound.system});
    changed();
    return true;
  }

  // Everybody in a configuration that governs `from` or a later slot.
  [[nodiscard]] node_set everybody_from(slot from) const {
    if (from >= newest().first) return newest().members.everybody();
    node_set all;
    for_each_from(from, [&](governing const& one) { all = all | one.members.everybody(); });
    return all;
  }
  [[nodiscard]] node_set voters_from(slot from) const {
    node_set all;
    for_each_from(from, [&](governing const& one) { all = all | one.members.voters(); });
    return all;
  }
  // This node as the newest configuration that knows it names it, null for a stranger.
  [[nodiscard]] member const* known(node_id id) const {
    for (std::size_t i = all_.size(); i-- > 0;) {
      if (member const* const found = all_[i].members.find(id)) return found;
    }
    return nullptr;
  }
  // The set of this one node, by any retained configuration; empty for a stranger.
  [[nodiscard]] SYNOD_ALWAYS_INLINE node_set only(node_id id) const {
    known_node const& usual = usual_[id.value % usual_.size()];
    return usual.id == id ? usual.only : search(id);
  }
  [[nodiscard]] node_set only_self() const { return only_self_; }
  // Everybody else in a configuration that governs `from` or a later slot.
  [[nodiscard]] SYNOD_ALWAYS_INLINE node_set others_from(slot from) const {
    return from >= newest().first ? others_ : everybody_from(from) - only_self_;
  }
  // Then what `only` says of a node is true of every slot.
  [[nodiscard]] bool is_one() const { return all_.size() == 1; }

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
    if (all_.size() == 1 || all_[1].first > from) return;
    while (all_.size() > 1 && all_[1].first <= from) all_.erase(all_.begin());
    changed();
  }

  // What a floor record carries: every configuration that was not forgotten.
  [[nodiscard]] shared<list<governed_from>> const& retained() const { return retained_; }
  // What a snapshot head carries.
  [[nodiscard]] list<governed_from> saved(slot from) const {
    list<governed_from> made;
    for_each_from(from, [&](governing const& one) { made.push_back({one.first, one.members}); });
    return made;
  }
  void restore(list<governed_from> const& known) {
    list<governing> next;
    for (governed_from const& one : known) {
      auto bound = Quorum::bind(one.members);
      if (!bound.system.has_value()) return;
      next.push_back({one.first, one.members, *bound.system});
    }
    if (next.empty() || next.back().members.number() < newest().members.number()) return;
    all_ = std::move(next);
    changed();
  }

 private:
  struct known_node {
    node_id id;
    node_set only;
  };

  [[nodiscard, gnu::noinline]] governing const& older(slot at) const {
    governing const* one = &all_.back();
    while (at < one->first && one != all_.data()) --one;
    return *one;
  }
  [[nodiscard, gnu::noinline]] node_set search(node_id id) const {
    for (known_node const& one : known_) {
      if (one.id == id) return one.only;
    }
    return {};
  }

  void changed() {
    ++changes_;
    known_.clear();
    // Whose place would be another one is never found there.
    for (std::size_t i = 0; i < usual_.size(); ++i) usual_[i] = {node_id(i + 1), node_set()};
    for (std::size_t i = all_.size(); i-- > 0;) {
      for (member const& one : all_[i].members.members()) {
        if (search(one.id).empty()) known_.push_back({one.id, node_set::of(one.index)});
      }
    }
    for (known_node const& one : known_) usual_[one.id.value % usual_.size()] = one;
    only_self_ = search(self_);
    others_ = newest().members.everybody() - only_self_;
    retained_ = saved(slot());
  }

  node_id self_;
  list<governing> all_;
  list<known_node> known_;
  std::array<known_node, 8> usual_;  // the same, as far as there is room, each at its place
  node_set only_self_;
  node_set others_;
  shared<list<governed_from>> retained_;
  std::uint64_t changes_ = 0;
};

}  // namespace synod
