// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/clock.hpp>
#include <synod/core/outcome.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "support/latencies.hpp"
#include "support/settings.hpp"

namespace bench {

// Callers, as many as operations may be under way. `begin(caller, handler)` begins an operation
// that ends with an outcome. In a closed loop each begins the next one as the last one ends. In an
// open loop operations are due at a fixed rate, and an operation has taken as long as since it was
// due: so what had to wait because the others were slow counts in full, which a closed loop forgets
// (coordinated omission).
//
// Says "begin" on the standard output when it begins to measure, and the figures at its end.
template <class Begin>
class load {
 public:
  load(boost::asio::io_context& io, settings const& with, Begin begin)
      : io_(io), with_(with), begin_(std::move(begin)), clock_(io), due_timer_(io), again_(io),
        began_(with.outstanding), timeline_(buckets_of(with)) {}

  void run() {
    now_ = synod::asio::boot_time();
    after(with_.warm, [this] { measure(); });
    if (with_.rate > 0) {
      interval_ = 1e9 / with_.rate;
      due_ = static_cast<double>(now_);
      for (std::uint32_t i = 0; i < with_.outstanding; ++i) free_.push_back(i);
      pump();
    } else {
      for (std::uint32_t i = 0; i < with_.outstanding; ++i) start(i, now_);
    }
  }

 private:
  static constexpr std::int64_t bucket_ns = 5'000'000;
  static constexpr std::size_t alone_max = 16;
  static std::size_t buckets_of(settings const& with) {
    return with.failover ? static_cast<std::size_t>(with.seconds * 1e9) / bucket_ns + 1 : 0;
  }

  template <class Then>
  void after(double seconds, Then then) {
    clock_.expires_after(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
    clock_.async_wait([then](boost::system::error_code bad) {
      if (!bad) then();
    });
  }

  void measure() {
    taken_.clear();
    refused_ = 0;
    unknown_ = 0;
    longest_ = 0;
    measured_from_ = last_ = synod::asio::boot_time();
    measuring_ = true;
    std::puts("begin");
    std::fflush(stdout);
    after(with_.seconds, [this] { tell(); });
  }

  void start(std::uint32_t caller, std::int64_t since) {
    began_[caller] = since;
    begin_(caller, [this, caller](auto const& got) { this->ended(caller, got); });
  }

  // The clock is read once for all that end in one turn; where few are under way they hardly share
  // one, and to hear of its end would cost the loop more than the clock.
  std::int64_t now() {
    if (began_.size() <= alone_max) return synod::asio::boot_time();
    if (!fresh_) {
      fresh_ = true;
      now_ = synod::asio::boot_time();
      boost::asio::post(io_, [this] { fresh_ = false; });
    }
    return now_;
  }

  template <class R>
  void ended(std::uint32_t caller, synod::outcome<R> const& got) {
    std::int64_t const at = now();
    if (got) {
      if (measuring_) note(at, at - began_[caller]);
    } else {
      ++(got.refused() != nullptr ? refused_ : unknown_);
      why_ = got.error();
      return slow_down(caller);
    }
    if (with_.rate > 0) {
      free_.push_back(caller);
      return pump();
    }
    start(caller, at);
  }

  // Whoever was refused begins again a little later, as `busy` asks for.
  void slow_down(std::uint32_t caller) {
    refused_callers_.push_back(caller);
    if (refused_callers_.size() > 1) return;
    again_.expires_after(std::chrono::milliseconds(5));
    again_.async_wait([this](boost::system::error_code) {
      std::int64_t const at = synod::asio::boot_time();
      for (std::uint32_t const one : std::exchange(refused_callers_, {})) {
        if (with_.rate > 0) {
          free_.push_back(one);
        } else {
          start(one, at);
        }
      }
      if (with_.rate > 0) pump();
    });
  }

  void note(std::int64_t at, std::int64_t took) {
    taken_.add(took);
    if (at - last_ > longest_) {
      longest_ = at - last_;
      longest_from_ = last_ - measured_from_;
    }
    last_ = at;
    if (timeline_.empty()) return;
    auto const bucket = static_cast<std::size_t>((at - measured_from_) / bucket_ns);
    if (bucket < timeline_.size()) ++timeline_[bucket];
  }

  void pump() {
    auto const at = static_cast<double>(synod::asio::boot_time());
    while (due_ <= at && !free_.empty()) {
      std::uint32_t const caller = free_.back();
      free_.pop_back();
      start(caller, static_cast<std::int64_t>(due_));
      due_ += interval_;
    }
    if (free_.empty() || waiting_) return;
    waiting_ = true;
    due_timer_.expires_after(std::chrono::nanoseconds(static_cast<std::int64_t>(due_ - at)));
    due_timer_.async_wait([this](boost::system::error_code) {
      waiting_ = false;
      pump();
    });
  }

  void tell() {
    double const seconds = static_cast<double>(synod::asio::boot_time() - measured_from_) / 1e9;
    measuring_ = false;
    std::printf(
        "end {\"ops_per_s\":%.0f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,"
        "\"p999_us\":%.1f,\"n\":%llu,\"refused\":%llu,\"unknown\":%llu,"
        "\"longest_gap_ms\":%.1f,\"gap_from_ms\":%.0f",
        static_cast<double>(taken_.count()) / seconds, taken_.at(0.5), taken_.at(0.9),
        taken_.at(0.99), taken_.at(0.999), static_cast<unsigned long long>(taken_.count()),
        static_cast<unsigned long long>(refused_), static_cast<unsigned long long>(unknown_),
        static_cast<double>(longest_) / 1e6, static_cast<double>(longest_from_) / 1e6);
    if (!timeline_.empty()) {
      std::printf(",\"bucket_ms\":%d,\"timeline\":[", static_cast<int>(bucket_ns / 1'000'000));
      for (std::size_t i = 0; i < timeline_.size(); ++i) {
        std::printf(i == 0 ? "%u" : ",%u", timeline_[i]);
      }
      std::printf("]");
    }
    std::printf("}\n");
    std::fflush(stdout);
    if (taken_.count() == 0) {
      char text[256];
      why_.render(text);
      std::fprintf(stderr, "nothing was done; the last error: %s\n", text);
    }
  }

  boost::asio::io_context& io_;
  settings const& with_;
  Begin begin_;
  boost::asio::steady_timer clock_;
  boost::asio::steady_timer due_timer_;
  boost::asio::steady_timer again_;
  std::vector<std::int64_t> began_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> refused_callers_;
  double due_ = 0;  // nanoseconds: when the next operation of an open loop is
  double interval_ = 0;
  latencies taken_;
  std::vector<unsigned> timeline_;
  std::int64_t now_ = 0;
  std::int64_t measured_from_ = 0;
  std::int64_t last_ = 0;
  std::int64_t longest_ = 0;  // between two ends
  std::int64_t longest_from_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t unknown_ = 0;
  synod::error why_;
  bool fresh_ = false;
  bool waiting_ = false;
  bool measuring_ = false;
};

}  // namespace bench
