// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <cstdint>

#include "support/masterless_by_hand.hpp"
#include "support/schedule_words.hpp"

// Multi-Paxos without a leader, by schedules that are written out.

namespace {

using namespace support::schedule_words;
using run = support::masterless_by_hand;

std::size_t times_decided(run& r, unsigned who, command what) {
  std::size_t found = 0;
  for (auto const& [at, content] : r.at(who).applied) found += content == commands{what};
  return found;
}

void let_all_run(run& r, unsigned count, int beats) {
  for (int i = 0; i < beats; ++i) {
    for (unsigned who = 0; who < count; ++who) {
      if (r.at(who).up()) r.fire(who);
      if (count == 3) r.exchange({a, b, c});
      if (count == 5) r.exchange({a, b, c, d, e});
    }
  }
}

// Two nodes propose for the same slot; the loser's batch gets another one, once (S2.1).
TEST(masterless, the_loser_takes_another_slot) {
  run r(3);
  r.boot_all();
  // b looks at slot 1 first; c is made to by what it knows of the others.
  ASSERT_FALSE(r.propose(b, 71));
  ASSERT_FALSE(r.propose(c, 72));
  ASSERT_FALSE(r.propose(a, 73));
  let_all_run(r, 3, 40);
  for (command one : {71U, 72U, 73U}) {
    EXPECT_EQ(times_decided(r, a, one), 1U);
    EXPECT_EQ(times_decided(r, c, one), 1U);
  }
  EXPECT_EQ(r.complaints(), "");
}

// b's batch is voted for by one other, then b is cut off. The others fill the slot, with a quorum
// in which that one is: they find the batch and decide it. b, back again, does not propose it anew
// (S2.2).
TEST(masterless, a_half_chosen_batch_is_finished_by_others) {
  run r(3);
  r.boot_all();
  ASSERT_FALSE(r.propose(b, 71));
  r.deliver_first<prepare>(b, a);
  r.deliver_first<promise>(a, b);
  ASSERT_TRUE(r.deliver_first<accept>(b, a));
  r.drop_everything();
  ASSERT_FALSE(r.propose(c, 72));
  for (int i = 0; i < 60; ++i) {
    r.exchange({a, c});
    r.drop_to(b);
    r.fire(i % 2 == 0 ? a : c);
  }
  EXPECT_EQ(r.applied(c, 1), commands{71});
  let_all_run(r, 3, 40);
  EXPECT_EQ(times_decided(r, b, 71), 1U);
  EXPECT_EQ(r.complaints(), "");
}

// Slots above and below are decided, one in between was given up: everybody converges (S2.3).
TEST(masterless, a_gap_is_filled) {
  run r(3);
  r.boot_all();
  ASSERT_FALSE(r.propose(b, 71));
  r.drop_everything();
  r.crash(b);
  ASSERT_FALSE(r.propose(c, 72));
  ASSERT_FALSE(r.propose(a, 73));
  for (int i = 0; i < 60; ++i) {
    r.exchange({a, c});
    r.fire(i % 2 == 0 ? a : c);
  }
  EXPECT_EQ(r.core(a).chosen_upto(), r.core(c).chosen_upto());
  EXPECT_GE(r.core(a).chosen_upto(), slot(3));
  EXPECT_EQ(times_decided(r, a, 72), 1U);
  EXPECT_EQ(times_decided(r, a, 73), 1U);
  EXPECT_EQ(r.complaints(), "");
}

// a and b voted for a batch and reach no quorum any more; c, which reaches both, did not vote.
// Whoever reads at c learns that somebody voted there, so c must finish what it waits for.
TEST(masterless, who_reads_finishes_what_those_who_voted_cannot) {
  run r(5);
  r.boot_all();
  ASSERT_FALSE(r.propose(a, 71));
  for (unsigned who : {b, c}) {
    r.deliver_first<prepare>(a, who);
    r.deliver_first<promise>(who, a);
  }
  ASSERT_TRUE(r.deliver_first<accept>(a, b));
  r.drop_everything();
  r.crash(d);
  r.crash(e);
  for (int i = 0; i < 20; ++i) {  // b tries to finish it, so that c takes nothing of a's any more
    r.fire(b);
    r.exchange({b, c});
    r.drop_everything();
  }
  ASSERT_FALSE(r.read(c, 1, true));
  for (int i = 0; i < 90; ++i) {
    r.exchange({a, c});
    r.exchange({b, c});
    r.drop_everything();
    r.fire(static_cast<unsigned>(i % 3));
  }
  EXPECT_EQ(r.applied(c, 1), commands{71});
  ASSERT_NE(r.answer(c, 1), nullptr);
  EXPECT_EQ(r.answer(c, 1)->upto, slot(1));
  EXPECT_EQ(r.complaints(), "");
}

// With one slot open at a time it is a chain (S2.7).
TEST(masterless, a_window_of_one_is_a_chain) {
  run r(3);
  for (unsigned i = 0; i < 3; ++i) r.given(i).pipeline_slots_max = 1;
  r.boot_all();
  for (command one = 100; one < 110; ++one) {
    ASSERT_FALSE(r.propose(static_cast<unsigned>(one % 3), one));
  }
  let_all_run(r, 3, 120);
  for (command one = 100; one < 110; ++one) EXPECT_EQ(times_decided(r, b, one), 1U) << one;
  EXPECT_EQ(r.complaints(), "");
}

// Who proposes alone takes the first slot: one that it left to others would hold it up until
// somebody fills it, and no timer fires here.
TEST(masterless, alone_it_leaves_no_slot_to_others) {
  run r(5);
  for (unsigned i = 0; i < 5; ++i) r.given(i).everybody_proposes = false;
  r.boot_all();
  for (command one = 100; one < 110; ++one) {
    ASSERT_FALSE(r.propose(d, one));
    r.exchange({a, b, c, d, e});
    EXPECT_EQ(times_decided(r, d, one), 1U) << one;
  }
  EXPECT_EQ(r.complaints(), "");
}

// Those that were seen proposing share the slots: they do not meet, and are done without a timer.
TEST(masterless, those_who_propose_share_the_slots) {
  run r(5);
  for (unsigned i = 0; i < 5; ++i) r.given(i).everybody_proposes = false;
  r.boot_all();
  for (command round = 0; round < 8; ++round) {
    for (unsigned who : {b, d, e}) ASSERT_FALSE(r.propose(who, 100 + 10 * round + who));
    r.exchange({a, b, c, d, e});
    for (unsigned who : {b, d, e}) {
      if (round < 3) continue;
      EXPECT_EQ(times_decided(r, who, 100 + 10 * round + who), 1U) << "round " << round;
    }
    if (round < 3) let_all_run(r, 5, 40);
  }
  EXPECT_EQ(r.complaints(), "");
}

// Who wins often enough holds the whole open range and needs no Prepare any more, until somebody
// else proposes.
TEST(masterless, a_winning_streak_leads_until_somebody_else_proposes) {
  run r(3);
  for (unsigned i = 0; i < 3; ++i) {
    r.given(i).everybody_proposes = false;
    r.given(i).range_after = 3;
  }
  r.boot_all();
  for (command one = 100; one < 104; ++one) {
    ASSERT_FALSE(r.propose(a, one));
    r.exchange({a, b, c});
  }
  ASSERT_TRUE(r.core(a).leads());
  ASSERT_FALSE(r.propose(a, 104));
  EXPECT_EQ(r.under_way<prepare>(a, b), 0U);
  EXPECT_EQ(r.under_way<accept>(a, b), 1U);
  r.exchange({a, b, c});
  EXPECT_EQ(times_decided(r, b, 104), 1U);
  ASSERT_FALSE(r.propose(b, 71));
  let_all_run(r, 3, 10);
  EXPECT_FALSE(r.core(a).leads());
  EXPECT_EQ(times_decided(r, a, 71), 1U);
  EXPECT_EQ(r.complaints(), "");
}

// a's round is refused by both others. Returns how long it waits before it begins another.
synod::time_ns lose(run& r) {
  while (r.under_way<prepare>(a, b) == 0) r.fire(a);
  auto const asked = r.take<prepare>(a, b);
  prepare const mine = *run::part<prepare>(asked->what);
  r.drop_everything();
  synod::ballot const higher{1, mine.at.round + 1, support::id_of(c)};
  for (unsigned from : {b, c}) r.forge(from, a, synod::nack{mine.at, higher, mine.first});
  r.drop_everything();
  return r.core(a).next_deadline() - r.now;
}
void win(run& r, command what) {
  (void)r.propose(a, what);
  for (int i = 0; i < 20 && times_decided(r, a, what) == 0; ++i) {
    r.exchange({a, b, c});
    if (times_decided(r, a, what) == 0) r.fire(a);
  }
}

// The wait is random; what it is drawn from doubles with each loss, in whatever slot, and shrinks
// by little with each win.
TEST(masterless, who_loses_waits_longer_and_who_wins_a_little_less) {
  synod::time_ns const base = 5'000'000;
  synod::time_ns first = 0;
  synod::time_ns fifth = 0;
  synod::time_ns elsewhere = 0;
  synod::time_ns after_wins = 0;
  auto const note = [](synod::time_ns& most, synod::time_ns wait) {
    if (wait > most) most = wait;
  };
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    run r(3);
    r.given(a).seed = seed;
    r.given(a).range_after = 1000;
    r.given(a).backoff_base_ns = base;
    r.boot_all();
    ASSERT_FALSE(r.propose(a, 71));
    note(first, lose(r));
    for (int i = 0; i < 3; ++i) lose(r);
    note(fifth, lose(r));
    win(r, 72);
    ASSERT_EQ(times_decided(r, a, 71), 1U);
    ASSERT_FALSE(r.propose(a, 73));
    note(elsewhere, lose(r));
    for (command one = 100; one < 140; ++one) win(r, one);
    ASSERT_FALSE(r.propose(a, 74));
    note(after_wins, lose(r));
    EXPECT_EQ(r.complaints(), "");
  }
  EXPECT_LE(first, base);
  EXPECT_GT(fifth, 8 * base);
  EXPECT_LE(fifth, 16 * base);
  EXPECT_GT(elsewhere, 16 * base) << "another slot begins where this one left off";
  EXPECT_LE(after_wins, 2 * base);
}

