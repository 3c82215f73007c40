// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/single_decree/messages.hpp>
#include <synod/testing/faults.hpp>
#include <synod/testing/linearizability.hpp>
#include <synod/testing/models.hpp>
#include <synod/testing/oracle.hpp>
#include <synod/testing/random.hpp>
#include <synod/testing/sample_commands.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace synod::testing {

// The clients of a single-decree cluster. Each operation proposes a value of its own at some node
// and wants to know what is decided; where a node refuses, answers that it does not know, or not in
// time, the client proposes the same value elsewhere, up to a bound. At the end everybody must have
// been told the same, and nobody may have been told "never" of a value that was decided after all.
//
// After healing, a fresh proposal at each node that is whole must be answered, and every node must
// know the decision (I9).
template <class Cluster>
class decree_clients {
 public:
  using node = typename Cluster::node;
  using command = typename Cluster::command;
  using answer_type = typename Cluster::answer_type;

  decree_clients(Cluster& of, random_source random) : cluster_(of), random_(random) {}

  [[nodiscard]] std::size_t planned() const { return planned_; }
  [[nodiscard]] std::size_t completed() const { return completed_; }

  // Effects: lays out the operations; they have the numbers from `first` on in the schedule.
  void begin(std::size_t first) {
    time_ns const storm = cluster_.options().storm;
    planned_ = 2 + static_cast<std::size_t>(random_.below(12));
    // Sometimes everybody wants something at once, sometimes one after another.
    time_ns const spread = 1 + random_.exponential(random_.one_in(2) ? storm / 100 : storm / 4);
    for (std::size_t i = 0; i < planned_; ++i) {
      operation_state one;
      one.value = sample_command<command>::draw(random_, i + 1);
      one.client = static_cast<std::uint32_t>(i % clients_max);
      one.random = random_.split(i);
      one.begins = random_.exponential(spread);
      one.attempts_max = static_cast<std::uint32_t>(1 + one.random.below(4));
      if (one.begins >= storm) one.begins = storm - 1;
      operations_.push_back(std::move(one));
      if (!cluster_.keeps(first + i)) continue;
      cluster_.schedule_client(operations_[i].begins, number(i, 0, moment::begin));
    }
  }

  void handle(std::uint64_t event) {
    auto const which = static_cast<std::size_t>(event >> 16);
    auto const attempt = static_cast<std::uint32_t>(event >> 4 & 0xfff);
    operation_state& one = operations_[which];
    switch (static_cast<moment>(event & 0xf)) {
      case moment::begin: return start(which);
      case moment::arrive: return arrive(which, attempt);
      case moment::reply: return reply(which, attempt);
      case moment::retry:
        if (!one.done && one.attempt == attempt) try_once(which);
        return;
      case moment::timeout:
        if (one.done || one.attempt != attempt) return;
        one.unsure = true;
        return again(which);
    }
  }

  void started(node&) {}
  void crashed(node& self) { proposing_[self.at.value].reset(); }
  void notified(node&, core_event const&) {}
  void refused(node&, refused_proposal<command> const&) {}
  template <class Decision>
  void decided(node& self, Decision const& decision, value_digest value) {
    known_[self.at.value] = value;
    if (!decided_ && decision.value.is_batch() && !decision.value.commands().empty()) {
      decided_ = cluster_.pack().digest(decision.value.commands().front());
    }
  }

  void answered(node& self, answer_type const& answer) {
    std::optional<ask> const asked = std::exchange(proposing_[self.at.value], std::nullopt);
    if (!asked) return;
    told one{asked->attempt, fate::unsure, 0};
    if (auto const* mine = std::get_if<chosen<command>>(&answer)) {
      one = {asked->attempt, fate::decided, first_of(mine->value)};
      acknowledge(mine->value);
    } else if (auto const* other = std::get_if<converged<command>>(&answer)) {
      one = {asked->attempt, fate::decided, first_of(other->value)};
      acknowledge(other->value);
    } else if (auto const* lost = std::get_if<superseded>(&answer)) {
      one.is = lost->left_here ? fate::unsure : fate::refused;
      // What was tried once only cannot have left any other node.
      if (!lost->left_here && asked->attempt == 1) {
        cluster_.checks().never_sent(cluster_.pack().digest(operations_[asked->which].value));
      }
    }
    send_back(asked->which, one);
  }

