// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/storage/file_log.hpp>
#include <synod/testing/disk.hpp>
#include <synod/testing/storage_oracle.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

// A trace of entries over a file log on a simulated disk, which can be stopped at every step that
// the disk makes, and what a recovery made of each thing that the power may have left.

namespace support {

using log_over_disk = synod::file_log<synod::testing::disk::io>;

inline synod::log_options small_log() {
  synod::log_options options;
  options.segment_bytes = synod::segment_bytes_min;
  options.low_water_bytes = 0;
  options.spare_segments = 2;
  options.queue_depth = 2;
  return options;
}

// One process that writes a trace, and what it was told is durable.
class traced_log {
 public:
  explicit traced_log(synod::testing::disk_shape shape)
      : disk(synod::testing::random_source(5), shape) {
    disk.weather.latency_least = 100;
    disk.weather.latency_mean = 60;
  }

  // A copy is of the disk and of what is known, never of the process.
  traced_log(traced_log const& other)
      : disk(other.disk), oracle(other.oracle), acknowledged(other.acknowledged),
        number(other.number), now(other.now) {}

  bool open() {
    auto opened = log_over_disk::open(disk.mount(), small_log());
    if (!opened) {
      why = opened.error();
      return false;
    }
    log.emplace(std::move(*opened));
    return true;
  }

  // Entry i of the trace: a vote or two, at times a promise, a trim, a mark; durable inline, in the
  // background, or both.
  void entry(std::uint64_t i) {
    static constexpr std::size_t sizes[] = {100, 3000, 5000, 20, 12000, 700};
    synod::ballot const by{0, static_cast<std::uint32_t>(i), synod::node_id(1)};
    ++number;
    if (i % 7 == 0)
      append({{}, synod::lane_id(1), synod::slot(0), synod::record_kind::promise}, by, 60);
    append({{}, synod::lane_id(1), synod::slot(i), synod::record_kind::vote}, by, sizes[i % 6]);
    if (i % 4 == 0) {
      append({{}, synod::lane_id(2), synod::slot(1), synod::record_kind::vote}, by, 40);
    }
    if (i % 10 == 9) trim(i - 8);
    if (i % 3 == 0) log->wait();
    disk.advance(now += 70);
    acknowledge();
    if (i % 12 == 11) {
      vouch();
      acknowledge();
    }
  }
  // As a host does when nothing comes for a while.
  void vouch() {
    do {
      log->wait();
    } while (log->idle());
  }

  void append(synod::record_address address, synod::ballot by, std::size_t bytes) {
    synod::record_view const one = oracle.note(address, by, bytes, synod::ticket(number));
    log->append(std::span(&one, 1), synod::ticket(number));
  }
  void trim(std::uint64_t upto) {
    log->trim({}, synod::lane_id(1), synod::slot(upto));
    oracle.trim({}, synod::lane_id(1), synod::slot(upto));
  }
  void acknowledge() {
    synod::ticket const reached = log->durable();
    if (reached > acknowledged) acknowledged = reached;
  }

  synod::testing::disk disk;
  synod::testing::storage_oracle oracle;
  std::optional<log_over_disk> log;
  synod::ticket acknowledged{};
  std::uint64_t number = 0;
  synod::time_ns now = 0;
  synod::error why{};
};

struct sweep_outcome {
  std::uint64_t cases = 0;
  std::uint64_t losses = 0;        // acknowledged, not there, and not named as damaged
  std::uint64_t false_alarms = 0;  // damage reported, or an open refused, where nothing was damaged
  std::uint64_t second_lives = 0;  // lost by a life after the crash
  std::string first;               // what the first of them was

  void note(std::uint64_t& which, std::string const& what) {
    ++which;
    if (first.empty()) first = what;
  }
  [[nodiscard]] bool clean() const { return losses + false_alarms + second_lives == 0; }
};

inline std::string sentence(synod::error const& why) {
  char text[256];
  why.render(text);
  return text;
}

struct contents {
  std::vector<synod::testing::storage_oracle::version> records;
  synod::damage harm;
};

inline contents read_all(log_over_disk& log) {
  contents found;
  found.harm = log.replay([&](synod::record_view const& one) {
    found.records.push_back({one.address, one.at, {one.body.begin(), one.body.end()}, {}, false});
  });
  return found;
}

// Opens what a crash left in `after` and judges it; then lives once more on it.
inline void judge_crash(traced_log const& before, synod::testing::disk after,
                        std::string const& when, sweep_outcome& outcome) {
  ++outcome.cases;
  after.weather = {};
  synod::testing::storage_oracle oracle = before.oracle;
  synod::ticket acknowledged = before.acknowledged;
  for (int life = 0; life < 2; ++life) {
    auto opened = log_over_disk::open(after.mount(), small_log());
    if (!opened) return outcome.note(outcome.false_alarms, when + ": " + sentence(opened.error()));
    log_over_disk log = std::move(*opened);
    contents const found = read_all(log);
    if (!found.harm.none()) {
      char text[200] = "replay failed";
      if (!log.damages().empty()) log.damages().front().render(text);
      return outcome.note(outcome.false_alarms, when + ": " + text);
    }
    char const* const wrong = oracle.judge(found.records, acknowledged);
    if (wrong != nullptr) {
      return outcome.note(life == 0 ? outcome.losses : outcome.second_lives, when + ": " + wrong);
    }
    oracle.forget_tickets(acknowledged);
    for (std::uint64_t i = 1; i <= 2; ++i) {
      synod::record_view const one =
          oracle.note({{}, synod::lane_id(3), synod::slot(i), synod::record_kind::vote},
                      {1, 1, synod::node_id(2)}, 3000, synod::ticket(i));
      log.append(std::span(&one, 1), synod::ticket(i));
    }
    log.wait();
    acknowledged = log.durable();
    // Whatever this life read, it may have acted on: it must outlast the next loss of power.
    after.crash([](std::size_t) { return synod::testing::sector_fate::lost; }, 0);
  }
}

// None, all and every subset of at most `most` of the unsynced sectors lost, alone kept, or torn
// while the others are kept or lost; and all of them torn.
template <class Judge>
void each_fate(std::size_t sectors, std::size_t most, Judge&& judge) {
  using synod::testing::sector_fate;
  std::vector<std::size_t> odd;
  auto const go_on = [&](auto const& self, std::size_t from) -> void {
    judge(odd, sector_fate::lost, sector_fate::kept);
    judge(odd, sector_fate::kept, sector_fate::lost);
    if (odd.empty()) {
      judge(odd, sector_fate::torn, sector_fate::torn);
    } else {
      judge(odd, sector_fate::torn, sector_fate::kept);
      judge(odd, sector_fate::torn, sector_fate::lost);
    }
    if (odd.size() == most) return;
    for (std::size_t i = from; i < sectors; ++i) {
      odd.push_back(i);
      self(self, i + 1);
      odd.pop_back();
    }
  };
  go_on(go_on, 0);
}

// Stops the disk after every one of its steps within `entries` entries that follow `before` ones,
// and judges every state in which the power may leave it.
struct crash_sweep {
  synod::testing::disk_shape shape;
  std::uint64_t before = 70;  // long enough that segments have been recycled
  std::uint64_t entries = 50;
  std::size_t odd_sectors = 3;
  bool operation_fails = false;  // one operation fails, the process stops, then the power goes
  bool until_first = false;      // for mutations: one wrong is enough

