// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/runtime/node.hpp>
#include <synod/storage/memory_snapshots.hpp>
#include <synod/testing/clock.hpp>
#include <synod/testing/either_disk.hpp>
#include <synod/testing/random.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace synod::testing {

// How many effects a process still carries out before it dies. After that there are none, and its
// owner takes it away at the end of the turn.
class process_fuse {
 public:
  static constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

  // Returns: whether the process still lives to do this.
  bool spend() {
    if (dying_) return false;
    if (left_ == endless || left_-- > 0) return true;
    return !(dying_ = true);
  }
  [[nodiscard]] bool dying() const { return dying_; }
  void burn_after(std::int64_t effects) { left_ = effects; }
  void renew() { *this = {}; }

 private:
  std::int64_t left_ = endless;
  bool dying_ = false;
};

// The storage of a node under simulation: a simulated disk that can be put back to what it was at
// an earlier crash, as somebody does who restores a backup.
class node_disk {
 public:
  node_disk(process_fuse& fuse, storage_kind kind, random_source random)
      : fuse_(&fuse), random_(random.split(1)), disk_(kind, random.split(2)) {}

  // --- as a storage ---

  void append(std::span<record_view const> records, ticket at) {
    if (fuse_->spend()) disk_.append(records, at);
  }
  [[nodiscard]] ticket durable() { return disk_.durable(); }
  void wait() {
    if (!fuse_->dying()) disk_.write_all();
  }
  [[nodiscard]] error failed() const { return disk_.failed(); }
  template <class Sink>
  damage replay(Sink&& sink) {
    return disk_.replay(std::forward<Sink>(sink));
  }
  void trim(group_id group, lane_id lane, slot upto) {
    if (fuse_->spend()) disk_.trim(group, lane, upto);
  }
  [[nodiscard]] store_id store() const { return disk_.store(); }
  // The count is of the disk, and goes back with it; the nonce is drawn in every life, as by a log
  // in a file.
  [[nodiscard]] incarnation life() const { return {disk_.life().counter, nonce_}; }

  // --- as a disk ---

  error open() {
    nonce_ = random_.next();
    return disk_.open();
  }
  void crash() {
    disk_.crash();
    if (!random_.one_in(2)) return;
    image_.emplace(disk_.copy());
    image_lives_ = disk_.life().counter;
  }
  void lose() {
    disk_.lose();
    image_.reset();
  }
  // Returns: whether there is an image that is not what is here.
  bool restore_image() {
    if (!image_.has_value() || image_lives_ >= disk_.life().counter) return false;
    disk_.put_back(*image_);
    return true;
  }
  [[nodiscard]] either_disk& inner() { return disk_; }

 private:
  process_fuse* fuse_;
  random_source random_;
  either_disk disk_;
  std::optional<either_disk::backup> image_;
  std::uint64_t image_lives_ = 0;
  std::uint64_t nonce_ = 0;
};

// A machine of a cluster of nodes: clock and disks outlive its processes, of which there is one at
// a time, or none while it is down.
template <class Cluster>
struct node_box {
  struct wires {
    static constexpr time_ns soon_max = 2'000'000;
    Cluster& all;
    node_box& of;
    void send(node_id to, shared_bytes const& frame) {
      if (of.fuse.spend()) all.sent(of, to, frame);
    }
    // Held back for a while, as a host does that waits for more.
    void send_soon(node_id to, shared_bytes const& frame) {
      if (of.fuse.spend()) all.sent(of, to, frame, soon_max);
    }
  };
  // What the node tells its users. Who is dying tells nothing.
  struct users {
    Cluster& all;
    node_box& of;
    template <class Result>
    void completed(std::uint64_t token, outcome<Result> const& what) {
      if (of.fuse.spend()) all.clients().completed(of, token, what);
    }
    void readable(std::uint64_t token, error why) {
      if (of.fuse.spend()) all.clients().readable(of, token, why);
    }
    void answer(std::uint64_t client, time_ns /*asked_at*/, session_answer const& what,
                std::span<std::byte const> reply) {
      if (of.fuse.spend()) all.clients().answer(of, client, what, reply);
    }
    void stopped(error) {}
  };
  struct watcher {
    Cluster& all;
    node_box& of;
    void on(slot_applied const& what) { all.applied(of, what.which); }
    void on(snapshot_loaded const& what) { all.applied(of, what.upto); }
  };
  struct parts : node_parts {
    using protocol = typename Cluster::protocol;
    using machine = typename Cluster::machine_type;
    using codec = typename Cluster::codec;
    using storage = node_disk;
    using snapshots = memory_snapshots;
    using transport = wires;
    using user = users;
    using observer = watcher;
  };
  using node_type = node<parts>;

  node_box(Cluster& all, node_index index, storage_kind storage, random_source random)
      : at(index), id(index.value + 1U),
        disk(fuse, storage, random.split(1)), net{all, *this}, told{all, *this}, watched{all,
                                                                                         *this} {}
  node_box(node_box const&) = delete;
  node_box& operator=(node_box const&) = delete;

  [[nodiscard]] bool up() const { return process != nullptr; }
  // Whether it may still be counted on to vote.
  [[nodiscard]] bool whole() const { return !lost && !rewound; }
  [[nodiscard]] bool serving() const { return up() && process->running(); }
  [[nodiscard]] time_ns now(time_ns true_now) const { return clock.steady(true_now); }

  node_index at;
  node_id id;
  skewed_clock clock;
  process_fuse fuse;
  node_disk disk;
  memory_snapshots images;
  wires net;
  users told;
  watcher watched;
  std::unique_ptr<node_type> process;
  std::uint32_t life = 0;
  store_id store;                   // that the process runs on
  bool lost = false;                // another, empty disk is there
  bool rewound = false;             // the disk is as it was once
  std::uint32_t rewound_after = 0;  // the life that it forgot
  std::uint64_t lives_once = 0;     // the counter of that life
  unsigned tried_again = 0;         // after it learned that it forgot
  time_ns down_until = 0;
  time_ns timer_at = never;  // in true time
  time_ns disk_at = never;
};

}  // namespace synod::testing
