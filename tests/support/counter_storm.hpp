// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/fixed.hpp>
#include <synod/core/generator.hpp>
#include <synod/machine/counter.hpp>
#include <synod/protocol/multi_paxos.hpp>
#include <synod/runtime/memory_cluster.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

// A client that retries each addition under one number until it knows what became of it, while its
// messages are lost, and nodes crash, lose what they had not synced, and come back, some of them by
// a snapshot.
namespace support {

using counting = synod::memory_cluster<synod::multi_paxos<>, synod::counter, synod::fixed_codec>;

class counter_storm {
 public:
  explicit counter_storm(std::uint64_t seed)
      : dice_(seed), all_({.nodes = 3,
                           .seed = seed,
                           .snapshot_slots = 20,
                           .disk_ns = 3'000'000,
                           .digests = true}),
        client_({.in_flight_max = 8, .attempt_timeout_ns = 50'000'000, .links_deliver_once = true},
                founders(), synod::generator(seed)) {}

  // Returns: whether everything was acknowledged, each total was the sum of what was, and all
  // replicas hold that sum and the same history in the end.
  bool run(int commands, int crashes) {
    for (int i = 1; i <= commands; ++i) {
      if (std::int64_t{crashes} * i / commands > crashes_) crash();
      if (!add(i)) return false;
    }
    for (std::size_t at = 0; at < 3; ++at) {
      if (!all_.up(at)) all_.restart(at);
    }
    all_.run_for(20'000'000'000);
    for (std::size_t at = 0; at < 3; ++at) {
      if (!all_.at(at)->running() || all_.at(at)->state().total != sum_) return false;
      if (all_.at(at)->execution().digest() != all_.at(0)->execution().digest()) return false;
    }
    return true;
  }
  [[nodiscard]] std::int64_t sum() const { return sum_; }
  [[nodiscard]] int crashes() const { return crashes_; }
  [[nodiscard]] int retried() const { return retried_; }

 private:
  static constexpr synod::time_ns second = 1'000'000'000;

  synod::membership founders() {
    all_.run_for(second);
    return all_.at(0)->boot().record().members;
  }

  // The power fails for one node, or for two at once.
  void crash() {
    std::size_t const first = dice_.below(3);
    take_down(first);
    if (dice_.below(3) == 0) take_down((first + 1) % 3);
  }
  void take_down(std::size_t at) {
    if (all_.up(at)) ++crashes_;
    all_.crash(at);
    up_again_ = 5 + static_cast<int>(dice_.below(60));
  }

  bool add(std::int64_t by) {
    auto const handle = client_.submit(all_.now(), by, all_.now() + 60 * second, out_);
    if (!handle) return false;
    std::uint32_t attempts = 0;
    while (out_.finished.empty()) {
      for (synod::session_request const& one : std::exchange(out_.send, {})) {
        attempts = one.attempt;
        deliver(one);
      }
      hear();
      all_.run_for(1 + static_cast<synod::time_ns>(dice_.below(4'000'000)));
      client_.tick(all_.now(), out_);
      if (--up_again_ > 0) continue;
      for (std::size_t at = 0; at < 3; ++at) {
        if (!all_.up(at)) all_.restart(at);
      }
    }
    if (attempts > 1) ++retried_;
    bool const done = static_cast<bool>(std::exchange(out_.finished, {})[0].fate);
    return done && newest_ == (sum_ += by);
  }
  void deliver(synod::session_request const& asked) {
    auto const to = static_cast<std::size_t>(asked.to.value) - 1;
    if (dice_.below(4) == 0) return;
    if (!all_.up(to)) return client_.connection_lost(all_.now(), asked.to, out_);
    if (asked.handle == 0) {
      all_.at(to)->serve_opening(all_.now(), 1, asked);
    } else {
      all_.at(to)->serve(all_.now(), 1, asked, *client_.payload(asked.handle));
    }
    all_.at(to)->turn(all_.now());
  }
  void hear() {
    for (auto const& one : std::exchange(all_.answers(), {})) {
      if (dice_.below(4) == 0) continue;
      client_.answered(all_.now(), one.from, one.what, out_);
      if (one.what.kind == synod::session_answer_kind::done) {
        (void)synod::fixed_codec().decode(std::span<std::byte const>(one.reply), newest_);
      }
    }
  }

  synod::generator dice_;
  counting all_;
  synod::client_session<std::int64_t> client_;
  synod::session_output out_;
  std::int64_t sum_ = 0;
  std::int64_t newest_ = 0;
  int crashes_ = 0;
  int retried_ = 0;
  int up_again_ = 0;
};

}  // namespace support
