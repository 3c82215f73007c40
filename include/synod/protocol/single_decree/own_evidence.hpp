// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/slot_value.hpp>

#include <utility>

namespace synod {

// What a node has promised or voted itself: it counts like everybody else's, when the record is
// durable and not before.
template <class Command>
class own_evidence {
 public:
  struct content {
    ticket after;
    ballot at;
    ballot voted;
    slot_value<Command> value;
  };

  void note(content what) { held_ = std::move(what); }
  // Returns: what is durable now, once.
  maybe<content> take(ticket upto) {
    if (!held_.has_value() || held_->after > upto) return std::nullopt;
    return std::exchange(held_, std::nullopt);
  }

  void forget() { held_.reset(); }

  // Everything that decides how it goes on, for whoever compares states.
  template <class Visit>
  void fields(Visit&& visit) const {
    if (held_.has_value()) visit(held_->after, held_->at, held_->voted, held_->value);
    visit(held_.has_value());
  }

 private:
  maybe<content> held_;
};

}  // namespace synod
