// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/generator.hpp>
#include <synod/core/ids.hpp>
#include <synod/protocol/single_decree/options.hpp>

#include <cstdint>

namespace synod {

// When a node does something without being told to: send again, try again after a lost attempt,
// give up, break a silence. Nothing here matters for safety; the waits are random so that two
// proposers do not chase each other for ever.
class decree_pacing {
 public:
  explicit decree_pacing(single_decree_options const& options)
      : dice_(options.seed ^ options.self.value) {}

  [[nodiscard]] time_ns next() const {
    time_ns soonest = give_up_at_;
    for (time_ns const one : {retry_at_, resend_at_, silence_at_}) {
      if (one < soonest) soonest = one;
    }
    return soonest;
  }

  // Each says once that it is due.
  [[nodiscard]] bool give_up_due(time_ns now) { return take(give_up_at_, now); }
  [[nodiscard]] bool retry_due(time_ns now) { return take(retry_at_, now); }
  [[nodiscard]] bool resend_due(time_ns now) { return take(resend_at_, now); }
  [[nodiscard]] bool silence_due(time_ns now) { return take(silence_at_, now); }

  // A proposal begins, or the finishing of what somebody else left half done.
  void patient_until(time_ns when) { give_up_at_ = when; }
  void fresh_attempts() { attempts_ = 0; }

  void sent(time_ns now, single_decree_options const& options) {
    retry_at_ = never;
    resend_at_ = now + options.resend_ns;
  }

  // An attempt is lost. Returns: whether there is another, after a wait that doubles.
  [[nodiscard]] bool lost(time_ns now, single_decree_options const& options) {
    resend_at_ = never;
    if (++attempts_ > options.attempts_max) return false;
    time_ns span = options.backoff_base_ns;
    for (std::uint32_t i = 0; i < attempts_ && span < options.backoff_cap_ns; ++i) span *= 2;
    retry_at_ = now + 1 + below(span < options.backoff_cap_ns ? span : options.backoff_cap_ns);
    return true;
  }

  // Somebody started something; `asked` says whether the others were asked about it already.
  void listen(time_ns now, single_decree_options const& options, bool asked) {
    if (!asked && silence_at_ != never) return;
    asked_ = asked;
    silence_at_ = now + options.silence_ns + below(options.silence_ns);
  }
  [[nodiscard]] bool asked() const { return asked_; }

  void stop_attempt() { retry_at_ = resend_at_ = never; }
  void stop() { give_up_at_ = retry_at_ = resend_at_ = silence_at_ = never; }

  // Everything that decides how it goes on, for whoever compares states; the generator's own state
  // is left out, since it only moves deadlines.
  template <class Visit>
  void fields(time_ns now, Visit&& visit) const {
    visit(attempts_, asked_);
    for (time_ns const one : {give_up_at_, retry_at_, resend_at_, silence_at_}) {
      visit(one == never ? never : one - now);
    }
  }

 private:
  static bool take(time_ns& deadline, time_ns now) {
    if (now < deadline) return false;
    deadline = never;
    return true;
  }
  time_ns below(time_ns span) {
    return static_cast<time_ns>(dice_.below(static_cast<std::uint64_t>(span)));
  }

  generator dice_;
  std::uint32_t attempts_ = 0;
  time_ns give_up_at_ = never;
  time_ns retry_at_ = never;
  time_ns resend_at_ = never;
  time_ns silence_at_ = never;
  bool asked_ = false;
};

}  // namespace synod
