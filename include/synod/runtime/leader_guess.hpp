// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/outcome.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

// Who leads, as far as one can know from outside. Of two hints the one with the higher ballot wins,
// so that a node which is behind cannot send anybody back. A hint as old as the one we follow
// counts only if that one has failed us, and only if it names somebody else.
class leader_guess {
 public:
  [[nodiscard]] maybe<node_id> const& leader() const { return leader_; }
  [[nodiscard]] ballot const& at() const { return at_; }

  // Returns whether the hint changed anything.
  bool follow(leader_hint const& hint) {
    if (!hint.leader.has_value()) return false;
    bool const newer = hint.at > at_ || SYNOD_MUTATION(client_follows_every_hint);
    bool const instead = hint.at == at_ && !leader_.has_value() && hint.leader != failed_;
    if (!newer && !instead) return false;
    at_ = hint.at;
    leader_ = hint.leader;
    failed_.reset();
    return true;
  }

  // That node did not answer, or says that it does not lead.
  void doubt(node_id node) {
    if (leader_ == node) leader_.reset();
    failed_ = node;
  }

  // Whom to ask now: the leader, if one is known; else each in turn. What is to keep its order goes
  // `one_way`, until something has to be asked `again`. Requires: there are members.
  node_id aim(membership const& known, bool one_way, bool again) {
    if (leader_.has_value()) return *leader_;
    auto const& all = known.members();
    if (one_way && again) ++turn_;
    if (turn_ >= all.size()) turn_ = 0;
    node_id const next = all[turn_].id;
    if (!one_way) ++turn_;
    return next;
  }

 private:
  ballot at_;
  maybe<node_id> leader_;
  maybe<node_id> failed_;
  std::size_t turn_ = 0;
};

}  // namespace synod
