// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/storage/io.hpp>
#include <synod/testing/disk_image.hpp>
#include <synod/testing/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

// How a disk treats its operations. All chances are parts per million of an operation.
struct disk_weather {
  time_ns latency_least = 0;   // of a queued write
  time_ns latency_mean = 0;    // beyond the least, as of independent arrivals
  std::uint32_t stalling = 0;  // the chance that a queued write takes `stall` longer
  time_ns stall = 10'000'000'000;
  std::uint32_t sync_error = 0;    // a write or sync that says it failed, and whose data is gone
  std::uint32_t lying_sync = 0;    // a write or sync that says it is durable and is not
  std::uint32_t read_error = 0;    // a read that fails, once
  std::uint32_t misdirection = 0;  // a write that lands elsewhere in the same file
};

struct disk_shape {
  std::size_t sector_bytes = 4096;  // what the disk writes as one: 512 or 4096
  std::uint64_t capacity = std::uint64_t{1} << 30;
};

// A disk under simulation; `disk::io` is what a process sees of it and models synod::io, so the
// very code of file_log runs over it. To drive one per node from a simulator:
//
//   disk d(random.split(node));                 // outlives its node's restarts
//   auto log = file_log<disk::io>::open(d.mount(), options);   // each life mounts anew
//   ... core, drain: log->append(...), log->durable() ...
//   d.next_due()                                // when the earliest queued write will complete:
//   d.advance(now); log->durable();             //   at that time, ask the log again and run a
//   drain
//
//   d.kill();   then destroy the log            // the process dies: what it wrote is still cached
//   d.crash();  then destroy the log            // the power goes: any subset of what was not
//   synced,
//                                               //   in any order, torn or not, survives
//   d.wipe();                                   // another, empty disk
//   disk clone = d;                             // a cloned disk
//   d.flip_bit(), d.decay()                     // rot; `weather` and `capacity` for the rest
//
// A log whose mount was killed gets errors from then on, so that destroying it late does no harm.
// `wait` does not advance time: it completes what is queued, as a process that blocks would see it.
class disk {
 public:
  class io;

  explicit disk(random_source random, disk_shape shape = {})
      : capacity(shape.capacity), random_(random), image_(shape.sector_bytes) {}

  disk_weather weather;
  std::uint64_t capacity;

  struct counters {
    std::uint64_t writes = 0;
    std::uint64_t bytes_written = 0;
    std::uint64_t lies = 0;
    std::uint64_t sync_errors = 0;
    std::uint64_t misdirected = 0;
    std::uint64_t refused = 0;  // by a full disk
  };
  [[nodiscard]] counters const& counts() const { return counts_; }

  // -- processes
  // -----------------------------------------------------------------------------------

  // A process comes: its handle works until the next kill, crash or wipe.
  [[nodiscard]] io mount();
  // The process dies. What it wrote stays in the cache of the machine, durable or not.
  void kill() {
    for (queued const& one : queued_) image_.reveal(one.number);
    ++boot_;
    locked_by_ = 0;
    queued_.clear();
    handles_.clear();
  }

  // -- time
  // ----------------------------------------------------------------------------------------

  void advance(time_ns now) { now_ = now; }
  // When the next queued write will have completed; `never` where none is queued.
  [[nodiscard]] time_ns next_due() const {
    time_ns earliest = never;
    for (queued const& one : queued_) earliest = std::min(earliest, one.due);
    return earliest;
  }

  // -- the power goes
  // ------------------------------------------------------------------------------

  // Any subset of the unsynced sectors, in any order, some of them torn; any number of the newest
  // changes of names is lost.
  void crash() {
    std::vector<std::size_t> order(image_.unsynced());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    random_.shuffle(order);
    std::uint64_t const mood = random_.below(4);  // some crashes take nothing, and some everything
    auto const fate = [&](std::size_t) {
      if (mood == 0) return sector_fate::kept;
      if (mood == 1) return sector_fate::lost;
      std::uint64_t const drawn = random_.below(8);
      return drawn == 0 ? sector_fate::torn : drawn < 4 ? sector_fate::lost : sector_fate::kept;
    };
    std::size_t const names = static_cast<std::size_t>(random_.below(image_.unsynced_names() + 1));
    image_.crash(order, fate, mood == 0 ? image_.unsynced_names() : mood == 1 ? 0 : names);
    end_of_power();
  }
  // The same, chosen: `fate_of(index)` for each of `unsynced()` sectors in the order of writing.
  template <class FateOf>
  void crash(FateOf&& fate_of, std::size_t names_kept) {
    std::vector<std::size_t> order(image_.unsynced());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    image_.crash(order, fate_of, names_kept);
    end_of_power();
  }
  [[nodiscard]] std::size_t unsynced() const { return image_.unsynced(); }
  [[nodiscard]] std::size_t unsynced_names() const { return image_.unsynced_names(); }

  // Counts what can be interrupted: each write when it is issued and again when it becomes durable,
  // each change of names and each sync.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  // After `steps` further steps every operation fails, as if the machine had just stopped.
  void stop_after(std::uint64_t steps) { stop_at_ = steps_ + steps; }
  // After `steps` further steps one operation fails, and what it should have made durable never is,
  // although everything after it goes well.
  void fail_after(std::uint64_t steps) { fail_at_ = steps_ + steps; }
  [[nodiscard]] bool failed() const { return steps_ > fail_at_; }
  void go_on() { stop_at_ = fail_at_ = UINT64_MAX; }
  [[nodiscard]] bool stopped() const { return steps_ >= stop_at_; }

