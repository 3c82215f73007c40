// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/core/error.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/one_of.hpp>

namespace synod {

// Who probably leads, and by which ballot we know it: of two hints the one with the higher ballot
// wins, so a stale one cannot send a client in circles.
struct leader_hint {
  ballot at;
  maybe<node_id> leader;

  friend constexpr bool operator==(leader_hint const&, leader_hint const&) = default;
};

// Definitely not done, and will never be: whoever gets this may try again as if nothing had
// happened.
struct refusal {
  error why;
  leader_hint hint;
};

// May have been done, may be done later, may never be done. It is a type of its own because calling
// it a failure is how acknowledged histories come to contradict themselves (hazard H10).
struct unknown_fate {
  error why;
};

// What became of an operation: a value, a refusal, or nobody can tell.
template <class R>
class outcome {
 public:
  outcome(R done) : state_(static_cast<R&&>(done)) {}
  outcome(refusal why) : state_(why) {}
  outcome(unknown_fate why) : state_(why) {}

  [[nodiscard]] explicit operator bool() const { return state_.template is<R>(); }
  [[nodiscard]] R& operator*() { return *state_.template get_if<R>(); }
  [[nodiscard]] R const& operator*() const { return *state_.template get_if<R>(); }
  [[nodiscard]] R* operator->() { return state_.template get_if<R>(); }
  [[nodiscard]] R const* operator->() const { return state_.template get_if<R>(); }

  // Null unless the operation was refused.
  [[nodiscard]] refusal const* refused() const { return state_.template get_if<refusal>(); }
  // Null unless the fate of the operation is unknown.
  [[nodiscard]] unknown_fate const* unknown() const {
    return state_.template get_if<unknown_fate>();
  }

  [[nodiscard]] ::synod::error error() const {
    if (auto const* why = refused()) return why->why;
    if (auto const* why = unknown()) return why->why;
    return {};
  }

 private:
  one_of<R, refusal, unknown_fate> state_;
};

}  // namespace synod
