// SPDX-License-Identifier: BSL-1.0
#include <synod/quorum/flexible.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "support/led_by_hand.hpp"
#include "support/schedule_words.hpp"

// One leader after another, by schedules that are written out: take-over, transfer, pipelining, the
// boundary of a configuration, trimming, and restarts.

namespace {

using namespace support::schedule_words;
using run = support::led_by_hand;

// Of two others one is needed: who was faster goes on to be, until the other decides something.
TEST(leadership, spares_whom_no_decision_waits_for) {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  r.exchange({a, b, c});
  ASSERT_EQ(r.core(a).spare().size(), 1U);
  command next = 70;
  for (unsigned const fast : {b, c, c, b}) {
    auto const rest = synod::node_set::of(synod::node_index{fast == b ? c : b});
    (void)r.propose(a, next++);
    ASSERT_TRUE(r.deliver_first<accept>(a, fast));
    ASSERT_TRUE(r.deliver_first<accepted>(fast, a));
    EXPECT_EQ(r.core(a).spare(), rest);
    r.exchange({a, b, c});
    EXPECT_EQ(r.core(a).spare(), rest);
  }
  EXPECT_TRUE(r.core(b).spare().empty()) << "only a leader spares anybody";
  EXPECT_EQ(r.complaints(), "");
}

// Whoever is left is a quorum, whatever its family calls one, and as small as it gets.
TEST(spare_voters, leave_a_quorum) {
  struct governed {
    synod::membership members;
    synod::flexible<3, 3>::system quorums;
  };
  auto const members = support::voters(5);
  auto const bound = synod::flexible<3, 3>::bind(members);
  governed const five{members, *bound.system};
  auto const set = [](std::uint64_t bits) { return synod::node_set(bits); };
  synod::spare_voters spare;
  spare.decided(set(0b01011), set(1), five);
  EXPECT_EQ(spare.get(), set(0b10100));
  spare.decided(set(0b01011), set(1), five);
  EXPECT_EQ(spare.get(), set(0b10100));
  // The own vote was late, and one of those who were spared decided.
  spare.decided(set(0b01110), set(1), five);
  EXPECT_EQ(spare.get(), set(0b10100)) << "who was spared is spared first";
  spare.decided(set(0b10101), set(1), five);
  EXPECT_EQ(spare.get(), set(0b01010));
  // Now and then all are asked at once, and the fastest stay.
  int changes = 0;
  for (int i = 0; i < 5000; ++i) {
    spare.decided(set(0b10101), set(1), five);
    changes += spare.get().empty() ? 1 : 0;
  }
  EXPECT_EQ(changes, 4);
}

// The leader crashes; slots 3 and 5 were voted for by one other, slot 4 by none (S3.2). All three
// are decided, the middle one as nothing, and what comes next comes after them.
TEST(leadership, takes_over_with_holes) {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.propose(a, 72);
  r.exchange({a, b, c});
  for (command one : {73U, 74U, 75U}) (void)r.propose(a, one);
  ASSERT_TRUE(r.deliver_first<accept>(a, b));
  (void)r.take<accept>(a, b);
  ASSERT_TRUE(r.deliver_first<accept>(a, b));
  r.crash(a);
  r.elect(b, {b, c});
  ASSERT_FALSE(r.propose(b, 76));
  r.exchange({b, c});
  EXPECT_EQ(r.applied(b, 3), commands{73});
  EXPECT_EQ(r.applied(b, 4), commands{});
  EXPECT_EQ(r.applied(b, 5), commands{75});
  EXPECT_EQ(r.applied(b, 6), commands{}) << "the first of its own is a noop";
  EXPECT_EQ(r.applied(b, 7), commands{76});
  EXPECT_EQ(r.core(c).chosen_upto(), slot(7));
  EXPECT_EQ(r.complaints(), "");
}

// Parts of a promise are lost, again and again (S3.3).
TEST(leadership, waits_for_all_parts_of_a_promise) {
  run r(3);
  for (unsigned i = 0; i < 3; ++i) r.given(i).part_bytes = 1;
  r.boot_all();
  r.elect(a, {a, b, c});
  for (command one : {72U, 73U, 74U, 75U}) (void)r.propose(a, one);
  while (r.deliver_first<accept>(a, b)) {
  }
  r.crash(a);
  r.drop_everything();
  r.campaign(c);
  for (int lost = 0; lost < 4; ++lost) {
    for (int i = 0; i < 5 && r.under_way<prepare>(c, b) == 0; ++i) r.fire(c);
    ASSERT_TRUE(r.deliver_first<prepare>(c, b));
    std::vector<run::letter> parts;
    while (auto one = r.take<promise>(b, c)) parts.push_back(*one);
    ASSERT_EQ(parts.size(), 4U);
    for (int i = 0; i < 4; ++i) {
      if (i != lost) r.hand_in(parts[static_cast<std::size_t>(i)]);
    }
    EXPECT_FALSE(r.core(c).leads()) << "without part " << lost;
  }
  r.exchange({b, c});
  for (int i = 0; i < 5 && !r.core(c).leads(); ++i) {
    r.fire(c);
    r.exchange({b, c});
  }
  ASSERT_TRUE(r.core(c).leads());
  for (std::uint64_t at = 2; at <= 5; ++at) EXPECT_EQ(r.applied(c, at), commands{70 + at});
  EXPECT_EQ(r.complaints(), "");
}

// The worked trace of a promise without a floor: slots 2 to 6 are chosen by {a, b}, b trims them;
// c, who has nothing, asks b and must get the snapshot before it proposes anything (S3.4).
TEST(leadership, catches_up_before_it_proposes) {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  for (command one : {72U, 73U, 74U, 75U, 76U}) {
    (void)r.propose(a, one);
    r.exchange({a, b});
  }
  r.take_snapshot(b);
  ASSERT_EQ(r.core(b).floor(), slot(6));
  r.crash(a);
  r.drop_everything();
  r.campaign(c);
  r.exchange({b, c});
  for (int i = 0; i < 3; ++i) {
    r.fire(c);
    r.exchange({b, c});
  }
  EXPECT_FALSE(r.core(c).leads());
  bool wanted = false;
  for (auto const& one : r.at(c).events) {
    auto const* const needed = one.get_if<synod::snapshot_needed>();
    if (needed != nullptr)
      wanted = needed->from == support::id_of(b) && needed->at_least == slot(6);
  }
  EXPECT_TRUE(wanted);
  r.install(b, c);
  r.exchange({b, c});
  ASSERT_TRUE(r.core(c).leads());
  ASSERT_FALSE(r.propose(c, 77));
  r.exchange({b, c});
  EXPECT_EQ(r.applied(b, 8), commands{77});
  EXPECT_EQ(r.complaints(), "");
}

// Leadership is handed over: nothing is admitted meanwhile, the target campaigns at once, and
// leads.
// Nobody leads any more; a quorum knows how far the log may reach, and whoever asks it waits for
// that. Alone it gets no answer.
TEST(leadership, a_quorum_answers_reads_while_nobody_leads) {
  run r(5);
  r.boot_all();
  r.elect(a, {a, b, c, d, e});
  ASSERT_FALSE(r.propose(a, 72));
  r.exchange({a, b, c});
  r.drop_everything();
  slot const decided = r.core(a).chosen_upto();
  ASSERT_GE(decided, slot(2));
  r.crash(a);
  ASSERT_FALSE(r.read(e, 1, true));
  r.exchange({d, e});
  EXPECT_EQ(r.answer(e, 1), nullptr) << "two of five are no quorum";
  r.exchange({b, d, e});
  r.fire(e);
  r.exchange({b, d, e});
  ASSERT_NE(r.answer(e, 1), nullptr);
  EXPECT_EQ(r.answer(e, 1)->upto, decided);
  EXPECT_LT(r.core(e).chosen_upto(), decided) << "e has to learn it first";
  EXPECT_EQ(r.complaints(), "");
}

TEST(leadership, hands_over) {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  ASSERT_FALSE(r.propose(a, 72));
  ASSERT_FALSE(r.request(a, synod::transfer_request{support::id_of(c)}));
  EXPECT_EQ(r.core(a).room(), 0U);
  EXPECT_TRUE(r.propose(a, 73));
  for (int i = 0; i < 10 && !r.core(c).leads(); ++i) {
    r.exchange({a, b, c});
    r.fire(a);
  }
  EXPECT_TRUE(r.core(c).leads());
  EXPECT_FALSE(r.core(a).leads());
  EXPECT_EQ(r.applied(c, 2), commands{72}) << "the target has everything first";
  EXPECT_EQ(r.complaints(), "");
}

// The word "campaign now" is lost, or its target is gone (S3.5): the leader goes on after a while.
TEST(leadership, goes_on_when_a_hand_over_fails) {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  r.crash(c);
  ASSERT_FALSE(r.request(a, synod::transfer_request{support::id_of(c)}));
  ASSERT_TRUE(r.propose(a, 72));
  for (int i = 0; i < 60 && r.core(a).room() == 0; ++i) {
    r.fire(a);
    r.exchange({a, b});
  }
  ASSERT_FALSE(r.propose(a, 73));
  r.exchange({a, b});
  EXPECT_EQ(r.applied(b, 2), commands{73});
  EXPECT_TRUE(r.core(a).leads());
}

// An old "campaign now" comes again when somebody else leads.
TEST(leadership, an_old_hand_over_is_nobodys_business) {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  ASSERT_FALSE(r.request(a, synod::transfer_request{support::id_of(c)}));
  std::optional<run::letter> word;
  for (int i = 0; i < 10 && !word.has_value(); ++i) {
    r.fire(a);
    r.deliver(a, c);
    r.deliver(c, a);
    word = r.take<synod::pulse_hand_over>(a, c);
  }
  ASSERT_TRUE(word.has_value());
  r.elect(b, {a, b, c});
  r.hand_in(*word);
  r.exchange({a, b, c});
  EXPECT_TRUE(r.core(b).leads());
}

// A pipeline of any depth, votes in any order (S3.10): decisions come in the order of slots, and
// all.
class pipeline : public ::testing::TestWithParam<std::uint32_t> {};
TEST_P(pipeline, decides_whatever_the_order_of_votes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    synod::generator dice(seed);
    run r(3);
    for (unsigned i = 0; i < 3; ++i) {
      r.given(i).constants.alpha = GetParam();
      r.given(i).pipeline_slots_max = GetParam();
    }
    r.boot_all();
    r.elect(a, {a, b, c});
    command next = 100;
    for (int round = 0; round < 60; ++round) {
      while (r.core(a).room() > 0 && next < 300) ASSERT_FALSE(r.propose(a, next++));
      EXPECT_LE(r.core(a).last_proposed() - r.core(a).chosen_upto(), GetParam());
      std::vector<run::letter> under_way(r.letters.begin(), r.letters.end());
      r.letters.clear();
      for (std::size_t i = under_way.size(); i > 1; --i) {
        std::swap(under_way[i - 1], under_way[dice.below(i)]);
      }
      for (auto& one : under_way) {
        if (dice.below(10) != 0) r.hand_in(one);
        if (dice.below(10) == 0) r.hand_in(one);
      }
      if (round % 4 == 3) r.fire(a);
      if (round % 4 == 1) r.fire(b);
    }
    for (int i = 0; i < 20; ++i) {
      r.exchange({a, b, c});
      r.fire(i % 2 == 0 ? a : b);
    }
    EXPECT_EQ(r.core(a).chosen_upto(), r.core(a).last_proposed());
    EXPECT_EQ(r.core(b).chosen_upto(), r.core(a).chosen_upto());
    EXPECT_EQ(r.complaints(), "");
  }
}
INSTANTIATE_TEST_SUITE_P(depths, pipeline, ::testing::Values(1U, 2U, 7U, 64U));

