// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/script.hpp>

#include <gtest/gtest.h>

#include <string>

#include "support/election_run.hpp"

// Who leads when links fail: transcripts, and bounds that hold whatever the transcript says.

namespace {

using election = support::election_run<synod::ballot_election>;

class election_transcript : public ::testing::TestWithParam<char const*> {};

// SYNOD_REWRITE=1 in the environment takes what is printed into the files.
TEST_P(election_transcript, is_what_happens) {
  election run;
  auto const report = synod::testing::run_script_file(
      SYNOD_ROOT "/tests/transcripts/elections/" + std::string(GetParam()) + ".txt",
      [&](auto const& command) { return run(command); });
  EXPECT_TRUE(report.good()) << report.text();
}
INSTANTIATE_TEST_SUITE_P(all, election_transcript,
                         ::testing::Values("quorum_loss", "quorum_loss_of_the_leader",
                                           "constrained", "chained", "one_way", "alone_and_back",
                                           "leader_restarts"));

// The other policy on the same topologies: it waits for silence, so ten beats are too few.
class stable_transcript : public ::testing::TestWithParam<char const*> {};

TEST_P(stable_transcript, is_what_happens) {
  support::election_run<synod::stable> run;
  auto const report = synod::testing::run_script_file(
      SYNOD_ROOT "/tests/transcripts/elections/stable_" + std::string(GetParam()) + ".txt",
      [&](auto const& command) { return run(command); });
  EXPECT_TRUE(report.good()) << report.text();
}
INSTANTIATE_TEST_SUITE_P(all, stable_transcript,
                         ::testing::Values("quorum_loss", "constrained", "chained"));

bool decided(election& run, std::uint64_t what, unsigned who) {
  for (auto const& [at, content] : run.nodes().at(who).applied) {
    if (content == support::commands{what}) return true;
  }
  return false;
}
bool decided_by_some(election& run, std::uint64_t what) {
  bool some = false;
  for (unsigned who = 0; who < run.nodes().count(); ++who) some = some || decided(run, what, who);
  return some;
}

struct topology {
  char const* name;
  unsigned nodes;
  std::vector<std::string> links;
  unsigned hub;  // whom a quorum reaches, from 1
};

class partial_connectivity : public ::testing::TestWithParam<topology> {};

// Within ten beats after the links failed something new is decided, the hub learns it, and after
// they healed everybody does, with three changes of the leader at most.
TEST_P(partial_connectivity, does_not_stop_progress) {
  topology const& given = GetParam();
  for (unsigned settled = 1; settled <= 12; ++settled) {
    election run;
    run.boot(given.nodes);
    run.pass(settled);
    run.join(given.links);
    run.pass(12);
    run.propose(1);
    run.pass(10);
    EXPECT_TRUE(decided_by_some(run, 1)) << given.name << " after " << settled << " beats";
    EXPECT_TRUE(decided(run, 1, given.hub - 1)) << given.name << " after " << settled << " beats";
    unsigned const before = run.leaderships();
    run.pass(100);
    EXPECT_LE(run.leaderships() - before, 3U) << given.name << ": it goes on and on";
    unsigned const healed = run.leaderships();
    run.join({"all"});
    run.pass(20);
    run.propose(2);
    run.pass(10);
    for (unsigned who = 0; who < given.nodes; ++who) {
      EXPECT_TRUE(decided(run, 2, who)) << given.name << ": node " << who + 1;
    }
    run.pass(100);
    EXPECT_LE(run.leaderships() - healed, 3U) << given.name << ": after healing";
    EXPECT_EQ(run.nodes().complaints(), "");
  }
}
INSTANTIATE_TEST_SUITE_P(
    topologies, partial_connectivity,
    ::testing::Values(topology{"quorum loss, star", 5, {"1-3", "2-3", "4-3", "5-3"}, 3},
                      topology{"quorum loss of the leader",
                               5,
                               {"1-2", "1-3", "1-4", "2-3", "2-4", "3-4", "5-3"},
                               3},
                      topology{"constrained", 5, {"1-2", "1-3", "1-4", "1-5"}, 1},
                      topology{"chained", 3, {"1-2", "2-3"}, 2},
                      topology{"chain of five", 5, {"1-2", "2-3", "3-4", "4-5"}, 3},
                      topology{"ring", 5, {"1-2", "2-3", "3-4", "4-5", "5-1"}, 2},
                      topology{"bridge", 5, {"1-2", "2-3", "1-3", "3-4", "4-5", "3-5"}, 3}),
    [](auto const& one) { return "number_" + std::to_string(one.index); });

// Under load the questions and answers of the leader come too late, and its Accepts do not. As long
// as it decides it leads on; once it does not, somebody else leads soon.
template <class Leader>
void keep_a_leader_that_decides(unsigned beats_of_silence) {
  support::election_run<Leader> run;
  run.boot(3);
  run.pass(60);
  auto const leads = [&](unsigned who) { return run.nodes().core(who).leads(); };
  unsigned first = 0;
  while (first < 3 && !leads(first)) ++first;
  ASSERT_LT(first, 3U);
  unsigned const begun = run.leaderships();
  run.delay_elections_of(first);
  for (std::uint64_t what = 1; what <= 60; ++what) {
    run.propose(what);
    run.pass(1);
    ASSERT_TRUE(leads(first)) << "after " << what << " beats";
  }
  EXPECT_EQ(run.leaderships(), begun);
  EXPECT_EQ(run.nodes().complaints(), "");
  run.join({"all"});
  run.nodes().crash(first);
  run.pass(beats_of_silence);
  EXPECT_GT(run.leaderships(), begun);
}

TEST(ballot_election_under_load, keeps_a_leader_that_decides) {
  keep_a_leader_that_decides<synod::ballot_election>(6);
}
TEST(stable_under_load, keeps_a_leader_that_decides) {
  keep_a_leader_that_decides<synod::stable>(60);
}

// The policy of one of three, who is shown one situation after the other.
struct lone_policy {
  synod::membership members = support::voters(3);
  synod::majority::system quorums = *synod::majority::bind(members).system;
  synod::ballot leader{0, 7, support::id_of(1)};
  synod::leader_situation<synod::majority::system> seen{
      members, quorums, support::id_of(0), synod::leading_phase::following, {}, {}, true};
  synod::ballot_election policy{{}};
  synod::time_ns now = 1;
  std::uint64_t round = 0;

