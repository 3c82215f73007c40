// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/record.hpp>

#include <cstdint>
#include <span>
#include <utility>

namespace synod {

// A storage whose Nth call fails, and with it everything after, as a failed sync is final for the
// process. Loop N upwards until nothing fails any more and every path of error has been walked.
template <class Inner>
class faulty {
 public:
  // `calls_before_failure` calls of append, durable, wait, replay and trim succeed; the next one
  // fails.
  faulty(Inner inner, std::uint64_t calls_before_failure)
      : inner_(std::move(inner)), left_(calls_before_failure) {}

  void append(std::span<record_view const> records, ticket at) {
    if (alive()) inner_.append(records, at);
  }
  [[nodiscard]] ticket durable() {
    if (alive()) durable_ = inner_.durable();
    return durable_;
  }
  void wait() {
    if (alive()) inner_.wait();
  }
  [[nodiscard]] error failed() const { return error_ ? error_ : inner_.failed(); }

  template <class Sink>
  damage replay(Sink&& sink) {
    if (alive()) return inner_.replay(std::forward<Sink>(sink));
    damage unknown;
    unknown.everything = true;
    return unknown;
  }
  void trim(group_id group, lane_id lane, slot upto) {
    if (alive()) inner_.trim(group, lane, upto);
  }
  [[nodiscard]] store_id store() const { return inner_.store(); }
  [[nodiscard]] incarnation life() const { return inner_.life(); }

  // Whether the failure has happened.
  [[nodiscard]] bool struck() const { return static_cast<bool>(error_); }
  [[nodiscard]] Inner& inner() { return inner_; }
  // Effects: works again, and fails after that many further calls. For the next life of a process.
  void rearm(std::uint64_t calls_before_failure) {
    left_ = calls_before_failure;
    error_ = {};
    durable_ = {};
  }

 private:
  bool alive() {
    if (error_) return false;
    if (left_ > 0) {
      --left_;
      return true;
    }
    error_ = {error_code::io_failure, 0, "synod::faulty", "the failure that was asked for"};
    return false;
  }

  Inner inner_;
  std::uint64_t left_;
  error error_{};
  ticket durable_{};  // what was known before the failure
};

}  // namespace synod
