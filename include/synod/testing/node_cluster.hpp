// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/machine/kv.hpp>
#include <synod/testing/carefully.hpp>
#include <synod/testing/cluster_types.hpp>
#include <synod/testing/event_queue.hpp>
#include <synod/testing/invariants/quorum_rule.hpp>
#include <synod/testing/multi_paxos.hpp>
#include <synod/testing/node_box.hpp>
#include <synod/testing/node_checks.hpp>
#include <synod/testing/node_clients.hpp>
#include <synod/testing/node_storm.hpp>
#include <synod/testing/trace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace synod::testing {

// Whole nodes under simulation: founding, executor, sessions, batches, reads and snapshots, just as
// a host runs them, over simulated clocks, disks and network. Clients of the machine `kv` retry
// through `client_session`, and read at every level.
//
// Checked are: that all replicas that applied a slot did the same, replies included (I1, I3, I7);
// that what clients saw has an order that respects real time, for each key (I6, I7, I8); that each
// read kept what its level promises; that no store that forgot votes (I4); and that after healing
// fresh commands complete and every node catches up (I9).
template <class Protocol, class Codec>
class node_cluster {
 public:
  using protocol = Protocol;
  using machine_type = kv;
  using codec = Codec;
  using box = node_box<node_cluster>;
  using node_type = typename box::node_type;
  using core_type = typename node_type::core_type;

  struct setup : log_setup {
    static constexpr fault_families faults() { return log_setup::faults(); }
  };

  explicit node_cluster(cluster_options const& given)
      : options_(given), root_(given.seed), kept_(given.kept), net_(given.nodes, root_.split(1)),
        storm_(*this, draw_plan()), clients_(*this, root_.split(3)) {
    log_.record(given.record);
    std::vector<member> everybody;
    for (unsigned i = 0; i < given.nodes; ++i) {
      node_index const at(static_cast<std::uint8_t>(i));
      random_source chance = root_.split(100 + i);
      boxes_.push_back(std::make_unique<box>(*this, at, given.storage, chance));
      boxes_.back()->clock.reboot(0, 1 + chance.between(0, 1'000'000'000'000));
      (void)boxes_.back()->disk.open();
      everybody.push_back({.id = node_id(i + 1), .index = at});
    }
    auto made = membership::make(config_number(1), std::move(everybody), given.spec);
    SYNOD_ASSERT(static_cast<bool>(made), "the simulation was given members that are none");
    members_ = *std::move(made);
    rule_ = rule_of<typename Protocol::quorum_family>::with(members_);
    random_source chance = root_.split(9);
    constants_.alpha = 32;
    constants_.session_capacity = static_cast<std::uint32_t>(chance.between(4, 12));

    constants_.in_flight_max = static_cast<std::uint32_t>(chance.between(2, 16));
    constants_.replies_kept =
        static_cast<std::uint32_t>(chance.between(1, constants_.in_flight_max));
    snapshot_slots_ = static_cast<std::uint64_t>(chance.between(3, 60));
    ask_again_ = std::int64_t{3'000'000} << chance.below(8);
  }
  node_cluster(node_cluster const&) = delete;
  node_cluster& operator=(node_cluster const&) = delete;

  cluster_report run() {
    carefully(found_, [this] { schedule(); });
    while (!finished() && step()) {
    }
    if (!found_.any() && !excused() && !clients_.settled()) clients_.stalled();
    if (!found_.any()) clients_.finish(excused());
    return report();
  }

  // --- what clients see and do ---

