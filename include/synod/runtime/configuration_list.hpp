// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/core/list.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/record.hpp>

#include <cstdint>
#include <utility>

namespace synod {

// For protocols whose quorums admit every membership.
struct any_membership {
  static bool admits(membership const&) { return true; }
};

// The rule of a quorum family: what it cannot bind, it does not admit.
template <class Quorum>
struct bound_by {
  static bool admits(membership const& members) { return Quorum::bind(members).system.has_value(); }
};

// The configurations that govern the slots which are not applied yet: the one that governs the
// next, and those decided in the last alpha slots. A snapshot carries them, since whoever installs
// it has not seen the slots that decided them (hazard H22b).
class configuration_list {
 public:
  configuration_list(membership founders, std::uint32_t alpha) : alpha_(alpha) {
    known_.push_back({slot(1), std::move(founders)});
  }
  configuration_list() : configuration_list({}, 0) {}

  [[nodiscard]] list<governed_from> const& known() const { return known_; }

  // A membership was decided at a slot. It names the configuration that it builds on, by being one
  // higher: if that is not the newest, or the quorums do not admit it, the slot changes nothing.
  // Returns what it made, or null.
  template <class Rule>
  governed_from const* decided(slot at, membership const& members) {
    if (members.number().value != known_.back().members.number().value + 1) return nullptr;
    if (!Rule::admits(members)) return nullptr;
    known_.push_back({at + alpha_, members});
    return &known_.back();
  }

  // Forgets what governs only slots up to the applied one.
  void retire(slot applied) {
    std::size_t gone = 0;
    while (gone + 1 < known_.size() && known_[gone + 1].first <= applied.next()) ++gone;
    if (gone == 0) return;
    known_.erase(known_.begin(), known_.begin() + static_cast<std::ptrdiff_t>(gone));
  }

  void encode(wire_writer& out) const {
    out(static_cast<std::uint32_t>(known_.size()));
    for (governed_from const& one : known_) out(one.first, one.members);
  }
  [[nodiscard]] bool decode(wire_reader& in) {
    list<governed_from> read;
    std::uint32_t const count = in.count(smallest, sizeof(governed_from));
    read.resize(count);
    for (std::size_t i = 0; i < read.size(); ++i) {
      in(read[i].first, read[i].members);
      if (i > 0 && read[i].first <= read[i - 1].first) return false;
    }
    if (in.failed() || read.empty()) return false;
    known_ = std::move(read);
    return true;
  }

 private:
  static constexpr std::size_t smallest = 16;

  list<governed_from> known_;
  std::uint32_t alpha_;
};

}  // namespace synod
