// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/single_decree.hpp>
#include <synod/runtime/drain.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace demo {

// Commands are additions.
struct counter {
  using command = std::int64_t;
  std::int64_t total = 0;
  std::int64_t apply(command const& by) { return total += by; }
};

// A counter on simulated nodes. Each addition is decided by a Paxos of its own, numbered from 0,
// and the decisions in order are the history. Who proposes meets what was decided without it, so a
// node that was away catches up by adding nothing. Killing a node leaves it its disk and no more. A
// message takes half a simulated millisecond, a write to the disk none.
class replicated_counter {
 public:
  struct reply {
    std::optional<std::int64_t> total;
    std::size_t decree = 0;
    double milliseconds = 0;
    std::size_t messages = 0;
    std::string why_not;
  };

  explicit replicated_counter(std::size_t size) {
    std::vector<synod::member> members;
    for (std::size_t i = 0; i < size; ++i) {
      members.push_back({.id = id_of(i), .index = index_of(i)});
    }
    members_ = *synod::membership::make(synod::config_number(1), std::move(members));
    for (std::size_t i = 0; i < size; ++i) nodes_.push_back(std::make_unique<node>(*this, i));
  }

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] bool is_up(std::size_t at) const { return nodes_[at]->up; }
  [[nodiscard]] bool is_cut_off(std::size_t at) const { return nodes_[at]->cut_off; }
  [[nodiscard]] std::size_t decided(std::size_t at) const { return nodes_[at]->applied; }
  [[nodiscard]] std::int64_t total(std::size_t at) const { return nodes_[at]->machine.total; }

  void cut_off(std::size_t at, bool so) { nodes_[at]->cut_off = so; }
  void kill(std::size_t at) {
    nodes_[at]->up = false;
    nodes_[at]->forget();
  }
  void restart(std::size_t at) {
    nodes_[at]->up = true;
    nodes_[at]->recover(now_);
  }

  // Adds through one node, which must be up, and waits for what becomes of it.
  reply add(std::size_t at, std::int64_t by) {
    node& here = *nodes_[at];
    synod::time_ns const began = now_;
    std::size_t const sent_before = sent_;
    std::uint64_t const token = ++tokens_;
    for (;;) {
      std::size_t const number = here.applied;
      here.propose(now_, number, token, by);
      while (!here.outcome.has_value() && go_on()) {
      }
      if (!here.outcome.has_value()) return {.why_not = "the simulation stands still"};
      auto const outcome = *std::exchange(here.outcome, std::nullopt);
      if (std::holds_alternative<synod::converged<std::int64_t>>(outcome)) continue;
      reply made{.decree = number,
                 .milliseconds = static_cast<double>(now_ - began) / 1e6,
                 .messages = sent_ - sent_before};
      if (std::holds_alternative<synod::chosen<std::int64_t>>(outcome)) {
        made.total = here.machine.total;
      } else {
        made.why_not = "no quorum answered, so whether it will be done is unknown";
      }
      return made;
    }
  }

 private:
  using core = synod::single_decree<>::core<counter>;

  static synod::node_id id_of(std::size_t at) { return synod::node_id(at + 1); }
  static synod::node_index index_of(std::size_t at) {
    return synod::node_index(static_cast<std::uint8_t>(at));
  }

  // One Paxos on one node: its disk, and the core while the node is up. What the core wants of the
  // world comes to the functions below through synod::drain.
  struct decree {
    replicated_counter& cluster;
    std::size_t at;
    std::size_t number;
    std::vector<synod::record<std::int64_t>> disk;
    synod::ticket written;
    std::optional<core> paxos;
    core::output_type out;
    synod::drain<core> order;

    void begin(synod::time_ns now) {
      written = {};
      out.clear();
      order = {};
      paxos.emplace(core::options{.self = id_of(at), .members = cluster.members_});
      for (auto const& saved : disk) paxos->restore(saved);
      paxos->start(now, {}, out);
      order.turn(now, *paxos, out, *this);
    }

    void send(synod::node_set to, core::message_type const& message) {
      cluster.send(at, number, to, message);
    }
    void persist(std::span<synod::record<std::int64_t> const> records) {
      for (auto const& one : records) disk.push_back(one);
      written = synod::ticket(written.value + records.size());
    }
    void flush() {}
    synod::ticket durable() { return written; }
    bool storage_failed() { return false; }
    void decide(core::output_type::decision const& made) {
      cluster.nodes_[at]->learn(number, made.value.commands().front());
    }
    void refuse(synod::refused_proposal<std::int64_t> const&) {}
    void answer(core::answer_type const& what) { cluster.nodes_[at]->outcome = what; }
    void notify(synod::core_event const&) {}
  };

  struct node {
    replicated_counter& cluster;
    std::size_t at;
    bool up = true;
    bool cut_off = false;
    std::deque<decree> decrees;
    std::vector<std::optional<std::int64_t>> known;
    std::size_t applied = 0;
    counter machine;
    std::optional<core::answer_type> outcome;

    node(replicated_counter& in, std::size_t as) : cluster(in), at(as) {}

    decree& numbered(synod::time_ns now, std::size_t number) {
      while (decrees.size() <= number) {
        decrees.push_back({cluster, at, decrees.size(), {}, {}, {}, {}, {}});
        decrees.back().begin(now);
      }
      return decrees[number];
    }

    void propose(synod::time_ns now, std::size_t number, std::uint64_t token, std::int64_t by) {
      decree& one = numbered(now, number);
      synod::batch<std::int64_t> proposal;
      proposal.add(synod::session_id(at + 1), synod::sequence(token), synod::sequence(0), by);
      outcome.reset();
      if (one.paxos->propose(now, std::move(proposal), one.out)) return;
      one.order.turn(now, *one.paxos, one.out, one);
    }
    void step(synod::time_ns now, std::size_t number, synod::node_id from,
              core::message_type message) {
      decree& one = numbered(now, number);
      one.paxos->step(now, from, std::move(message), one.out);
      one.order.turn(now, *one.paxos, one.out, one);
    }
    void tick(synod::time_ns now) {
      for (decree& one : decrees) {
        if (one.paxos->next_deadline() > now) continue;
        one.paxos->tick(now, one.out);
        one.order.turn(now, *one.paxos, one.out, one);
      }
    }
    [[nodiscard]] synod::time_ns next_deadline() const {
      synod::time_ns soonest = synod::never;
      if (!up) return soonest;
      for (decree const& one : decrees) soonest = std::min(soonest, one.paxos->next_deadline());
      return soonest;
    }

    // Decisions may come in any order; the machine sees them in theirs.
    void learn(std::size_t number, std::int64_t by) {
      if (known.size() <= number) known.resize(number + 1);
      known[number] = by;
      for (; applied < known.size() && known[applied].has_value(); ++applied) {
        machine.apply(*known[applied]);
      }
    }

    void forget() {
      for (decree& one : decrees) one.paxos.reset();
      known.clear();
      applied = 0;
      machine = {};
    }
    void recover(synod::time_ns now) {
      for (decree& one : decrees) one.begin(now);
    }
  };

  struct letter {
    synod::time_ns arrives;
    std::size_t from;
    std::size_t to;
    std::size_t number;
    core::message_type message;
  };

  void send(std::size_t from, std::size_t number, synod::node_set to,
            core::message_type const& message) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!to.contains(index_of(i))) continue;
      ++sent_;
      if (nodes_[from]->cut_off || nodes_[i]->cut_off) continue;
      letters_.push_back({now_ + 500'000, from, i, number, message});
    }
  }

  // The next thing that happens: a letter arrives, or somebody's patience ends.
  bool go_on() {
    synod::time_ns soonest = letters_.empty() ? synod::never : letters_.front().arrives;
    for (auto const& one : nodes_) soonest = std::min(soonest, one->next_deadline());
    if (soonest == synod::never) return false;
    now_ = std::max(now_, soonest);
    if (!letters_.empty() && letters_.front().arrives <= now_) {
      letter one = std::move(letters_.front());
      letters_.pop_front();
      if (nodes_[one.to]->up) {
        nodes_[one.to]->step(now_, one.number, id_of(one.from), std::move(one.message));
      }
      return true;
    }
    for (auto const& one : nodes_) {
      if (one->up) one->tick(now_);
    }
    return true;
  }

  synod::membership members_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::deque<letter> letters_;
  synod::time_ns now_ = 0;
  std::size_t sent_ = 0;
  std::uint64_t tokens_ = 0;
};

}  // namespace demo