// The boundary of a configuration, alpha = 3 (worked trace): decided in slot 10, in force from 13
// on. The idle leader fills 11 and 12; slot 13 waits for promises of the new members.
TEST(leadership, crosses_the_boundary_of_a_configuration) {
  run r(6, support::voters(3));
  r.is_phase2 = [](slot, synod::node_set) { return false; };
  for (unsigned i = 0; i < 6; ++i) {
    r.given(i).constants.alpha = 3;
    r.given(i).pipeline_slots_max = 3;
  }
  r.boot_all();
  r.elect(a, {a, b, c});
  for (command one = 2; one <= 9; ++one) {
    (void)r.propose(a, one);
    r.exchange({a, b, c});
  }
  ASSERT_EQ(r.core(a).chosen_upto(), slot(9));
  ASSERT_FALSE(
      r.request(a, synod::reconfigure_request{support::members_of(
                       {support::member_of(d), support::member_of(e), support::member_of(f)}, 2)}));
  r.exchange({a, b, c});
  EXPECT_EQ(r.core(a).chosen_upto(), slot(12)) << "two noops follow";
  EXPECT_EQ(r.core(a).last_proposed(), slot(12));
  EXPECT_EQ(r.core(a).room(), 0U) << "slot 13 belongs to others, who have not promised";
  auto const bound = r.core(a).configurations_from(slot(13));
  ASSERT_EQ(bound.size(), 1U);
  EXPECT_EQ(bound[0].first, slot(13));
  r.exchange({a, d, e, f});
  ASSERT_FALSE(r.propose(a, 99));
  r.exchange({a, d, e});
  EXPECT_EQ(r.applied(a, 13), commands{99});
  EXPECT_EQ(r.complaints(), "");
}

