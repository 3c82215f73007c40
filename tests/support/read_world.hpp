// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/generator.hpp>
#include <synod/runtime/read_barrier.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

// One replica that lags behind a cluster, and reads of every level at it. Commands are acknowledged
// elsewhere; questions and barriers come back late, or are refused when it does not lead.
namespace support {

struct read_world {
  struct begun {
    synod::read::level level;
    std::uint64_t acked_before = 0;
    std::uint64_t acked_before_window = 0;
    bool ended = false;
  };

  explicit read_world(std::uint64_t seed) : dice(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    leads = true;
    for (int i = 0; i < 300; ++i) settle();
    for (auto const& [handle, one] : reads) stuck += one.ended ? 0 : 1;
  }

  void step() {
    now += static_cast<synod::time_ns>(dice.below(10));
    std::uint64_t const what = dice.below(100);
    if (what < 20) {
      acknowledge();
    } else if (what < 40) {
      apply_next();
    } else if (what < 65) {
      begin(any_level(), 400 + static_cast<synod::time_ns>(dice.below(2000)));
    } else if (what < 75) {
      flush();
    } else if (what < 90) {
      answer();
    } else if (what < 93) {
      leads = !leads;
    } else {
      barrier.tick(now);
    }
    take();
  }

  void settle() {
    now += 50;
    flush();
    answer();
    apply_next();
    barrier.tick(now);
    take();
  }

  synod::read::level any_level() {
    switch (dice.below(7)) {
      case 6: return synod::read::linearizable_quorum();
      case 0: return synod::read::linearizable_log();
      case 1: return synod::read::linearizable_index();
      case 2: return synod::read::linearizable_follower();
      case 3: return synod::read::session{(acked - dice.below(acked + 1)) << 16 | 3};
      case 4: return synod::read::bounded_stale{static_cast<synod::time_ns>(dice.below(300))};
      default: return synod::read::local();
    }
  }

  void acknowledge() { acked_at[++acked] = now; }
  void apply_next() {
    if (applied == acked) return;
    ++applied;
    auto const here = barriers.find(applied);
    if (here != barriers.end()) barrier.barrier_applied(here->second, synod::slot(applied));
    barrier.applied(synod::slot(applied));
  }

  void begin(synod::read::level const& level, synod::time_ns patience) {
    std::uint64_t const handle = ++handles;
    auto const* const stale = std::get_if<synod::read::bounded_stale>(&level);
    std::uint64_t window = acked;
    while (stale != nullptr && window > 0 && acked_at[window] >= now - stale->at_most_ns) --window;
    reads[handle] = {level, acked, window, false};
    if (barrier.begin(handle, level, now, now + patience, leads)) reads[handle].ended = true;
  }

  void flush() {
    auto const ask = [&](std::uint64_t question) -> std::optional<synod::error> {
      questions.push_back(question);
      return std::nullopt;
    };
    auto const propose = [&](synod::sequence number) -> std::optional<synod::error> {
      if (!leads) return synod::error{synod::error_code::not_leader, 0, "test", ""};
      acknowledge();
      barriers[acked] = number;
      return std::nullopt;
    };
    barrier.flush(now, ask, propose);
  }

  // Whoever leads now answers for everything acknowledged by now; in any order.
  void answer() {
    if (questions.empty()) return;
    std::size_t const which = dice.below(questions.size());
    std::uint64_t const question = questions[which];
    questions.erase(questions.begin() + static_cast<std::ptrdiff_t>(which));
    if (dice.below(6) == 0) {
      barrier.answered(question, synod::slot(), {synod::error_code::not_leader, 0, "test", ""});
    } else {
      barrier.answered(question, synod::slot(acked), {});
    }
  }

  void take() {
    for (synod::read_finished const& end : barrier.finished()) {
      begun& one = reads.at(end.handle);
      if (one.ended) ++ended_twice;
      one.ended = true;
      if (end.why) continue;
      ++served[one.level.index()];
      synod::read::evidence const seen{synod::slot(applied), synod::slot(one.acked_before),
                                       synod::slot(one.acked_before_window)};
      if (!synod::read::kept(one.level, seen)) ++broken[one.level.index()];
    }
    barrier.finished().clear();
  }

  synod::generator dice;
  synod::read_barrier barrier;
  synod::time_ns now = 1000;
  std::uint64_t acked = 0;
  std::uint64_t applied = 0;
  bool leads = true;
  std::map<std::uint64_t, synod::time_ns> acked_at;
  std::map<std::uint64_t, synod::sequence> barriers;
  std::vector<std::uint64_t> questions;
  std::map<std::uint64_t, begun> reads;
  std::uint64_t handles = 0;
  int served[7] = {};
  int broken[7] = {};
  int stuck = 0;
  int ended_twice = 0;
};

}  // namespace support
