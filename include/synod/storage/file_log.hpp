// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/core/record.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/live_index.hpp>
#include <synod/storage/log_format.hpp>
#include <synod/storage/log_opening.hpp>
#include <synod/storage/log_reclaim.hpp>
#include <synod/storage/segment_scan.hpp>
#include <synod/storage/write_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace synod {

class posix_io;  // <synod/storage/posix_io.hpp>

// What a log can still take.
enum class log_state : std::uint8_t {
  open,
  read_only,  // the disk is down to its low-water mark: propose and accept nothing new until a trim
  failed,     // final for this process
};

// A write-ahead log in segments, over any Io.
//
// `append` only stages. What is staged is written by the next `durable`, which hands it to the disk
// and returns at once with how far the disk is, or by `wait`, which writes it inline and returns
// when it is durable. A host with one drain pending calls `wait`, which is as fast as the disk; one
// with more to do calls `durable`, and again when the Io says that something completed. While
// writes are under way, what is staged meanwhile becomes one write: group commit.
//
// Call `idle` when nothing came for a while: it writes the durable mark behind what was
// acknowledged, so that damage there is never taken for a torn end.
template <class Io = posix_io>
class file_log {
 public:
  // Effects: opens the store, makes one if there is none; bumps and syncs the incarnation. What was
  // read is durable when it returns.
  static result<file_log> open(Io disk, log_options const& options = {}) {
    file_log made(std::move(disk), options);
    if (error const why = made.begin(options)) return why;
    return made;
  }

  file_log(file_log&&) noexcept = default;
  file_log& operator=(file_log&&) = delete;
  // Effects: a log that did not fail writes what is staged and the durable mark.
  ~file_log() { close(); }

  // Effects: stages the records; they are durable together under `at`.
  // Requires: tickets do not go backwards, and none is used again once it was durable; no record is
  // at or below a slot up to which its lane was trimmed, except lane state in slot 0.
  void append(std::span<record_view const> records, ticket at) {
    if (error_) return;
    for (record_view const& one : records) {
      stage(one.address, one.at, one.body, one.checksum);
      if (error_) return;
    }
    queue_.label(at);
  }

  // Effects: starts writing what is staged, as far as the queue allows; reaps what has completed.
  // Returns: the highest ticket that is durable. It stays where it is once the log has failed.
  ticket durable() {
    if (error_) return queue_.durable_ticket();
    poll();
    background();
    push();
    return queue_.durable_ticket();
  }

  // Effects: returns when everything appended is durable, or the log has failed.
  void wait() {
    if (!error_) poll();
    flush();
    background();
    flush();
  }

  [[nodiscard]] error failed() const { return error_; }
  [[nodiscard]] log_state state() const {
    if (error_) return log_state::failed;
    return parts_.supply.short_of_space() ? log_state::read_only : log_state::open;
  }

  // Effects: `sink(record_view const&)` once for the newest record of every address that was not
  // trimmed, in the order of the log. The views are valid during the call only.
  // Returns: what is known to be lost. Everything, if the log has failed.
  template <class Sink>
  damage replay(Sink&& sink);

  // Effects: the records of that lane in slots 1..upto need not be kept any longer.
  // Requires: what makes them dispensable (a snapshot, and a promise that carries the ballots of
  // the votes among them) is durable.
  void trim(group_id group, lane_id lane, slot upto) {
    if (error_ || upto <= parts_.live.floor_of(group, lane)) return;
    stage({group, lane, slot(0), kind_trimmed}, {0, 0, node_id(upto.value)}, {}, empty_checksum);
    if (!error_) background();
  }

  // Effects: if nothing is under way and the last durable records are not vouched for by a mark,
  // stages one. Returns whether it did; a call of `durable` or `wait` then writes it.
  bool idle() {
    if (error_ || !queue_.settled() || unvouched_ <= marked_) return false;
    stage({group_id(0), host_lane, slot(0), kind_mark}, {}, {}, empty_checksum);
    return !error_;
  }

  [[nodiscard]] store_id store() const { return parts_.store.store; }
  [[nodiscard]] incarnation life() const { return parts_.store.life; }

  // What recovery found damaged, for people.
  [[nodiscard]] std::vector<log_damage> const& damages() const { return parts_.damages; }
  // Whether writes are under way, of records or of a segment in the making.
  [[nodiscard]] bool busy() const { return queue_.busy() || parts_.supply.busy(); }
  [[nodiscard]] Io& disk() { return parts_.disk; }

 private:
  static constexpr std::uint32_t empty_checksum = 0;  // CRC-32C of no bytes

  // A segment that is full and may still be written to.
  struct full_segment {
    io_file file;
    std::uint64_t last_sequence;
  };

  file_log(Io disk, log_options const& options)
      : parts_(std::move(disk)), queue_(options.queue_depth == 0 ? 1 : options.queue_depth) {}

