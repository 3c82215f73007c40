// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/storage/block_buffer.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/live_index.hpp>
#include <synod/storage/log_damage.hpp>
#include <synod/storage/log_format.hpp>
#include <synod/storage/log_recovery.hpp>
#include <synod/storage/segment_supply.hpp>
#include <synod/storage/twin_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace synod {

struct log_options {
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  // Less than this is never left of the disk by a new segment: the log turns read-only before.
  std::uint64_t low_water_bytes = std::uint64_t{256} << 20;
  std::size_t spare_segments = 2;  // kept for recycling
  std::size_t queue_depth = 2;     // writes under way at once
};

inline constexpr std::uint64_t segment_bytes_min = 16 * block_bytes;

// The segment that is being written.
struct open_segment {
  std::uint64_t number = 0;
  io_file file;
  std::uint64_t bytes = 0;
  std::uint64_t position = first_record_offset;  // of the next record
};

// What a log is made of, apart from the writes that are under way.
template <class Io>
struct log_parts {
  explicit log_parts(Io over) : disk(std::move(over)) {}

  Io disk;
  manifest store;
  twin_file<Io, manifest> store_file;
  segment_supply<Io> supply;
  live_index live;
  open_segment current;
  record_chain end;
  std::vector<log_damage> damages;
};

// Opens a store: locks it, recovers what is there, and makes certain that what was read is durable
// before anybody relies on it. The steps can be interrupted anywhere and begun again.
template <class Io>
class log_opening {
 public:
  explicit log_opening(log_parts<Io>& parts) : parts_(parts), disk_(parts.disk) {}

  error run(log_options const& options) {
    std::uint64_t const bytes = options.segment_bytes;
    if (bytes < segment_bytes_min || bytes >= segment_bytes_max || bytes % block_bytes != 0) {
      return {error_code::bad_option, bytes, "segment_bytes",
              "use a multiple of 4096 of at least 65536 and below 4 GiB"};
    }
    parts_.supply.configure(bytes, options.low_water_bytes, options.spare_segments);
    if (error const why = disk_.enter()) return why;
    if (error const why = look_around()) return why;
    if (error const why = identify()) return why;
    if (error const why = recover()) return why;
    if (error const why = rewrite_tail()) return why;
    if (error const why = begin_life()) return why;
    if (error const why = repair_headers()) return why;
    if (error const why = clean_up()) return why;
    return open_end();
  }

 private:
  error look_around() {
    return disk_.list([&](file_name const& name) {
      std::uint64_t number = 0;
      if (name.numbered("segment-", number)) segments_.push_back(number);
      if (name.numbered("spare-", number)) spares_.push_back(number);
      if (name == manifest::name) has_manifest_ = true;
      if (name == manifest::name_new) has_new_manifest_ = true;
    });
  }

  error identify() {
    if (has_new_manifest_) {  // a first open that was interrupted: it had promised nothing
      if (error const why = disk_.remove(manifest::name_new)) return why;
    }
    if (has_manifest_) return parts_.store_file.open(disk_, parts_.store);
    if (!segments_.empty()) {
      return {error_code::corruption, segments_.size(),
              "segments without the manifest of their store",
              "this node cannot prove what it promised: replace it through membership"};
    }
    parts_.store.store = {disk_.random(), disk_.random()};
    return parts_.store_file.create(disk_, parts_.store);
  }

  error recover() {
    std::sort(segments_.begin(), segments_.end());
    if (error const why = recovery_.run(disk_, parts_.store, segments_, parts_.live)) return why;
    parts_.end = recovery_.end();
    parts_.damages = recovery_.damages();
    for (log_damage const& one : parts_.damages) {
      parts_.store.damaged = parts_.store.damaged || one.is_everything();
      file_lost_ = file_lost_ || one.what == log_damage::extent::segment;
    }
    return {};
  }

  // Segments with one good copy of their header, or none but good records. What was lost is left as
  // it is; that something was lost is durable by now.
  error repair_headers() {
    for (std::uint64_t const number : recovery_.to_repair()) {
      auto const& all = parts_.damages;
      bool const lost = std::any_of(all.begin(), all.end(), [&](log_damage const& one) {
        return one.what == log_damage::extent::segment && one.segment == number;
      });
      if (lost) continue;
      if (error const why = repair_header(number)) return why;
    }
    return {};
  }

  error repair_header(std::uint64_t number) {
    result<io_file> const file = disk_.open(segment_name(number));
    if (!file) return file.error();
    result<std::uint64_t> const bytes = disk_.size(*file);
    if (!bytes) return bytes.error();
    block_buffer head;
    head.resize(static_cast<std::size_t>(first_record_offset));
    write_segment_header({parts_.store.store, number, *bytes}, head.bytes());
    error const why = disk_.write(*file, 0, std::as_const(head).bytes(), write_through::yes);
    disk_.close(*file);
    return why;
  }

