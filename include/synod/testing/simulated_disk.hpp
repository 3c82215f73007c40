// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/record.hpp>
#include <synod/storage/memory.hpp>
#include <synod/testing/random.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

// What the simulator asks of a storage beyond being one: it stands for the disk of a node over all
// its lives, takes time to write, keeps some of what was not durable in a crash, and can be lost or
// damaged. This is the one in memory, which knows no bytes and is the fastest.
class memory_disk {
 public:
  explicit memory_disk(random_source random)
      : random_(random), log_(draw_store(), durability::when_told) {}

  // Effects: the next life begins. Returns: what prevents it.
  error open() {
    log_.reopen();
    writes_.clear();
    first_ = 0;
    free_at_ = 0;
    return {};
  }

  void append(std::span<record_view const> records, ticket at) {
    log_.append(records, at);
    time_ns const begins = free_at_ > now_ ? free_at_ : now_;
    free_at_ = begins + 20'000 + random_.exponential(200'000) + slower_by_;
    writes_.push_back({free_at_, at});
  }
  [[nodiscard]] ticket durable() const { return log_.durable(); }
  [[nodiscard]] ticket appended() const { return log_.appended(); }
  [[nodiscard]] error failed() const { return log_.failed(); }
  template <class Sink>
  damage replay(Sink&& sink) {
    return log_.replay(std::forward<Sink>(sink));
  }
  void trim(group_id group, lane_id lane, slot upto) { log_.trim(group, lane, upto); }
  [[nodiscard]] store_id store() const { return log_.store(); }
  [[nodiscard]] incarnation life() const { return log_.life(); }

  // Effects: what is done by then reaches the disk.
  void advance(time_ns now) {
    now_ = now;
    while (first_ < writes_.size() && writes_[first_].due <= now) {
      log_.make_durable(writes_[first_++].upto);
    }
    if (first_ == writes_.size()) {
      writes_.clear();
      first_ = 0;
    }
  }
  // When something will be done that is not yet; `never` where nothing is under way.
  [[nodiscard]] time_ns next_due() const {
    return first_ < writes_.size() ? writes_[first_].due : never;
  }
  // Effects: everything is done at once.
  void write_all() { log_.make_durable(log_.appended()); }

  // Effects: from now on every write takes that much longer.
  void slow_down(time_ns by) { slower_by_ = by; }
  // Effects: a sync fails, which is final for this life.
  void fail_sync() { log_.fail({error_code::io_failure, 0, "simulation", "it was made to fail"}); }

  // Effects: what was to fail and has not failed yet does not fail.
  void heal() {}

  // Effects: the process is gone, and what was not durable is kept up to a random point.
  void crash() {
    if (log_.appended() > log_.durable() && !log_.failed() && random_.one_in(3)) {
      std::uint64_t const open = log_.appended().value - log_.durable().value;
      log_.make_durable(ticket(log_.durable().value + random_.below(open + 1)));
    }
    log_.crash();
  }
  // Effects: the process is gone, and so is exactly what was not durable.
  void crash_exactly() { log_.crash(); }

  // Effects: an empty disk is there instead. Requires: no process runs on it.
  void lose() { log_ = memory(draw_store(), durability::when_told); }
  // Requires, of both: no process runs on it.
  [[nodiscard]] memory_disk copy() const { return *this; }
  void put_back(memory_disk const& from) { *this = from; }
  // Effects: something that was durable can no longer be told. Requires: no process runs on it.
  void spoil() {
    damage everything;
    everything.everything = true;
    log_.harm(std::move(everything));
  }

 private:
  struct write {
    time_ns due;
    ticket upto;
  };

  store_id draw_store() { return {random_.next(), random_.next() | 1}; }

  random_source random_;
  memory log_;
  std::vector<write> writes_;
  std::size_t first_ = 0;  // of those not done
  time_ns now_ = 0;
  time_ns free_at_ = 0;
  time_ns slower_by_ = 0;
};

}  // namespace synod::testing