  [[nodiscard]] time_ns now() const { return now_; }
  [[nodiscard]] cluster_options const& options() const { return options_; }
  [[nodiscard]] membership const& members() const { return members_; }
  [[nodiscard]] std::vector<std::unique_ptr<box>>& boxes() { return boxes_; }
  [[nodiscard]] node_clients<node_cluster>& clients() { return clients_; }
  [[nodiscard]] violations& found() { return found_; }
  [[nodiscard]] trace& log() { return log_; }
  [[nodiscard]] network& net() { return net_; }
  [[nodiscard]] quorum_rule const& rule() const { return rule_; }
  [[nodiscard]] node_storm<node_cluster> const& weather() const { return storm_; }
  [[nodiscard]] bool healed() const { return healed_; }
  [[nodiscard]] bool keeps(std::size_t number) const { return kept_.keeps(number); }
  void schedule_client(time_ns at, std::uint64_t number) {
    queue_.add(at, {cluster_event::kind::client, 0, 0, number});
  }
  // Effects: the node handles what it was just given.
  void turn(box& self) {
    self.disk.inner().advance(now_);
    self.process->turn(self.now(now_));
    checks_.booted(self);
    if (self.fuse.dying() || self.process->why_stopped()) {
      crash(self, now_ + restart_delay);
      queue_.add(self.down_until, {cluster_event::kind::revive, self.at.value, 0, 0});
      return;
    }
    wind(self);
    wind_disk(self);
  }

  // Sets the timer for the next deadline of the node, if it is not set for earlier already.
  void wind(box& self) {
    time_ns due = self.process->next_deadline();
    if (due == never) return;
    // Who is due at once still takes the time of a turn.
    due = due == 0 ? now_ + dice_.exponential(turn_mean) : self.clock.true_time_of(due);
    if (time_ns const late = storm_.sum(fault_kind::late_timers, self.at); late != 0) {
      due += dice_.exponential(late);
    }
    if (due <= now_) due = now_ + 1;
    if (due >= self.timer_at) return;
    self.timer_at = due;
    queue_.add(due, {cluster_event::kind::timer, self.at.value, self.life, 0});
  }
  void crash(box& self, time_ns until) {
    if (until > self.down_until) self.down_until = until;
    if (!self.up()) return;
    error const why = self.process->why_stopped();
    log_.line(now_, "node %llu is down%s%s", wide(self.id.value), why ? ": " : "",
              why ? name_of(why.code) : "");
    // Who knows that it forgot, or that it is out, stays away until somebody replaces it.
    // Somebody tries it again a few times first, which must not help.
    if (why.code == error_code::amnesia && ++self.tried_again > 20) self.down_until = never;
    if (why.code == error_code::corruption && self.whole()) {
      found_.add("I8", "node %llu lost something: %s", wide(self.id.value), why.remedy);
    }
    self.process.reset();
    self.disk.crash();
    self.images.crash();
    self.fuse.renew();
    self.timer_at = self.disk_at = never;
    clients_.crashed(self);
  }
  void bring_up(bool whoever) {
    for (auto& one : boxes_) {
      bool const due = one->down_until <= now_ || (whoever && one->down_until != never);
      if (!one->up() && due) start(*one);
    }
  }

  // --- what nodes do ---

  // Leaves after a while below `held_max`.
  void sent(box& from, node_id to, shared_bytes const& frame, time_ns held_max = 1) {
    if (to.value == 0 || to.value > boxes_.size()) return;
    wire_reader header(frame.bytes().subspan(frame_header_length - 8, 4));
    auto const checksum = header.get<std::uint32_t>();
    log_.mix(from.at.value, to.value, checksum);
    checks_.sent(from, frame);
    box& target = *boxes_[static_cast<std::size_t>(to.value - 1)];
    time_ns const leaves = now_ + checksum % held_max;
    net_.send(leaves, {frame, from.at, target.at, from.life, target.life}, arrivals());
  }
  void applied(box& self, slot upto) { checks_.applied(self, upto); }

 private:
  static constexpr time_ns restart_delay = 1'000'000;
  static constexpr time_ns boot = 4'000'000;
  static constexpr time_ns turn_mean = 20'000;
  static constexpr std::uint64_t events_max = 5'000'000;

