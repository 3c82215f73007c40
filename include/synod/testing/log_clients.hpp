// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/testing/faults.hpp>
#include <synod/testing/oracle.hpp>
#include <synod/testing/random.hpp>
#include <synod/testing/sample_commands.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace synod::testing {

// The clients of a replicated log. Each operation appends a command of its own, or reads how long
// the log is, at some node, and follows hints to another where it is refused. An append is
// acknowledged with its slot once the node that took it has applied it; what times out may still
// happen and is left alone. Since every operation that completes names a length of the log, real
// time decides: an append lies above, and a read not below, whatever had completed when it was
// invoked (I6).
//
// After healing, fresh operations at every node that is whole must complete, and every node must
// have applied whatever was acknowledged (I8, I9).
template <class Cluster>
class log_clients {
 public:
  using node = typename Cluster::node;
  using command = typename Cluster::command;
  using answer_type = typename Cluster::answer_type;

  log_clients(Cluster& of, random_source random) : cluster_(of), random_(random) {}

  [[nodiscard]] std::size_t planned() const { return planned_; }
  [[nodiscard]] std::size_t completed() const { return completed_; }

  // Effects: lays out the operations; they have the numbers from `first` on in the schedule.
  void begin(std::size_t first) {
    time_ns const storm = cluster_.options().storm;
    planned_ = 4 + static_cast<std::size_t>(random_.below(60));
    time_ns at = 0;
    for (std::size_t i = 0; i < planned_; ++i) {
      // In clumps, so that the pipeline fills, and with pauses.
      if (random_.one_in(4)) at += random_.exponential(storm / 12 + 1);
      if (at >= storm) at = random_.exponential(storm / 2 + 1) % storm;
      add(i);
      if (cluster_.keeps(first + i)) schedule(i, 0, moment::begin, at);
    }
  }

  void handle(std::uint64_t event) {
    auto const which = static_cast<std::size_t>(event >> 16);
    auto const attempt = static_cast<std::uint32_t>(event >> 4 & 0xfff);
    operation_state& one = operations_[which];
    if (one.over || one.attempt != attempt) return;
    switch (static_cast<moment>(event & 0xf)) {
      case moment::begin: return start(one, which);
      case moment::arrive: return arrive(one, which);
      case moment::reply: return complete(one);
      case moment::retry: return try_once(one, which);
      case moment::timeout: return time_out(one, which);
    }
  }

  // --- what a node tells ---

  void started(node&) {}
  void crashed(node& self) {
    waiting_[self.at.value] = {};
    decided_upto_[self.at.value] = 0;
  }
  void notified(node&, core_event const&) {}
  void refused(node&, refused_proposal<command> const&) {}

  template <class Decision>
  void decided(node& self, Decision const& decision, value_digest value) {
    decided_upto_[self.at.value] = decision.at.value;
    keep(decision.at, value);
    waiting_at& here = waiting_[self.at.value];
    if (decision.value.is_batch()) {
      for (command const& one : decision.value.commands()) {
        auto const found = here.appends.find(cluster_.pack().digest(one));
        if (found == here.appends.end()) continue;
        std::size_t const which = found->second;
        here.appends.erase(found);
        cluster_.checks().acknowledged_at({decision.lane, decision.at}, value);
        if (decision.at.value > acknowledged_upto_) acknowledged_upto_ = decision.at.value;
        answer(which, decision.at.value);
      }
    }
    release_reads(self);
  }

  void answered(node& self, answer_type const& told) {
    waiting_at& here = waiting_[self.at.value];
    auto const found = here.reads.find(told.id);
    if (found == here.reads.end()) return;
    if (told.why) {
      std::size_t const which = found->second.which;
      here.reads.erase(found);
      if (!operations_[which].over) wait_and_retry(operations_[which], which);
      return;
    }
    found->second.upto = told.upto.value;
    found->second.confirmed = true;
    release_reads(self);
  }

  // --- peace ---