  // -- peace
  // ----------------------------------------------------------------------------------------

  void healed() {
    healed_at_ = cluster_.now();
    for (node const& self : cluster_.nodes()) {
      if (!self.whole()) continue;
      std::size_t const which = operations_.size();
      operation_state one;
      one.value = sample_command<command>::draw(random_, which + 1);
      one.client = static_cast<std::uint32_t>(which % clients_max);
      one.random = random_.split(which);
      one.fresh = true;
      one.home = self.at;
      one.attempts_max = 100;
      operations_.push_back(std::move(one));
      cluster_.schedule_client(cluster_.now(), number(which, 0, moment::begin));
    }
  }

  [[nodiscard]] bool settled() const {
    for (operation_state const& one : operations_) {
      if (one.fresh && !one.done) return false;
    }
    for (node const& self : cluster_.nodes()) {
      if (self.whole() && self.at.value < cluster_.options().nodes && known_[self.at.value] == 0) {
        return false;
      }
    }
    return true;
  }
  void stalled() {
    for (operation_state const& one : operations_) {
      if (!one.fresh || one.done) continue;
      cluster_.checks().found().add("I9", "a proposal at node %u is not answered",
                                    unsigned{one.home.value});
      return;
    }
    cluster_.checks().found().add("I9", "a node does not learn the decision");
  }

  void finish() {
    std::vector<operation<consensus_model>> history;
    for (operation_state const& one : operations_) {
      if (!one.started || one.refused()) continue;
      operation<consensus_model> seen;
      seen.client = one.client;
      seen.invoked = one.began;
      seen.asked = cluster_.pack().digest(one.value);
      if (one.done) {
        seen.returned = one.ended;
        seen.answered = one.told_value;
        ++completed_;
      }
      history.push_back(seen);
    }
    history_report const judged = check_history<consensus_model>(std::move(history));
    if (!judged.good()) {
      cluster_.checks().found().add("I6", "the clients' history is %s (%llu operations)",
                                    name_of(judged.verdict), wide(judged.operations));
    }
    for (node const& self : cluster_.nodes()) {
      if (!self.whole() || self.at.value >= cluster_.options().nodes) continue;
      cluster_.checks().settled(self.self(), [&](place) { return known_[self.at.value]; });
    }
  }

 private:
  static constexpr std::size_t clients_max = 8;

  enum class moment : std::uint8_t { begin, arrive, reply, timeout, retry };
  enum class fate : std::uint8_t { decided, refused, unsure };
  struct told {
    std::uint32_t attempt = 0;
    fate is = fate::unsure;
    value_digest value = 0;
  };
  struct operation_state {
    command value{};
    std::uint32_t client = 0;
    random_source random{0};
    time_ns begins = 0;
    time_ns began = 0;
    time_ns ended = 0;
    std::uint32_t attempt = 0;
    std::uint32_t attempts_max = 4;
    node_index home{};
    bool fresh = false;  // after healing
    bool started = false;
    bool done = false;    // somebody was told what is decided
    bool unsure = false;  // some attempt may still take effect
    bool gave_up = false;
    value_digest told_value = 0;
    std::vector<told> under_way;

    // Every attempt was refused for sure.
    [[nodiscard]] bool refused() const { return gave_up && !unsure; }
  };
  struct ask {
    std::size_t which = 0;
    std::uint32_t attempt = 0;
  };

  static std::uint64_t number(std::size_t which, std::uint32_t attempt, moment what) {
    return std::uint64_t{which} << 16 | std::uint64_t{attempt & 0xfff} << 4 |
           static_cast<std::uint64_t>(what);
  }

  void start(std::size_t which) {
    operation_state& one = operations_[which];
    one.started = true;
    one.began = cluster_.now();
    if (!one.fresh) {
      one.home = node_index(static_cast<std::uint8_t>(one.random.below(cluster_.nodes().size())));
    }
    cluster_.checks().submitted(cluster_.pack().digest(one.value));
    try_once(which);
  }

