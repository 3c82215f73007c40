// SPDX-License-Identifier: BSL-1.0
//
// Canonical's libraft with its own event loop, transport and log, under the load of bench_cluster:
// three processes joined by TCP over loopback, the callers in the process of the leader.
//
//   peer_libraft --payload 16 --outstanding 256 --seconds 3 --warm 1 --folder F
//
// It syncs its log before it acknowledges, always: with a folder on a tmpfs that costs next to
// nothing, and the line says "durable":false.

#include <cstdarg>
#include <cstddef>
#include <cstdio>

#include <uv.h>
extern "C" {
#include <raft.h>
#include <raft/uv.h>
}

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "peers/peer.hpp"
#include "support/latencies.hpp"

namespace bench {

namespace {

std::int64_t clock_now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

[[noreturn]] void leave(char const* what, char const* why) {
  std::fprintf(stderr, "libraft: %s: %s\n", what, why);
  std::_Exit(1);
}
void check(int code, char const* what) {
  if (code != 0) leave(what, raft_strerror(code));
}

// One server, and all callers if it is the first. A command begins with the number of its caller.
class server {
 public:
  explicit server(settings const& with) : with_(with), began_(with.outstanding) {}
  server(server const&) = delete;

  int run() {
    uv_loop_init(&loop_);
    open();
    if (with_.id == 1) {
      turn_.data = poll_.data = clock_.data = this;
      uv_prepare_init(&loop_, &turn_);
      uv_prepare_start(&turn_, [](uv_prepare_t* of) { of_handle(of).submit(); });
      uv_check_init(&loop_, &poll_);
      uv_check_start(&poll_, [](uv_check_t* of) { of_handle(of).submit(); });
      uv_timer_init(&loop_, &clock_);
      uv_timer_start(
          &clock_, [](uv_timer_t* of) { of_handle(of).begin_if_leading(); }, 1, 5);
    }
    return uv_run(&loop_, UV_RUN_DEFAULT);
  }

 private:
  static constexpr unsigned servers = 3;

  template <class Handle>
  static server& of_handle(Handle* which) {
    return *static_cast<server*>(which->data);
  }

