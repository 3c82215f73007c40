// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/membership.hpp>

#include <array>
#include <cstdint>

namespace synod {

// Voters in rows: phase 1 needs one of every row, phase 2 all of one row. The two meet whatever the
// lengths of the rows, since who holds one of every row holds one of that row too.
class grid_system {
 public:
  // The voters, by rising index, fill rows of `columns`; the last row may be shorter.
  // Requires: columns is at least 1.
  grid_system(node_set voters, std::uint32_t columns) {
    std::uint32_t filled = 0;
    voters.for_each([&](node_index at) {
      if (filled == 0) rows_[count_++] = node_set();
      rows_[count_ - 1U].insert(at);
      filled = filled + 1 == columns ? 0 : filled + 1;
    });
  }

  [[nodiscard]] bool phase1(node_set members) const {
    unsigned const needed = SYNOD_MUTATION(grid_skips_last_row) ? count_ - 1U : count_;
    for (unsigned row = 0; row < needed; ++row) {
      if ((rows_[row] & members).empty()) return false;
    }
    return true;
  }
  [[nodiscard]] bool phase2(node_set members) const {
    for (unsigned row = 0; row < count_; ++row) {
      if (members.contains(rows_[row])) return true;
    }
    return false;
  }

  [[nodiscard]] unsigned rows() const { return count_; }
  // Requires: at < rows().
  [[nodiscard]] node_set row(unsigned at) const { return rows_[at]; }

 private:
  std::array<node_set, node_set::capacity> rows_{};
  std::uint8_t count_ = 0;
};

// A grid whose row length is given in the type, or, where that is 0, in the membership record
// (spec.columns). Both may stand if they agree.
template <std::uint32_t Columns = 0>
struct grid {
  using system = grid_system;

  static constexpr char const* name() { return "grid"; }

  static bound_quorums<system> bind(membership const& members) {
    std::uint32_t const named = members.spec().columns;
    std::uint32_t const columns = Columns != 0 ? Columns : named;
    if (columns == 0 || (named != 0 && named != columns)) {
      return refuse(error_code::bad_option, named, "give the row length once, in type or members");
    }
    if (members.voters().empty()) {
      return refuse(error_code::quorum_cannot_be_reached, 0, "name at least one voter");
    }
    return {grid_system(members.voters(), columns), {}};
  }

 private:
  static bound_quorums<system> refuse(error_code code, std::uint64_t value, char const* remedy) {
    return {{}, {{code, value, "synod::grid", remedy}, {}, {}}};
  }
};

}  // namespace synod
