// SPDX-License-Identifier: BSL-1.0
#include <synod/protocol/multi_paxos.hpp>
#include <synod/runtime/drain.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "support/allocations.hpp"

// In the steady state nothing is allocated for a decision whose commands are trivially copyable:
// messages, records and decisions lie in lists that keep their capacity, batches come from a pool,
// and trimming gives the chunks of the log back.

namespace {

using namespace synod;

struct machine {
  using command = std::array<std::uint64_t, 2>;
  void apply(command const&) {}
};
using core = multi_paxos<>::core<machine>;
using message = core::message_type;

struct decisions {
  std::size_t batch = 1;   // commands in each
  bool slow_disk = false;  // durable only when the others have answered, so that evidence waits
};

class trio {
 public:
  explicit trio(decisions what) : what_(what) {
    std::vector<member> members;
    for (std::uint8_t i = 0; i < 3; ++i) {
      members.push_back({.id = node_id(i), .index = node_index(i)});
    }
    membership const all = *membership::make(config_number(1), members);
    nodes_.reserve(3);
    for (std::uint8_t i = 0; i < 3; ++i) {
      core::options options;
      options.self = node_id(i);
      options.members = all;
      options.leader.patience = i == 0 ? 0 : 1'000'000;
      nodes_.emplace_back(*this, node_index(i), std::move(options));
      nodes_.back().paxos.start(now_, {}, nodes_.back().out);
    }
    for (int i = 0; i < 1000 && !nodes_[0].paxos.leads(); ++i) {
      now_ += 10'000'000;
      for (node& one : nodes_) one.paxos.tick(now_, one.out);
      settle();
    }
  }

  [[nodiscard]] bool leads() const { return nodes_[0].paxos.leads(); }
  [[nodiscard]] std::size_t applied_by_all() const {
    std::size_t least = nodes_[0].applied;
    for (node const& one : nodes_) least = one.applied < least ? one.applied : least;
    return least;
  }

  [[nodiscard]] std::size_t notices() const { return notices_; }

  void decide_one() {
    propose();
    settle();
  }
  // Each is proposed in the turn that decides the one before.
  void decide_in_a_row(std::size_t count) {
    waiting_ = count - 1;
    decide_one();
  }
  void trim() {
    for (node& one : nodes_) {
      (void)one.paxos.request(now_, snapshotted{one.paxos.chosen_upto()}, one.out);
    }
    settle();
  }

 private:
  void propose() {
    batch<machine::command> made = pool_.take();
    for (std::size_t i = 0; i < what_.batch; ++i) {
      ++number_;
      made.add(session_id(1 + i * 4 / what_.batch), sequence(number_), sequence(), {number_, 0});
    }
    ASSERT_FALSE(nodes_[0].paxos.propose(now_, std::move(made), nodes_[0].out).has_value());
  }

  struct node {
    node(trio& in, node_index self, core::options&& given)
        : all(in), at(self), paxos(std::move(given)) {}

    trio& all;
    node_index at;
    core paxos;
    core::output_type out;
    drain<core> order;
    ticket written;
    ticket synced;
    std::size_t applied = 0;

    void turn() { EXPECT_TRUE(order.turn(all.now_, paxos, out, *this)); }

    void send(node_set to, message&& what) {
      if (what.is<notice>()) all.notices_ += to.size();
      to.for_each([&](node_index one) { all.wire_.push_back({at, one, what}); });
    }
    void persist(std::span<record<machine::command> const> records) {
      written = records.back().number;
      if (!all.what_.slow_disk) synced = written;
    }
    void flush() {}
    [[nodiscard]] ticket durable() const { return synced; }
    [[nodiscard]] bool storage_failed() const { return false; }
    void decide(core::output_type::decision const& one) {
      if (one.value.is_batch()) applied += one.value.commands().size();
    }
    void refuse(refused_proposal<machine::command> const&) { FAIL(); }
    void answer(read_answer const&) {}
    void notify(core_event const&) {}
  };
  struct flight {
    node_index from;
    node_index to;
    message what;
  };

  // Until nobody has anything to say and every disk has written everything.
  void settle() {
    bool busy = true;
    while (busy) {
      for (node& one : nodes_) one.turn();
      wire_.swap(arriving_);
      busy = !arriving_.empty();
      for (flight& one : arriving_) {
        node& to = nodes_[one.to.value];
        to.paxos.step(now_, node_id(one.from.value), std::move(one.what), to.out);
      }
      arriving_.clear();
      core const& leader = nodes_[0].paxos;
      if (waiting_ != 0 && leader.chosen_upto() == leader.last_proposed()) {
        --waiting_;
        propose();
      }
      for (node& one : nodes_) {
        busy = busy || !one.out.empty() || one.synced != one.written;
        one.synced = one.written;
      }
    }
  }

  decisions what_;
  batch_pool<machine::command> pool_;
  std::vector<node> nodes_;
  std::vector<flight> wire_;
  std::vector<flight> arriving_;
  time_ns now_ = 1;
  std::uint64_t number_ = 0;
  std::size_t waiting_ = 0;  // to be proposed as soon as what was before is decided
  std::size_t notices_ = 0;
};

class multi_paxos_allocations : public testing::TestWithParam<decisions> {};

TEST_P(multi_paxos_allocations, none_per_decision_in_the_steady_state) {
  trio all(GetParam());
  ASSERT_TRUE(all.leads());
  auto const decide_and_trim = [&](int rounds) {
    for (int i = 1; i <= rounds; ++i) {
      all.decide_one();
      if (i % 500 == 0) all.trim();
    }
  };
  decide_and_trim(5000);
  support::allocations const counted;
  decide_and_trim(20'000);
  EXPECT_EQ(counted.calls(), 0U);
  EXPECT_EQ(all.applied_by_all(), 25'000 * GetParam().batch);
}

INSTANTIATE_TEST_SUITE_P(sizes, multi_paxos_allocations,
                         testing::Values(decisions{1, false}, decisions{64, false},
                                         decisions{1, true}, decisions{64, true}));

// Whoever has nothing to propose says at once what was decided; an Accept that leaves in the same
// turn says it as well, and then nothing else does.
TEST(multi_paxos_notices, give_way_to_an_accept_of_the_same_turn) {
  trio all({1, false});
  ASSERT_TRUE(all.leads());
  std::size_t const before = all.notices();
  for (int i = 0; i < 10; ++i) all.decide_one();
  EXPECT_EQ(all.notices() - before, 20U);
  EXPECT_EQ(all.applied_by_all(), 10U);
  all.decide_in_a_row(10);
  EXPECT_EQ(all.notices() - before, 22U);
  EXPECT_EQ(all.applied_by_all(), 20U);
}

// What a follower keeps for a slot, besides the batch that it shares with message and record.
static_assert(sizeof(acceptor_cell<machine::command>) <= 32);
// What is moved for each message: one cache line in the list of what to send.
static_assert(sizeof(message) <= 56);
static_assert(sizeof(core::output_type::send) <= 64);
static_assert(sizeof(core::output_type::deferred_send) <= 72);
static_assert(sizeof(core::output_type::decision) <= 24);
static_assert(sizeof(record<machine::command>) <= 80);

}  // namespace
