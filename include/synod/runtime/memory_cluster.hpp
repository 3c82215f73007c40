// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/bytes.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/runtime/node.hpp>
#include <synod/storage/memory.hpp>
#include <synod/storage/memory_snapshots.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace synod {

struct memory_cluster_options {
  std::size_t nodes = 3;
  std::uint64_t seed = 1;
  cluster_constants constants;
  std::uint64_t snapshot_slots = 10'000;
  time_ns disk_ns = 0;  // until what is written survives a crash; 0: at once
  bool digests = false;
};

// Several replicas in one process, on a clock that jumps to whatever is due next: the shortest way
// to a replicated machine, for examples, tests and for trying one's own machine out. Every call
// runs the cluster until its answer is known. Disks survive crashes; links can be cut.
template <class Protocol, class Machine, class Codec>
class memory_cluster {
 public:
  using command = typename Machine::command;

  explicit memory_cluster(memory_cluster_options given = {}) : options_(given) {
    for (std::size_t i = 0; i < options_.nodes; ++i) boxes_.push_back(new box(*this, i));
    for (std::size_t i = 0; i < options_.nodes; ++i) restart(i);
  }
  memory_cluster(memory_cluster const&) = delete;
  memory_cluster& operator=(memory_cluster const&) = delete;
  ~memory_cluster() {
    for (box* one : boxes_) delete one;
  }

  // Submits at a node, and runs the cluster until it is known what became of it.
  template <command_of<Machine> One>
  outcome<result_of<Machine, One>> submit(One what, std::size_t at = 0,
                                          time_ns patience = 30'000'000'000) {
    using result_type = result_of<Machine, One>;
    box& here = *boxes_[at];
    maybe<outcome<result_type>> got;
    auto const until = [&] { return here.replica != nullptr && here.replica->running(); };
    run_until(until, now_ + patience);
    if (!until()) return refusal{{error_code::not_ready, at, "submit", "restart the node"}, {}};
    std::uint64_t const token = ++tokens_;
    here.expected = token;
    here.target = &got;
    if (auto const why = here.replica->submit(now_, std::move(what), token, now_ + patience)) {
      return refusal{*why, {}};
    }
    here.replica->turn(now_);
    run_until([&] { return got.has_value() || here.replica == nullptr; }, never);
    here.expected = 0;
    if (got.has_value()) return *std::move(got);
    return unknown_fate{{error_code::connection_lost, at, "submit", "the node crashed"}};
  }

  // The state of a node once the level allows to look at it; an error if it does not.
  result<Machine const*> read(read::level const& level, std::size_t at = 0,
                              time_ns patience = 30'000'000'000) {
    box& here = *boxes_[at];
    auto const until = [&] { return here.replica != nullptr && here.replica->running(); };
    run_until(until, now_ + patience);
    if (!until()) return error{error_code::not_ready, at, "read", "restart the node"};
    here.read_end.reset();
    if (auto const why = here.replica->read(now_, level, 1, now_ + patience)) return *why;
    here.replica->turn(now_);
    run_until([&] { return here.read_end.has_value() || here.replica == nullptr; }, never);
    if (!here.read_end.has_value()) {
      return error{error_code::connection_lost, at, "read", "the node crashed"};
    }
    if (*here.read_end) return *here.read_end;
    return &here.replica->state();
  }

  // What was written and not yet synced is lost.
  void crash(std::size_t at) {
    boxes_[at]->stop();
    boxes_[at]->synced_at = never;
    boxes_[at]->disk.crash();
    boxes_[at]->images.crash();
  }
  void restart(std::size_t at) {
    crash(at);
    box& here = *boxes_[at];
    here.disk.reopen();
    typename node_type::world around{here.disk, here.images, here.net, here.told, here.watched};
    here.replica = new node_type(options_of(at), Machine(), Codec(), around);
    here.replica->start(now_);
  }
  // The disk is lost as well: another store, and no member any more.
  void wipe(std::size_t at) {
    crash(at);
    boxes_[at]->disk = memory(next_store(), mode());
    boxes_[at]->images = memory_snapshots();
  }
  // Whether anything passes between two nodes.
  void link(std::size_t a, std::size_t b, bool up) {
    boxes_[a]->cut &= ~(std::uint64_t{1} << b);
    boxes_[b]->cut &= ~(std::uint64_t{1} << a);
    if (up) return;
    boxes_[a]->cut |= std::uint64_t{1} << b;
    boxes_[b]->cut |= std::uint64_t{1} << a;
  }
  void run_for(time_ns time) {
    time_ns const end = now_ + time;
    while (step(end)) {
    }
    if (now_ < end) now_ = end;
  }
  template <class Done>
  bool run_until(Done&& done, time_ns end) {
    while (!done()) {
      if (!step(end)) return false;
    }
    return true;
  }

  // What nodes said to clients that are no nodes, through node::serve. Whoever serves clients takes
  // them, and clears the list.
  struct client_answer {
    std::uint64_t client;
    node_id from;
    session_answer what;
    std::vector<std::byte> reply;
  };
  [[nodiscard]] list<client_answer>& answers() { return answers_; }

  [[nodiscard]] time_ns now() const { return now_; }
  [[nodiscard]] std::size_t size() const { return boxes_.size(); }
  [[nodiscard]] bool up(std::size_t at) const { return boxes_[at]->replica != nullptr; }

 private:
  struct box;
  struct wires {
    memory_cluster& of;
    std::size_t from;

