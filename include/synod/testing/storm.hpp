// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/testing/faults.hpp>
#include <synod/testing/network.hpp>
#include <synod/testing/network_faults.hpp>
#include <synod/testing/random.hpp>
#include <synod/testing/simulated_host.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace synod::testing {

// Carries out a schedule of faults on a cluster: who is active, what that means for network,
// clocks, disks and processes, and that all of it is over when the cluster is healed.
template <class Cluster>
class storm {
 public:
  using node = typename Cluster::node;
  using host = simulated_host<Cluster>;

  storm(Cluster& of, fault_plan plan, network_weather calm, random_source random)
      : cluster_(of), plan_(std::move(plan)), calm_(calm), dice_(random) {}

  [[nodiscard]] fault_plan const& plan() const { return plan_; }
  [[nodiscard]] bool is_active(fault_kind kind) const {
    return std::any_of(active_.begin(), active_.end(),
                       [&](std::size_t one) { return plan_[one].kind == kind; });
  }
  // How late the timers of this node may be.
  [[nodiscard]] time_ns timer_delay(node_index at) const {
    return sum(fault_kind::late_timers, at);
  }

  // Effects: while such a fault is active, some arrivals are answered by something that is old, or
  // forged: where there is traffic there is something to confuse.
  void packet_arrived() {
    if (active_.empty()) return;
    if (is_active(fault_kind::replay) && dice_.one_in(8)) cluster_.carry_again(dice_.next());
    if (is_active(fault_kind::forgery) && dice_.one_in(4)) send_forged();
  }

  void begin(std::size_t number) {
    fault const& one = plan_[number];
    cluster_.log().line(cluster_.now(), "-- %s begins: node %u, %u, part %llx, amount %lld",
                        name_of(one.kind), unsigned{one.node.value}, unsigned{one.other.value},
                        wide(one.part.bits()), static_cast<long long>(one.amount));
    active_.push_back(number);
    strike(one);
    redraw_disks();
    redraw_network();
  }
  void end(std::size_t number) {
    auto const found = std::find(active_.begin(), active_.end(), number);
    if (found == active_.end()) return;
    active_.erase(found);
    fault const& one = plan_[number];
    cluster_.log().line(cluster_.now(), "-- %s ends", name_of(one.kind));
    node& self = cluster_.at(one.node);
    if (one.kind == fault_kind::drift) set_drift(self, 0);
    // A node that did not come to the effect at which it should crash goes on.
    if (one.kind == fault_kind::crash_within_step) self.effects_left = node::endless;
    redraw_disks();
    redraw_network();
    cluster_.bring_up(false);
  }
  void heal() {
    active_.clear();
    for (node& self : cluster_.nodes()) {
      self.clock.resume();
      self.effects_left = node::endless;
      self.disk.heal();
      set_drift(self, 0);
    }
    redraw_disks();
    redraw_network();
    cluster_.bring_up(true);
  }

 private:
  [[nodiscard]] time_ns sum(fault_kind kind, node_index at) const {
    time_ns most = 0;
    for (std::size_t const one : active_) {
      if (plan_[one].kind == kind && plan_[one].node == at) {
        most = std::max<time_ns>(most, plan_[one].amount);
      }
    }
    return most;
  }

  // What happens at once.
  void strike(fault const& one) {
    node& self = cluster_.at(one.node);
    switch (one.kind) {
      case fault_kind::crash: cluster_.crash(self, one.until); break;
      case fault_kind::crash_within_step:
        if (self.up()) self.effects_left = one.amount;
        break;
      case fault_kind::crash_all:
        for (node& each : cluster_.nodes()) cluster_.crash(each, one.until);
        break;
      case fault_kind::reboot:
        cluster_.crash(self, cluster_.now());
        self.clock.reboot(cluster_.now(), one.amount % 1'000'000'000'000);
        cluster_.bring_up(false);
        break;
      case fault_kind::sync_failure:
        self.disk.fail_sync();
        self.down_until = std::max(self.down_until, one.until);
        break;
      case fault_kind::lost_disk:
      case fault_kind::damaged_disk: spoil(self, one); break;
      case fault_kind::drift: set_drift(self, one.amount); break;
      case fault_kind::wall_step: self.clock.step_wall(one.amount); break;
      case fault_kind::pause: self.clock.pause(one.until); break;
      case fault_kind::clog: cluster_.net().clog(one.node, one.other, one.until); break;
      case fault_kind::foreign:
        // A node of another cluster dials a wrong address: what it sends looks like ours.
        if (self.up()) host(cluster_, self).send_foreign(one.other, dice_);
        break;
      default: break;
    }
  }

  void set_drift(node& self, std::int64_t parts) {
    self.clock.drift(cluster_.now(), parts);
    if (self.up()) cluster_.wind(self);
  }

  // Lost and damaged disks together leave a quorum of whole ones: more is not promised to be
  // survived.
  void spoil(node& self, fault const& one) {
    node_set spoiled = node_set::of(self.at);
    for (node const& each : cluster_.nodes()) {
      if (!each.whole()) spoiled.insert(each.at);
    }
    if (!cluster_.checks().chosen().rule(slot(1)).works_without(spoiled)) return;
    cluster_.crash(self, one.until);
    if (one.kind == fault_kind::lost_disk) {
      self.disk.lose();
      self.lost = true;
      cluster_.checks().wiped(self.self());
    } else {
      self.disk.spoil();
      self.spoiled = true;
    }
  }

  // A member that is broken, or not who it says, sends what nobody may believe.
  void send_forged() {
    node& from = random_node();
    // Who is just asking for promises is the one that can be misled most.
    node_id const asking = cluster_.checks().last_campaign().at.owner;
    bool const aim = dice_.one_in(2) && asking.value != 0;
    node& to = aim ? cluster_.nodes()[static_cast<std::size_t>(asking.value - 1)] : random_node();
    if (from.at == to.at || !from.up()) return;
    host(cluster_, from).send_forged(to, dice_);
  }
  node& random_node() {
    return cluster_.nodes()[static_cast<std::size_t>(dice_.below(cluster_.nodes().size()))];
  }

  void redraw_disks() {
    for (node& self : cluster_.nodes()) self.disk.slow_down(sum(fault_kind::slow_disk, self.at));
  }

  // The network is what the active faults make of a calm one, in the order in which they began.
  void redraw_network() {
    network& net = cluster_.net();
    net.weather = calm_;
    net.connect_everybody();
    for (std::size_t const number : active_) disturb(net, plan_[number]);
  }

  Cluster& cluster_;
  fault_plan plan_;
  network_weather calm_;
  random_source dice_;
  std::vector<std::size_t> active_;
};

}  // namespace synod::testing