  auto arrivals() {
    return [this](time_ns when, std::uint32_t number) {
      queue_.add(when, {cluster_event::kind::deliver, 0, 0, number});
    };
  }
  fault_plan draw_plan() {
    fault_ground ground;
    ground.nodes = options_.nodes;
    ground.until = options_.storm;
    ground.pace = setup::pace(options_.storm);
    ground.families = options_.faults & setup::faults();
    fault_plan made = swarm(root_.split(2)).plan(ground);
    // First boot is over within some milliseconds, and has rules of its own.
    random_source chance = root_.split(10);
    if (!chance.one_in(3)) return made;
    ground.until = ground.until < boot ? ground.until : boot;
    ground.pace = boot / 4;
    for (fault const& one : swarm(chance.split(1)).plan(ground)) made.push_back(one);
    std::stable_sort(made.begin(), made.end(),
                     [](fault const& a, fault const& b) { return a.at < b.at; });
    return made;
  }
  void schedule() {
    fault_plan const& plan = storm_.plan();
    for (std::size_t i = 0; i < plan.size(); ++i) {
      if (!kept_.keeps(i)) continue;
      queue_.add(plan[i].at, {cluster_event::kind::fault_begins, 0, 0, i});
      queue_.add(plan[i].until, {cluster_event::kind::fault_ends, 0, 0, i});
    }
    queue_.add(options_.storm, {cluster_event::kind::heal, 0, 0, 0});
    for (auto& one : boxes_) start(*one);
    clients_.begin(plan.size());
  }
  // A store that was lost before it was founded leaves nobody who can found, and the nodes say so.
  [[nodiscard]] bool excused() const {
    bool wiped = false;
    for (auto const& one : boxes_) {
      wiped = wiped || !one->whole();
      if (one->up() && one->process->boot().is_founded()) return false;
    }
    return wiped;
  }
  bool finished() {
    if (!healed_) return events_ > events_max;
    bool const late = now_ > deadline_ || events_ > events_max;
    return clients_.settled() || late || (now_ > excused_until_ && excused());
  }
  bool step() {
    if (queue_.empty() || found_.any()) return false;
    auto const next = queue_.take();
    now_ = next.at;
    ++events_;
    log_.mix(static_cast<std::uint64_t>(next.at), static_cast<std::uint64_t>(next.what.what),
             std::uint64_t{next.what.node} << 32 | next.what.life, next.what.number);
    carefully(found_, [&] { handle(next.what); });
    return !found_.any();
  }
  void handle(cluster_event const& what) {
    auto const number = static_cast<std::size_t>(what.number);
    switch (what.what) {
      case cluster_event::kind::deliver: return deliver(static_cast<std::uint32_t>(number));
      case cluster_event::kind::timer:
      case cluster_event::kind::disk: return wake(*boxes_[what.node], what);
      case cluster_event::kind::fault_begins: return storm_.begin(number);
      case cluster_event::kind::fault_ends: return storm_.end(number);
      case cluster_event::kind::revive: return bring_up(false);
      case cluster_event::kind::client: return clients_.handle(what.number);
      case cluster_event::kind::heal:
        log_.line(now_, "-- peace");
        healed_ = true;
        deadline_ = now_ + 100 * setup::timeout;
        excused_until_ = now_ + 5 * setup::timeout;
        storm_.heal();
        return clients_.healed();
    }
  }

  void deliver(std::uint32_t number) {
    box& self = *boxes_[net_.under_way(number).to.value];
    if (self.up() && self.clock.paused(now_)) {
      return queue_.add(self.clock.paused_until(), {cluster_event::kind::deliver, 0, 0, number});
    }
    std::optional<packet> const arrived = net_.deliver(number);
    if (!arrived || !self.up()) return;
    // An old disk is put into another machine, which has connections of its own.
    if (self.rewound && arrived->receiver_life <= self.rewound_after) return;
    if (storm_.is_active(fault_kind::replay) && dice_.one_in(8)) {
      net_.replay(now_, dice_.next(), arrivals());
    }
    checks_.arrives(self, *arrived);
    self.process->receive(self.now(now_), arrived->frame);
    turn(self);
  }
  void wake(box& self, cluster_event const& what) {
    bool const timer = what.what == cluster_event::kind::timer;
    time_ns& due = timer ? self.timer_at : self.disk_at;
    if (!self.up() || self.life != what.life || due > now_) return;
    if (self.clock.paused(now_)) {
      due = self.clock.paused_until();
      return queue_.add(due, what);
    }
    due = never;
    if (timer) self.process->tick(self.now(now_));
    turn(self);
  }
  void wind_disk(box& self) {
    time_ns due = self.disk.inner().next_due();
    if (due == never) return;
    if (due <= now_) due = now_ + 1;
    if (due >= self.disk_at) return;
    self.disk_at = due;
    queue_.add(due, {cluster_event::kind::disk, self.at.value, self.life, 0});
  }

