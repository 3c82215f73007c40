// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/record.hpp>
#include <synod/storage/memory.hpp>
#include <synod/testing/random.hpp>

#include <cstdint>
#include <span>
#include <utility>

namespace synod::testing {

// What the simulator asks of a storage beyond being one, here for the storage in memory: when a
// write is done is decided outside, a crash may keep some of what was not durable, and the whole
// disk may be lost. One such object stands for the disk of a node over all its lives.
class memory_disk {
 public:
  explicit memory_disk(random_source random)
      : random_(random), log_(draw_store(), durability::when_told) {}

  void append(std::span<record_view const> records, ticket at) { log_.append(records, at); }
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

  // Effects: the writes up to this ticket have reached the disk.
  void written(ticket upto) { log_.make_durable(upto); }
  void fail(error why) { log_.fail(why); }

  // Effects: the process is gone, and what was not durable is kept up to a random point.
  void crash() {
    if (log_.appended() > log_.durable() && !log_.failed() && random_.one_in(3)) {
      std::uint64_t const open = log_.appended().value - log_.durable().value;
      log_.make_durable(ticket(log_.durable().value + random_.below(open + 1)));
    }
    log_.crash();
  }
  // Effects: the process is gone, and so is exactly what was not durable.
  void lose_open() { log_.crash(); }
  // Effects: the next life begins.
  void open() { log_.reopen(); }

  // Effects: an empty disk is there instead.
  void lose() { log_ = memory(draw_store(), durability::when_told); }
  // Effects: from the next life on the storage reports that it cannot be trusted.
  void harm(damage what) { log_.harm(std::move(what)); }

 private:
  store_id draw_store() { return {random_.next(), random_.next() | 1}; }

  random_source random_;
  memory log_;
};

}  // namespace synod::testing