  // What no mark vouches for may be in a cache only, or come from one after a sync that failed. It
  // is written again where it stands before anybody relies on it (hazard H21), and what was cut
  // behind it in its last block is erased, so that nothing of it can follow what is written next.
  error rewrite_tail() {
    if (!recovery_.has_tail()) return {};
    record_place const from = recovery_.tail();
    for (std::uint64_t number = from.segment(); number <= parts_.end.segment; ++number) {
      std::uint64_t const begin = number == from.segment()
                                      ? from.offset() / block_bytes * block_bytes
                                      : first_record_offset;
      if (error const why = rewrite(number, begin)) return why;
    }
    return {};
  }

  error rewrite(std::uint64_t number, std::uint64_t offset) {
    result<io_file> const file = disk_.open(segment_name(number));
    if (!file) return file.error();
    result<std::uint64_t> const bytes = disk_.size(*file);
    if (!bytes) return bytes.error();
    bool const last = number == parts_.end.segment;
    std::uint64_t const stop = last ? up_to_block(parts_.end.offset) : *bytes;
    block_buffer chunk;
    error why;
    while (!why && offset < stop) {
      std::uint64_t const length = std::min<std::uint64_t>(stop - offset, 256 * 1024);
      chunk.resize(static_cast<std::size_t>(length));
      why = disk_.read(*file, offset, chunk.bytes());
      if (last && offset + length > parts_.end.offset) {
        std::uint64_t const kept = parts_.end.offset - offset;
        std::memset(chunk.data() + kept, 0, static_cast<std::size_t>(length - kept));
      }
      if (!why) {
        why = disk_.write(*file, offset, std::as_const(chunk).bytes(), write_through::yes);
      }
      offset += length;
    }
    disk_.close(*file);
    return why;
  }

  // The incarnation is durable before anybody hears of it, and so is what part of the log counts:
  // behind the end at most the one segment that was ready for use.
  error begin_life() {
    manifest& store = parts_.store;
    std::uint64_t const next = parts_.end.segment + 1;
    bool const next_is_ready =
        next <= store.last_segment && recovery_.version() == log_format_version;
    if (!file_lost_ && store.last_segment != 0) {
      store.last_segment = next_is_ready ? next : parts_.end.segment;
    }
    store.life = {std::max(recovery_.life(), store.life.counter) + 1, disk_.random()};
    // Where the end itself was lost, the numbers of what was there are not given out again.
    parts_.end.next = std::max(parts_.end.next, store.mark + 1);
    store.mark = parts_.end.next - 1;
    ++store.generation;
    return parts_.store_file.write(disk_, store);
  }

  error clean_up() {
    for (std::uint64_t const number : spares_) parts_.supply.add_spare(number);
    for (std::uint64_t const number : segments_) {
      if (number >= parts_.store.first_segment && number <= parts_.store.last_segment) continue;
      result<io_file> const file = disk_.open(segment_name(number));
      if (!file) return file.error();
      result<std::uint64_t> const bytes = disk_.size(*file);
      disk_.close(*file);
      if (!bytes) return bytes.error();
      if (error const why = parts_.supply.retire(disk_, segment_name(number), *bytes)) return why;
    }
    return {};
  }

  // Where a whole file was lost, or the end is of an older format, a new segment is begun behind
  // what there is; otherwise the log goes on in the segment in which it ended.
  error open_end() {
    manifest const& store = parts_.store;
    parts_.live.reach(std::max(parts_.end.segment, store.first_segment));
    parts_.current.number = file_lost_ ? store.last_segment : parts_.end.segment;
    if (file_lost_ || store.last_segment == 0) {
      if (store.last_segment == 0) parts_.current.number = 0;
      return {};
    }
    result<io_file> const file = disk_.open(segment_name(parts_.end.segment));
    if (!file) return file.error();
    result<std::uint64_t> const bytes = disk_.size(*file);
    if (!bytes) return bytes.error();
    bool const older = recovery_.version() != log_format_version;
    parts_.current.file = *file;
    parts_.current.bytes = older ? 0 : *bytes;
    parts_.current.position = up_to_block(parts_.end.offset);
    if (store.last_segment <= parts_.end.segment) return {};
    std::uint64_t const next = parts_.end.segment + 1;
    result<io_file> const ahead = disk_.open(segment_name(next));
    if (!ahead) return ahead.error();
    result<std::uint64_t> const size = disk_.size(*ahead);
    if (!size) return size.error();
    parts_.supply.adopt(next, *ahead, *size);
    return {};
  }

  log_parts<Io>& parts_;
  Io& disk_;
  log_recovery<Io> recovery_;
  std::vector<std::uint64_t> segments_;
  std::vector<std::uint64_t> spares_;
  bool has_manifest_ = false;
  bool has_new_manifest_ = false;
  bool file_lost_ = false;
};

}  // namespace synod