// What was taken back from a range, and decided elsewhere, is not taken back again when the ring of
// open slots comes round to the same place (M3).
TEST(masterless, a_batch_is_taken_back_once) {
  run r(3);
  for (unsigned i = 0; i < 3; ++i) {
    r.given(i).range_after = 1;
    r.given(i).pipeline_slots_max = 4;
  }
  r.boot_all();
  ASSERT_FALSE(r.propose(b, 71));
  for (int i = 0; i < 20 && !r.core(b).leads(); ++i) {
    r.exchange({a, b, c});
    r.fire(b);
  }
  ASSERT_TRUE(r.core(b).leads()) << "b holds a range";
  r.exchange({a, b, c});
  // b proposes where c decides something else, which b learns without hearing of c's ballot; then c
  // decides some slots more.
  command next = 100;
  for (int round = 0; round < 40; ++round) {
    if (r.core(b).leads() && r.core(b).room() > 0) (void)r.propose(b, next++);
    r.drop_to(a);
    r.drop_to(c);
    if (round % 2 == 0) (void)r.propose(c, next++);
    for (int i = 0; i < 30; ++i) {
      r.exchange({a, c});
      r.drop_to(b);
      r.fire(i % 2 == 0 ? a : c);
    }
    r.forge(b, c, synod::learn<command>(synod::learn_ask{r.core(b).chosen_upto().next()}));
    r.deliver(c, b);
    r.drop_everything();
  }
  let_all_run(r, 3, 60);
  EXPECT_EQ(r.complaints(), "");
}

// Whoever restarts does not use the rounds of its past life.
TEST(masterless, a_restart_draws_new_rounds) {
  run r(3);
  r.boot_all();
  ASSERT_FALSE(r.propose(b, 71));
  synod::ballot const before = r.core(b).highest_seen();
  r.restart(b);
  ASSERT_FALSE(r.propose(b, 72));
  EXPECT_GT(r.core(b).highest_seen().round, before.round);
}

}  // namespace