// A leader that is no member any more stops, and somebody of the new members can lead.
TEST(leadership, ends_with_the_membership) {
  run r(3);
  r.is_phase2 = [](slot, synod::node_set) { return false; };
  r.boot_all();
  r.elect(a, {a, b, c});
  ASSERT_FALSE(r.request(a, synod::reconfigure_request{support::members_of(
                                {support::member_of(b), support::member_of(c)}, 2)}));
  for (int i = 0; i < 10; ++i) {
    r.exchange({a, b, c});
    r.fire(a);
  }
  ASSERT_GE(r.core(b).chosen_upto(), slot(5));
  r.elect(b, {b, c});
  ASSERT_FALSE(r.propose(b, 99));
  r.exchange({b, c});
  EXPECT_EQ(r.core(c).chosen_upto(), r.core(b).last_proposed());
  EXPECT_EQ(r.complaints(), "");
}

// Learners get every decision and decide nothing.
TEST(leadership, learners_learn) {
  run r(4, support::members_of({support::member_of(a), support::member_of(b), support::member_of(c),
                                support::member_of(d, synod::member_role::learner)}));
  r.is_phase2 = [](slot, synod::node_set) { return false; };
  r.boot_all();
  r.elect(a, {a, b, c, d});
  for (command one = 2; one <= 9; ++one) {
    (void)r.propose(a, one);
    r.exchange({a, b, c, d});
  }
  EXPECT_EQ(r.core(d).chosen_upto(), slot(9));
  r.campaign(d);
  r.exchange({a, b, c, d});
  EXPECT_TRUE(r.core(a).leads()) << "a learner does not campaign";
}

