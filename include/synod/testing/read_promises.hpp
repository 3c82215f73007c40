// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/runtime/read_levels.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/random.hpp>

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

namespace synod::testing {

// Sees every acknowledgement and every read of a run, in true time, and asks what each level of
// reads promises, which is written down once in `read::kept`.
class read_promises {
 public:
  struct beginning {
    slot acked;          // when the read began
    slot before_window;  // when the window of a bounded_stale read began
  };

  // A client was told that what is in this slot is done.
  void acknowledged(time_ns now, slot at) {
    if (at > acked()) moments_.push_back({now, at});
  }
  [[nodiscard]] slot acked() const { return moments_.empty() ? slot() : moments_.back().upto; }

  [[nodiscard]] beginning begin(time_ns now, read::level const& level) const {
    beginning made{acked(), {}};
    auto const* const aged = std::get_if<read::bounded_stale>(&level);
    if (aged == nullptr) return made;
    // The age is told by the clock of the node, which may be slower than true time by 5 percent.
    time_ns const window = aged->at_most_ns + aged->at_most_ns / 16 + 1;
    for (moment const& one : moments_) {
      if (one.at < now - window) made.before_window = one.upto;
    }
    return made;
  }
  // At once only this may be refused: what a leader serves, until it is asked, and for good where
  // nobody ever leads. Returns: whether it was refused.
  static bool refused(std::optional<error> const& why, read::level const& level, bool led,
                      violations& found) {
    bool const by_leader = std::holds_alternative<read::linearizable_index>(level);
    error_code const code = why.has_value() ? why->code : error_code::none;
    bool const elsewhere = by_leader && led && code == error_code::not_leader;
    if (code == error_code::busy || elsewhere) return true;
    bool const for_good = by_leader && !led;
    if (code != (for_good ? error_code::nobody_leads : error_code::none)) {
      found.add("I9", "a %s read was answered at once: %s", names[level.index()], name_of(code));
    }
    return why.has_value();
  }
  void served(slot with, beginning const& began, read::level const& level,
              violations& found) const {
    if (read::kept(level, {with, began.acked, began.before_window})) return;
    found.add("I6", "a %s read sees slot %llu, and began when %llu was acknowledged",
              names[level.index()], wide(with.value), wide(began.acked.value));
  }

  static read::level draw(random_source& random) {
    static constexpr read::level levels[] = {
        read::linearizable_log(),      read::linearizable_index(),
        read::linearizable_follower(), read::session(),
        read::bounded_stale(),         read::local(),
        read::linearizable_quorum()};
    return levels[random.below(7)];
  }

 private:
  static constexpr char const* names[] = {"linearizable_log",      "linearizable_index",
                                          "linearizable_follower", "session",
                                          "bounded_stale",         "local",
                                          "linearizable_quorum"};

  struct moment {
    time_ns at;
    slot upto;
  };

  std::vector<moment> moments_;
};

}  // namespace synod::testing
