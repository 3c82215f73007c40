// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/batch.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/membership.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/runtime/drain.hpp>
#include <synod/testing/event_queue.hpp>
#include <synod/testing/random.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

struct load_options {
  std::uint64_t seed = 1;
  unsigned nodes = 5;
  unsigned proposers = 1;  // how many of the nodes have something to propose
  quorum_spec spec{};
  std::uint32_t heaviest = 1;          // weights of the members are 1 to this, and again
  std::uint32_t loss = 0;              // of messages, in parts per million
  time_ns round_trip_ns = 10'000'000;  // of a message and its answer
  time_ns warm_up_ns = 5'000'000'000;  // not counted: elections
  time_ns length_ns = 60'000'000'000;  // of simulated time
  time_ns window_ns = 10'000'000'000;  // in each of which something must be decided
};

struct load_figures {
  std::uint64_t decisions = 0;
  std::uint64_t messages = 0;  // sent, whether they arrive or not
  time_ns waited_ns = 0;       // from proposing to applying at the same node, in sum
  time_ns length_ns = 0;
  time_ns round_trip_ns = 1;
  std::vector<std::uint64_t> windows;  // decisions in each

  [[nodiscard]] double per_second() const {
    return static_cast<double>(decisions) * 1e9 / static_cast<double>(length_ns);
  }
  [[nodiscard]] double messages_each() const {
    return decisions == 0 ? 0 : static_cast<double>(messages) / static_cast<double>(decisions);
  }
  [[nodiscard]] double round_trips_each() const {
    if (decisions == 0) return 0;
    return static_cast<double>(waited_ns) / static_cast<double>(round_trip_ns) /
           static_cast<double>(decisions);
  }
  [[nodiscard]] std::uint64_t fewest() const {
    std::uint64_t least = windows.empty() ? 0 : windows.front();
    for (std::uint64_t one : windows) least = one < least ? one : least;
    return least;
  }
};

// What a protocol costs while nothing goes wrong but that messages are lost: cores on a network
// with a fixed round trip and disks that take no time. Each of the proposing nodes has one command
// under way, its next one follows when it has applied that; whoever knows a leader hands its
// command to it, as a host does, again if it was lost. Nothing is checked, so what it says are
// figures.
template <class Protocol, class Machine>
class load_run {
 public:
  using core_type = typename Protocol::template core<Machine>;
  using message_type = typename core_type::message_type;
  using command = std::uint64_t;

  explicit load_run(load_options const& given)
      : options_(given), dice_(given.seed), nodes_(given.nodes) {
    std::vector<member> everybody;
    for (unsigned i = 0; i < given.nodes; ++i) {
      member one{.id = node_id(i + 1), .index = node_index(static_cast<std::uint8_t>(i))};
      one.weight = i % given.heaviest + 1;
      everybody.push_back(one);
    }
    auto made = membership::make(config_number(1), std::move(everybody), given.spec);
    SYNOD_ASSERT(static_cast<bool>(made), "the run was given members that are none");
    for (unsigned i = 0; i < given.nodes; ++i) {
      typename core_type::options mine;
      mine.self = node_id(i + 1);
      mine.members = *made;
      mine.seed = dice_.next();
      mine.resend_ns = 3 * given.round_trip_ns;
      mine.learn_retry_ns = 3 * given.round_trip_ns;
      nodes_[i].core.emplace(std::move(mine));
    }
    figures_.length_ns = given.length_ns;
    figures_.round_trip_ns = given.round_trip_ns;
    figures_.windows.resize(static_cast<std::size_t>(
        given.length_ns < given.window_ns ? 1 : given.length_ns / given.window_ns));
  }

  load_figures run() {
    for (unsigned i = 0; i < options_.nodes; ++i) {
      nodes_[i].core->start(now_, {}, nodes_[i].out);
      turn(i);
    }
    for (unsigned i = 0; i < options_.proposers; ++i) begin(i);
    time_ns const end = options_.warm_up_ns + options_.length_ns;
    while (!queue_.empty() && queue_.next().at < end) {
      auto const next = queue_.take();
      now_ = next.at;
      handle(next.what);
    }
    return figures_;
  }

 private:
  enum class kind : std::uint8_t { message, forwarded, timer, again };
  struct event {
    kind is = kind::message;
    std::uint8_t node = 0;
    std::uint8_t from = 0;
    std::uint64_t number = 0;  // of a message, or a command
  };
  struct node {
    std::optional<core_type> core;
    typename core_type::output_type out;
    drain<core_type> order;
    ticket written;
    time_ns timer_at = never;
    command wanted = 0;  // under way, of this node's own
    time_ns since = 0;
    std::array<command, node_set::capacity> taken{};  // proposed here last, by whose it was
  };

  // What the drain calls.
  struct host {
    load_run& of;
    unsigned self;

