// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/storage/memory_snapshots.hpp>
#include <synod/testing/faults.hpp>
#include <synod/testing/network_faults.hpp>
#include <synod/testing/node_box.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace synod::testing {

// Carries out a schedule of faults on a cluster of nodes.
template <class Cluster>
class node_storm {
 public:
  using box = node_box<Cluster>;

  node_storm(Cluster& of, fault_plan plan) : cluster_(of), plan_(std::move(plan)) {}

  [[nodiscard]] fault_plan const& plan() const { return plan_; }
  [[nodiscard]] bool is_active(fault_kind kind) const {
    return std::any_of(active_.begin(), active_.end(),
                       [&](std::size_t one) { return plan_[one].kind == kind; });
  }
  // The largest amount of that kind that is active at that node.
  [[nodiscard]] time_ns sum(fault_kind kind, node_index at) const {
    time_ns most = 0;
    for (std::size_t const one : active_) {
      if (plan_[one].kind == kind && plan_[one].node == at && plan_[one].amount > most) {
        most = plan_[one].amount;
      }
    }
    return most;
  }

  void begin(std::size_t number) {
    fault const& one = plan_[number];
    cluster_.log().line(cluster_.now(), "-- %s begins: node %u, amount %lld", name_of(one.kind),
                        unsigned{one.node.value} + 1, static_cast<long long>(one.amount));
    active_.push_back(number);
    strike(one);
    redraw();
  }
  void end(std::size_t number) {
    auto const found = std::find(active_.begin(), active_.end(), number);
    if (found == active_.end()) return;
    active_.erase(found);
    box& self = at(plan_[number]);
    if (plan_[number].kind == fault_kind::drift) self.clock.drift(cluster_.now(), 0);
    redraw();
    cluster_.bring_up(false);
  }
  void heal() {
    active_.clear();
    for (auto& one : cluster_.boxes()) {
      one->clock.resume();
      one->clock.drift(cluster_.now(), 0);
      one->fuse.burn_after(process_fuse::endless);
      one->disk.inner().heal();
    }
    redraw();
    cluster_.bring_up(true);
  }

 private:
  box& at(fault const& one) { return *cluster_.boxes()[one.node.value]; }

  void strike(fault const& one) {
    box& self = at(one);
    time_ns const now = cluster_.now();
    switch (one.kind) {
      case fault_kind::crash: return cluster_.crash(self, one.until);
      case fault_kind::crash_within_step: return self.fuse.burn_after(one.amount);
      case fault_kind::crash_all:
        for (auto& each : cluster_.boxes()) cluster_.crash(*each, one.until);
        return;
      case fault_kind::reboot:
        cluster_.crash(self, now);
        self.clock.reboot(now, 1 + one.amount % 1'000'000'000'000);
        return cluster_.bring_up(false);
      case fault_kind::sync_failure: return self.disk.inner().fail_sync();
      case fault_kind::lost_disk:
      case fault_kind::damaged_disk: return spoil(self, one);
      case fault_kind::drift: return self.clock.drift(now, one.amount);
      case fault_kind::pause: return self.clock.pause(one.until);
      case fault_kind::clog: return cluster_.net().clog(one.node, one.other, one.until);
      default: return;
    }
  }

  // A disk is replaced by an empty one, or by what it was at an earlier crash. Those that are left
  // must still be able to go on, and must all have heard of the life that an old disk forgot: more
  // is not promised (H16).
  void spoil(box& self, fault const& one) {
    node_set spoiled = node_set::of(self.at);
    for (auto const& each : cluster_.boxes()) {
      if (!each->whole()) spoiled.insert(each->at);
    }
    if (!cluster_.rule().works_without(spoiled)) return;
    bool const remembered = heard_of(self);
    std::uint64_t const lives = self.disk.life().counter;
    cluster_.crash(self, one.until);
    if (one.kind == fault_kind::lost_disk) {
      self.disk.lose();
      self.images = memory_snapshots();
      self.lost = true;
      // What is empty is no longer what it was once.
      self.rewound = false;
      self.tried_again = 0;
      self.down_until = one.until;
    } else if (remembered && self.disk.restore_image()) {
      self.rewound = true;
      self.lives_once = lives;
      self.rewound_after = self.life;
    }
  }

  bool heard_of(box const& self) {
    for (auto const& each : cluster_.boxes()) {
      if (each->at == self.at || !each->whole()) continue;
      if (!each->up() || !each->process->boot().verified(self.id, self.disk.life())) return false;
    }
    return true;
  }

  void redraw() {
    network& net = cluster_.net();
    net.weather = {};
    net.connect_everybody();
    for (std::size_t const one : active_) disturb(net, plan_[one]);
    for (auto& one : cluster_.boxes()) {
      one->disk.inner().slow_down(sum(fault_kind::slow_disk, one->at));
      if (one->up()) cluster_.wind(*one);
    }
  }

  Cluster& cluster_;
  fault_plan plan_;
  std::vector<std::size_t> active_;
};

}  // namespace synod::testing
