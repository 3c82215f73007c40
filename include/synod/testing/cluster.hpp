// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/fixed.hpp>
#include <synod/codec/frame.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>
#include <synod/testing/carefully.hpp>
#include <synod/testing/cluster_types.hpp>
#include <synod/testing/either_disk.hpp>
#include <synod/testing/event_queue.hpp>
#include <synod/testing/network.hpp>
#include <synod/testing/oracle.hpp>
#include <synod/testing/packing.hpp>
#include <synod/testing/simulated_host.hpp>
#include <synod/testing/simulated_node.hpp>
#include <synod/testing/storm.hpp>
#include <synod/testing/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace synod::testing {

// How a protocol is simulated: its options, its clients, what its messages say to the checkers.
// Each protocol has a specialisation in the header of its name in this folder, which is the one to
// include.
template <class Protocol>
struct protocol_setup;

// A cluster under simulation: real cores, real frames, the real order of the drain, and one seed
// that decides about time, network, disks, processes and clients. The invariants are checked after
// every event. Protocol and Machine are the types that a host would be given.
//
// Requires: Machine is a machine whose state is copied by the default constructor's state and apply
// alone; Codec encodes its commands; Disk is either_disk, or a subject_disk with a storage of the
// user's own, for which the kind of storage in the options means nothing.
template <class Protocol, class Machine, class Codec = fixed_codec, class Disk = either_disk>
class cluster {
 public:
  using protocol = Protocol;
  using setup = protocol_setup<Protocol>;
  using core_type = typename Protocol::template core<Machine>;
  using command = typename core_type::command;
  using message_type = typename core_type::message_type;
  using output_type = typename core_type::output_type;
  using answer_type = typename core_type::answer_type;
  using node = simulated_node<core_type, Machine, Disk>;
  using clients_type = typename setup::template clients<cluster>;

  static_assert(machine<Machine>,
                "synod::testing::cluster: Machine does not model synod::machine: it needs a nested "
                "`command` and `apply(command const&)`");

  explicit cluster(cluster_options const& given)
      : options_(given), root_(given.seed), kept_(given.kept),
        net_(given.nodes + given.learners, root_.split(1)), packing_(Codec()),
        storm_(*this, draw_plan(), calm_weather(), root_.split(8)),
        clients_(*this, root_.split(3)) {
    log_.record(given.record);
    unsigned const count = given.nodes + given.learners;
    nodes_.reserve(count);
    for (unsigned i = 0; i < count; ++i) {
      node_index const at(static_cast<std::uint8_t>(i));
      nodes_.emplace_back(at, node_id(i + 1), given.storage, root_.split(100 + i));
    }
    found_cluster();
  }
  cluster(cluster const&) = delete;
  cluster& operator=(cluster const&) = delete;

  // Effects: runs the schedule, then leaves the cluster in peace until everything that must happen
  // has happened, or its time is over.
  cluster_report run() {
    carefully(oracle_.found(), [this] { schedule(); });
    while (!finished() && step()) {
    }
    if (!oracle_.found().any() && !clients_.settled()) clients_.stalled();
    if (!oracle_.found().any()) clients_.finish();
    return report();
  }

  // Effects: carries out the next event. Returns: false where there is none, or something is wrong.
  bool step() {
    if (queue_.empty() || oracle_.found().any()) return false;
    auto const next = queue_.take();
    now_ = next.at;
    ++events_;
    log_.mix(static_cast<std::uint64_t>(next.at), static_cast<std::uint64_t>(next.what.what),
             std::uint64_t{next.what.node} << 32 | next.what.life, next.what.number);
    carefully(oracle_.found(), [&] { handle(next.what); });
    return !oracle_.found().any();
  }

  // -- what clients and faults may see and do --

  [[nodiscard]] time_ns now() const { return now_; }
  [[nodiscard]] cluster_options const& options() const { return options_; }
  [[nodiscard]] membership const& members() const { return members_; }
  [[nodiscard]] std::vector<node>& nodes() { return nodes_; }
  [[nodiscard]] node& at(node_index which) { return nodes_[which.value]; }
  [[nodiscard]] oracle& checks() { return oracle_; }
  [[nodiscard]] packing<Protocol, Machine, Codec>& pack() { return packing_; }
  [[nodiscard]] trace& log() { return log_; }
  [[nodiscard]] network& net() { return net_; }
  [[nodiscard]] clients_type& clients() { return clients_; }
  [[nodiscard]] storm<cluster> const& weather() const { return storm_; }
  [[nodiscard]] bool keeps(std::size_t number) const { return kept_.keeps(number); }
  [[nodiscard]] bool healed() const { return healed_; }
  // Where links are missing after healing: the node that must get things done all the same.
  [[nodiscard]] std::optional<node_index> const& hub() const { return hub_; }
  [[nodiscard]] std::vector<node_index> everybody() const {
    std::vector<node_index> all;
    for (node const& one : nodes_) all.push_back(one.at);
    return all;
  }
  void schedule_client(time_ns at, std::uint64_t number) {
    queue_.add(at, {cluster_event::kind::client, 0, 0, number});
  }

