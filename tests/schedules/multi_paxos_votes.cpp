// SPDX-License-Identifier: BSL-1.0
#include "support/led_by_hand.hpp"
#include "support/schedule_words.hpp"
#include "support/schedules.hpp"

// The guards of the acceptor and of what a leader counts, each with the shortest schedule that
// needs it. Nodes are a, b, c, ...; their ballots rise in this order where they campaign in the
// same round.

namespace {

using namespace support::schedule_words;
using run = support::led_by_hand;

// Node b promised c, and now a, which is below, asks or proposes.
run lower_prepare() {
  run r(3);
  r.boot_all();
  r.campaign(a);
  auto const low = r.take<prepare>(a, b);
  r.drop_everything();
  r.campaign(c);
  r.drop_to(a);
  r.deliver_first<prepare>(c, b);
  r.deliver_first<promise>(b, c);
  r.must(low && r.core(c).leads(), "c leads by the promise of b");
  (void)r.propose(c, 72);
  auto const later = r.take<accept>(c, b);
  r.hand_in(*low);
  r.deliver_first<promise>(b, a);
  (void)r.propose(a, 71);
  r.exchange({a, b});
  if (later) r.hand_in(*later);
  r.exchange({b, c});
  return r;
}

// Node b promised a and then c, and may restart; now a's Accept arrives.
run lower_accept(bool restarts) {
  run r(3);
  r.boot_all();
  r.campaign(a);
  r.drop_to(c);
  r.exchange({a, b});
  r.must(r.core(a).leads(), "a leads");
  (void)r.propose(a, 71);
  auto const low = r.take<accept>(a, b);
  r.drop_everything();
  r.campaign(c);
  r.drop_to(a);
  r.deliver_first<prepare>(c, b);
  r.deliver_first<promise>(b, c);
  r.learn(c, b);
  r.must(low && r.core(c).leads(), "c leads by the promise of b");
  if (restarts) r.restart(b);
  (void)r.propose(c, 72);
  r.hand_in(*low);
  r.exchange({a, b});
  r.exchange({b, c});
  return r;
}

// What {a, b} voted for is chosen; b restarts and c asks b.
run restart_after_vote() {
  run r = led_by_a<run>(3);
  (void)r.propose(a, 71);
  r.deliver_first<accept>(a, b);
  r.deliver_first<accepted>(b, a);
  r.must(r.core(a).chosen_upto() == synod::slot(2), "71 is chosen");
  r.drop_everything();
  r.restart(b);
  r.campaign(c);
  r.drop_to(a);
  r.exchange({b, c});
  r.must(r.core(c).chosen_upto() >= synod::slot(2), "c leads");
  return r;
}

// A vote that leaves before it is durable, and is lost.
run vote_in_a_hurry() {
  run r = led_by_a<run>(3);
  r.at(b).slow = true;
  (void)r.propose(a, 71);
  r.deliver_first<accept>(a, b);
  r.deliver(b, a);
  r.drop_everything();
  r.restart(b);
  r.at(b).slow = false;
  r.campaign(c);
  r.drop_to(a);
  r.exchange({b, c});
  r.must(r.core(c).chosen_upto() >= synod::slot(2), "c leads");
  return r;
}

// The leader itself is slow, and counts what it has not written.
run own_vote_in_a_hurry() {
  run r = led_by_a<run>(3);
  r.at(a).slow = true;
  (void)r.propose(a, 71);
  r.deliver_first<accept>(a, b);
  r.deliver_first<accepted>(b, a);
  r.expect(r.core(a).chosen_upto() == synod::slot(1), "counted a vote that is not on disk");
  r.sync(a);
  r.must(r.core(a).chosen_upto() == synod::slot(2), "counted once it is");
  return r;
}
run own_promise_in_a_hurry() {
  run r(3);
  r.at(a).slow = true;
  r.boot_all();
  r.sync(a);
  r.campaign(a);
  r.drop_to(c);
  r.exchange({a, b});
  r.expect(!r.core(a).leads(), "counted a promise that is not on disk");
  r.sync(a);
  r.must(r.core(a).leads(), "counted once it is");
  return r;
}

// A vote counts as a promise for its own slot: c never promised b, voted for b's 72, and must not
// vote for a's 71 any more, whose leader is long gone.
run older_accept_after_a_vote() {
  run r(5);
  r.boot_all();
  auto const promised_by_d_and_e = [&](unsigned who) {
    r.campaign(who);
    for (unsigned one : {d, e}) {
      r.deliver_first<prepare>(who, one);
      r.deliver_first<promise>(one, who);
    }
    r.must(r.core(who).leads(), "d and e promise");
    (void)r.propose(who, 71 + who);
  };
  promised_by_d_and_e(a);
  (void)r.take<accept>(a, c);
  auto const late = r.take<accept>(a, c);
  r.drop_everything();
  promised_by_d_and_e(b);
  for (unsigned one : {c, d, c, d}) {
    r.deliver_first<accept>(b, one);
    r.deliver_first<accepted>(one, b);
  }
  r.must(late && r.core(b).chosen_upto() == synod::slot(2), "72 is chosen in slot 2");
  r.drop_everything();
  r.hand_in(*late);
  return r;
}

// The same seen from phase 1: c voted for b without a promise, and is then asked by a, below.
run older_prepare_after_a_vote() {
  run r(5);
  r.boot_all();
  r.campaign(a);
  auto const late = r.take<prepare>(a, c);
  r.drop_everything();
  r.campaign(b);
  r.drop_to(a);
  r.drop_to(c);
  r.exchange({b, d, e});
  r.must(late && r.core(b).leads(), "b leads");
  (void)r.propose(b, 72);
  r.must(r.deliver_first<accept>(b, c), "c votes");
  r.hand_in(*late);
  return r;
}

// Two values under one ballot, from an owner that broke its rule.
run two_values_under_one_ballot() {
  run r = led_by_a<run>(3);
  (void)r.propose(a, 71);
  auto const first = r.take<accept>(a, b);
  r.must(first.has_value(), "an Accept");
  auto second = *first;
  second.what.get_if<accept>()->value = support::batch_of(99);
  r.hand_in(*first);
  r.hand_in(second);
  return r;
}

// a's round was used once; a restarts, having lost everything that was not durable, and must not
// use it again. What is durable when a's Prepare leaves is the reservation, and only that.
run round_after_restart(bool synced) {
  run r(3);
  r.at(a).slow = true;
  r.boot_all();
  if (synced) r.sync(a);
  r.campaign(a);
  r.exchange({b, c});
  r.deliver(a, b);
  r.deliver(a, c);
  r.deliver(b, a);
  r.deliver(c, a);
  (void)r.propose(a, 71);
  r.deliver(a, b);
  r.drop_everything();
  r.restart(a);
  r.at(a).slow = false;
  r.sync(a);
  r.campaign(a);
  r.drop_to(b);
  r.exchange({a, c});
  (void)r.propose(a, 72);
  r.exchange({a, c});
  r.must(r.core(a).leads(), "a leads again");
  return r;
}

// One vote that arrives twice is one vote.
run a_vote_twice() {
  run r = led_by_a<run>(5);
  (void)r.propose(a, 71);
  r.deliver_first<accept>(a, b);
  auto const vote = r.take<accepted>(b, a);
  r.must(vote.has_value(), "b votes");
  r.hand_in(*vote);
  r.hand_in(*vote);
  r.drop_everything();
  r.campaign(c);
  r.drop_to(a);
  r.drop_to(b);
  r.exchange({c, d, e});
  r.must(r.core(c).chosen_upto() >= synod::slot(2), "c leads");
  return r;
}

// b's vote for a's first ballot arrives when a leads by another one, and proposes something else.
run a_vote_of_another_ballot() {
  run r = led_by_a<run>(3);
  r.at(a).slow = true;
  (void)r.propose(a, 71);
  r.deliver_first<accept>(a, b);
  auto const old = r.take<accepted>(b, a);
  r.drop_everything();
  r.restart(a);
  r.at(a).slow = false;
  r.sync(a);
  r.elect(a, {a, c});
  r.must(old.has_value(), "b voted");
  r.drop_everything();
  synod::slot const open = r.core(a).chosen_upto().next();
  (void)r.propose(a, 72);
  auto moved = *old;
  moved.what.get_if<accepted>()->at_slot = open;
  r.drop_everything();
  r.hand_in(moved);
  r.expect(r.core(a).chosen_upto() < open, "counted a vote of another ballot");
  return r;
}

// Three voters and two learners: a learner's vote must not decide.
run a_vote_of_a_learner() {
  using synod::member_role;
  run r(5, support::members_of({support::member_of(a), support::member_of(b), support::member_of(c),
                                support::member_of(d, member_role::learner),
                                support::member_of(e, member_role::learner)}));
  r.is_phase2 = [](synod::slot, synod::node_set who) {
    return (who & synod::node_set::first(3)).size() >= 2;
  };
  r.boot_all();
  r.campaign(a);
  r.exchange({a, b, c, d, e});
  r.must(r.core(a).leads(), "a leads");
  (void)r.propose(a, 71);
  r.drop_to(b);
  r.drop_to(c);
  r.exchange({a, d, e});
  r.drop_everything();
  r.campaign(b);
  r.drop_to(a);
  r.exchange({b, c});
  r.must(r.core(b).leads(), "b leads");
  return r;
}

// A leader that is not one any more asks who knows better for a vote.
run an_accept_below_the_prefix() {
  run r = led_by_a<run>(3);
  (void)r.propose(a, 71);
  auto const late = r.take<accept>(a, b);
  r.drop_everything();
  r.campaign(c);
  r.drop_to(a);
  r.exchange({b, c});
  r.must(late && r.core(b).chosen_upto() == synod::slot(2), "b knows slot 2 to be chosen");
  r.drop_everything();
  r.hand_in(*late);
  r.exchange({a, b});
  return r;
}

support::guarded const all[] = {
    {"multi_paxos", "promise_below_promise", lower_prepare},
    {"multi_paxos", "promise_not_recorded", [] { return lower_accept(false); }},
    {"multi_paxos", "accept_below_promise", [] { return lower_accept(false); }},
    {"multi_paxos", "voted_at_once_unasked", [] { return lower_accept(false); }},
    {"multi_paxos", "promise_forgotten", [] { return lower_accept(true); }},
    {"multi_paxos", "vote_forgotten", restart_after_vote},
    {"multi_paxos", "vote_ignored", restart_after_vote},
    {"multi_paxos", "reply_before_sync", vote_in_a_hurry},
    {"multi_paxos", "own_evidence_before_durable", own_vote_in_a_hurry},
    {"multi_paxos", "own_evidence_before_durable", own_promise_in_a_hurry},
    {"multi_paxos", "vote_is_no_promise", older_accept_after_a_vote},
    {"multi_paxos", "prepare_ignores_votes", older_prepare_after_a_vote},
    {"multi_paxos", "second_value_per_ballot", two_values_under_one_ballot},
    {"multi_paxos", "ballot_reuse", [] { return round_after_restart(true); }},
    {"multi_paxos", "round_used_before_durable", [] { return round_after_restart(false); }},
    {"multi_paxos", "duplicate_vote_counted", a_vote_twice},
    {"multi_paxos", "stale_vote_counted", a_vote_of_another_ballot},
    {"multi_paxos", "foreign_vote_counted", a_vote_of_a_learner},
    {"multi_paxos", "accept_below_floor", an_accept_below_the_prefix},
};

}  // namespace
