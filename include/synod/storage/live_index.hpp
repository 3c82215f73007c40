// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/record.hpp>
#include <synod/storage/address_table.hpp>
#include <synod/storage/log_format.hpp>
#include <synod/storage/place_map.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace synod {

// Where in the log a record begins, in one number that sorts as the log does.
struct record_place {
  std::uint64_t value = 0;  // segment:35 | offset / 8:29

  constexpr record_place() = default;
  constexpr explicit record_place(std::uint64_t packed) : value(packed) {}
  constexpr record_place(std::uint64_t segment, std::uint64_t offset)
      : value(segment << 29 | offset >> 3) {}

  [[nodiscard]] constexpr std::uint64_t segment() const { return value >> 29; }
  [[nodiscard]] constexpr std::uint64_t offset() const { return (value & 0x1fffffff) << 3; }
  friend constexpr auto operator<=>(record_place, record_place) = default;
};
inline constexpr std::uint64_t segment_bytes_max = std::uint64_t{1} << 32;

// Which records of a log are alive: the newest of each address that was not trimmed. It counts them
// by segment, so that a segment in which none is left can go.
class live_index {
 public:
  struct segment_count {
    std::uint64_t records = 0;
    std::uint64_t alive = 0;
  };

  // Effects: forgets everything; the log begins with that segment.
  void clear(std::uint64_t first_segment) {
    newest_.clear();
    floors_.clear();
    segments_.assign(1, {});
    first_ = first_segment;
    lost_ = 0;
  }

  [[nodiscard]] std::uint64_t first_segment() const { return first_; }
  [[nodiscard]] std::uint64_t last_segment() const { return first_ + segments_.size() - 1; }
  [[nodiscard]] segment_count const& in(std::uint64_t segment) const {
    return segments_[static_cast<std::size_t>(segment - first_)];
  }
  [[nodiscard]] std::uint64_t records() const { return records_in_all(&segment_count::records); }
  [[nodiscard]] std::uint64_t alive() const { return newest_.size(); }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

  [[nodiscard]] bool alive(record_address const& address, record_place at) const {
    return newest_.find(address) == at.value;
  }
  // Whether the record at that place was replaced, or need not be known any more. That is so for a
  // vote where the value is known to be chosen, wherever that stands: a promise tells the value. It
  // is not so the other way round, since a vote is no word about what was chosen.
  [[nodiscard]] bool superseded(record_address const& address, record_place at) const {
    if (address.at != slot(0) && address.at <= floor_of(address.group, address.lane)) return true;
    return later(address, at) ||
           (address.kind == record_kind::vote && address.at != slot(0) &&
            newest_.find(with(address, record_kind::chosen)) != place_map::absent);
  }

  // Effects: a record was written there. What it says of trimming and of lost records is obeyed.
  void put(record_address const& address, ballot const& at, record_place place) {
    reach(place.segment());
    ++count(place).records;
    if (address.kind == kind_mark || address.kind == kind_opened) return;
    if (address.kind == kind_trimmed) {
      trim(address.group, address.lane, slot(at.owner.value));
    } else if (address.kind != kind_lost && address.kind != record_kind::vote && lost_ != 0) {
      // A vote heals nothing: an old one, appended again, knows nothing of what was lost.
      forget(with(address, kind_lost));
    }
    ++count(place).alive;
    std::uint64_t const before = newest_.put(address, place.value);
    if (before != place_map::absent) {
      --count(record_place(before)).alive;
    } else if (address.kind == kind_lost) {
      ++lost_;
    }
  }

  // Effects: a record was there and cannot be read. What it replaced is not the newest of its
  // address any more.
  void lose(record_address const& address, record_place place) {
    reach(place.segment());
    ++count(place).records;
    forget(address);
  }

  // Effects: the records of that lane in slots 1..upto are dead.
  void trim(group_id group, lane_id lane, slot upto) {
    slot const before = floor_of(group, lane);
    if (upto <= before) return;
    floors_.put({group, lane, slot(0), kind_trimmed}, upto.value);
    newest_.trim(group, lane, before, upto,
                 [&](record_kind kind, std::uint64_t place) { bury(kind, record_place(place)); });
  }
  // The slot up to which a lane was trimmed.
  [[nodiscard]] slot floor_of(group_id group, lane_id lane) const {
    std::uint64_t const found = floors_.find({group, lane, slot(0), kind_trimmed});
    return slot(found == place_map::absent ? 0 : found);
  }

  // Effects: the log now begins with the next segment.
  // Requires: no record in the first one is alive.
  void drop_first_segment() {
    segments_.erase(segments_.begin());
    ++first_;
  }

  template <class Visit>
  void each(Visit&& visit) const {
    newest_.each([&](record_address const& address, std::uint64_t place) {
      visit(address, record_place(place));
    });
  }
  // Effects: writes to `into` where the living records of a segment are, in order.
  void places_in(std::uint64_t segment, std::vector<record_place>& into) const {
    into.clear();
    each([&](record_address const&, record_place place) {
      if (place.segment() == segment) into.push_back(place);
    });
    std::sort(into.begin(), into.end());
  }

  // Effects: the log reaches into that segment.
  void reach(std::uint64_t segment) {
    while (last_segment() < segment) segments_.emplace_back();
  }

 private:
  static record_address with(record_address address, record_kind kind) {
    address.kind = kind;
    return address;
  }
  [[nodiscard]] bool later(record_address const& address, record_place at) const {
    std::uint64_t const found = newest_.find(address);
    return found != place_map::absent && found > at.value;
  }
  segment_count& count(record_place place) {
    return segments_[static_cast<std::size_t>(place.segment() - first_)];
  }
  [[nodiscard]] std::uint64_t records_in_all(std::uint64_t segment_count::*which) const {
    std::uint64_t sum = 0;
    for (segment_count const& one : segments_) sum += one.*which;
    return sum;
  }
  void bury(record_kind kind, record_place place) {
    --count(place).alive;
    if (kind == kind_lost) --lost_;
  }
  void forget(record_address const& address) {
    std::uint64_t const before = newest_.erase(address);
    if (before != place_map::absent) bury(address.kind, record_place(before));
  }

  place_map newest_;
  address_table floors_;  // by lane: the slot up to which it was trimmed
  std::vector<segment_count> segments_;
  std::uint64_t first_ = 1;
  std::uint64_t lost_ = 0;
};

}  // namespace synod