    void send(node_id to, shared_bytes const& frame) {
      auto const target = static_cast<std::size_t>(to.value) - 1;
      if (target >= of.boxes_.size() || (of.boxes_[from]->cut >> target & 1) != 0) return;
      of.frames_.push_back({of.now_ + latency_ns, target, frame});
    }
  };
  struct inbox {
    box& of;

    template <class Result>
    void completed(std::uint64_t token, outcome<Result> const& what) {
      if (token != of.expected) return;
      static_cast<maybe<outcome<Result>>*>(of.target)->emplace(what);
    }
    void readable(std::uint64_t, error why) { of.read_end = why; }
    void answer(std::uint64_t client, time_ns /*asked_at*/, session_answer const& what,
                std::span<std::byte const> reply) {
      auto& made = of.all.answers_.emplace_back(client_answer{client, of.id, what, {}});
      append_bytes(made.reply, reply);
    }
    void stopped(error why) { of.why_stopped = why; }
  };

 public:
  struct parts : node_parts {
    using protocol = Protocol;
    using machine = Machine;
    using codec = Codec;
    using storage = memory;
    using snapshots = memory_snapshots;
    using transport = wires;
    using user = inbox;
  };
  using node_type = node<parts>;

  // Null while it is down.
  [[nodiscard]] node_type* at(std::size_t index) { return boxes_[index]->replica; }
  [[nodiscard]] error const& why_stopped(std::size_t index) const {
    return boxes_[index]->why_stopped;
  }

 private:
  static constexpr time_ns latency_ns = 50'000;

  struct box {
    box(memory_cluster& of, std::size_t at)
        : all(of), id(at + 1), disk(of.next_store(), of.mode()), net{of, at}, told{*this} {}
    box(box const&) = delete;
    box& operator=(box const&) = delete;
    ~box() { stop(); }
    void stop() { delete std::exchange(replica, nullptr); }

    memory_cluster& all;
    node_id id;
    memory disk;
    memory_snapshots images;
    wires net;
    inbox told;
    null_observer watched;
    std::uint64_t cut = 0;
    std::uint64_t expected = 0;
    void* target = nullptr;
    maybe<error> read_end;
    error why_stopped;
    node_type* replica = nullptr;
    ticket syncing;             // what is on its way to the disk
    time_ns synced_at = never;  // and when it is there
  };
  struct flying {
    time_ns at;
    std::size_t to;
    shared_bytes what;
  };

  [[nodiscard]] durability mode() const {
    return options_.disk_ns == 0 ? durability::at_once : durability::when_told;
  }
  void write_back() {
    if (options_.disk_ns == 0) return;
    for (box* const one : boxes_) {
      if (one->replica != nullptr) write_back(*one);
    }
  }
  // One sync at a time, for everything written before it began.
  void write_back(box& one) {
    if (one.synced_at <= now_) {
      one.disk.make_durable(one.syncing);
      one.synced_at = never;
      if (one.replica != nullptr) one.replica->turn(now_);
    }
    if (one.synced_at == never && one.disk.durable() < one.disk.appended()) {
      one.syncing = one.disk.appended();
      one.synced_at = now_ + options_.disk_ns;
    }
  }

  store_id next_store() { return {options_.seed, ++stores_}; }

  typename node_type::options options_of(std::size_t at) {
    typename node_type::options made;
    made.founding.cluster = "memory";
    made.founding.self = node_id(at + 1);
    made.founding.store = boxes_[at]->disk.store();
    made.founding.life = boxes_[at]->disk.life();
    made.founding.constants = options_.constants;
    for (std::size_t i = 0; i < options_.nodes; ++i) {
      made.founding.members.push_back({.id = node_id(i + 1)});
    }
    made.policy = snapshots_every(options_.snapshot_slots);
    made.seed = options_.seed * 1000 + at;
    made.digests = options_.digests;
    made.wait_for_storage = options_.disk_ns == 0;
    return made;
  }

  // The next thing that is due, unless that is after `end`.
  bool step(time_ns end) {
    write_back();
    time_ns soonest = arrived_ == frames_.size() ? never : frames_[arrived_].at;
    for (box* const one : boxes_) {
      if (one->replica == nullptr) continue;
      time_ns const due = one->replica->next_deadline();
      if (due < soonest) soonest = due;
      if (one->synced_at < soonest) soonest = one->synced_at;
    }
    if (soonest > end || soonest == never) return false;
    if (soonest > now_) now_ = soonest;
    write_back();
    if (arrived_ != frames_.size() && frames_[arrived_].at <= now_) {
      flying const one = std::move(frames_[arrived_++]);
      if (arrived_ * 2 >= frames_.size()) {
        frames_.erase(frames_.begin(), frames_.begin() + arrived_);
        arrived_ = 0;
      }
      node_type* const to = boxes_[one.to]->replica;
      if (to == nullptr) return true;
      to->receive(now_, one.what);
      to->turn(now_);
      return true;
    }
    for (box* const one : boxes_) {
      if (one->replica == nullptr || one->replica->next_deadline() > now_) continue;
      one->replica->tick(now_);
      one->replica->turn(now_);
    }
    return true;
  }

  memory_cluster_options options_;
  list<box*> boxes_;
  list<flying> frames_;  // in the order of arrival, those from `arrived_` still to come
  std::size_t arrived_ = 0;
  list<client_answer> answers_;
  time_ns now_ = 1'000'000'000;
  std::uint64_t stores_ = 0;
  std::uint64_t tokens_ = 0;
};

}  // namespace synod