  void healed() {
    for (node const& self : cluster_.nodes()) {
      if (!self.whole() || self.at.value >= cluster_.options().nodes) continue;
      if (cluster_.hub().value_or(self.at) != self.at) continue;
      for (bool const reads : {false, true}) {
        std::size_t const which = operations_.size();
        add(which);
        operations_[which].fresh = true;
        operations_[which].reads = reads;
        operations_[which].home = self.at;
        schedule(which, 0, moment::begin, cluster_.now());
      }
    }
  }
  [[nodiscard]] bool settled() const {
    for (operation_state const& one : operations_) {
      if (one.fresh && !one.done) return false;
    }
    for (node const& self : cluster_.nodes()) {
      if (decided_upto_[self.at.value] < acknowledged_upto_) return false;
    }
    return true;
  }
  void stalled() {
    for (operation_state const& one : operations_) {
      if (!one.fresh || one.done) continue;
      cluster_.checks().found().add("I9", "a fresh %s at node %u does not complete",
                                    one.reads ? "read" : "append", unsigned{one.home.value});
      return;
    }
    for (node const& self : cluster_.nodes()) {
      if (decided_upto_[self.at.value] >= acknowledged_upto_) continue;
      cluster_.checks().found().add("I9", "node %u has decided %llu slots of %llu acknowledged",
                                    unsigned{self.at.value}, wide(decided_upto_[self.at.value]),
                                    wide(acknowledged_upto_));
    }
  }
  void finish() {
    if (completed_ == 0) {
      cluster_.checks().found().add("I6", "the clients' history is empty");
    }
    for (node const& self : cluster_.nodes()) {
      cluster_.checks().settled(self.self(), [&](place at) -> value_digest {
        bool const here = at.at.value <= decided_upto_[self.at.value];
        return here ? values_[static_cast<std::size_t>(at.at.value - 1)] : 0;
      });
    }
  }

 private:
  enum class moment : std::uint8_t { begin, arrive, reply, timeout, retry };
  struct operation_state {
    command value{};
    random_source random{0};
    std::uint32_t attempt = 0;
    node_index home{};
    bool reads = false;
    bool fresh = false;  // after healing
    bool done = false;
    bool over = false;
    std::uint64_t above = 0;  // the length that some completed operation had seen before
    std::uint64_t length = 0;
  };
  struct read_state {
    std::size_t which = 0;
    std::uint64_t upto = 0;
    bool confirmed = false;
  };
  struct waiting_at {
    std::unordered_map<value_digest, std::size_t> appends;
    std::unordered_map<std::uint64_t, read_state> reads;
  };

  void add(std::size_t which) {
    operation_state one;
    one.value = sample_command<command>::draw(random_, which + 1);
    one.random = random_.split(which);
    one.reads = one.random.one_in(3);
    one.home = anywhere(one);
    operations_.push_back(std::move(one));
  }
  node_index anywhere(operation_state& one) const {
    return node_index(static_cast<std::uint8_t>(one.random.below(cluster_.options().nodes)));
  }

  node_index elsewhere(operation_state& one) const {
    return cluster_.hub() ? *cluster_.hub() : anywhere(one);
  }

  void schedule(std::size_t which, std::uint32_t attempt, moment what, time_ns at) {
    cluster_.schedule_client(at, std::uint64_t{which} << 16 | std::uint64_t{attempt & 0xfff} << 4 |
                                     static_cast<std::uint64_t>(what));
  }
  time_ns way(operation_state& one) const {
    return 10'000 + one.random.exponential(cluster_.healed() ? 50'000 : 500'000);
  }

  void start(operation_state& one, std::size_t which) {
    one.above = longest_;
    if (!one.reads) cluster_.checks().submitted(cluster_.pack().digest(one.value));
    try_once(one, which);
  }