  sweep_outcome run() const {
    sweep_outcome outcome;
    for (std::uint64_t step = 0;; ++step) {
      traced_log trace(shape);
      if (!run_until(trace, step, outcome)) return outcome;
      judge_all(trace, "step " + std::to_string(step), outcome);
      if (until_first && !outcome.clean()) return outcome;
    }
  }

  // The same for the steps that a recovery makes, after a crash at every `stride`th step of the
  // trace.
  sweep_outcome run_recoveries(std::uint64_t stride) const {
    sweep_outcome outcome;
    for (std::uint64_t step = 0;; step += stride) {
      traced_log trace(shape);
      if (!run_until(trace, step, outcome)) return outcome;
      for (std::size_t pattern = 0; pattern < 4; ++pattern) {
        traced_log crashed = after_crash(trace, pattern);
        interrupt_recovery(crashed, "a recovery of step " + std::to_string(step), outcome);
      }
    }
  }

 private:
  static bool stopped(traced_log const& trace) {
    return trace.disk.stopped() || trace.log->failed();
  }

  // Returns false when the trace ends without coming to that step.
  bool run_until(traced_log& trace, std::uint64_t step, sweep_outcome& outcome) const {
    if (before == 0) {
      trace.disk.stop_after(step);
      if (!trace.open()) return died(trace);
    } else {
      if (!trace.open()) {
        outcome.note(outcome.false_alarms, "an empty disk: " + sentence(trace.why));
        return false;
      }
      for (std::uint64_t i = 1; i <= before; ++i) trace.entry(i);
      operation_fails ? trace.disk.fail_after(step) : trace.disk.stop_after(step);
    }
    std::uint64_t const last = before + entries;
    for (std::uint64_t i = before + 1; i <= last && !stopped(trace); ++i) trace.entry(i);
    return (stopped(trace) || trace.disk.failed()) && died(trace);
  }
  static bool died(traced_log& trace) {
    trace.disk.kill();
    trace.log.reset();
    return true;
  }

  // A copy whose power went: nothing, everything, or every other unsynced sector survived.
  static traced_log after_crash(traced_log const& trace, std::size_t pattern) {
    using synod::testing::sector_fate;
    traced_log copy = trace;
    auto const fate = [&](std::size_t which) {
      bool const kept = pattern == 1 || (pattern > 1 && which % 2 == pattern % 2);
      return kept ? sector_fate::kept : sector_fate::lost;
    };
    copy.disk.crash(fate, pattern == 0 ? 0 : copy.disk.unsynced_names());
    return copy;
  }

  void interrupt_recovery(traced_log const& crashed, std::string const& when,
                          sweep_outcome& outcome) const {
    for (std::uint64_t step = 0;; ++step) {
      traced_log again = crashed;
      again.disk.stop_after(step);
      bool const opened = again.open();
      bool const done = opened && !again.disk.stopped();
      died(again);
      if (done) return;
      judge_all(again, when + " stopped at its step " + std::to_string(step), outcome);
    }
  }

  void judge_all(traced_log const& trace, std::string const& when, sweep_outcome& outcome) const {
    std::size_t const names = trace.disk.unsynced_names();
    for (std::size_t kept = 0; kept <= names; ++kept) {
      each_fate(trace.disk.unsynced(), kept == names ? odd_sectors : 1,
                [&](auto const& odd, auto odd_fate, auto other_fate) {
                  synod::testing::disk after = trace.disk;
                  auto const fate = [&](std::size_t which) {
                    for (std::size_t one : odd) {
                      if (one == which) return odd_fate;
                    }
                    return other_fate;
                  };
                  after.crash(fate, kept);
                  judge_crash(trace, std::move(after), when, outcome);
                });
    }
  }
};

}  // namespace support
