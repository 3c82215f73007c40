// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/crash_sweep.hpp>

#include <cstdint>
#include <string>

// Many lives of one log on one disk, everything in them drawn from a seed: what is appended, how it
// is made durable, how each life ends. After each end everything that was acknowledged must be
// there.

namespace support {

struct torture_outcome {
  std::uint64_t lives = 0;
  std::uint64_t entries = 0;
  std::string wrong;
};

class log_torture {
 public:
  explicit log_torture(std::uint64_t seed)
      : random_(seed), disk_(random_.split(1), {random_.one_in(2) ? 512U : 4096U, 1 << 24}) {
    options_ = small_log();
    options_.segment_bytes = synod::segment_bytes_min * (1 + random_.below(2));
    options_.spare_segments = static_cast<std::size_t>(random_.below(3));
    options_.queue_depth = static_cast<std::size_t>(1 + random_.below(4));
  }

  torture_outcome run(int lives) {
    for (int life = 0; life < lives && outcome_.wrong.empty(); ++life) live();
    return outcome_;
  }

 private:
  void live() {
    ++outcome_.lives;
    disk_.weather = {};
    auto opened = log_over_disk::open(disk_.mount(), options_);
    if (!opened) return fail("open: " + sentence(opened.error()));
    std::optional<log_over_disk> log(std::move(*opened));
    contents const found = read_all(*log);
    if (!found.harm.none()) return fail("damage was reported on a disk that only lost power");
    char const* const wrong = oracle_.judge(found.records, acknowledged_);
    if (wrong != nullptr) return fail(wrong);
    oracle_.forget_tickets(acknowledged_);
    number_ = 0;
    acknowledged_ = {};
    disk_.weather.latency_least = random_.one_in(3) ? 0 : 200;
    disk_.weather.latency_mean = 100;
    disk_.weather.stalling = random_.one_in(2) ? 0 : 100'000;  // so that whole segments pile up
    disk_.weather.stall = 10'000;
    bool const stops = random_.one_in(3);
    bool const fails = !stops && random_.one_in(3);
    if (stops) disk_.stop_after(random_.below(150));
    if (fails) disk_.fail_after(random_.below(150));
    for (std::uint64_t left = 1 + random_.below(60); left > 0 && !disk_.stopped(); --left) {
      entry(*log);
    }
    acknowledge(*log);
    if (log->failed() && !disk_.failed() && !disk_.stopped()) {
      return fail("on a disk that works: " + sentence(log->failed()));
    }
    end(log);
  }

  void entry(log_over_disk& log) {
    ++outcome_.entries;
    std::uint64_t const what = random_.below(12);
    if (what < 8) {
      append(log);
    } else if (what == 8) {
      log.wait();
    } else if (what == 9) {
      log.idle();
    } else if (what == 10) {
      std::uint64_t const lane = random_.below(lanes);
      trim(log, lane, random_.below(next_[lane]));
    } else if (random_.one_in(2)) {  // what a snapshot of somebody else does
      for (std::uint64_t lane = 0; lane < lanes; ++lane) trim(log, lane, next_[lane] - 1);
    }
    if (random_.one_in(2)) {
      now_ += static_cast<synod::time_ns>(random_.below(400));
      disk_.advance(now_);
      acknowledge(log);
    }
  }

  void trim(log_over_disk& log, std::uint64_t lane, std::uint64_t upto) {
    if (upto > trimmed_[lane]) trimmed_[lane] = upto;
    log.trim({}, synod::lane_id(lane), synod::slot(upto));
    oracle_.trim({}, synod::lane_id(lane), synod::slot(upto));
  }

  void append(log_over_disk& log) {
    ++number_;
    std::vector<synod::record_view> views;
    std::vector<std::vector<std::byte>> bodies;
    for (std::uint64_t count = 1 + random_.below(3); count > 0; --count) {
      synod::ballot const by{0, ++round_, synod::node_id(1)};
      synod::record_view const one = oracle_.note(address(), by, size(), synod::ticket(number_));
      bodies.emplace_back(one.body.begin(), one.body.end());
      views.push_back(one);
    }
    for (std::size_t i = 0; i < views.size(); ++i) views[i].body = bodies[i];
    log.append(views, synod::ticket(number_));
  }

  synod::record_address address() {
    std::uint64_t const lane = random_.below(lanes);
    synod::group_id const group(0);
    if (random_.one_in(5)) {
      return {group, synod::lane_id(lane), synod::slot(0), synod::record_kind::promise};
    }
    bool const again = next_[lane] > trimmed_[lane] + 1 && random_.one_in(4);
    std::uint64_t const open = next_[lane] - trimmed_[lane] - 1;
    std::uint64_t const at = again ? trimmed_[lane] + 1 + random_.below(open) : next_[lane]++;
    return {group, synod::lane_id(lane), synod::slot(at),
            random_.one_in(4) ? synod::record_kind::chosen : synod::record_kind::vote};
  }
  std::size_t size() {
    std::uint64_t const kind = random_.below(10);
    return static_cast<std::size_t>(kind < 6   ? random_.below(300)
                                    : kind < 9 ? random_.below(6000)
                                               : random_.below(30000));
  }

  void acknowledge(log_over_disk& log) {
    synod::ticket const reached = log.durable();
    if (reached > acknowledged_) acknowledged_ = reached;
  }

  void end(std::optional<log_over_disk>& log) {
    std::uint64_t const how = random_.below(4);
    if (how == 0 && !disk_.stopped()) {
      bool const healthy = !log->failed();
      log.reset();  // in good order
      if (healthy && !disk_.failed() && !disk_.stopped()) acknowledged_ = synod::ticket(number_);
      disk_.kill();
    } else {
      disk_.kill();
      log.reset();
    }
    if (how > 1 || disk_.stopped()) {
      disk_.crash();
    }
    disk_.go_on();
  }

  void fail(std::string const& what) {
    outcome_.wrong = "life " + std::to_string(outcome_.lives) + ": " + what;
  }

  static constexpr std::size_t lanes = 3;

  synod::testing::random_source random_;
  synod::testing::disk disk_;
  synod::testing::storage_oracle oracle_;
  synod::log_options options_;
  torture_outcome outcome_;
  std::uint64_t next_[lanes] = {1, 1, 1};
  std::uint64_t trimmed_[lanes] = {0, 0, 0};
  std::uint64_t number_ = 0;
  std::uint32_t round_ = 0;
  synod::ticket acknowledged_{};
  synod::time_ns now_ = 0;
};

}  // namespace support
