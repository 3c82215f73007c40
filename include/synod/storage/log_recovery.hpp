// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/live_index.hpp>
#include <synod/storage/log_damage.hpp>
#include <synod/storage/log_format.hpp>
#include <synod/storage/segment_scan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace synod {

inline file_name segment_name(std::uint64_t number) { return file_name("segment-", number); }

// Reads a whole log and says where it ends, what of it is alive and what of it is lost.
//
// Two things look alike: a write that the power interrupted, and a record that was durable once and
// has rotted (hazard H20). Each record carries the durable mark known when it was written, and so
// does the manifest, so everything up to the highest mark found was durable: damage there is
// corruption, it is reported and nothing is cut. What is above no mark vouches for, and nothing of
// it was acknowledged by a process that got as far as writing the mark: from the first damage there
// everything is cut, valid records too, since a hole cannot be told from a record that never was.
template <class Io>
class log_recovery {
 public:
  // Effects: fills `live`. `present` are the numbers of the segments that there are. Returns an
  // error where the disk fails, or a file was written by a newer version.
  error run(Io& disk, manifest const& from, std::vector<std::uint64_t> const& present,
            live_index& live) {
    disk_ = &disk;
    present_ = &present;
    from_ = &from;
    live_ = &live;
    mark_ = from.mark;
    life_ = from.life.counter;
    if (error const why = pass(UINT64_MAX)) return why;
    for (log_damage const& one : damages_) {
      bool const vouched = one.first_sequence <= mark_ && !SYNOD_MUTATION(tail_cut_at_corruption);
      if (one.what == log_damage::extent::segment || vouched) continue;
      cut_ = true;
      if (error const why = pass(one.first_sequence - 1)) return why;
      break;
    }
    // Nothing follows, and yet there was more.
    if (end_.next <= mark_ && !SYNOD_MUTATION(tail_cut_at_corruption)) {
      damages_.push_back(
          {log_damage::extent::unknown, end_.segment, end_.offset, end_.next, mark_, {}});
    }
    std::erase_if(damages_, [&](log_damage const& one) {
      return one.what == log_damage::extent::record &&
             live.superseded(one.address, record_place(one.segment, one.offset));
    });
    return {};
  }

  // Where the next record goes, what it must say, and up to where the log is durable for certain.
  [[nodiscard]] record_chain const& end() const { return end_; }
  [[nodiscard]] std::uint64_t mark() const { return mark_; }
  // The highest life that wrote anything.
  [[nodiscard]] std::uint64_t life() const { return life_; }
  // Whether something at the end was cut.
  [[nodiscard]] bool cut() const { return cut_; }
  [[nodiscard]] std::vector<log_damage> const& damages() const { return damages_; }
  // Segments whose header is to be written again.
  [[nodiscard]] std::vector<std::uint64_t> const& to_repair() const { return to_repair_; }
  // Where records begin that no mark vouches for; the place of the end if there are none.
  [[nodiscard]] record_place tail() const {
    return tail_.empty() ? record_place(end_.segment, end_.offset) : tail_.front().at;
  }
  [[nodiscard]] bool has_tail() const { return !tail_.empty(); }
  // The version of the format of the segment in which the log ends.
  [[nodiscard]] std::uint32_t version() const { return version_; }

 private:
  struct unmarked {
    std::uint64_t sequence;
    record_place at;
  };

  error pass(std::uint64_t last_sequence) {
    live_->clear(from_->first_segment);
    damages_.clear();
    to_repair_.clear();
    tail_.clear();
    limit_ = last_sequence;
    record_chain chain;
    chain.segment = from_->first_segment;
    chain.offset = first_record_offset;
    if (from_->first_segment == 1) chain.next = 1;
    end_ = chain;
    end_.next = 1;
    for (std::uint64_t s = from_->first_segment; s <= from_->last_segment; ++s) {
      if (error const why = read_segment(s, chain)) return why;
      if (chain.next == 0) chain.next = 1;
      if (chain.next > limit_ + 1 && limit_ != UINT64_MAX) break;
    }
    return {};
  }

  error read_segment(std::uint64_t number, record_chain& chain) {
    if (std::find(present_->begin(), present_->end(), number) == present_->end()) {
      return lost(number, chain);
    }
    result<io_file> const file = disk_->open(segment_name(number));
    if (!file) return file.error();
    result<std::uint64_t> const bytes = disk_->size(*file);
    if (!bytes) {
      disk_->close(*file);
      return bytes.error();
    }
    reader_.begin(*disk_, *file, *bytes);
    header_state good = header_state::bad;
    std::uint32_t version = log_format_version;
    for (std::size_t copy = 0; copy < 2; ++copy) {
      segment_header says;
      std::span<std::byte const> const block = reader_.at(copy * block_bytes, block_bytes);
      header_state const state = decode(block, says);
      bool const ours = says.store == from_->store && says.number == number;
      if (state == header_state::good && ours) {
        good = state;
        version = version_of(block);
      } else if (state == header_state::newer) {
        disk_->close(*file);
        return {error_code::newer_format, version_of(block), "a segment of the log",
                "run the version that wrote it, or a newer one"};
      } else if (to_repair_.empty() || to_repair_.back() != number) {
        to_repair_.push_back(number);
      }
    }
    std::uint64_t const before = found_;
    scan(number, chain);
    if (end_.segment == number) version_ = version;
    disk_->close(*file);
    return good == header_state::bad && found_ == before ? lost(number, chain) : error{};
  }

  void scan(std::uint64_t number, record_chain& chain) {
    scan_segment(
        reader_, from_->store, number, chain, [&](found_record const& one) { return take(one); },
        [&](std::uint64_t first, std::uint64_t last, record_chain const& at) {
          if (first > limit_) return;
          damages_.push_back({log_damage::extent::unknown, at.segment, at.offset, first, last, {}});
        });
  }

  bool take(found_record const& one) {
    record_header const& says = one.header.says;
    if (says.sequence > limit_) return false;
    ++found_;
    life_ = std::max(life_, says.life);
    record_place const place(one.segment, one.offset);
    if (says.mark > mark_) {
      mark_ = says.mark;
      auto const vouched = [&](unmarked const& each) { return each.sequence <= mark_; };
      tail_.erase(tail_.begin(), std::find_if_not(tail_.begin(), tail_.end(), vouched));
    }
    if (says.sequence > mark_) tail_.push_back({says.sequence, place});
    if (one.body_good) {
      live_->put(says.address, says.at, place);
    } else {
      live_->lose(says.address, place);
      damages_.push_back({log_damage::extent::record, one.segment, one.offset, says.sequence,
                          says.sequence, says.address});
    }
    end_ = {says.sequence + 1, one.header.checksum, says.life, one.segment,
            one.offset + one.header.extent()};
    return true;
  }

  error lost(std::uint64_t number, record_chain const& chain) {
    damages_.push_back({log_damage::extent::segment, number, 0, chain.next, chain.next, {}});
    return {};
  }

  Io* disk_ = nullptr;
  manifest const* from_ = nullptr;
  std::vector<std::uint64_t> const* present_ = nullptr;
  live_index* live_ = nullptr;
  segment_reader<Io> reader_;
  record_chain end_;
  std::uint64_t limit_ = UINT64_MAX;
  std::uint64_t mark_ = 0;
  std::uint64_t life_ = 0;
  std::uint64_t found_ = 0;
  std::uint32_t version_ = log_format_version;
  bool cut_ = false;
  std::vector<unmarked> tail_;
  std::vector<log_damage> damages_;
  std::vector<std::uint64_t> to_repair_;
};

}  // namespace synod
