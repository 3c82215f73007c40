// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/client.hpp>
#include <synod/asio/replica.hpp>
#include <synod/asio/run.hpp>
#include <synod/codec/fixed.hpp>
#include <synod/protocol/multi_paxos.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/chosen_log.hpp"
#include "support/cluster.hpp"
#include "support/load.hpp"
#include "support/settings.hpp"
#include "support/shared_page.hpp"

namespace bench {

template <std::size_t Bytes>
struct entry {
  std::array<std::uint64_t, Bytes / 8> words{};
};

template <std::size_t Bytes>
struct summing {
  using command = entry<Bytes>;
  std::uint64_t sum = 0;
  std::uint64_t count = 0;
  std::uint64_t apply(command const& one) {
    sum += one.words[0];
    return ++count;
  }
};

inline void leave(synod::error const& why) {
  char text[256];
  why.render(text);
  std::fprintf(stderr, "%s\n", text);
  std::_Exit(1);
}

// Of one session: whoever wants more at once gets `busy`.
inline unsigned in_flight_of(settings const& with) {
  return std::clamp(with.outstanding, 1024U, 4096U);
}

// One replica in a process of its own, and callers where the settings want them.
template <std::size_t Bytes>
class replica_process {
 public:
  using machine = summing<Bytes>;
  using replica = synod::asio::replica<synod::multi_paxos<>, machine, chosen_log,
                                       synod::asio::tcp_mesh, synod::fixed_codec>;

  explicit replica_process(settings const& with)
      : with_(with), page_(shared_page::map(with.folder)), node_(io_, options_of(with)),
        clock_(io_) {}

  int run() {
    if (page_ == nullptr) return 1;
    node_.async_start([this](synod::outcome<synod::done> const& got) {
      if (!got) leave(got.error());
      watch();
    });
    if (with_.awake) {
      synod::asio::run(io_, synod::asio::wait_awake{});
    } else if (with_.asleep) {
      synod::asio::run(io_, synod::asio::wait_asleep{});
    } else {
      synod::asio::run(io_);
    }
    return 0;
  }

 private:
  static typename replica::options options_of(settings const& with) {
    typename replica::options made;
    made.cluster = "bench";
    made.id = with.id;
    for (unsigned id = 1; id <= with.replicas; ++id) {
      made.members.push_back({.id = id, .address = address_of(with.ports[id - 1])});
    }
    if (with.eager) made.mesh.soon_ns = 0;
    if (with.clients > 0) made.client_listen = address_of(with.ports[with.replicas + with.id - 1]);
    made.data = with.folder + "/" + std::to_string(with.id);
    if (!with.durable) {
      std::filesystem::create_directories(made.data);
      made.data += no_log;
    }
    // Of some hundred bytes each; more callers than that get `busy` or wait for their turn.
    unsigned const in_flight = in_flight_of(with);
    made.constants.in_flight_max = made.constants.replies_kept = in_flight;
    made.constants.session_capacity = with.clients < 512 ? 1024 : 2 * with.clients;
    made.commands.session.in_flight_max = in_flight;
    made.clients.clients_max = made.clients.strangers_max = with.clients + 64;
    // The first replica leads first, unless it is to be lost.
    if (!with.failover && with.id != 1) made.protocol.leader.patience = 20;
    if (with.as == "fill") made.snapshot_slots = 0;
    if (with.as == "recover") made.snapshot_slots = 0;
    return made;
  }

  // Every so often, since it costs a turn of this process.
  void watch() {
    auto const now = node_.status();
    if (now.phase == synod::asio::replica_phase::stopped) leave(now.why);
    auto& mine = page_->at[with_.id];
    std::uint64_t moved = 0;
    for (auto const& one : now.links) moved += one.moved_bytes;
    mine.moved = moved;
    mine.applied = now.applied.value;
    mine.leads = now.leads ? 1 : 0;
    mine.started = 1;
    if (!loading_ && here() && now.leader.leader.has_value()) {
      loading_ = true;
      begin();
    }
    bool const settled = loading_ || (!here() && now.leader.leader.has_value());
    clock_.expires_after(std::chrono::milliseconds(settled ? 50 : 2));
    clock_.async_wait([this](boost::system::error_code) { watch(); });
  }
  [[nodiscard]] bool here() const {
    if (with_.as != "replica") return true;
    if (with_.clients > 0) return false;
    return with_.at_follower ? with_.id == 2 : page_->at[with_.id].leads != 0;
  }

