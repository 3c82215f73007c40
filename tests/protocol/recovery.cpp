// SPDX-License-Identifier: BSL-1.0
#include <synod/core/generator.hpp>
#include <synod/protocol/multi_paxos/recovery.hpp>
#include <synod/quorum/majority.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "support/hand_run.hpp"

// Phase 1 over many slots: what it makes of promises, in whatever order and pieces they come.

namespace {

using command = std::uint64_t;
using promise = synod::promise<command>;
using recovery = synod::recovery<command, synod::majority>;
using configurations = synod::configurations<synod::majority>;
using synod::ballot;
using synod::node_id;
using synod::slot;

constexpr std::uint32_t ahead_max = 64;

ballot at_round(std::uint64_t round) {
  return {1, static_cast<std::uint32_t>(round), node_id(round % 5)};
}
synod::reported_vote<command> vote(std::uint64_t at, std::uint64_t round) {
  return {slot(at), at_round(round), synod::slot_value<command>(support::batch_of(round)), false};
}
promise whole(std::uint64_t answer, std::vector<synod::reported_vote<command>> votes) {
  promise made;
  made.at = at_round(100);
  made.first = slot(1);
  made.answer = answer;
  made.votes = std::move(votes);
  return made;
}

// Every order in which five members may report any votes for one slot: the highest ballot wins, at
// every moment after it was heard (H4).
TEST(recovery, ranks_by_ballot_in_every_order) {
  for (unsigned mask = 0; mask < 243; ++mask) {
    std::vector<std::uint64_t> rounds;
    unsigned left = mask;
    for (unsigned member = 0; member < 5; ++member, left /= 3) rounds.push_back(left % 3);
    std::vector<unsigned> order(5);
    std::iota(order.begin(), order.end(), 0U);
    do {
      recovery tried;
      tried.begin(at_round(100), slot(1), ahead_max);
      std::uint64_t most = 0;
      for (unsigned member : order) {
        std::vector<synod::reported_vote<command>> votes;
        if (rounds[member] != 0) votes.push_back(vote(1, rounds[member]));
        ASSERT_TRUE(tried.take(support::member_of(member), whole(member + 1, std::move(votes))));
        most = std::max(most, rounds[member]);
        auto const* const found = tried.found(slot(1));
        bool const nothing = found == nullptr || found->empty();
        ASSERT_EQ(nothing, most == 0);
        if (!nothing) {
          ASSERT_EQ(found->voted, at_round(most));
          ASSERT_EQ(support::content_of(found->value), support::commands{most});
        }
      }
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

// Parts in every order, each possibly twice: a promise counts when all are there and not before.
TEST(recovery, counts_a_promise_when_all_parts_are_there) {
  std::vector<promise> parts;
  for (std::uint32_t i = 0; i < 4; ++i) {
    promise one = whole(7, {vote(i + 1, 3)});
    one.part = i;
    one.final_part = i == 3;
    parts.push_back(std::move(one));
  }
  std::vector<unsigned> order{0, 1, 2, 3};
  do {
    recovery tried;
    tried.begin(at_round(100), slot(1), ahead_max);
    for (unsigned sent = 0; sent < 4; ++sent) {
      ASSERT_TRUE(tried.complete().empty());
      ASSERT_TRUE(tried.take(support::member_of(2), parts[order[sent]]));
      ASSERT_TRUE(tried.take(support::member_of(2), parts[order[sent]]));
    }
    ASSERT_EQ(tried.complete(), synod::node_set::of(synod::node_index(2)));
    for (std::uint64_t at = 1; at <= 4; ++at) ASSERT_NE(tried.found(slot(at)), nullptr);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(recovery, parts_of_two_answers_are_no_promise) {
  recovery tried;
  tried.begin(at_round(100), slot(1), ahead_max);
  promise first = whole(7, {vote(1, 3)});
  first.final_part = false;
  promise second = whole(8, {vote(5, 3)});
  second.part = 1;
  EXPECT_TRUE(tried.take(support::member_of(0), first));
  EXPECT_TRUE(tried.take(support::member_of(0), second));
  EXPECT_TRUE(tried.complete().empty());
  EXPECT_TRUE(tried.take(support::member_of(0), first));
  EXPECT_TRUE(tried.complete().empty()) << "what came in between is forgotten";
}

// What no acceptor says is refused, and changes nothing.
TEST(recovery, refuses_what_is_malformed) {
  auto const refused = [](auto&& change) {
    recovery tried;
    tried.begin(at_round(100), slot(10), ahead_max);
    promise sent = whole(1, {vote(12, 3)});
    sent.first = slot(10);
    change(sent);
    bool const taken = tried.take(support::member_of(0), sent);
    EXPECT_TRUE(taken || tried.complete().empty());
    EXPECT_TRUE(taken || tried.last() < slot(10));
    return !taken;
  };
  EXPECT_FALSE(refused([](promise&) {}));
  EXPECT_TRUE(refused([](promise& one) { one.votes[0].at = slot(9); })) << "below the range";
  EXPECT_TRUE(refused([](promise& one) { one.votes[0].at = slot(0); }));
  EXPECT_TRUE(refused([](promise& one) { one.votes[0].at = synod::slot_max; })) << "too far";
  EXPECT_TRUE(refused([](promise& one) { one.votes[0].voted = at_round(101); })) << "above";
  EXPECT_TRUE(refused([](promise& one) { one.votes[0].voted = {}; })) << "no vote";
  EXPECT_TRUE(refused([](promise& one) { one.part = 1U << 16; })) << "too many parts";
  EXPECT_TRUE(refused([](promise& one) { one.trimmed_upto = slot(11); })) << "trimmed above chosen";
  EXPECT_TRUE(refused([](promise& one) {
    one.votes[0].at = slot(20);
    one.chosen_upto = slot(30);
  })) << "a vote in the chosen prefix";
}

// A range of damage without end costs neither time nor memory without end.
TEST(recovery, damage_without_end_is_cut) {
  configurations configs(support::id_of(0), support::voters(3));
  recovery tried;
  tried.begin(at_round(100), slot(1), ahead_max);
  promise sent = whole(1, {vote(3, 2)});
  sent.damaged.push_back({{}, {}, slot(5), synod::slot_max});
  for (std::uint64_t again = 1; again <= 1000; ++again) {
    sent.answer = again;
    ASSERT_TRUE(tried.take(support::member_of(0), sent));
  }
  EXPECT_EQ(tried.last(), slot(3) + ahead_max);
  ASSERT_TRUE(tried.take(support::member_of(1), whole(1, {})));
  EXPECT_TRUE(tried.promised(configs, slot(1)));
  EXPECT_FALSE(tried.has_quorum(configs, slot(1))) << "slot 5 has one whole promise";
  ASSERT_TRUE(tried.take(support::member_of(2), whole(1, {})));
  EXPECT_TRUE(tried.has_quorum(configs, slot(1)));
}

// Against a twin that keeps everything: random promises of five, in parts, with chosen prefixes.
TEST(recovery, is_the_highest_of_everything_reported) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    synod::generator dice(seed);
    recovery tried;
    tried.begin(at_round(100), slot(1), ahead_max);
    std::uint64_t chosen = 0;
    std::vector<std::uint64_t> best(40);
    for (int message = 0; message < 12; ++message) {
      promise sent = whole(dice.next(), {});
      std::uint64_t const known = dice.below(6);
      sent.chosen_upto = slot(known);
      for (std::uint64_t at = known + 1; at < 30; ++at) {
        if (dice.below(3) != 0) continue;
        std::uint64_t const round = 1 + dice.below(50);
        sent.votes.push_back(vote(at, round));
        best[at] = std::max(best[at], round);
      }
      chosen = std::max(chosen, known);
      auto const from = static_cast<unsigned>(dice.below(5));
      ASSERT_TRUE(tried.take(support::member_of(from), sent));
      ASSERT_EQ(tried.chosen_upto(), slot(chosen));
      for (std::uint64_t at = chosen + 1; at < 30; ++at) {
        auto const* const found = tried.found(slot(at));
        ASSERT_EQ(found == nullptr ? ballot() : found->voted,
                  best[at] == 0 ? ballot() : at_round(best[at]));
      }
    }
  }
}

}  // namespace
