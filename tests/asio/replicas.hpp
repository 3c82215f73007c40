// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/replica.hpp>
#include <synod/machine/counter.hpp>
#include <synod/machine/kv.hpp>
#include <synod/observe/counters.hpp>
#include <synod/protocol/multi_paxos.hpp>
#include <synod/storage/memory.hpp>
#include <synod/storage/memory_snapshots.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "asio/support.hpp"

namespace support {

// Storage in memory that outlives the replica on it, by the name of its folder, as a disk would.
struct kept_disk {
  synod::memory log{{synod::asio::random_bits(), synod::asio::random_bits()}};
  synod::memory_snapshots images;
  bool in_use = false;
  bool full = false;

  static std::map<std::string, kept_disk>& all() {
    static std::map<std::string, kept_disk> disks;
    return disks;
  }
};

class kept_memory {
 public:
  explicit kept_memory(kept_disk& on) : disk_(&on) { disk_->in_use = true; }
  kept_memory(kept_memory&& other) noexcept : disk_(std::exchange(other.disk_, nullptr)) {}
  ~kept_memory() {
    if (disk_ != nullptr) disk_->in_use = false;
  }

  void append(std::span<synod::record_view const> records, synod::ticket at) {
    disk_->log.append(records, at);
  }
  [[nodiscard]] synod::ticket durable() const { return disk_->log.durable(); }
  void wait() { disk_->log.wait(); }
  [[nodiscard]] synod::error failed() const { return disk_->log.failed(); }
  enum class space { open, read_only };
  [[nodiscard]] space state() const { return disk_->full ? space::read_only : space::open; }
  template <class Sink>
  synod::damage replay(Sink&& sink) {
    return disk_->log.replay(std::forward<Sink>(sink));
  }
  void trim(synod::group_id group, synod::lane_id lane, synod::slot upto) {
    disk_->log.trim(group, lane, upto);
  }
  [[nodiscard]] synod::store_id store() const { return disk_->log.store(); }
  [[nodiscard]] synod::incarnation life() const { return disk_->log.life(); }

 private:
  kept_disk* disk_;
};

}  // namespace support

template <>
struct synod::asio::store_opening<support::kept_memory> {
  using snapshots = synod::memory_snapshots;
  struct opened {
    support::kept_memory log;
    synod::memory_snapshots& images;
  };
  static synod::result<std::unique_ptr<opened>> open(std::string const& folder,
                                                     disk_options const&) {
    support::kept_disk& disk = support::kept_disk::all()[folder];
    if (disk.in_use) {
      return synod::error{synod::error_code::locked, 1, "the directory of the store", "stop it"};
    }
    disk.log.reopen();
    return std::unique_ptr<opened>(new opened{support::kept_memory(disk), disk.images});
  }
};