  // -- decay
  // ---------------------------------------------------------------------------------------

  void wipe() {
    image_ = disk_image(image_.sector_bytes());
    end_of_power();
  }
  // A bit of a file flips at rest. Returns false where there is no such file or bit.
  bool flip_bit(file_name const& name, std::uint64_t bit) {
    std::size_t const file = image_.find(name);
    if (file == disk_image::none || bit / 8 >= image_.size(file)) return false;
    image_.flip(file, bit);
    return true;
  }
  // A sector can no longer be read, until it is written again.
  bool lose_sector(file_name const& name, std::uint64_t offset) {
    std::size_t const file = image_.find(name);
    if (file == disk_image::none || offset >= image_.size(file)) return false;
    image_.make_unreadable(file, static_cast<std::size_t>(offset / image_.sector_bytes()));
    return true;
  }
  // A random bit or sector of a random file goes bad. Returns false on an empty disk.
  // Most of a disk is zeros to which nobody ever looks, so it is mostly where something was
  // written.
  bool decay() {
    std::vector<file_name> all = names();
    std::erase_if(all, [&](file_name const& one) { return image_.size(image_.find(one)) == 0; });
    if (all.empty()) return false;
    file_name const which = random_.pick(all);
    std::uint64_t at = random_.below(size(which));
    if (!random_.one_in(4)) at = next_written(which, at);
    if (random_.one_in(4)) return lose_sector(which, at);
    return flip_bit(which, at * 8 + random_.below(8));
  }
  [[nodiscard]] std::vector<file_name> names() const {
    std::vector<file_name> all;
    image_.list([&](file_name const& one) { all.push_back(one); });
    std::sort(all.begin(), all.end(), [](file_name const& a, file_name const& b) {
      return std::strcmp(a.text(), b.text()) < 0;
    });
    return all;
  }
  // What a process would read of a file, and a file that is there, durably, as if somebody had put
  // it: for golden files and for decoders that are fed anything.
  [[nodiscard]] std::vector<std::byte> contents(file_name const& name) const {
    std::size_t const file = image_.find(name);
    std::vector<std::byte> bytes(static_cast<std::size_t>(size(name)));
    if (!bytes.empty()) image_.read(file, 0, bytes);
    return bytes;
  }
  void plant(file_name const& name, std::span<std::byte const> bytes) {
    if (image_.find(name) != disk_image::none) image_.remove(name);
    std::size_t const sector = image_.sector_bytes();
    std::vector<std::byte> whole(bytes.begin(), bytes.end());
    whole.resize((bytes.size() + sector - 1) / sector * sector);
    std::size_t const file = image_.create(name, whole.size());
    if (!whole.empty()) image_.write(file, 0, whole, ++numbers_);
    image_.reveal(numbers_);
    image_.flush_file(file);
    image_.sync_names();
  }
  // The size of a file; 0 if there is none of that name.
  [[nodiscard]] std::uint64_t size(file_name const& name) const {
    std::size_t const file = image_.find(name);
    return file == disk_image::none ? 0 : image_.size(file);
  }

 private:
  struct queued {
    std::uint64_t token;
    std::uint64_t number;
    std::size_t file;
    time_ns due;
  };

  // The first place from there on, and then from the beginning, that is not zero.
  [[nodiscard]] std::uint64_t next_written(file_name const& which, std::uint64_t from) const {
    std::vector<std::byte> const bytes = contents(which);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::uint64_t const at = (from + i) % bytes.size();
      if (bytes[static_cast<std::size_t>(at)] != std::byte{0}) return at;
    }
    return from;
  }
  void end_of_power() {
    kill();
    go_on();
  }
  // Whether the machine still runs after this step.
  bool step() { return !stopped() && steps_++ != fail_at_; }
  // A write was issued and did not become durable; nobody will write it again.
  error abandon(std::uint64_t number) {
    if (!stopped()) image_.drop(number, random_.one_in(2));
    return failure("failed sync");
  }

  error issue(std::size_t file, std::uint64_t offset, std::span<std::byte const> from,
              std::uint64_t& number);
  error settle(std::size_t file, std::uint64_t number);
  error sync(std::size_t file);
  time_ns latency();
  template <class Sink>
  void complete(time_ns until, Sink&& sink);

  static error failure(char const* what, error_code code = error_code::io_failure) {
    return {code, 0, what, "the simulated disk was told to"};
  }

  random_source random_;
  disk_image image_;
  std::vector<std::size_t> handles_;  // handle -> file, `none` once closed
  std::vector<queued> queued_;
  counters counts_;
  std::uint64_t numbers_ = 0;  // of writes
  std::uint64_t steps_ = 0;
  std::uint64_t stop_at_ = UINT64_MAX;
  std::uint64_t fail_at_ = UINT64_MAX;
  std::uint64_t boot_ = 1;
  std::uint64_t locked_by_ = 0;  // a boot
  std::uint64_t mounts_ = 0;
  time_ns now_ = 0;
};

}  // namespace synod::testing

#include <synod/testing/disk_io.hpp>
