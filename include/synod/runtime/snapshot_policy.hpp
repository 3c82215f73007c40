// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <concepts>
#include <cstdint>
#include <utility>

namespace synod {

// When a node takes a snapshot of its own, which lets it trim its log. A snapshot that fails is
// counted and tried again later; it never stops the node.
template <class T>
concept snapshot_policy = requires(T& policy, slot applied) {
  { policy.due(applied) } -> std::same_as<bool>;
  policy.taken(applied);   // one up to there is durable, ours or a received one
  policy.rebase(applied);  // a restart recovered up to there
};

struct snapshots_disabled {
  static bool due(slot) { return false; }
  void taken(slot) {}
  void rebase(slot) {}
};

// Every so many slots, counted from what a restart recovered: a node that comes back does not
// begin with a snapshot while it should be catching up.
class snapshots_every {
 public:
  explicit snapshots_every(std::uint64_t slots = 10'000) : slots_(slots == 0 ? 1 : slots) {}

  [[nodiscard]] bool due(slot applied) const {
    return applied > since_ && applied - since_ >= slots_;
  }
  void taken(slot upto) {
    if (upto > since_) since_ = upto;
  }
  void rebase(slot applied) { taken(applied); }

 private:
  std::uint64_t slots_;
  slot since_;
};

// Whenever the user says so: bool(slot applied, slot last_taken).
template <class Decide>
class snapshots_when {
 public:
  explicit snapshots_when(Decide decide) : decide_(std::move(decide)) {}

  [[nodiscard]] bool due(slot applied) { return applied > since_ && decide_(applied, since_); }
  void taken(slot upto) {
    if (upto > since_) since_ = upto;
  }
  void rebase(slot applied) { taken(applied); }

 private:
  Decide decide_;
  slot since_;
};

static_assert(snapshot_policy<snapshots_disabled> && snapshot_policy<snapshots_every>);

}  // namespace synod