  // Effects: the node handles what its core was just given.
  void turn(node& self) {
    self.disk.advance(now_);
    simulated_host<cluster> host(*this, self);
    bool const goes_on = self.order.turn(self.now(now_), *self.core, self.out, host);
    if (!goes_on || self.dying) {
      crash(self, now_ + restart_delay);
      queue_.add(self.down_until, {cluster_event::kind::revive, self.at.value, 0, 0});
    } else {
      wind(self);
      wind_disk(self);
    }
  }

  // Sets the timer for the next deadline of the core, if it is not set for earlier already.
  void wind(node& self) {
    time_ns due = self.clock.true_time_of(self.core->next_deadline());
    if (due == never) return;
    if (time_ns const late = storm_.timer_delay(self.at); late != 0) due += dice_.exponential(late);
    if (due <= now_) due = now_ + 1;
    if (due >= self.timer_at) return;
    self.timer_at = due;
    queue_.add(due, {cluster_event::kind::timer, self.at.value, self.life, 0});
  }

  void carry(packet what) { net_.send(now_, std::move(what), arrivals()); }
  // Sends one of the packets of the recent past once more.
  void carry_again(std::uint64_t which) { net_.replay(now_, which, arrivals()); }
  // -- faults
  // ---------------------------------------------------------------------------------------

  void crash(node& self, time_ns until) {
    if (until > self.down_until) self.down_until = until;
    if (!self.up()) return;
    log_.line(now_, "node %llu is down", wide(self.id.value));
    self.disk.crash();
    self.core.reset();
    self.order = {};
    self.out.clear();
    self.machine = Machine{};
    self.applied = 0;
    self.dying = false;
    self.effects_left = node::endless;
    self.timer_at = never;
    self.disk_at = never;
    clients_.crashed(self);
  }
  // Effects: starts who is down and due, or everybody who is down.
  void bring_up(bool whoever) {
    for (node& self : nodes_) {
      if (!self.up() && (whoever || self.down_until <= now_)) start(self);
    }
  }
  cluster_id const& identity() const { return identity_; }

 private:
  static constexpr time_ns restart_delay = 1'000'000;
  static constexpr std::uint64_t events_max = 20'000'000;

  static network_weather calm_weather() { return {}; }

  auto arrivals() {
    return [this](time_ns when, std::uint32_t number) {
      queue_.add(when, {cluster_event::kind::deliver, 0, 0, number});
    };
  }

  fault_plan draw_plan() {
    fault_ground ground;
    ground.nodes = options_.nodes + options_.learners;
    ground.from = 0;
    ground.until = options_.storm;
    ground.pace = setup::pace(options_.storm);
    ground.families = options_.faults & setup::faults();
    return swarm(root_.split(2)).plan(ground);
  }

  void found_cluster() {
    std::vector<member> everybody;
    for (node& one : nodes_) {
      // A first open draws the store id; the first life goes on from there.
      one.prepared = !one.disk.open();
      member who;
      who.id = one.id;
      who.store = one.disk.store();
      who.index = one.at;
      who.role = one.at.value < options_.nodes ? member_role::voter : member_role::learner;
      who.weight = one.at.value % options_.heaviest + 1;
      everybody.push_back(who);
    }
    auto made = membership::make(config_number(), std::move(everybody), options_.spec);
    SYNOD_ASSERT(static_cast<bool>(made), "the simulation was given members that are none");
    members_ = *std::move(made);
    identity_ = {root_.split(4).next(), root_.split(5).next()};
    oracle_.governed(slot(1), rule_of<typename setup::quorum>::with(members_));
    check_system<typename setup::quorum>(members_, oracle_.found());
    probe_family<typename setup::quorum>(root_.split(7), oracle_.found());
  }

  void schedule() {
    std::size_t const faults = storm_.plan().size();
    for (std::size_t i = 0; i < faults; ++i) {
      if (!kept_.keeps(i)) continue;
      fault const& one = storm_.plan()[i];
      queue_.add(one.at, {cluster_event::kind::fault_begins, 0, 0, i});
      queue_.add(one.until, {cluster_event::kind::fault_ends, 0, 0, i});
    }
    queue_.add(options_.storm, {cluster_event::kind::heal, 0, 0, 0});
    bring_up(true);
    clients_.begin(faults);
  }

  bool finished() {
    if (!healed_) return events_ > events_max;
    if (clients_.settled()) return true;
    return now_ > deadline_ || events_ > events_max;
  }

  void handle(cluster_event const& what) {
    switch (what.what) {
      case cluster_event::kind::deliver: return deliver(static_cast<std::uint32_t>(what.number));
      case cluster_event::kind::timer: return fire(nodes_[what.node], what.life);
      case cluster_event::kind::disk: return written(nodes_[what.node], what);
      case cluster_event::kind::fault_begins:
        return storm_.begin(static_cast<std::size_t>(what.number));
      case cluster_event::kind::fault_ends:
        return storm_.end(static_cast<std::size_t>(what.number));
      case cluster_event::kind::revive: return bring_up(false);
      case cluster_event::kind::client: return clients_.handle(what.number);
      case cluster_event::kind::heal:
        log_.line(now_, "-- peace");
        healed_ = true;
        deadline_ = now_ + 100 * setup::timeout;
        storm_.heal();
        if constexpr (requires { setup::heals_in_part; }) heal_in_part();
        return clients_.healed();
    }
  }