  void try_once(std::size_t which) {
    operation_state& one = operations_[which];
    ++one.attempt;
    bool const rough = !cluster_.healed();
    time_ns const way = 10'000 + one.random.exponential(rough ? 500'000 : 50'000);
    bool const lost = rough && one.random.one_in(50);
    if (!lost) {
      cluster_.schedule_client(cluster_.now() + way, number(which, one.attempt, moment::arrive));
    }
    bool const hasty = cluster_.weather().is_active(fault_kind::impatience);
    time_ns const patience = hasty ? one.random.exponential(20'000'000)
                                   : 1'000'000'000 + one.random.exponential(2'000'000'000);
    cluster_.schedule_client(cluster_.now() + way + patience,
                             number(which, one.attempt, moment::timeout));
  }

  void again(std::size_t which) {
    operation_state& one = operations_[which];
    if (one.attempt >= one.attempts_max) {
      one.gave_up = true;
      if (!one.unsure) cluster_.checks().refused(cluster_.pack().digest(one.value));
      return;
    }
    // A fresh proposal stays at its node: that one must answer.
    if (!one.fresh) {
      one.home = node_index(static_cast<std::uint8_t>(one.random.below(cluster_.nodes().size())));
    }
    // Between two attempts there is a pause, which grows.
    time_ns const pause = one.random.exponential(2'000'000 << (one.attempt < 6 ? one.attempt : 6));
    cluster_.schedule_client(cluster_.now() + pause, number(which, one.attempt, moment::retry));
  }

  // The request is at the node.
  void arrive(std::size_t which, std::uint32_t attempt) {
    operation_state& one = operations_[which];
    node& self = cluster_.at(one.home);
    if (one.attempt != attempt) return;
    if (!self.up() || self.clock.paused(cluster_.now())) {
      return send_back(which, {attempt, self.up() ? fate::unsure : fate::refused, 0});
    }
    batch<command> proposal = cluster_.pack().new_batch();
    proposal.commands().push_back(one.value);
    cluster_.log().line(cluster_.now(), "client %u proposes %s at node %llu", one.client,
                        describe_command<command>(one.value).c_str(), wide(self.id.value));
    auto const refusal =
        self.core->propose(self.now(cluster_.now()), std::move(proposal), self.out);
    if (refusal) {
      send_back(which, {attempt, fate::refused, 0});
    } else {
      proposing_[self.at.value] = ask{which, attempt};
    }
    cluster_.turn(self);
  }

  void send_back(std::size_t which, told what) {
    operation_state& one = operations_[which];
    bool const rough = !cluster_.healed();
    if (rough && one.random.one_in(50)) return;
    one.under_way.push_back(what);
    time_ns const way = 10'000 + one.random.exponential(rough ? 500'000 : 50'000);
    cluster_.schedule_client(cluster_.now() + way, number(which, what.attempt, moment::reply));
  }

  // The answer is at the client; of an earlier attempt it is as good as of this one.
  void reply(std::size_t which, std::uint32_t attempt) {
    operation_state& one = operations_[which];
    told what;
    bool found = false;
    for (std::size_t i = 0; i < one.under_way.size() && !found; ++i) {
      if (one.under_way[i].attempt != attempt) continue;
      what = one.under_way[i];
      one.under_way.erase(one.under_way.begin() + static_cast<std::ptrdiff_t>(i));
      found = true;
    }
    if (!found || one.done || one.gave_up) return;
    if (what.is == fate::decided) {
      one.done = true;
      one.ended = cluster_.now();
      one.told_value = what.value;
      return;
    }
    if (what.is == fate::unsure) one.unsure = true;
    if (one.attempt == attempt) again(which);
  }

  value_digest first_of(slot_value<command> const& value) {
    return value.is_batch() && !value.commands().empty()
               ? cluster_.pack().digest(value.commands().front())
               : 0;
  }
  void acknowledge(slot_value<command> const& value) {
    cluster_.checks().acknowledged_at({lane_id(), slot(1)}, cluster_.pack().digest(value));
  }

  Cluster& cluster_;
  random_source random_;
  std::vector<operation_state> operations_;
  std::array<std::optional<ask>, node_set::capacity> proposing_{};
  std::array<value_digest, node_set::capacity> known_{};
  std::optional<value_digest> decided_;
  std::size_t planned_ = 0;
  std::size_t completed_ = 0;
  time_ns healed_at_ = 0;
};

}  // namespace synod::testing
