// SPDX-License-Identifier: BSL-1.0
#include "support/led_by_hand.hpp"
#include "support/schedules.hpp"

// What a follower may decide when a leader tells it how far everything is chosen.

namespace {

using run = support::led_by_hand;
using accept = synod::accept<std::uint64_t>;

// The worked trace of the commit index and the old ballot: A voted for x in slot 2 under its own
// ballot, alone; B led without hearing of it and decided something else there. B's Accept for the
// slot after reaches A first and says that slot 2 is chosen.
run an_older_vote_is_not_decided_by_a_newer_leaders_notice() {
  run r(3);
  r.boot_all();
  r.campaign(0);
  r.exchange({0, 1, 2});
  r.must(r.core(0).leads(), "the candidate leads");
  r.must(!r.propose(0, 71), "it proposes");
  r.drop_everything();

  r.campaign(1);
  r.exchange({1, 2});
  r.must(r.core(1).leads(), "the candidate leads");
  r.must(r.core(1).chosen_upto() == synod::slot(2), "decided as far as that");
  r.drop_everything();
  r.must(!r.propose(1, 72), "it proposes");
  r.must(r.deliver_first<accept>(1, 0), "there is a letter");
  r.must(r.core(0).chosen_upto() == synod::slot(1), "decided as far as that");
  // A asks for what it misses and gets it.
  r.fire(0);
  r.exchange({0, 1, 2});
  r.must(r.core(0).chosen_upto() == synod::slot(3), "decided as far as that");
  r.must(r.applied(0, 3) == support::commands{72}, "that value");
  return r;
}

// A leads and proposes x in slot 2, which only B hears. C leads with {C, D, E}, who know nothing of
// it, and decides something else there. A, which has heard nothing of C's ballot, learns that by
// catching up. Now its prefix includes slot 2, but not under its own ballot: B must not take A's
// word for x.
run a_deposed_leader_does_not_announce_what_it_learned() {
  run r(5);
  r.boot_all();
  r.campaign(0);
  r.exchange({0, 1, 2, 3, 4});
  r.must(r.core(0).leads(), "the candidate leads");
  r.must(!r.propose(0, 71), "it proposes");
  r.must(r.deliver_first<accept>(0, 1), "there is a letter");
  r.drop_everything();

  r.campaign(2);
  r.exchange({2, 3, 4});
  r.must(r.core(2).chosen_upto() == synod::slot(2), "decided as far as that");
  r.drop_everything();

  r.forge(0, 2, synod::learn<std::uint64_t>(synod::learn_ask{synod::slot(2)}));
  r.must(r.deliver(2, 0) == 1U, "there is a letter");
  r.must(r.core(0).chosen_upto() == synod::slot(2), "decided as far as that");
  r.elapse(1'000'000'000);
  r.tick(0);
  r.exchange({0, 1});
  return r;
}

// The same, but A learns before it leads. A prepares and is promised by E, F and G; B prepares
// above it, is promised too, and of its Accept for slot 2 only H hears, which has promised nothing;
// C prepares above both with {C, E, F, G, I} and decides something else there. D, who was asked by
// nobody, learns it, and only now does A's Prepare reach D. So A has its quorum {A, D, E, F, G},
// learns from D what is chosen and leads, by a ballot below that of H's vote.
run a_leader_does_not_announce_what_was_chosen_above_its_ballot() {
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
  r.must(late.has_value(), "a Prepare");
  r.drop_everything();

  r.campaign(b);
  r.drop_to(a);
  r.drop_to(d);
  r.exchange({b, c, e, f, g});
  r.must(r.core(b).chosen_upto() == synod::slot(1), "decided as far as that");
  r.drop_everything();
  r.must(!r.propose(b, 71), "it proposes");
  r.must(r.deliver_first<accept>(b, h), "there is a letter");
  r.drop_everything();

  r.campaign(c);
  r.exchange({c, e, f, g, i});
  r.must(r.core(c).chosen_upto() == synod::slot(2), "decided as far as that");
  r.drop_everything();
  r.forge(d, c, synod::learn<std::uint64_t>(synod::learn_ask{synod::slot(1)}));
  r.must(r.deliver(c, d) == 1U, "there is a letter");
  r.must(r.core(d).chosen_upto() == synod::slot(2), "decided as far as that");

  for (auto const& one : promised) r.hand_in(one);
  r.hand_in(*late);
  r.exchange({a, d});
  r.fire(a);
  r.exchange({a, d});
  r.must(r.core(a).leads(), "the candidate leads");
  r.must(r.core(a).chosen_upto() == synod::slot(2), "decided as far as that");
  r.fire(a);
  r.exchange({a, h});
  r.fire(h);
  r.exchange({a, d, h});
  r.must(r.core(h).chosen_upto() == synod::slot(2), "decided as far as that");
  return r;
}

// The disk of b fails under its vote for slot 3. That the same Accept tells it slot 2 to be chosen
// is not handed out any more.
run a_disk_that_fails_under_a_vote() {
  run r(3);
  r.boot_all();
  r.elect(0, {0, 1, 2});
  r.must(!r.propose(0, 72), "it proposes");
  r.drop_to(2);
  r.must(r.deliver_first<accept>(0, 1) && r.deliver_first<synod::accepted<std::uint64_t>>(1, 0),
         "there is a letter");
  r.drop_everything();
  r.must(!r.propose(0, 73), "it proposes");
  r.at(1).breaks = true;
  r.must(r.deliver_first<accept>(0, 1), "there is a letter");
  r.expect(r.at(1).applied_upto == synod::slot(1), "applied after the disk failed");
  return r;
}

// The Accept for slot 2 never reaches c, and the one for slot 4 comes late: after a notice of the
// same ballot that slot 6 and all before are chosen. The next notice leaves the gap of slot 2 too,
// but must not pass over slot 4: once b tells what slot 2 holds, c goes on to slot 5.
run a_late_vote_is_known_as_chosen_by_the_next_notice() {
  enum { a, b, c };
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  for (std::uint64_t command : {72, 73, 74, 75}) r.must(!r.propose(a, command), "it proposes");
  r.must(r.deliver_first<accept>(a, b) && r.deliver_first<synod::accepted<std::uint64_t>>(b, a),
         "there is a letter");
  r.must(!r.propose(a, 76), "it proposes");
  r.deliver(a, b);
  r.must(r.core(b).chosen_upto() == synod::slot(2), "decided as far as that");
  r.forge(c, b, synod::learn<std::uint64_t>(synod::learn_ask{synod::slot(2)}));
  auto const told = r.take<synod::learn_values<std::uint64_t>>(b, c);
  bool const lost = r.take<accept>(a, c).has_value();
  bool const third = r.deliver_first<accept>(a, c);
  auto const late = r.take<accept>(a, c);
  bool const fifth = r.deliver_first<accept>(a, c);
  if (!told.has_value() || !late.has_value() || !lost || !third || !fifth) {
    r.must(false, "there is a letter");
    return r;
  }

  auto const next_notice = [&r](std::uint64_t command, synod::slot upto) {
    r.exchange({a, b});
    r.drop_to(c);
    r.must(r.core(a).chosen_upto() == upto, "decided as far as that");
    r.must(!r.propose(a, command) && r.deliver_first<accept>(a, c), "there is a letter");
  };
  next_notice(77, synod::slot(6));
  r.hand_in(*late);
  next_notice(78, synod::slot(7));
  r.must(r.core(c).chosen_upto() == synod::slot(1), "decided as far as that");
  r.hand_in(*told);
  r.must(r.core(c).chosen_upto() >= synod::slot(3), "decided as far as that");
  r.expect(r.core(c).chosen_upto() == synod::slot(5), "a vote was passed over");
  return r;
}

support::guarded const all[] = {
    {"multi_paxos", "notice_ignores_ballot",
     an_older_vote_is_not_decided_by_a_newer_leaders_notice},
    {"multi_paxos", "contradicted_leader_stays",
     a_deposed_leader_does_not_announce_what_it_learned},
    {"multi_paxos", "notice_of_lower", a_leader_does_not_announce_what_was_chosen_above_its_ballot},
    {"multi_paxos", "going_on_without_disk", a_disk_that_fails_under_a_vote},
    {"multi_paxos", "late_vote_passed_over", a_late_vote_is_known_as_chosen_by_the_next_notice},
};

}  // namespace