  error begin(log_options const& options) {
    if (error const why = log_opening<Io>(parts_).run(options)) return error_ = why;
    queue_.start(parts_.end.next - 1);
    for (log_damage const& one : parts_.damages) {
      if (one.is_everything()) continue;
      stage({one.address.group, one.address.lane, one.address.at, kind_lost}, {}, {},
            empty_checksum);
    }
    if (!error_) stage({group_id(0), host_lane, slot(0), kind_opened}, {}, {}, empty_checksum);
    flush();
    if (!error_) background();
    return error_;
  }

  void stage(record_address const& address, ballot const& at, std::span<std::byte const> body,
             std::uint32_t checksum) {
    std::uint64_t const extent = record_extent(body.size());
    open_segment& segment = parts_.current;
    if (segment.position + extent > segment.bytes) {
      turn(extent);
      if (error_) return;
    }
    std::span<std::byte> const into = queue_.stage(
        segment.file, segment.position, static_cast<std::size_t>(extent), parts_.end.next);
    record_header header;
    header.address = address;
    header.at = at;
    header.body_bytes = static_cast<std::uint32_t>(body.size());
    header.body_checksum = checksum;
    header.previous = parts_.end.previous;
    header.offset = static_cast<std::uint32_t>(segment.position);
    header.sequence = parts_.end.next;
    header.segment = segment.number;
    header.mark = marked_ = queue_.durable_sequence();
    header.life = parts_.store.life.counter;
    header.store = parts_.store.store;
    parts_.end.previous = encode(header, into.data());
    if (!body.empty()) std::memcpy(into.data() + record_header_bytes, body.data(), body.size());
    std::size_t const used = record_header_bytes + body.size();
    if (used != into.size()) std::memset(into.data() + used, 0, into.size() - used);
    parts_.live.put(address, at, record_place(segment.number, segment.position));
    segment.position += extent;
    if (address.kind != kind_mark && address.kind != kind_opened) unvouched_ = parts_.end.next;
    ++parts_.end.next;
  }

  // Goes on in the next segment, for a record of that extent.
  void turn(std::uint64_t extent) {
    segment_supply<Io>& supply = parts_.supply;
    seal();
    if (parts_.current.file.is_open()) full_.push_back({parts_.current.file, parts_.end.next - 1});
    if (!supply.ready() && !supply.wanted()) supply.want(parts_.current.number + 1);
    while (!error_ && !supply.ready()) {
      parts_.store.mark = queue_.durable_sequence();
      error_ = supply.step(parts_.disk, parts_.store, parts_.store_file, 0);
      if (error_ || supply.ready()) break;
      if (supply.busy()) {
        await();
      } else if (supply.short_of_space()) {
        error_ = {error_code::disk_full, parts_.current.number,
                  "the log has no segment to go on in",
                  "free space, or trim: the log was read-only for a whole segment before"};
      }
    }
    if (error_) return;
    if (first_record_offset + extent > supply.bytes()) {
      error_ = {error_code::too_large, extent, "a record that fits into no segment",
                "raise segment_bytes, or lower the cap of a batch"};
      return;
    }
    parts_.current = {supply.number(), supply.file(), supply.bytes(), first_record_offset};
    parts_.live.reach(supply.number());
    supply.taken();
    supply.want(parts_.current.number + 1);
  }

  void seal() {
    queue_.seal();
    parts_.current.position = up_to_block(parts_.current.position);
  }

  // Hands what is staged to the disk, if the queue has room.
  void push() {
    if (error_) return;
    if (queue_.staged() && !queue_.full()) seal();
    queue_.submit(parts_.disk);
  }

  // Writes everything that is staged and returns when it is durable.
  void flush() {
    while (!error_ && !queue_.settled()) {
      if (queue_.staged()) seal();
      if (!queue_.busy()) {
        error_ = queue_.write_all(parts_.disk);
      } else {
        await();
      }
    }
  }

  void poll() {
    parts_.disk.poll([this](std::uint64_t token, error const& why) { reap(token, why); });
  }
  // Returns when something has completed. A disk that no longer answers has failed.
  void await() {
    bool any = false;
    parts_.disk.wait([&](std::uint64_t token, error const& why) {
      any = true;
      reap(token, why);
    });
    if (!any && !error_) error_ = {error_code::io_failure, 0, "a queued write never completed", ""};
  }
  // A write that failed is never tried again: what the disk holds is unknown from then on (H21).
  void reap(std::uint64_t token, error const& why) {
    error outcome = why;
    if (token == segment_supply<Io>::token) {
      parts_.supply.completed();
    } else {
      outcome = queue_.completed(parts_.disk, token, why);
    }
    if (outcome && !error_) error_ = outcome;
  }

