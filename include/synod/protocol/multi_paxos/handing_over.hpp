// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/node_set.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>

namespace synod {

// A leader that hands over: it admits no proposals, and once the heir has everything that is
// chosen, tells it to campaign. Given up after a while, since the heir may be gone.
class handing_over {
 public:
  explicit handing_over(time_ns longest_ns) : longest_ns_(longest_ns) {}

  [[nodiscard]] bool under_way() const { return until_ != never; }
  [[nodiscard]] time_ns next_deadline() const { return until_; }

  template <class Leading, class Confirming, class Log, class Output>
  void begin(time_ns now, node_set to, Leading const& leading, Confirming const& confirming,
             Log const& log, Output& out) {
    to_ = to;
    until_ = now + longest_ns_;
    heard(to, leading, confirming, log, out);
  }
  void stop() { until_ = never; }
  void tick(time_ns now) {
    if (now >= until_) until_ = never;
  }

  // `who` may have come to know everything.
  template <class Leading, class Confirming, class Log, class Output>
  void heard(node_set who, Leading const& leading, Confirming const& confirming, Log const& log,
             Output& out) const {
    if (!under_way() || who != to_) return;
    bool const idle = leading.last_proposed() <= log.chosen_upto();
    if (!idle || confirming.chosen_at(who) < log.chosen_upto()) return;
    log.send_now(out, who, pulse(pulse_hand_over{leading.mine()}));
  }

 private:
  time_ns longest_ns_;
  node_set to_;
  time_ns until_ = never;
};

}  // namespace synod
