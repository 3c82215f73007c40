// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/record.hpp>
#include <synod/storage/address_table.hpp>
#include <synod/storage/slot_strip.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace synod {

// Where the newest record of every address is. The votes and choices of a long lane stand in a
// strip by slot; lane state, short lanes (one per register, one per object) and stray slots in a
// hash table.
class place_map {
 public:
  static constexpr std::uint64_t absent = address_table::absent;

  [[nodiscard]] std::uint64_t size() const { return others_.size() + in_strips_; }

  [[nodiscard]] std::uint64_t find(record_address const& address) const {
    if (in_strip(address)) {
      std::uint64_t const which = strip_of(address);
      if (which != absent) {
        std::uint64_t const found = at(which).find(address.at.value);
        if (found != absent) return found;
      }
    }
    return others_.find(address);
  }

  // Returns the place it had before, or absent.
  std::uint64_t put(record_address const& address, std::uint64_t place) {
    if (!in_strip(address)) {
      remember(address);
      return others_.put(address, place);
    }
    slot_strip& strip = at(make_strip(address));
    if (!strip.takes(address.at.value)) {
      remember(address);
      ++strays_;
      return others_.put(address, place);
    }
    std::uint64_t const stray = strays_ == 0 ? absent : others_.erase(address);
    std::uint64_t const before = strip.put(address.at.value, place);
    if (before == absent) ++in_strips_;
    return stray != absent ? stray : before;
  }

  // Returns the place it had, or absent.
  std::uint64_t erase(record_address const& address) {
    if (in_strip(address)) {
      std::uint64_t const which = strip_of(address);
      std::uint64_t const before = which == absent ? absent : at(which).erase(address.at.value);
      if (before != absent) {
        --in_strips_;
        return before;
      }
    }
    return others_.erase(address);
  }

  // Effects: erases the slots former + 1 .. upto of a lane; gone(kind, place) for each record.
  template <class Gone>
  void trim(group_id group, lane_id lane, slot former, slot upto, Gone&& gone) {
    for (record_kind kind : {record_kind::vote, record_kind::chosen}) {
      std::uint64_t const which = strip_of({group, lane, slot(0), kind});
      if (which == absent) continue;
      at(which).trim(upto.value, [&](std::uint64_t place) {
        --in_strips_;
        gone(kind, place);
      });
    }
    std::uint64_t const distance = upto - former;
    if (distance < others_.size() / (2 * (kinds_.size() + 1))) {
      for (slot at = former; at != upto; at = at.next()) {
        for (record_kind kind : kinds_) {
          std::uint64_t const before = others_.erase({group, lane, at.next(), kind});
          if (before != absent) gone(kind, before);
        }
      }
      return;
    }
    others_.erase_if([&](record_address const& address, std::uint64_t place) {
      bool const doomed = address.group == group && address.lane == lane && address.at != slot(0) &&
                          address.at <= upto;
      if (doomed) gone(address.kind, place);
      return doomed;
    });
  }

  template <class Visit>
  void each(Visit&& visit) const {
    others_.each(visit);
    for (owned_strip const& one : strips_) {
      one.strip.each([&](std::uint64_t where, std::uint64_t place) {
        visit(record_address{one.group, one.lane, slot(where), one.kind}, place);
      });
    }
  }

  void clear() { *this = place_map(); }

 private:
  // The first slots of a lane are kept apart, because most lanes have no others.
  static constexpr std::uint64_t first_in_strip = 16;

  struct owned_strip {
    group_id group;
    lane_id lane;
    record_kind kind = record_kind::vote;
    slot_strip strip;
  };

  static bool in_strip(record_address const& address) {
    return address.at.value >= first_in_strip &&
           (address.kind == record_kind::vote || address.kind == record_kind::chosen);
  }
  static record_address head_of(record_address address) {
    address.at = slot(0);
    return address;
  }
  slot_strip& at(std::uint64_t which) { return strips_[static_cast<std::size_t>(which)].strip; }
  [[nodiscard]] slot_strip const& at(std::uint64_t which) const {
    return strips_[static_cast<std::size_t>(which)].strip;
  }

  [[nodiscard]] std::uint64_t strip_of(record_address const& address) const {
    if (last_ < strips_.size() && owns(strips_[last_], address)) return last_;
    return by_lane_.find(head_of(address));
  }
  std::uint64_t make_strip(record_address const& address) {
    std::uint64_t which = strip_of(address);
    if (which == absent) {
      which = strips_.size();
      strips_.push_back({address.group, address.lane, address.kind, {}});
      by_lane_.put(head_of(address), which);
    }
    last_ = static_cast<std::size_t>(which);
    return which;
  }
  static bool owns(owned_strip const& one, record_address const& address) {
    return one.lane == address.lane && one.group == address.group && one.kind == address.kind;
  }

  void remember(record_address const& address) {
    if (address.at == slot(0)) return;
    if (std::find(kinds_.begin(), kinds_.end(), address.kind) == kinds_.end()) {
      kinds_.push_back(address.kind);
    }
  }

  address_table others_;
  address_table by_lane_;  // the first slot of a lane and kind -> index in strips_
  std::vector<owned_strip> strips_;
  std::vector<record_kind> kinds_;  // above slot 0 in others_
  std::uint64_t in_strips_ = 0;
  std::uint64_t strays_ = 0;  // that ever were put among the others
  std::size_t last_ = 0;      // the strip that was written last
};

}  // namespace synod