  void try_once(operation_state& one, std::size_t which) {
    one.attempt = (one.attempt + 1) & 0xfff;
    time_ns const there = way(one);
    if (cluster_.healed() || !one.random.one_in(50)) {
      schedule(which, one.attempt, moment::arrive, cluster_.now() + there);
    }
    bool const hasty = cluster_.weather().is_active(fault_kind::impatience);
    time_ns const patience = hasty ? one.random.exponential(20'000'000)
                                   : 1'000'000'000 + one.random.exponential(2'000'000'000);
    schedule(which, one.attempt, moment::timeout, cluster_.now() + there + patience);
  }

  // Nobody can tell whether an append will still happen, so it is left alone; a read, and what must
  // complete, is tried again.
  void time_out(operation_state& one, std::size_t which) {
    if (!one.fresh && !one.reads) {
      one.over = true;
      return;
    }
    if (cluster_.hub()) one.home = *cluster_.hub();
    if (!one.reads) {
      // As a command of its own, so that nothing is appended twice.
      one.value = sample_command<command>::draw(random_, ++extra_ + 1'000'000);
      cluster_.checks().submitted(cluster_.pack().digest(one.value));
    }
    wait_and_retry(one, which);
  }
  void wait_and_retry(operation_state& one, std::size_t which) {
    time_ns const pause =
        one.random.exponential(time_ns{4'000'000} << (one.attempt < 5 ? one.attempt : 5));
    one.attempt = (one.attempt + 1) & 0xfff;  // what is still under way is of no interest
    schedule(which, one.attempt, moment::retry, cluster_.now() + pause);
  }

  // The request is at the node.
  void arrive(operation_state& one, std::size_t which) {
    node& self = cluster_.at(one.home);
    if (!self.up() || self.clock.paused(cluster_.now())) {
      one.home = elsewhere(one);
      return wait_and_retry(one, which);
    }
    std::optional<refusal> const why = one.reads ? ask(self, which) : append(self, one, which);
    if (why) {
      follow(one, why->hint);
      wait_and_retry(one, which);
    }
    cluster_.turn(self);
  }
  std::optional<refusal> ask(node& self, std::size_t which) {
    std::uint64_t const id = ++reads_;
    waiting_[self.at.value].reads.emplace(id, read_state{which, 0, false});
    auto why =
        self.core->request(self.now(cluster_.now()), read_request{id, id % 3 == 0}, self.out);
    if (why) waiting_[self.at.value].reads.erase(id);
    return why;
  }
  std::optional<refusal> append(node& self, operation_state& one, std::size_t which) {
    time_ns const now = self.now(cluster_.now());
    batch<command> made = cluster_.pack().new_batch();
    made.stamp(now);
    made.add(session_id(which + 1), sequence(one.attempt), sequence(), one.value);
    cluster_.log().line(cluster_.now(), "client %llu appends %s at node %llu", wide(which),
                        describe_command<command>(one.value).c_str(), wide(self.id.value));
    waiting_[self.at.value].appends.emplace(cluster_.pack().digest(one.value), which);
    auto why = self.core->propose(now, std::move(made), self.out);
    if (why) waiting_[self.at.value].appends.erase(cluster_.pack().digest(one.value));
    return why;
  }

  void follow(operation_state& one, leader_hint const& hint) {
    one.home = elsewhere(one);
    if (!hint.leader.has_value() || one.random.one_in(4)) return;
    for (node const& other : cluster_.nodes()) {
      if (other.id == *hint.leader) one.home = other.at;
    }
  }

  // A confirmed read is served once everything up to its slot is applied here.
  void release_reads(node& self) {
    waiting_at& here = waiting_[self.at.value];
    for (auto next = here.reads.begin(); next != here.reads.end();) {
      read_state const one = next->second;
      if (!one.confirmed || decided_upto_[self.at.value] < one.upto) {
        ++next;
        continue;
      }
      next = here.reads.erase(next);
      answer(one.which, decided_upto_[self.at.value]);
    }
  }

  // The answer is on its way to the client.
  void answer(std::size_t which, std::uint64_t length) {
    operation_state& one = operations_[which];
    if (one.over) return;
    one.length = length;
    if (!cluster_.healed() && one.random.one_in(50)) return;
    schedule(which, one.attempt, moment::reply, cluster_.now() + way(one));
  }

  void complete(operation_state& one) {
    one.over = true;
    one.done = true;
    ++completed_;
    bool const good = one.reads ? one.length >= one.above : one.length > one.above;
    if (!good) {
      cluster_.checks().found().add(
          "I6", "%s sees length %llu, but %llu had been seen before it was asked",
          one.reads ? "a read" : "an append", wide(one.length), wide(one.above));
    }
    if (one.length > longest_) longest_ = one.length;
  }

  void keep(slot at, value_digest value) {
    auto const number = static_cast<std::size_t>(at.value);
    if (values_.size() < number) values_.resize(number);
    values_[number - 1] = value;
  }

  Cluster& cluster_;
  random_source random_;
  std::vector<operation_state> operations_;
  std::array<waiting_at, node_set::capacity> waiting_{};
  std::array<std::uint64_t, node_set::capacity> decided_upto_{};
  std::vector<value_digest> values_;
  std::uint64_t longest_ = 0;
  std::uint64_t acknowledged_upto_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t extra_ = 0;
  std::size_t planned_ = 0;
  std::size_t completed_ = 0;
};

}  // namespace synod::testing
