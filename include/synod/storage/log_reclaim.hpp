// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/live_index.hpp>
#include <synod/storage/log_format.hpp>
#include <synod/storage/log_recovery.hpp>
#include <synod/storage/segment_scan.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace synod {

// Frees the oldest segment of a log: what is alive in it is appended again at the end, a little at
// a time; once that is durable, and with it whatever replaced the rest, the segment may go.
template <class Io>
class log_reclaim {
 public:
  static constexpr std::uint64_t bytes_a_step = 128 * 1024;
  static constexpr std::uint64_t plenty = UINT64_MAX;

  // Effects: copies some living records through `append(record_header const&, body)`. Returns
  // whether the oldest segment can be dropped now; an error if a living record cannot be read any
  // more. `written_to` is the first segment that is still written to: what is on its way to the
  // disk cannot be read back. `room` is what the log can still write: plenty, unless the disk is
  // short of space. Copies take at most half of it: a log that fills itself up with them would be
  // worse off than before.
  template <class Append>
  result<bool> step(Io& disk, store_id store, live_index& live, std::uint64_t written_to,
                    std::uint64_t room, std::uint64_t appended, std::uint64_t durable,
                    Append&& append) {
    std::uint64_t const oldest = live.first_segment();
    room_ = room / 2;
    if (state_ == state::resting) {
      if (oldest >= written_to || !worthwhile(live)) return false;
      live.places_in(oldest, places_);
      next_ = 0;
      settled_at_ = appended;
      state_ = state::copying;
    }
    if (state_ == state::copying) {
      if (error const why = copy(disk, store, oldest, live, append)) return why;
    }
    bool const settled = durable >= settled_at_ || SYNOD_MUTATION(copies_not_awaited);
    if (state_ == state::settling && settled) {
      state_ = state::resting;
      return live.in(oldest).alive == 0 || SYNOD_MUTATION(living_segment_dropped);
    }
    return false;
  }

  [[nodiscard]] bool resting() const { return state_ == state::resting; }

 private:
  enum class state : std::uint8_t { resting, copying, settling };

  // Most segments die whole, by a trim, and waiting for that costs nothing. One is worth its
  // copying if hardly anything in it is alive (the state of its lanes), or if two thirds of a log
  // of some length are dead: going round once then writes at most half of what it frees. Where the
  // disk is short of space, three quarters of a segment must be dead.
  [[nodiscard]] bool worthwhile(live_index const& live) const {
    auto const& oldest = live.in(live.first_segment());
    if (room_ < plenty / 2) return oldest.alive * 4 <= oldest.records && !in_vain(live);
    if (oldest.alive * 16 <= oldest.records) return true;
    std::uint64_t const dead = live.records() - live.alive();
    return live.last_segment() - live.first_segment() >= 4 && dead >= 2 * live.alive();
  }

  [[nodiscard]] bool in_vain(live_index const& live) const {
    return vain_ == live.first_segment() + 1;
  }

  template <class Append>
  error copy(Io& disk, store_id store, std::uint64_t segment, live_index& live, Append& append) {
    if (next_ < places_.size()) {
      result<io_file> const file = disk.open(segment_name(segment));
      if (!file) return file.error();
      result<std::uint64_t> const bytes = disk.size(*file);
      if (!bytes) return bytes.error();
      reader_.begin(disk, *file, *bytes);
      error const why = copy_some(store, segment, live, append);
      disk.close(*file);
      if (why) return why;
    }
    if (next_ == places_.size()) state_ = state::settling;
    return {};
  }

  template <class Append>
  error copy_some(store_id store, std::uint64_t segment, live_index& live, Append& append) {
    std::uint64_t copied = 0;
    while (next_ < places_.size() && copied < bytes_a_step) {
      record_place const place = places_[next_++];
      read_header read;
      bool good = decode(reader_.at(place.offset(), record_header_bytes * 4), read);
      record_header const& says = read.says;
      if (good && !live.alive(says.address, place)) continue;  // replaced or trimmed meanwhile
      good =
          good && says.store == store && says.segment == segment && says.offset == place.offset();
      if (!good) return unreadable(segment);
      auto const all = reader_.at(place.offset(), read.extent());
      if (all.size() < read.extent()) return unreadable(segment);
      auto const body = all.subspan(read.header_bytes, says.body_bytes);
      if (crc32c(body) != says.body_checksum) return unreadable(segment);
      if (copied + read.extent() > room_) {  // few records, but large ones
        vain_ = segment + 1;
        next_ = places_.size();
        return {};
      }
      settled_at_ = append(says, body);
      copied += read.extent();
    }
    return {};
  }

  // The next open will find and name what is lost.
  static error unreadable(std::uint64_t segment) {
    return {error_code::corruption, segment, "a segment of the log: a living record is unreadable",
            "restart the node, it will report what is lost"};
  }

  state state_ = state::resting;
  std::vector<record_place> places_;
  std::size_t next_ = 0;
  std::uint64_t settled_at_ = 0;
  std::uint64_t room_ = plenty / 2;
  std::uint64_t vain_ = 0;  // above the segment whose living records found no room
  segment_reader<Io> reader_;
};

}  // namespace synod