  void begin() {
    if (with_.as == "recover") return first_command();
    if (with_.as == "fill") return fill();
    if (with_.read.empty()) {
      drive([this](std::uint32_t, auto handler) {
        what_.words[0] = 1;
        node_.async_submit(what_, std::move(handler));
      });
    } else {
      drive([this, level = level_of(with_.read)](std::uint32_t, auto handler) {
        node_.async_read(count_of(), level, std::move(handler));
      });
    }
  }

  struct count_of {
    std::uint64_t operator()(machine const& at) const { return at.count; }
  };
  static synod::read::level level_of(std::string const& name) {
    if (name == "log") return synod::read::linearizable_log{};
    if (name == "index") return synod::read::linearizable_index{};
    if (name == "follower") return synod::read::linearizable_follower{};
    if (name == "quorum") return synod::read::linearizable_quorum{};
    if (name == "session") return synod::read::session{1};
    if (name == "bounded") return synod::read::bounded_stale{1'000'000'000};
    return synod::read::local{};
  }

  template <class Begin>
  void drive(Begin begin) {
    auto const made = std::make_shared<load<Begin>>(io_, with_, std::move(begin));
    keep_ = made;
    made->run();
  }

  // So many commands, and then the end without a word, as of a machine that loses its power.
  void fill() {
    for (unsigned i = 0; i < with_.outstanding; ++i) fill_one();
  }
  void fill_one() {
    what_.words[0] = 1;
    node_.async_submit(what_, [this](synod::outcome<std::uint64_t> const& got) {
      if (!got) leave(got.error());
      if (*got >= with_.count) std::_Exit(0);
      fill_one();
    });
  }
  void first_command() {
    std::puts("leads");
    std::fflush(stdout);
    node_.async_submit(what_, [](synod::outcome<std::uint64_t> const& got) {
      if (!got) leave(got.error());
      std::printf("served %llu\n", static_cast<unsigned long long>(*got));
      std::fflush(stdout);
    });
  }

  settings const& with_;
  shared_page* page_;
  boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};  // one thread alone
  replica node_;
  boost::asio::steady_timer clock_;
  entry<Bytes> what_;
  std::shared_ptr<void> keep_;
  bool loading_ = false;
};

// Clients in one process, each with a session and a connection of its own.
template <std::size_t Bytes>
int run_clients(settings const& with) {
  using client = synod::asio::client<summing<Bytes>, synod::fixed_codec>;
  boost::asio::io_context io(1);
  synod::asio::client_options options;
  options.cluster = "bench";
  for (unsigned id = 1; id <= with.replicas; ++id) {
    options.servers.push_back({id, address_of(with.ports[with.replicas + id - 1])});
  }
  options.session.in_flight_max = in_flight_of(with);
  std::vector<client> all;
  all.reserve(with.clients);
  for (unsigned i = 0; i < with.clients; ++i) {
    all.emplace_back(io, options);
  }
  entry<Bytes> what;
  what.words[0] = 1;
  auto const begin = [&](std::uint32_t caller, auto handler) {
    all[caller % with.clients].async_submit(what, std::move(handler));
  };
  load made(io, with, begin);
  made.run();
  io.run();
  return 0;
}

template <std::size_t Bytes>
int run_child(settings const& with) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // so that an open loop is not late by itself
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (with.as == "clients") return run_clients<Bytes>(with);
  if (with.pin) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(with.id == 1 ? 0 : 1, &only);
    ::sched_setaffinity(0, sizeof only, &only);  // on one core alone there is nothing to choose
  }
  return replica_process<Bytes>(with).run();
}

}  // namespace bench