  // --- processes ---

  void start(box& self) {
    if (error const why = self.life == 0 ? error() : self.disk.open()) {
      log_.line(now_, "node %llu cannot open its store: %s", wide(self.id.value),
                name_of(why.code));
      self.disk.crash();
      self.down_until = now_ + restart_delay;
      return queue_.add(self.down_until, {cluster_event::kind::revive, self.at.value, 0, 0});
    }
    ++self.life;
    random_source chance = root_.split(1000 + self.at.value).split(self.life);
    typename node_type::options made;
    made.core = protocol_setup<Protocol>::template make<core_type>(chance, self.id, members_);
    made.founding.cluster = "simulation";
    made.founding.self = self.id;
    made.founding.store = self.disk.store();
    made.founding.life = self.disk.life();
    made.founding.members = members_.members();
    made.founding.spec = members_.spec();
    made.founding.constants = constants_;
    made.founding.ask_again_ns = ask_again_;
    made.policy = snapshots_every(snapshot_slots_);
    made.commands.session.ordered = chance.split(1).one_in(2);
    // A snapshot takes several turns and several parts, so that much can happen in between.
    made.snapshots.turn_bytes = static_cast<std::size_t>(chance.between(8, 200));
    made.snapshots.donor.part_bytes = static_cast<std::uint32_t>(chance.between(150, 1000));
    made.snapshots.receiver.credit_bytes = static_cast<std::uint32_t>(chance.between(300, 8000));
    made.seed = chance.next();
    made.wait_for_storage = false;
    made.digests = true;
    log_.line(now_, "node %llu starts, life %u%s%s", wide(self.id.value), self.life,
              self.lost ? ", on an empty disk" : "", self.rewound ? ", on an old disk" : "");
    self.store = made.founding.store;
    self.process = std::make_unique<node_type>(
        std::move(made), kv(), Codec(),
        typename node_type::world{self.disk, self.images, self.net, self.told, self.watched});
    (void)self.process->start(self.now(now_));
    turn(self);
    if (self.up()) clients_.started(self);
  }

  cluster_report report() {
    cluster_report made;
    made.events = events_;
    made.ended_at = now_;
    made.trace_hash = log_.hash();
    made.planned = storm_.plan().size() + clients_.planned();
    made.operations = clients_.done();
    made.violations = found_.all();
    for (violation const& one : made.violations) {
      log_.line(now_, "!! %s: %s", one.invariant, one.text.c_str());
    }
    made.trace = log_.take_text();
    return made;
  }

  cluster_options options_;
  random_source root_;
  random_source dice_ = root_.split(6);
  schedule_filter kept_;
  trace log_;
  violations found_;
  event_queue<cluster_event> queue_;
  network net_;
  std::vector<std::unique_ptr<box>> boxes_;
  membership members_;
  quorum_rule rule_;
  cluster_constants constants_;
  std::uint64_t snapshot_slots_ = 0;
  time_ns ask_again_ = 0;
  node_checks<node_cluster> checks_{*this};
  node_storm<node_cluster> storm_;
  node_clients<node_cluster> clients_;
  time_ns now_ = 0;
  time_ns deadline_ = never;
  time_ns excused_until_ = never;
  std::uint64_t events_ = 0;
  bool healed_ = false;
};

}  // namespace synod::testing