  synod::leader_advice beat(std::vector<std::pair<unsigned, synod::election_message>> answers) {
    synod::list<synod::policy_send<synod::election_message>> out;
    now += 50'000'000;
    synod::leader_advice const said = policy.tick(now, seen, out);
    if (!out.empty()) round = out.front().message.round;
    for (auto const& [from, one] : answers) answer(from, one, round);
    return said;
  }
  void answer(unsigned from, synod::election_message one, std::uint64_t to_round) {
    one.reply = true;
    one.round = to_round;
    synod::list<synod::policy_send<synod::election_message>> nothing;
    policy.step(now + 1, support::id_of(from), one, seen, nothing);
  }
};

// An Accept says that the leader is there; what it says itself in that beat counts for more.
TEST(ballot_election_alone, an_accept_stands_for_the_answer_that_does_not_come) {
  lone_policy one;
  one.seen.followed = one.leader;
  one.policy.heard(one.leader.owner, one.leader, one.now);
  synod::election_message const other{true, false, 0, {}, one.leader};
  for (int beat = 0; beat < 20; ++beat) {
    EXPECT_EQ(one.beat({{2U, other}}), synod::leader_advice::none);
    one.seen.heard_at = one.now + 2;
  }
  synod::election_message const unhappy{true, false, 0, one.leader, one.leader};
  EXPECT_EQ(one.beat({{2U, other}, {1U, unhappy}}), synod::leader_advice::none);
  one.seen.heard_at = one.now + 2;
  EXPECT_EQ(one.beat({{2U, other}}), synod::leader_advice::campaign);
}

// Where answers come three rounds late, three rounds of silence say nothing; once they come in time
// again, one does.
TEST(ballot_election_alone, late_answers_make_it_patient) {
  for (bool const leads : {false, true}) {
    lone_policy one;
    synod::ballot const mine{0, 8, support::id_of(0)};
    if (leads) one.seen.phase = synod::leading_phase::leading;
    if (leads) one.seen.mine = mine;
    synod::election_message const first{true, true, 0, leads ? synod::ballot() : one.leader,
                                        leads ? mine : one.leader};
    synod::election_message const other{true, false, 0, {}, one.leader};
    // How many rounds of silence it takes after so many answers in time, one that was so many
    // rounds late and again so many in time.
    auto const rounds_until_it_acts = [&](std::uint64_t late, int in_time) {
      one.policy = synod::ballot_election{{}};
      if (leads) {
        one.policy.campaigned(mine, one.now);
      } else {
        one.policy.heard(one.leader.owner, one.leader, one.now);
      }
      for (int i = 0; i < 10; ++i) (void)one.beat({{1U, first}, {2U, other}});
      if (late != 0) one.answer(1, first, one.round - late);
      for (int i = 0; i < in_time; ++i) (void)one.beat({{1U, first}, {2U, other}});
      int rounds = 0;
      auto const silence = [&] { return leads ? one.beat({}) : one.beat({{2U, other}}); };
      while (silence() == synod::leader_advice::none && rounds < 50) ++rounds;
      return rounds;
    };
    int const usual = rounds_until_it_acts(0, 0);
    EXPECT_GT(rounds_until_it_acts(3, 0), usual) << leads;
    EXPECT_EQ(rounds_until_it_acts(3, 4), usual) << leads;
    EXPECT_LT(rounds_until_it_acts(10, 0), 30) << leads << ": however late it says it is";
  }
}

// A node that stood still looks at what came meanwhile before it takes anybody for silent, once.
TEST(ballot_election_alone, whoever_overslept_listens_first) {
  lone_policy one;
  one.policy.heard(one.leader.owner, one.leader, one.now);
  synod::election_message const happy{true, true, 0, one.leader, one.leader};
  synod::list<synod::policy_send<synod::election_message>> out;
  std::uint64_t asked = 0;
  auto const look = [&](synod::time_ns after) {
    out.clear();
    one.now += after;
    auto const said = one.policy.tick(one.now, one.seen, out);
    if (!out.empty()) asked = out.front().message.round;
    return said;
  };
  auto const answer = [&](unsigned from, synod::election_message const& what) {
    one.answer(from, what, asked);
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(look(50'000'000), synod::leader_advice::none);
    answer(1, happy);
    answer(2, {true, false, 0, {}, one.leader});
  }
  EXPECT_EQ(look(50'000'000), synod::leader_advice::none);
  answer(2, {true, false, 0, {}, one.leader});
  EXPECT_EQ(look(80'000'000), synod::leader_advice::none);
  EXPECT_TRUE(out.empty()) << "judges by the time in which it stood still";
  answer(1, happy);
  EXPECT_EQ(look(25'000'000), synod::leader_advice::none);
  EXPECT_FALSE(out.empty());
  // Standing still again and again is no excuse.
  auto said = synod::leader_advice::none;
  for (int i = 0; i < 4 && said == synod::leader_advice::none; ++i) {
    answer(2, {true, false, 0, {}, one.leader});
    said = look(80'000'000);
  }
  EXPECT_EQ(said, synod::leader_advice::campaign);
}

// Accepts of one leader say nothing of another whose ballot is higher.
TEST(ballot_election_alone, an_accept_of_another_leader_says_nothing) {
  lone_policy one;
  one.seen.followed = {0, 6, support::id_of(2)};
  one.policy.heard(one.leader.owner, one.leader, one.now);
  auto said = synod::leader_advice::none;
  for (int beat = 0; beat < 5 && said == synod::leader_advice::none; ++beat) {
    said = one.beat({{2U, {true, false, 0, {}, one.leader}}});
    one.seen.heard_at = one.now + 2;
  }
  EXPECT_EQ(said, synod::leader_advice::campaign);
}

// Ten copies of one answer are one answer (S5.6): with two of five there is no quorum.
TEST(ballot_election_alone, a_copied_answer_is_one_answer) {
  auto const members = support::voters(5);
  auto const quorums = *synod::majority::bind(members).system;
  synod::leader_situation<synod::majority::system> const seen{
      members, quorums, support::id_of(0), synod::leading_phase::following, {}, {}, true};
  synod::ballot_election policy{{}};
  synod::list<synod::policy_send<synod::election_message>> out;
  synod::time_ns now = 1;
  for (int beat = 0; beat < 20; ++beat) {
    out.clear();
    EXPECT_EQ(policy.tick(now, seen, out), synod::leader_advice::none);
    for (int copy = 0; copy < 10 && !out.empty(); ++copy) {
      synod::list<synod::policy_send<synod::election_message>> nothing;
      policy.step(now, support::id_of(1), {true, false, out.front().message.round, {}, {}}, seen,
                  nothing);
    }
    now += 50'000'000;
  }
}

// The same with a third answer: a quorum, all unhappy.
TEST(ballot_election_alone, a_quorum_of_the_unhappy_elects) {
  auto const members = support::voters(5);
  auto const quorums = *synod::majority::bind(members).system;
  synod::leader_situation<synod::majority::system> const seen{
      members, quorums, support::id_of(0), synod::leading_phase::following, {}, {}, true};
  synod::ballot_election policy{{}};
  synod::list<synod::policy_send<synod::election_message>> out;
  synod::time_ns now = 1;
  bool campaigned = false;
  for (int beat = 0; beat < 5; ++beat) {
    out.clear();
    campaigned = campaigned || policy.tick(now, seen, out) == synod::leader_advice::campaign;
    for (unsigned from : {1U, 2U}) {
      synod::list<synod::policy_send<synod::election_message>> nothing;
      policy.step(now, support::id_of(from), {true, false, out.front().message.round, {}, {}}, seen,
                  nothing);
    }
    now += 50'000'000;
  }
  EXPECT_TRUE(campaigned);
}

}  // namespace