  void open() {
    std::string const folder = with_.folder + "/" + std::to_string(with_.id);
    check(raft_uv_tcp_init(&transport_, &loop_), "its transport");
    check(raft_uv_init(&io_, &loop_, folder.c_str(), &transport_), "its log");
    raft_uv_set_connect_retry_delay(&io_, 20);
    machine_.version = 1;
    machine_.data = this;
    machine_.apply = [](raft_fsm* of, raft_buffer const* command, void** result) {
      *result = nullptr;
      return static_cast<server*>(of->data)->apply(*command);
    };
    machine_.snapshot = [](raft_fsm* of, raft_buffer** all, unsigned* count) {
      return static_cast<server*>(of->data)->snapshot(all, count);
    };
    machine_.restore = [](raft_fsm* of, raft_buffer* from) {
      return static_cast<server*>(of->data)->restore(from);
    };
    check(raft_init(&raft_, &io_, &machine_, with_.id, address(with_.id).c_str()), "raft_init");
    // The first one leads: the others are patient.
    raft_set_election_timeout(&raft_, with_.id == 1 ? 300 : 5000);
    raft_set_heartbeat_timeout(&raft_, 50);
    // As rarely as ours.
    raft_set_snapshot_threshold(&raft_, 100'000);
    raft_set_snapshot_trailing(&raft_, 8192);
    raft_configuration all;
    raft_configuration_init(&all);
    for (unsigned id = 1; id <= servers; ++id) {
      check(raft_configuration_add(&all, id, address(id).c_str(), RAFT_VOTER), "its members");
    }
    check(raft_bootstrap(&raft_, &all), "raft_bootstrap");
    raft_configuration_close(&all);
    check(raft_start(&raft_), "raft_start");
  }
  [[nodiscard]] std::string address(unsigned id) const { return address_of(with_.ports[id - 1]); }

  void begin_if_leading() {
    if (raft_state(&raft_) != RAFT_LEADER) return;
    for (std::uint32_t i = 0; i < with_.outstanding; ++i) wanted_.push_back(i);
    after(with_.warm, [](uv_timer_t* of) { of_handle(of).measure(); });
  }
  void after(double seconds, uv_timer_cb then) {
    uv_timer_start(&clock_, then, static_cast<std::uint64_t>(seconds * 1e3), 0);
  }
  void measure() {
    taken_.clear();
    measured_from_ = clock_now();
    std::puts("begin");
    std::fflush(stdout);
    after(with_.seconds, [](uv_timer_t* of) { of_handle(of).tell(); });
  }
  void tell() {
    double const seconds = static_cast<double>(clock_now() - measured_from_) / 1e9;
    std::printf(
        "end {\"ops_per_s\":%.0f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,"
        "\"p999_us\":%.1f,\"n\":%llu}\n",
        static_cast<double>(taken_.count()) / seconds, taken_.at(0.5), taken_.at(0.9),
        taken_.at(0.99), taken_.at(0.999), static_cast<unsigned long long>(taken_.count()));
    std::fflush(stdout);
  }

  // All that callers want in this turn of the loop by one call, as our replica batches them by
  // itself. A call for each would be a message and a write for each: an eighth of the throughput.
  void submit() {
    turn_began_ = 0;
    if (wanted_.empty()) return;
    turn_began_ = clock_now();
    std::vector<raft_buffer> commands;
    for (std::uint32_t const caller : wanted_) {
      raft_buffer one{raft_malloc(with_.payload), with_.payload};
      std::memset(one.base, 0, one.len);
      std::memcpy(one.base, &caller, sizeof caller);
      commands.push_back(one);
      began_[caller] = turn_began_;
    }
    wanted_.clear();
    auto* const request = new struct raft_apply;
    int const code =
        ::raft_apply(&raft_, request, commands.data(), static_cast<unsigned>(commands.size()),
                     [](struct raft_apply* of, int status, void*) {
                       check(status, "a command");
                       delete of;
                     });
    check(code, "raft_apply");
    turn_began_ = 0;
  }

  // Its callback belongs to a request with all its commands, so each command is told here.
  int apply(raft_buffer const& command) {
    ++applied_;
    if (with_.id != 1) return 0;
    if (turn_began_ == 0) turn_began_ = clock_now();
    std::uint32_t caller = 0;
    std::memcpy(&caller, command.base, sizeof caller);
    taken_.add(turn_began_ - began_[caller]);
    wanted_.push_back(caller);
    return 0;
  }
  int snapshot(raft_buffer** all, unsigned* count) {
    *count = 1;
    *all = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
    **all = {raft_malloc(sizeof applied_), sizeof applied_};
    std::memcpy((*all)->base, &applied_, sizeof applied_);
    return 0;
  }
  int restore(raft_buffer* from) {
    std::memcpy(&applied_, from->base, sizeof applied_);
    raft_free(from->base);
    return 0;
  }

  settings const& with_;
  uv_loop_t loop_{};
  uv_prepare_t turn_{};
  uv_check_t poll_{};
  uv_timer_t clock_{};
  raft_uv_transport transport_{};
  raft_io io_{};
  raft_fsm machine_{};
  raft raft_{};
  std::vector<std::uint32_t> wanted_;  // callers whose last command has ended
  std::vector<std::int64_t> began_;    // by caller
  latencies taken_;
  std::int64_t measured_from_ = 0;
  std::int64_t turn_began_ = 0;  // the clock is read once for all that end in one turn
  std::uint64_t applied_ = 0;
};

int serve(settings const& with) { return server(with).run(); }

}  // namespace

}  // namespace bench

int main(int count, char** words) {
  return bench::run_peer({.name = "libraft", .serve = bench::serve, .call = nullptr}, count, words);
}
