// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include "support/led_by_hand.hpp"

// What a follower may decide when a leader tells it how far everything is chosen.

namespace {

using run = support::led_by_hand;
using accept = synod::accept<std::uint64_t>;

// The worked trace of the commit index and the old ballot: A voted for x in slot 2 under its own
// ballot, alone; B led without hearing of it and decided something else there. B's Accept for the
// slot after reaches A first and says that slot 2 is chosen.
TEST(notices, an_older_vote_is_not_decided_by_a_newer_leaders_notice) {
  run r(3);
  r.boot_all();
  r.campaign(0);
  r.exchange({0, 1, 2});
  ASSERT_TRUE(r.core(0).leads());
  ASSERT_FALSE(r.propose(0, 71));
  r.drop_everything();

  r.campaign(1);
  r.exchange({1, 2});
  ASSERT_TRUE(r.core(1).leads());
  ASSERT_EQ(r.core(1).chosen_upto(), synod::slot(2));
  r.drop_everything();
  ASSERT_FALSE(r.propose(1, 72));
  ASSERT_TRUE(r.deliver_first<accept>(1, 0));
  EXPECT_EQ(r.core(0).chosen_upto(), synod::slot(1));
  EXPECT_EQ(r.complaints(), "");
  // A asks for what it misses and gets it.
  r.fire(0);
  r.exchange({0, 1, 2});
  EXPECT_EQ(r.complaints(), "");
  EXPECT_EQ(r.core(0).chosen_upto(), synod::slot(3));
  EXPECT_EQ(r.applied(0, 3), support::commands{72});
}

// A leads and proposes x in slot 2, which only B hears. C leads with {C, D, E}, who know nothing of
// it, and decides something else there. A, which has heard nothing of C's ballot, learns that by
// catching up. Now its prefix includes slot 2, but not under its own ballot: B must not take A's
// word for x.
TEST(notices, a_deposed_leader_does_not_announce_what_it_learned) {
  run r(5);
  r.boot_all();
  r.campaign(0);
  r.exchange({0, 1, 2, 3, 4});
  ASSERT_TRUE(r.core(0).leads());
  ASSERT_FALSE(r.propose(0, 71));
  ASSERT_TRUE(r.deliver_first<accept>(0, 1));
  r.drop_everything();

  r.campaign(2);
  r.exchange({2, 3, 4});
  ASSERT_EQ(r.core(2).chosen_upto(), synod::slot(2));
  r.drop_everything();

  r.forge(0, 2, synod::learn<std::uint64_t>(synod::learn_ask{synod::slot(2)}));
  ASSERT_EQ(r.deliver(2, 0), 1U);
  ASSERT_EQ(r.core(0).chosen_upto(), synod::slot(2));
  r.elapse(1'000'000'000);
  r.tick(0);
  r.exchange({0, 1});
  EXPECT_EQ(r.complaints(), "");
}

// The same, but A learns before it leads. A prepares and is promised by E, F and G; B prepares
// above it, is promised too, and of its Accept for slot 2 only H hears, which has promised nothing;
// C prepares above both with {C, E, F, G, I} and decides something else there. D, who was asked by
// nobody, learns it, and only now does A's Prepare reach D. So A has its quorum {A, D, E, F, G},
// learns from D what is chosen and leads, by a ballot below that of H's vote.
TEST(notices, a_leader_does_not_announce_what_was_chosen_above_its_ballot) {
  enum { a, b, c, d, e, f, g, h, i };
  run r(9);
  r.boot_all();
  r.campaign(a);
  for (unsigned one : {e, f, g}) r.deliver(a, one);
  auto const late = r.take<synod::prepare>(a, d);
  std::vector<run::letter> promised;
  for (unsigned one : {e, f, g}) {
    promised.push_back(r.take<synod::promise<std::uint64_t>>(one, a).value());
  }
  ASSERT_TRUE(late);
  r.drop_everything();

  r.campaign(b);
  r.drop_to(a);
  r.drop_to(d);
  r.exchange({b, c, e, f, g});
  ASSERT_EQ(r.core(b).chosen_upto(), synod::slot(1));
  r.drop_everything();
  ASSERT_FALSE(r.propose(b, 71));
  ASSERT_TRUE(r.deliver_first<accept>(b, h));
  r.drop_everything();

  r.campaign(c);
  r.exchange({c, e, f, g, i});
  ASSERT_EQ(r.core(c).chosen_upto(), synod::slot(2));
  r.drop_everything();
  r.forge(d, c, synod::learn<std::uint64_t>(synod::learn_ask{synod::slot(1)}));
  ASSERT_EQ(r.deliver(c, d), 1U);
  ASSERT_EQ(r.core(d).chosen_upto(), synod::slot(2));

  for (auto const& one : promised) r.hand_in(one);
  r.hand_in(*late);
  r.exchange({a, d});
  r.fire(a);
  r.exchange({a, d});
  ASSERT_TRUE(r.core(a).leads());
  ASSERT_EQ(r.core(a).chosen_upto(), synod::slot(2));
  r.fire(a);
  r.exchange({a, h});
  r.fire(h);
  r.exchange({a, d, h});
  EXPECT_EQ(r.core(h).chosen_upto(), synod::slot(2));
  EXPECT_EQ(r.complaints(), "");
}

}  // namespace