    void send(node_set to, message_type&& message) {
      to.for_each([&](node_index target) {
        if (!of.leaves()) return;
        std::uint32_t const number = of.keep(message);
        of.queue_.add(of.now_ + of.way(),
                      {kind::message, target.value, static_cast<std::uint8_t>(self), number});
      });
    }
    void persist(std::span<record<command> const> records) {
      of.nodes_[self].written = records.back().number;
    }
    void flush() {}
    [[nodiscard]] ticket durable() const { return of.nodes_[self].written; }
    [[nodiscard]] bool storage_failed() const { return false; }
    void decide(typename core_type::output_type::decision const& one) {
      if (!one.value.is_batch()) return;
      for (command const& what : one.value.commands()) of.decided(self, what);
    }
    void refuse(refused_proposal<command> const& back) {
      if (!back.value.is_batch()) return;
      for (command const& what : back.value.commands()) of.nodes_[self].taken[of.owner(what)] = 0;
    }
    void answer(typename core_type::answer_type const&) {}
    void notify(core_event const&) {}
  };

  // Returns: whether the message gets through.
  bool leaves() {
    if (now_ >= options_.warm_up_ns) ++figures_.messages;
    return !dice_.chance_per_million(options_.loss);
  }
  time_ns way() {
    time_ns const least = options_.round_trip_ns / 2;
    return least - least / 20 +
           static_cast<time_ns>(dice_.below(static_cast<std::uint64_t>(least / 10 + 1)));
  }
  std::uint32_t keep(message_type const& message) {
    if (free_.empty()) {
      flying_.push_back(message);
      return static_cast<std::uint32_t>(flying_.size() - 1);
    }
    std::uint32_t const number = free_.back();
    free_.pop_back();
    flying_[number] = message;
    return number;
  }
  static std::size_t owner(command what) { return static_cast<std::size_t>(what >> 32); }

  void turn(unsigned self) {
    node& mine = nodes_[self];
    host here{*this, self};
    mine.order.turn(now_, *mine.core, mine.out, here);
    time_ns const due = mine.core->next_deadline();
    if (due >= mine.timer_at) return;
    mine.timer_at = due > now_ ? due : now_ + 1;
    queue_.add(mine.timer_at, {kind::timer, static_cast<std::uint8_t>(self), 0, 0});
  }

  void handle(event const& what) {
    node& mine = nodes_[what.node];
    switch (what.is) {
      case kind::message: {
        auto const number = static_cast<std::uint32_t>(what.number);
        message_type arrived = std::move(flying_[number]);
        free_.push_back(number);
        mine.core->step(now_, node_id(what.from + 1U), std::move(arrived), mine.out);
        break;
      }
      case kind::forwarded: take(what.node, what.number); break;
      case kind::timer:
        if (now_ < mine.timer_at) return;
        mine.timer_at = never;
        mine.core->tick(now_, mine.out);
        break;
      case kind::again:
        if (mine.wanted == what.number) attempt(what.node);
        break;
    }
    turn(what.node);
  }

  void begin(unsigned self) {
    node& mine = nodes_[self];
    mine.wanted = command{self} << 32 | ((mine.wanted + 1) & UINT32_MAX);
    mine.since = now_;
    queue_.add(now_, {kind::again, static_cast<std::uint8_t>(self), 0, mine.wanted});
  }
  void attempt(unsigned self) {
    node& mine = nodes_[self];
    auto const leader = mine.core->hint().leader;
    auto const at = leader ? static_cast<std::uint8_t>(leader->value - 1) : std::uint8_t{0};
    if (!leader || at == self) {
      take(self, mine.wanted);
    } else if (leaves()) {
      queue_.add(now_ + way(), {kind::forwarded, at, 0, mine.wanted});
    }
    queue_.add(now_ + 10 * options_.round_trip_ns,
               {kind::again, static_cast<std::uint8_t>(self), 0, mine.wanted});
  }
  // A node that has it under way already does not propose it twice.
  void take(unsigned self, command what) {
    node& mine = nodes_[self];
    if (mine.taken[owner(what)] == what && mine.core->room() > 0) return;
    batch<command> made;
    made.add(session_id(owner(what) + 1), sequence(what & UINT32_MAX), sequence(), what);
    if (!mine.core->propose(now_, std::move(made), mine.out)) mine.taken[owner(what)] = what;
  }
  void decided(unsigned self, command what) {
    node& mine = nodes_[self];
    if (mine.taken[owner(what)] == what) mine.taken[owner(what)] = 0;
    if (owner(what) != self || mine.wanted != what) return;
    if (now_ >= options_.warm_up_ns) {
      ++figures_.decisions;
      figures_.waited_ns += now_ - mine.since;
      auto const window =
          static_cast<std::size_t>((now_ - options_.warm_up_ns) / options_.window_ns);
      if (window < figures_.windows.size()) ++figures_.windows[window];
    }
    begin(self);
  }

  load_options options_;
  random_source dice_;
  std::vector<node> nodes_;
  event_queue<event> queue_;
  std::vector<message_type> flying_;
  std::vector<std::uint32_t> free_;
  load_figures figures_;
  time_ns now_ = 1;
};

}  // namespace synod::testing
