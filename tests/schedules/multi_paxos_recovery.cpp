// SPDX-License-Identifier: BSL-1.0
#include "support/led_by_hand.hpp"
#include "support/schedule_words.hpp"
#include "support/schedules.hpp"

// The guards of phase 1: what a promise must report, what counts as one, and what a new leader does
// with it.

namespace {

using namespace support::schedule_words;
using run = support::led_by_hand;

// Slot 2 is chosen by {a, b, d}, and only a and b know. c asks {b, c, e}: b must not leave out what
// it knows to be chosen, or c finds a free slot, and d and e give it the votes that b would refuse.
run a_chosen_slot_left_out() {
  run r = led_by_a<run>(5);
  (void)r.propose(a, 71);
  r.deliver_first<accept>(a, b);
  r.deliver_first<accept>(a, d);
  r.deliver_first<accepted>(b, a);
  r.deliver_first<accepted>(d, a);
  r.must(r.core(a).chosen_upto() == synod::slot(2), "71 is chosen");
  (void)r.propose(a, 72);
  for (unsigned i = 0; i < 3; ++i) r.deliver(a, b);
  r.must(r.core(b).chosen_upto() == synod::slot(2), "b knows");
  r.drop_everything();
  r.campaign(c);
  r.drop_to(a);
  r.drop_to(d);
  r.exchange({b, c, e});
  if (!r.core(c).leads()) r.learn(c, b);
  r.must(r.core(c).leads(), "c leads");
  for (unsigned i = 0; i < 4; ++i) {
    r.deliver(c, d);
    r.deliver(d, c);
  }
  r.exchange({c, d, e});
  return r;
}

// A promise in parts, of which the last is on its way.
run some_parts_of_a_promise() {
  run r(3);
  for (unsigned i = 0; i < 3; ++i) r.given(i).part_bytes = 1;
  r.boot_all();
  r.elect(a, {a, b, c});
  for (command one : {71U, 72U, 73U}) (void)r.propose(a, one);
  r.drop_to(c);
  while (r.deliver_first<accept>(a, b)) {
  }
  while (r.deliver_first<accepted>(b, a)) {
  }
  r.must(r.core(a).chosen_upto() == synod::slot(4), "three slots are chosen");
  r.drop_everything();
  r.campaign(c);
  r.drop_to(a);
  r.deliver_first<prepare>(c, b);
  r.deliver_first<promise>(b, c);
  r.expect(!r.core(c).leads(), "a part was counted as a whole");
  r.exchange({b, c});
  r.must(r.core(c).leads() && r.core(c).chosen_upto() >= synod::slot(5), "c leads");
  return r;
}

// b promises slots 4 and 5 in one part, which is lost, and slot 6 in a second; c learns slot 3 from
// it. b restarts, no longer knows that slot 3 is chosen, and promises 3 and 4 in a first part and 5
// and 6 in a second, which is lost. What arrived are not the parts of one promise, although b began
// to count its answers anew: together they miss slot 5.
run parts_of_two_lives() {
  run r(3);
  for (unsigned i = 0; i < 3; ++i) r.given(i).part_bytes = 150;
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.propose(a, 72);
  r.exchange({a, b, c});
  for (command one : {73U, 74U, 75U, 76U}) {
    (void)r.propose(a, one);
    r.deliver_first<accept>(a, b);
    if (one == 73) r.deliver_first<accepted>(b, a);
  }
  while (r.deliver_first<accepted>(b, a)) {
  }
  r.must(r.core(a).chosen_upto() == synod::slot(6), "six slots are chosen");
  r.must(r.core(b).chosen_upto() == synod::slot(3), "b knows of three");
  r.must(r.core(c).chosen_upto() == synod::slot(2), "c knows of two");
  r.drop_everything();

  r.campaign(c);
  r.drop_to(a);
  r.deliver_first<prepare>(c, b);
  (void)r.take<promise>(b, c);
  r.must(r.deliver_first<promise>(b, c), "there is a second part");
  r.learn(c, b);
  r.restart(b);
  // b has answered a Prepare once before, so its second answer is the one of the same number.
  for (int answer = 1; answer <= 2; ++answer) {
    r.drop_everything();
    for (int i = 0; i < 5 && r.under_way<prepare>(c, b) == 0; ++i) r.fire(c);
    r.deliver_first<prepare>(c, b);
  }
  r.must(r.under_way<promise>(b, c) == 2, "there are two parts again");
  r.deliver_first<promise>(b, c);
  r.drop_all<promise>(b, c);
  r.exchange({b, c});
  return r;
}

// A promise for an earlier ballot is none for this one.
run a_promise_of_another_ballot() {
  run r(3);
  r.boot_all();
  r.campaign(a);
  r.drop_to(c);
  r.deliver_first<prepare>(a, b);
  auto const old = r.take<promise>(b, a);
  r.drop_everything();
  r.campaign(c);
  r.drop_to(a);
  r.deliver_first<prepare>(c, b);
  r.deliver_first<promise>(b, c);
  (void)r.propose(c, 72);
  for (int i = 0; i < 2; ++i) {
    r.deliver_first<accept>(c, b);
    r.deliver_first<accepted>(b, c);
  }
  r.must(old && r.core(c).chosen_upto() == synod::slot(2), "72 is chosen in slot 2");
  r.drop_everything();
  r.campaign(a);
  r.campaign(a);
  r.drop_to(b);
  r.drop_to(c);
  r.hand_in(*old);
  (void)r.propose(a, 71);
  for (int i = 0; i < 4; ++i) {
    r.deliver_first<accept>(a, b);
    r.deliver_first<accepted>(b, a);
  }
  return r;
}

// c voted for a's 71 late; {a, b} chose b's 72 under a higher ballot. c leads next, hears itself
// first and a second.
run two_votes_of_different_rank() {
  run r(3);
  r.at(a).slow = true;
  r.boot_all();
  r.sync(a);
  r.campaign(a);
  r.drop_to(c);
  r.deliver_first<prepare>(a, b);
  r.deliver_first<promise>(b, a);
  r.sync(a);
  r.must(r.core(a).leads(), "a leads");
  (void)r.propose(a, 71);
  while (r.deliver_first<accept>(a, c)) {
  }
  r.drop_everything();
  r.crash(a);
  r.at(a).slow = false;
  r.boot(a);
  r.campaign(b);
  r.drop_to(c);
  r.exchange({a, b});
  (void)r.propose(b, 72);
  r.drop_to(c);
  r.deliver_first<accept>(b, a);
  r.deliver_first<accepted>(a, b);
  r.must(r.core(b).leads() && r.core(b).chosen_upto() >= synod::slot(2), "72 is chosen");
  r.elect(c, {a, c});
  return r;
}

// The promises report slots 2 and 4, and nothing of slot 3.
run a_hole() {
  run r = led_by_a<run>(3);
  for (command one : {71U, 72U, 73U}) (void)r.propose(a, one);
  r.deliver_first<accept>(a, b);
  r.drop_all<accepted>(b, a);
  (void)r.take<accept>(a, b);
  r.deliver_first<accept>(a, b);
  r.crash(a);
  r.drop_everything();
  r.campaign(b);
  r.exchange({b, c});
  r.must(r.core(b).leads(), "b leads");
  (void)r.propose(b, 74);
  r.exchange({b, c});
  r.expect(r.core(b).chosen_upto() >= synod::slot(5), "a hole is left for ever");
  return r;
}

// A node that is far behind campaigns. One promise tells it that ten slots are chosen, and then
// whoever sent it is gone: the others can still make progress without.
run who_knows_is_gone() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, c});
  for (command one : {71U, 72U, 73U}) {
    (void)r.propose(a, one);
    while (r.deliver_first<accept>(a, b)) {
    }
    while (r.deliver_first<accepted>(b, a)) {
    }
  }
  r.must(r.core(a).chosen_upto() == synod::slot(4), "a knows four slots to be chosen");
  r.crash(c);
  r.boot(c);
  r.drop_everything();
  r.campaign(c);
  r.deliver_first<prepare>(c, a);
  r.deliver_first<promise>(a, c);
  r.drop_everything();
  r.crash(a);
  for (int i = 0; i < 200 && !r.core(c).leads(); ++i) {
    r.fire(c);
    r.exchange({b, c});
  }
  r.expect(r.core(c).leads(), "waits for ever for somebody who is gone");
  return r;
}

support::guarded const all[] = {
    {"multi_paxos", "promise_omits_chosen", a_chosen_slot_left_out},
    {"multi_paxos", "chosen_prefix_proposed", a_chosen_slot_left_out},
    {"multi_paxos", "promise_truncated", some_parts_of_a_promise},
    {"multi_paxos", "life_not_told_apart", parts_of_two_lives},
    {"multi_paxos", "parts_of_two_answers", parts_of_two_lives},
    {"multi_paxos", "stale_promise_counted", a_promise_of_another_ballot},
    {"multi_paxos", "any_vote_adopted", two_votes_of_different_rank},
    {"multi_paxos", "holes_left", a_hole},
    {"multi_paxos", "blocked_promise_kept", who_knows_is_gone},
};

}  // namespace