  // Peace without all links: where a protocol promises progress as long as one node reaches the
  // others, it must keep that promise. Where it does not, only a whole network counts.
  void heal_in_part() {
    random_source chance = root_.split(9);
    if (!setup::heals_in_part || !chance.one_in(3)) return;
    node const& hub = nodes_[static_cast<std::size_t>(chance.below(options_.nodes))];
    if (!hub.whole()) return;
    hub_ = hub.at;
    for (node const& a : nodes_) {
      for (node const& b : nodes_) {
        bool const spared = a.at.value >= b.at.value || a.at == hub.at || b.at == hub.at;
        if (spared || chance.one_in(2)) continue;
        net_.cut_both(a.at, b.at);
        log_.line(now_, "no link between %llu and %llu", wide(a.id.value), wide(b.id.value));
      }
    }
  }

  // A process that was stopped finds what came meanwhile when it goes on.
  bool put_off(node& self, cluster_event const& what) {
    if (!self.clock.paused(now_)) return false;
    queue_.add(self.clock.paused_until(), what);
    return true;
  }

  void deliver(std::uint32_t number) {
    node& self = at(net_.under_way(number).to);
    cluster_event const again{cluster_event::kind::deliver, 0, 0, number};
    if (self.up() && put_off(self, again)) return;
    std::optional<packet> arrived = net_.deliver(number);
    if (!arrived || !self.up()) return;
    storm_.packet_arrived();
    simulated_host<cluster>(*this, self).receive(*arrived);
  }

  void fire(node& self, std::uint32_t life) {
    if (!self.up() || self.life != life || self.timer_at > now_) return;
    if (self.clock.paused(now_)) {
      self.timer_at = self.clock.paused_until();
      queue_.add(self.timer_at, {cluster_event::kind::timer, self.at.value, self.life, 0});
      return;
    }
    self.timer_at = never;
    self.core->tick(self.now(now_), self.out);
    turn(self);
  }

  void written(node& self, cluster_event const& what) {
    if (!self.up() || self.life != what.life || self.disk_at > now_) return;
    if (put_off(self, what)) return;
    self.disk_at = never;
    turn(self);
  }
  // Looks at the disk again when it has done something.
  void wind_disk(node& self) {
    time_ns due = self.disk.next_due();
    if (due == never) return;
    if (due <= now_) due = now_ + 1;
    if (due >= self.disk_at) return;
    self.disk_at = due;
    queue_.add(due, {cluster_event::kind::disk, self.at.value, self.life, 0});
  }

  void start(node& self) {
    if (!std::exchange(self.prepared, false)) {
      if (error const why = self.disk.open()) {
        // What rotted may leave nothing to start from; anything else is tried again.
        log_.line(now_, "node %llu cannot open its store: %s", wide(self.id.value),
                  name_of(why.code));
        return self.disk.crash();
      }
    }
    ++self.life;
    log_.line(now_, "node %llu is up, life %u%s", wide(self.id.value), self.life,
              self.lost ? ", on an empty disk" : "");
    random_source chance = root_.split(1000 + self.at.value).split(self.life);
    self.core.emplace(setup::template make<core_type>(chance, self.id, members_));
    std::vector<record_fact> read;
    record<command> restored;
    damage harm = self.disk.replay([&](record_view const& from) {
      if (!packing_.read(from, restored)) {
        oracle_.found().add("I10", "node %u cannot decode a record that it wrote",
                            unsigned{self.at.value});
        return;
      }
      read.push_back(packing_.fact(restored, from.checksum));
      self.core->restore(restored);
    });
    self.harm = harm;
    if (harm.everything) log_.line(now_, "node %llu: its store is damaged", wide(self.id.value));
    for (damaged_range const& one : harm.ranges) {
      log_.line(now_, "node %llu: slots %s are damaged", wide(self.id.value),
                describe(one.first, one.last).c_str());
    }
    if (self.lost) harm.everything = true;
    oracle_.restarted(self.self(), read, harm);
    self.core->start(self.now(now_), harm, self.out);
    turn(self);
    if (self.up()) clients_.started(self);
  }

  cluster_report report() {
    cluster_report made;
    made.events = events_;
    made.ended_at = now_;
    made.trace_hash = log_.hash();
    made.planned = storm_.plan().size() + clients_.planned();
    made.operations = clients_.completed();
    made.violations = oracle_.found().all();
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
  event_queue<cluster_event> queue_;
  network net_;
  oracle oracle_;
  packing<Protocol, Machine, Codec> packing_;
  std::vector<node> nodes_;
  membership members_;
  cluster_id identity_;
  storm<cluster> storm_;
  clients_type clients_;
  std::optional<node_index> hub_;  // the only one that surely reaches everybody, after healing
  time_ns now_ = 0;
  time_ns deadline_ = never;
  std::uint64_t events_ = 0;
  bool healed_ = false;
};

}  // namespace synod::testing