// Crash of any node after any number of deliveries, and restart: nothing decided is lost (X1).
TEST(leadership, survives_a_crash_at_every_step) {
  for (unsigned victim = 0; victim < 3; ++victim) {
    for (unsigned at = 0; at < 60; ++at) {
      run r(3);
      r.boot_all();
      r.campaign(a);
      command next = 100;
      for (unsigned step = 0; step < 200; ++step) {
        if (step == at) r.crash(victim);
        if (step == at + 10) r.boot(victim);
        if (r.letters.empty()) {
          unsigned const leader = victim == a && step >= at ? unsigned{b} : unsigned{a};
          if (!r.core(leader).leads()) {
            r.campaign(leader);
          } else if (r.core(leader).room() > 0 && next < 120) {
            (void)r.propose(leader, next++);
          }
          r.fire(leader);
          continue;
        }
        auto one = std::move(r.letters.front());
        r.letters.pop_front();
        r.hand_in(std::move(one));
      }
      ASSERT_EQ(r.complaints(), "") << "node " << victim << " at step " << at;
    }
  }
}

// a and b each lost one slot that the other still has, and c is gone for good: they help each other
// out and go on.
TEST(leadership, two_that_lost_different_slots_go_on) {
  auto const lost = [](slot which) {
    synod::damage made;
    made.ranges.push_back({{}, {}, which, which});
    return made;
  };
  run r(3);
  r.boot_all();
  r.elect(a, {a, b});
  for (command one = 100; one < 240; ++one) {
    (void)r.propose(a, one);
    r.exchange({a, b});
  }
  r.crash(c);
  r.drop_everything();
  r.must(r.rot(a, slot(5), synod::record_kind::vote) == 1, "a vote of a rots");
  r.must(r.rot(b, slot(9), synod::record_kind::vote) == 1, "a vote of b rots");
  r.restart(a, lost({slot(5)}));
  r.restart(b, lost({slot(9)}));
  r.must(r.core(a).chosen_upto() == slot(4), "a's prefix ends there");
  r.campaign(a);
  for (int i = 0; i < 400 && r.core(b).chosen_upto() < slot(145); ++i) {
    r.fire(i % 2 == 0 ? a : b);
    r.exchange({a, b});
    if (r.core(a).room() > 0) (void)r.propose(a, 300 + static_cast<command>(i));
  }
  r.expect(r.core(b).chosen_upto() >= slot(145), "two that have it all between them do not go on");
  EXPECT_EQ(r.complaints(), "");
}

// A log that begins far up needs no room for what is below.
TEST(leadership, restarts_high_up) {
  run r(3);
  slot const high(std::uint64_t{1} << 40);
  synod::applied_prefix head{high, {{slot(), support::voters(3)}}};
  for (unsigned i = 0; i < 3; ++i) r.at(i).head = head;
  r.boot_all();
  r.elect(a, {a, b, c});
  ASSERT_FALSE(r.propose(a, 72));
  r.exchange({a, b, c});
  EXPECT_EQ(r.core(b).chosen_upto(), high + 2);
  // The floor may come after the records that are above it.
  auto& disk = r.at(b).disk;
  std::rotate(disk.begin(), disk.begin() + 1, disk.end());
  r.restart(b);
  r.elect(c, {b, c});
  r.learn(b, c);
  EXPECT_GE(r.core(b).chosen_upto(), high + 2);
  EXPECT_EQ(r.complaints(), "");
}

// A leader whose own disk hangs goes on with the others' votes, and does not remember without end
// what it still has to write.
TEST(leadership, a_hanging_disk_does_not_stop_the_others) {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  r.at(a).slow = true;
  for (command one = 2; one <= 400; ++one) {
    ASSERT_FALSE(r.propose(a, one));
    r.exchange({a, b, c});
  }
  EXPECT_EQ(r.core(a).chosen_upto(), slot(400));
  r.sync(a);
  EXPECT_EQ(r.complaints(), "");
}

}  // namespace
