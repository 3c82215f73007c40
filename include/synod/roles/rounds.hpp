// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/maybe.hpp>

#include <cstdint>

namespace synod {

// Which rounds this node may use. They are reserved durably in blocks, and a restart begins above
// the block, so that no ballot is ever used for two attempts (hazard H2). A Prepare may leave at
// once for a round whose block is known to be durable, otherwise it waits for the record.
class round_reservation {
 public:
  // From a record of kind `reserved`.
  void restore(std::uint32_t upto) {
    if (SYNOD_MUTATION(ballot_reuse)) return;
    if (upto > used_) used_ = upto;
    if (upto > reserved_) reserved_ = upto;
  }

  // The next round above everything used and seen; none when they are used up.
  [[nodiscard]] maybe<std::uint32_t> take(std::uint32_t highest_seen) {
    std::uint32_t const above = highest_seen > used_ ? highest_seen : used_;
    if (above >= round_max) return std::nullopt;
    used_ = above + 1;
    return used_;
  }

  // Up to which round a record is due: at half a block before the end, so that it is rarely waited
  // for.
  [[nodiscard]] maybe<std::uint32_t> due() {
    if (used_ + round_block / 2 <= reserved_) return std::nullopt;
    reserved_ = used_ + round_block;
    if (first_reserved_ == 0) first_reserved_ = reserved_;
    return reserved_;
  }
  void written(ticket at) { written_ = at; }

  void persisted(ticket upto) {
    if (upto < written_) return;
    durable_ = reserved_;
    written_ = ticket(UINT64_MAX);
  }

  // Whether `round` may be used in a message that leaves now.
  [[nodiscard]] bool covered(std::uint32_t round) const { return round <= durable_; }

  // A number that no earlier life of this node had, since every life reserves rounds of its own
  // first. Whoever uses it must wait until `known`, or until that reservation is durable.
  [[nodiscard]] std::uint64_t life() const { return std::uint64_t{first_reserved_} << 32; }
  [[nodiscard]] bool known() const { return durable_ != 0; }

  // Everything that decides how it goes on, for whoever compares states.
  template <class Visit>
  void fields(Visit&& visit) const {
    visit(used_, reserved_, durable_, first_reserved_, written_);
  }

 private:
  std::uint32_t used_ = 0;
  std::uint32_t reserved_ = 0;
  std::uint32_t durable_ = 0;
  std::uint32_t first_reserved_ = 0;
  ticket written_{UINT64_MAX};
};

}  // namespace synod
