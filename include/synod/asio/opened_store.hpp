// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/entropy.hpp>
#include <synod/asio/replica_options.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/error.hpp>
#include <synod/core/record.hpp>
#include <synod/core/snapshot_store.hpp>
#include <synod/storage/memory.hpp>
#include <synod/storage/memory_snapshots.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace synod::asio {

// How a host opens a storage in a folder, and the snapshots beside it. A storage of one's own is
// used by giving it a specialisation with
//
//   using snapshots = ...;                      a model of synod::snapshot_store
//   struct opened { Storage log; snapshots images; };
//   static result<std::unique_ptr<opened>> open(std::string const& folder, disk_options const&);
template <class Storage>
struct store_opening;

// Nothing survives the process: for tests and measurements.
template <>
struct store_opening<memory> {
  using snapshots = memory_snapshots;
  struct opened {
    memory log;
    memory_snapshots images;
  };
  static result<std::unique_ptr<opened>> open(std::string const&, disk_options const&) {
    return std::unique_ptr<opened>(new opened{memory({random_bits(), random_bits()}), {}});
  }
};

template <class T>
concept openable = requires(std::string const& folder, disk_options const& options) {
  requires snapshot_store<typename store_opening<T>::snapshots>;
  typename store_opening<T>::opened;
  {store_opening<T>::open(folder, options)};
};

// A log that a host asks how far it is, and never waits for longer than for one small write: what
// was staged while nothing was under way is written in place, which costs no wake-up; what is
// larger, or comes while a write is under way, is queued, and the log tells when it is done.
template <class Log>
class overlapped_log {
 public:
  overlapped_log(Log& log, std::size_t inline_bytes_max)
      : log_(&log), inline_bytes_max_(inline_bytes_max) {}

  void append(std::span<record_view const> records, ticket at) {
    std::size_t const before = staged_;
    for (record_view const& one : records) staged_ += one.body.size();
    taken_ += staged_ - before;
    log_->append(records, at);
    last_ = at;
  }
  [[nodiscard]] ticket durable() {
    if constexpr (requires { log_->busy(); }) {
      bool const small = staged_ <= inline_bytes_max_ && !log_->busy();
      if (small && known_ < last_) log_->wait();
    }
    staged_ = 0;
    return known_ = log_->durable();
  }
  void wait() {
    staged_ = 0;
    log_->wait();
  }
  [[nodiscard]] error failed() const { return log_->failed(); }
  template <class Sink>
  damage replay(Sink&& sink) {
    return log_->replay(std::forward<Sink>(sink));
  }
  void trim(group_id group, lane_id lane, slot upto) { log_->trim(group, lane, upto); }
  [[nodiscard]] store_id store() const { return log_->store(); }
  [[nodiscard]] incarnation life() const { return log_->life(); }

  // Nothing came for a while. Returns whether there is something to write after all.
  bool idle() {
    if constexpr (requires { log_->idle(); }) {
      return log_->idle();
    } else {
      return false;
    }
  }
  // The disk is down to what must stay free: a snapshot would let the log forget something.
  [[nodiscard]] bool short_of_space() const {
    if constexpr (requires { log_->state(); }) {
      return log_->state() == std::remove_cvref_t<decltype(log_->state())>::read_only;
    } else {
      return false;
    }
  }
  // A descriptor that becomes readable when a queued write is done; -1 if there is none.
  int event_descriptor() {
    if constexpr (requires { log_->disk().event_descriptor(); }) {
      return log_->disk().event_descriptor();
    } else {
      return -1;
    }
  }
  [[nodiscard]] Log& log() { return *log_; }
  // Bytes of what was appended so far, the ticket of the last of it, and that which was durable
  // when somebody asked.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] ticket last() const { return last_; }
  [[nodiscard]] ticket known() const { return known_; }

 private:
  Log* log_;
  std::size_t inline_bytes_max_;
  std::size_t staged_ = 0;
  std::uint64_t taken_ = 0;
  ticket last_;
  ticket known_;
};

}  // namespace synod::asio
