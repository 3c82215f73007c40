// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/storage/block_buffer.hpp>
#include <synod/storage/io.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// The writes of a log on their way to the disk. Records are staged in one buffer while earlier
// buffers are being written, so whatever came in during one write goes out together with the next:
// group commit, without a timer. Writes may complete in any order; durable is what every earlier
// one joined.
class write_queue {
 public:
  explicit write_queue(std::size_t depth, std::size_t buffer_bytes = 64 * 1024) : depth_(depth) {
    writes_.resize(depth + 2);
    for (write& one : writes_) one.bytes.reserve(buffer_bytes);
  }

  // Whether it was not moved from.
  [[nodiscard]] bool usable() const { return !writes_.empty(); }
  [[nodiscard]] bool staged() const { return !tail().bytes.empty(); }
  [[nodiscard]] bool busy() const { return in_flight_ != 0; }
  // Whether as many writes as are allowed at once are under way or wait for it.
  [[nodiscard]] bool full() const { return count_ >= depth_; }
  // Whether nothing is staged or under way.
  [[nodiscard]] bool settled() const { return count_ == 0 && !staged(); }
  [[nodiscard]] std::uint64_t durable_sequence() const { return durable_sequence_; }
  [[nodiscard]] ticket durable_ticket() const { return durable_ticket_; }

  // Effects: everything up to that sequence is durable: what a recovery found.
  void start(std::uint64_t last) { durable_sequence_ = last; }

  // Returns room for that many bytes, which will be written to `file` behind what is staged; the
  // first of them determine where.
  std::span<std::byte> stage(io_file file, std::uint64_t offset, std::size_t bytes,
                             std::uint64_t last) {
    write& into = tail();
    if (into.bytes.empty()) {
      into.file = file;
      into.offset = offset;
    }
    into.last = last;
    return into.bytes.extend(bytes);
  }

  // Effects: the ticket is durable once everything staged so far is, also where an earlier part of
  // it is on its way already.
  void label(ticket at) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (at_index(i).at == at) at_index(i).at = ticket(at.value - 1);
    }
    if (staged()) {
      tail().at = at;
    } else if (count_ != 0) {
      at_index(count_ - 1).at = at;
    } else {
      durable_ticket_ = at;
    }
  }

  // Effects: what is staged becomes one write of whole blocks. Returns its length.
  std::uint64_t seal() {
    write& what = tail();
    if (what.bytes.empty()) return 0;
    what.bytes.pad();
    what.state = stage_of::sealed;
    std::uint64_t const length = what.bytes.size();
    if (count_ + 1 == writes_.size()) grow();
    ++count_;
    fresh(tail());
    return length;
  }

  // Effects: hands sealed writes to the disk, no more than `depth` at a time.
  template <class Io>
  void submit(Io& disk) {
    for (std::size_t i = 0; i < count_ && in_flight_ < depth_; ++i) {
      write& one = at_index(i);
      if (one.state != stage_of::sealed) continue;
      one.state = stage_of::flying;
      ++in_flight_;
      if (SYNOD_MUTATION(sync_skipped)) {
        error const why =
            disk.write(one.file, one.offset, std::as_const(one.bytes).bytes(), write_through::no);
        static_cast<void>(completed(disk, serial_ + i, why));
        return;
      }
      disk.submit(one.file, one.offset, std::as_const(one.bytes).bytes(), serial_ + i);
    }
  }

  // Effects: writes everything sealed itself, and returns when it is durable: the shortest way for
  // the one write that somebody waits for. Requires: nothing is under way.
  template <class Io>
  error write_all(Io& disk) {
    while (count_ != 0) {
      write& one = at_index(0);
      auto const when = SYNOD_MUTATION(sync_skipped) ? write_through::no : write_through::yes;
      error why = disk.write(one.file, one.offset, std::as_const(one.bytes).bytes(), when);
      if (why && SYNOD_MUTATION(failed_sync_retried)) why = disk.sync(one.file);
      if (why) return why;
      one.state = stage_of::done;
      retire();
    }
    return {};
  }

  // Effects: a write that `submit` handed over has completed: it is durable, or nothing behind it
  // ever will be. Returns the error.
  template <class Io>
  error completed(Io& disk, std::uint64_t token, error why) {
    --in_flight_;
    write& one = at_index(static_cast<std::size_t>(token - serial_));
    if (why && SYNOD_MUTATION(failed_sync_retried)) why = disk.sync(one.file);
    if (why) return why;
    one.state = stage_of::done;
    retire();
    return {};
  }

 private:
  enum class stage_of : std::uint8_t { open, sealed, flying, done };

  struct write {
    block_buffer bytes;
    io_file file;
    std::uint64_t offset = 0;
    std::uint64_t last = 0;  // sequence of its last record
    ticket at{};             // durable with it
    stage_of state = stage_of::open;
  };

  // The writes from the oldest on are the ring's places first_, first_ + 1, ...; behind the last of
  // them is the one that is being filled.
  [[nodiscard]] std::size_t index_of(std::size_t nth) const {
    return (first_ + nth) % writes_.size();
  }
  write& at_index(std::size_t nth) { return writes_[index_of(nth)]; }
  write& tail() { return writes_[index_of(count_)]; }
  [[nodiscard]] write const& tail() const { return writes_[index_of(count_)]; }

  static void fresh(write& one) {
    one.bytes.clear();
    one.at = ticket{};
    one.state = stage_of::open;
  }

  void grow() {
    std::vector<write> wider(writes_.size() * 2);
    for (std::size_t i = 0; i < writes_.size(); ++i) wider[i] = std::move(writes_[index_of(i)]);
    writes_.swap(wider);
    first_ = 0;
  }

  void retire() {
    while (count_ != 0 && at_index(0).state == stage_of::done) {
      write& one = at_index(0);
      durable_sequence_ = one.last;
      if (one.at > durable_ticket_) durable_ticket_ = one.at;
      fresh(one);
      first_ = (first_ + 1) % writes_.size();
      ++serial_;
      --count_;
      // The memory that was used last is the warmest for what comes next.
      if (count_ == 0 && !staged()) std::swap(one.bytes, tail().bytes);
    }
  }

  std::vector<write> writes_;
  std::size_t first_ = 0;
  std::uint64_t serial_ = 0;  // of the write at first_: what tokens are made of
  std::size_t count_ = 0;     // sealed, flying or done
  std::size_t in_flight_ = 0;
  std::size_t depth_;
  std::uint64_t durable_sequence_ = 0;
  ticket durable_ticket_{};
};

}  // namespace synod
