// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/record.hpp>
#include <synod/testing/either_disk.hpp>
#include <synod/testing/random.hpp>
#include <synod/testing/storage_suite.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

// The disk of a simulated node made of a storage of the user's own: the same subject that lets
// `storage_suite` judge a storage puts it under the simulator, as the last argument of `cluster`.
// What is appended is durable after a random time, and a crash, a lost disk or a failed call are
// what the subject makes of them. A damaged disk is told and not made, since only the storage
// itself knows where its bytes are.
//
// Requires: Subject is constructible from a number, which no two nodes of a cluster share.
template <storage_subject Subject>
class subject_disk {
 public:
  subject_disk(storage_kind, random_source random)
      : random_(random), subject_(std::make_unique<Subject>(random_.split(1).next())) {}

  error open() {
    log_ = subject_->open();
    writes_.clear();
    first_ = 0;
    free_at_ = 0;
    shown_ = appended_ = {};
    if (log_ == nullptr) {
      return {error_code::io_failure, 0, "synod::testing::subject_disk",
              "the subject did not open"};
    }
    store_ = log_->store();
    life_ = log_->life();
    return {};
  }

  void append(std::span<record_view const> records, ticket at) {
    appended_ = at;
    log_->append(records, at);
    time_ns const begins = free_at_ > now_ ? free_at_ : now_;
    free_at_ = begins + 20'000 + random_.exponential(200'000) + slower_by_;
    writes_.push_back({free_at_, at});
  }
  [[nodiscard]] ticket durable() const { return shown_; }
  [[nodiscard]] ticket appended() const { return appended_; }
  [[nodiscard]] error failed() const { return log_ == nullptr ? error() : log_->failed(); }

  template <class Sink>
  damage replay(Sink&& sink) {
    damage harm = log_->replay(std::forward<Sink>(sink));
    harm.everything = harm.everything || spoiled_;
    return harm;
  }
  void trim(group_id group, lane_id lane, slot upto) { log_->trim(group, lane, upto); }
  [[nodiscard]] store_id store() const { return store_; }
  [[nodiscard]] incarnation life() const { return life_; }

  void advance(time_ns now) {
    now_ = now;
    ticket reached = shown_;
    while (first_ < writes_.size() && writes_[first_].due <= now) reached = writes_[first_++].upto;
    if (reached > shown_) sync(reached);
  }
  [[nodiscard]] time_ns next_due() const {
    return first_ < writes_.size() ? writes_[first_].due : never;
  }
  void write_all() { sync(appended_); }

  void slow_down(time_ns by) { slower_by_ = by; }
  void fail_sync() { subject_->fail_after(random_.below(3)); }
  void heal() {
    if (log_ == nullptr || !log_->failed()) subject_->heal();
  }
  void crash() {
    subject_->crash();
    subject_->heal();
    log_ = nullptr;
  }
  void lose() {
    subject_->wipe();
    spoiled_ = false;
  }
  void spoil() { spoiled_ = true; }

 private:
  struct write {
    time_ns due;
    ticket upto;
  };

  void sync(ticket upto) {
    if (log_ == nullptr) return;
    log_->wait();
    ticket const reached = log_->durable();
    if (!log_->failed()) shown_ = reached < upto ? reached : upto;
  }

  random_source random_;
  std::unique_ptr<Subject> subject_;  // what it opened may point into it
  typename Subject::storage_type* log_ = nullptr;
  store_id store_;
  incarnation life_;
  ticket appended_;
  ticket shown_;
  std::vector<write> writes_;
  std::size_t first_ = 0;  // of those not done
  time_ns now_ = 0;
  time_ns free_at_ = 0;
  time_ns slower_by_ = 0;
  bool spoiled_ = false;
};

}  // namespace synod::testing
