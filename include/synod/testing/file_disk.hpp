// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/record.hpp>
#include <synod/storage/file_log.hpp>
#include <synod/testing/disk.hpp>
#include <synod/testing/random.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace synod::testing {

// The disk of a node over all its lives with the log that a real node has: file_log over sectors,
// of which a crash keeps any subset in any order, torn or whole. It models what memory_disk models.
class file_disk {
 public:
  explicit file_disk(random_source random)
      : random_(random), disk_(std::make_unique<disk>(random.split(1), shape())) {
    disk_->weather.latency_least = latency_least;
    disk_->weather.latency_mean = latency_mean;
  }

  file_disk(file_disk&&) = default;
  file_disk& operator=(file_disk&&) = delete;
  ~file_disk() {
    if (disk_ != nullptr) disk_->kill();  // so that the log has nothing more to write
  }

  error open() {
    log_.reset();
    result<log_type> opened = log_type::open(disk_->mount(), options());
    if (!opened) {
      disk_->kill();
      return opened.error();
    }
    log_.emplace(std::move(*opened));
    store_ = log_->store();
    life_ = log_->life();
    appended_ = {};
    return {};
  }

  void append(std::span<record_view const> records, ticket at) {
    appended_ = at;
    log_->append(records, at);
  }
  [[nodiscard]] ticket durable() { return log_->durable(); }
  [[nodiscard]] ticket appended() const { return appended_; }
  [[nodiscard]] error failed() const { return log_->failed(); }
  template <class Sink>
  damage replay(Sink&& sink) {
    return log_->replay(std::forward<Sink>(sink));
  }
  void trim(group_id group, lane_id lane, slot upto) { log_->trim(group, lane, upto); }
  [[nodiscard]] store_id store() const { return store_; }
  [[nodiscard]] incarnation life() const { return life_; }

  void advance(time_ns now) { disk_->advance(now); }
  [[nodiscard]] time_ns next_due() const { return disk_->next_due(); }
  void write_all() { log_->wait(); }

  void slow_down(time_ns by) { disk_->weather.latency_least = latency_least + by; }
  // Effects: one of the next operations fails, and what it wrote is gone or not.
  void fail_sync() { disk_->fail_after(random_.below(3)); }

  void heal() {
    if (!log_ || !log_->failed()) disk_->go_on();
  }

  // Effects: the process is killed, and the machine still has what it wrote; or the power goes.
  void crash() {
    if (random_.one_in(3)) {
      disk_->kill();
      disk_->go_on();
    } else {
      disk_->crash();
    }
    log_.reset();
  }

  void lose() {
    log_.reset();
    disk_->wipe();
  }
  // Requires, of both: no process runs on it.
  [[nodiscard]] disk copy() const { return *disk_; }
  void put_back(disk const& from) {
    log_.reset();
    *disk_ = from;
    disk_->kill();
  }
  // Effects: a bit or a sector goes bad at rest. A log vouches for its end when it is idle, and
  // what rots before that cannot be told from a torn end: so it is idle once before. One is all
  // that a log promises to notice: of two, the second may take what vouches for the first.
  void spoil() {
    if (error const why = open(); why) return;
    log_->wait();
    if (log_->idle()) log_->wait();
    log_.reset();
    disk_->kill();
    disk_->decay();
  }

 private:
  using log_type = file_log<disk::io>;

  static constexpr time_ns latency_least = 20'000;
  static constexpr time_ns latency_mean = 200'000;

  static disk_shape shape() {
    disk_shape made;
    made.capacity = std::uint64_t{64} << 20;
    return made;
  }
  static log_options options() {
    log_options made;
    made.segment_bytes = segment_bytes_min;  // so that segments end all the time
    made.low_water_bytes = 0;
    made.spare_segments = 1;
    return made;
  }

  random_source random_;
  std::unique_ptr<disk> disk_;  // mounts point at it, so it stays where it is
  std::optional<log_type> log_;
  store_id store_{};
  incarnation life_{};
  ticket appended_{};
};

}  // namespace synod::testing