namespace support {

// Whether the ports of this block are for this process, until it ends: others that run the same
// tests draw from other blocks. The name of a socket is what only one of them can have.
inline bool claim_ports(unsigned block) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::string const text = "synod test ports " + std::to_string(block);
  text.copy(name.sun_path + 1, sizeof name.sun_path - 1);
  int const claim = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return ::bind(claim, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 || ::close(claim) != 0;
}

// A port that was free a moment ago, below those that the system gives to outgoing connections: one
// of these could take it before it is listened at.
inline std::uint16_t free_port() {
  constexpr unsigned in_block = 32;
  static unsigned next = static_cast<unsigned>(::getpid()) * in_block;
  boost::asio::io_context io;
  for (int tries = 0; tries < 2000; ++tries) {
    unsigned const at = next++ % 12'000;
    if (at % in_block == 0 && !claim_ports(at / in_block)) {
      next += in_block - 1;
      continue;
    }
    auto const port = static_cast<std::uint16_t>(20'000 + at);
    synod::asio::listener<boost::asio::io_context::executor_type> probe(io.get_executor());
    if (!probe.open(*synod::asio::read_address("127.0.0.1:" + std::to_string(port)))) return port;
  }
  return 0;
}

// No two clusters share a name, and with it their disks.
inline std::string unused_name() {
  static int used = 0;
  return "cluster-" + std::to_string(++used);
}

// Replicas of a machine in this process, on one context, each of which can be taken away and
// brought back.
template <class Machine, class Protocol = synod::multi_paxos<>, class Storage = kept_memory>
struct replicas {
  using replica = synod::asio::replica<Protocol, Machine, Storage, synod::asio::tcp_mesh,
                                       synod::cereal_codec, synod::counters>;
  using options = typename replica::options;

  boost::asio::io_context io{1};
  std::vector<synod::asio::replica_member> members;
  std::vector<std::string> client_addresses;
  std::string name;
  std::vector<std::unique_ptr<replica>> nodes;
  std::vector<synod::error> start_errors;
  std::vector<char> started;

  explicit replicas(std::size_t count = 3) : name(unused_name()) {
    for (std::size_t i = 0; i < count; ++i) {
      members.push_back({i + 1, "127.0.0.1:" + std::to_string(free_port())});
      client_addresses.push_back("127.0.0.1:" + std::to_string(free_port()));
    }
    nodes.resize(count);
    started.resize(count);
    start_errors.resize(count);
  }

  options options_of(std::size_t at) const {
    options made;
    made.cluster = name;
    made.id = at + 1;
    made.members = members;
    made.data = name + "/" + std::to_string(at + 1);
    made.client_listen = client_addresses[at];
    made.founding_ask_ns = 5'000'000;
    made.mesh.redial = {1'000'000, 20'000'000};
    if constexpr (Protocol::elects_leader) {
      made.protocol.pulse_ns = 10'000'000;
      made.protocol.leader.heartbeat_ns = 20'000'000;
    }
    made.protocol.resend_ns = 30'000'000;
    made.submit_timeout_ns = 60'000'000'000;
    return made;
  }
  void start(std::size_t at) { start(at, options_of(at)); }
  void start(std::size_t at, options given) {
    started[at] = 0;
    start_errors[at] = {};
    nodes[at] = std::make_unique<replica>(io, std::move(given));
    nodes[at]->async_start([this, at](synod::outcome<synod::done> got) {
      started[at] = got ? 1 : 0;
      start_errors[at] = got.error();
    });
  }
  void start_all() {
    for (std::size_t i = 0; i < nodes.size(); ++i) start(i);
    bool const all = run_until(io, [&] { return all_started() || some_failed(); });
    for (synod::error const& one : start_errors) ASSERT_FALSE(one) << one;
    ASSERT_TRUE(all);
  }
  [[nodiscard]] bool all_started() const {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i] != nullptr && started[i] == 0) return false;
    }
    return true;
  }
  [[nodiscard]] bool some_failed() const {
    for (synod::error const& one : start_errors) {
      if (one) return true;
    }
    return false;
  }
  // As when its process is killed.
  void kill(std::size_t at) { nodes[at].reset(); }

  // The place of the node that leads, once one does.
  std::optional<std::size_t> leader() {
    std::optional<std::size_t> found;
    run_until(io, [&] {
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (nodes[i] != nullptr && nodes[i]->status().leads) found = i;
      }
      return found.has_value();
    });
    return found;
  }

  // Runs the context until one operation has ended.
  template <class R, class Begin>
  synod::outcome<R> wait_for(Begin&& begin, int milliseconds = 120'000) {
    auto const got = std::make_shared<std::optional<synod::outcome<R>>>();
    begin([got](synod::outcome<R> one) { got->emplace(std::move(one)); });
    run_until(
        io, [&] { return got->has_value(); }, milliseconds);
    if (got->has_value()) return **got;
    return synod::unknown_fate{{synod::error_code::timed_out, 0, "test", "it never ended"}};
  }
  template <class Command>
  auto submit(std::size_t at, Command what) {
    using result = synod::result_of<Machine, Command>;
    return wait_for<result>(
        [&](auto handler) { nodes[at]->async_submit(std::move(what), std::move(handler)); });
  }
};

}  // namespace support