  // What goes on beside appending: the next segment, and freeing the oldest.
  void background() {
    if (error_) return;
    parts_.store.mark = queue_.durable_sequence();
    std::uint64_t const room = parts_.current.bytes - parts_.current.position;
    error_ = parts_.supply.step(parts_.disk, parts_.store, parts_.store_file, room);
    while (!full_.empty() && full_.front().last_sequence <= queue_.durable_sequence()) {
      parts_.disk.close(full_.front().file);
      full_.erase(full_.begin());
    }
    if (error_) return;
    auto const again = [this](record_header const& says, std::span<std::byte const> body) {
      if (!error_) stage(says.address, says.at, body, says.body_checksum);
      return parts_.end.next - 1;
    };
    std::size_t const unwritten = SYNOD_MUTATION(unwritten_segment_freed) ? 0 : full_.size();
    std::uint64_t const written_to = parts_.current.number - unwritten;
    result<bool> const done = reclaim_.step(parts_.disk, store(), parts_.live, written_to,
                                            parts_.supply.short_of_space() ? room : reclaim_.plenty,
                                            parts_.end.next - 1, queue_.durable_sequence(), again);
    if (!done && !error_) error_ = done.error();
    if (!error_ && *done) drop_oldest();
  }

  // The manifest says that the segment is no part of the log before its file is given away.
  void drop_oldest() {
    file_name const name = segment_name(parts_.live.first_segment());
    parts_.live.drop_first_segment();
    parts_.store.first_segment = parts_.live.first_segment();
    ++parts_.store.generation;
    error_ = parts_.store_file.write(parts_.disk, parts_.store);
    if (error_ || was_lost(parts_.store.first_segment - 1)) return;
    result<io_file> const file = parts_.disk.open(name);
    if (!file) {
      error_ = file.error();
      return;
    }
    result<std::uint64_t> const bytes = parts_.disk.size(*file);
    parts_.disk.close(*file);
    error_ = bytes ? parts_.supply.retire(parts_.disk, name, *bytes) : bytes.error();
  }

  [[nodiscard]] bool was_lost(std::uint64_t segment) const {
    for (log_damage const& one : parts_.damages) {
      if (one.what == log_damage::extent::segment && one.segment == segment) return true;
    }
    return false;
  }

  void close() {
    if (!queue_.usable()) return;  // moved from
    if (!error_) wait();
    if (idle()) flush();
    while (busy()) {  // the disk still reads from our buffers
      bool any = false;
      parts_.disk.wait([&](std::uint64_t token, error const& why) {
        any = true;
        reap(token, why);
      });
      if (!any) break;
    }
    for (full_segment const& one : full_) parts_.disk.close(one.file);
    if (parts_.current.file.is_open()) parts_.disk.close(parts_.current.file);
    parts_.supply.close(parts_.disk);
    parts_.store_file.close(parts_.disk);
  }

  log_parts<Io> parts_;
  write_queue queue_;
  log_reclaim<Io> reclaim_;
  std::vector<full_segment> full_;
  std::uint64_t marked_ = 0;     // the mark in the newest record
  std::uint64_t unvouched_ = 0;  // the newest record that a mark should cover
  error error_{};
};

template <class Io>
template <class Sink>
damage file_log<Io>::replay(Sink&& sink) {
  damage harm;
  flush();
  std::uint64_t seen = 0;
  segment_reader<Io> reader;
  record_chain chain;
  for (std::uint64_t s = parts_.live.first_segment(); !error_ && s <= parts_.current.number; ++s) {
    if (parts_.live.in(s).alive == 0) continue;
    result<io_file> const file = parts_.disk.open(segment_name(s));
    if (!file) {
      error_ = file.error();
      break;
    }
    result<std::uint64_t> const bytes = parts_.disk.size(*file);
    if (!bytes) error_ = bytes.error();
    reader.begin(parts_.disk, *file, bytes ? *bytes : 0);
    chain.next = 0;
    auto const each = [&](found_record const& one) {
      record_header const& says = one.header.says;
      record_place const place(one.segment, one.offset);
      if (!one.body_good || !parts_.live.alive(says.address, place)) return true;
      ++seen;
      if (!is_log_internal(says.address.kind)) {
        sink(record_view{says.address, says.at, one.body, says.body_checksum});
      }
      return true;
    };
    scan_segment(reader, store(), s, chain, each,
                 [](std::uint64_t, std::uint64_t, record_chain const&) {});
    parts_.disk.close(*file);
  }
  if (!error_ && seen != parts_.live.alive()) {
    error_ = {error_code::corruption, parts_.live.alive() - seen,
              "the log: records that could be read at open are unreadable now",
              "restart the node, it will report what is lost"};
  }
  harm.everything = parts_.store.damaged || static_cast<bool>(error_);
  parts_.live.each([&](record_address const& address, record_place) {
    if (address.kind != kind_lost) return;
    harm.ranges.push_back({address.group, address.lane, address.at, address.at});
  });
  return harm;
}

}  // namespace synod
