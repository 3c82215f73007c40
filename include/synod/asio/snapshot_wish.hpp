// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/runtime/snapshot_policy.hpp>

#include <cstdint>
#include <optional>

namespace synod::asio {

// Snapshots every so many slots, if at all, and whenever somebody asks for one.
class snapshot_wish {
 public:
  // What the host and its policy have in common.
  struct shared {
    bool wanted = false;
    std::optional<slot> ended;  // one ended there, well or not
  };

  snapshot_wish() = default;
  snapshot_wish(std::uint64_t slots, shared& with)
      : every_(slots), regular_(slots != 0), shared_(&with) {}

  [[nodiscard]] bool due(slot applied) const {
    return (shared_ != nullptr && shared_->wanted) || (regular_ && every_.due(applied));
  }
  void taken(slot upto) {
    every_.taken(upto);
    if (shared_ == nullptr) return;
    shared_->wanted = false;
    shared_->ended = upto;
  }
  void rebase(slot applied) { every_.rebase(applied); }

 private:
  snapshots_every every_;
  bool regular_ = false;
  shared* shared_ = nullptr;
};

static_assert(snapshot_policy<snapshot_wish>);

}  // namespace synod::asio
