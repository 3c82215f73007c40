// SPDX-License-Identifier: BSL-1.0
#include "support/masterless_by_hand.hpp"
#include "support/schedule_words.hpp"
#include "support/schedules.hpp"

// The guards of multi-Paxos without a leader, each with a schedule that needs it.

namespace {

using namespace support::schedule_words;
using run = support::masterless_by_hand;

// Lets b decide its batch in slot 1 with `others`; what it says of that is not delivered.
run decided_by_b(unsigned count, std::initializer_list<unsigned> others) {
  run r(count);
  r.boot_all();
  (void)r.propose(b, 71);
  for (unsigned one : others) {
    r.deliver_first<prepare>(b, one);
    r.deliver_first<promise>(one, b);
  }
  for (unsigned one : others) {
    r.deliver_first<accept>(b, one);
    r.deliver_first<accepted>(one, b);
  }
  r.must(r.core(b).chosen_upto() == slot(1), "71 is chosen in slot 1");
  return r;
}

// Slot 1 is chosen by {a, b, d}. c decides slot 2 and fills the gap below it, with {a, c, e}: a
// must not say that it knows of nothing there. d and e would vote for the noop.
run fill_the_gap(run r) {
  r.crash(b);
  (void)r.propose(c, 73);
  r.exchange({c, d, e});
  r.must(r.applied(c, 2).empty() && r.core(c).last_proposed() == slot(2), "73 is in slot 2");
  r.drop_everything();
  for (int i = 0; i < 40; ++i) {
    r.exchange({c, e});
    if (i < 20) r.drop_to(d);
    // Whatever else c says does not reach a, who would tell it better.
    while (r.deliver_first<prepare>(c, a)) {
    }
    r.deliver(a, c);
    r.drop(c, a);
    if (i >= 20) r.exchange({c, d, e});
    r.fire(c);
  }
  return r;
}
run a_chosen_slot_left_out() {
  run r = decided_by_b(5, {a, d});
  r.deliver_first<synod::slot_notice>(b, a);
  r.must(r.core(a).chosen_upto() == slot(1), "a knows");
  r.drop_everything();
  return fill_the_gap(std::move(r));
}
run a_rotten_vote() {
  run r = decided_by_b(5, {a, d});
  r.drop_everything();
  r.must(r.rot(a, slot(1), synod::record_kind::vote) == 1, "a vote rots");
  r.restart(a, lost({slot(1)}));
  return fill_the_gap(std::move(r));
}

// c reads after {a, b} decided slot 1, and hears only a, which has forgotten everything.
run an_extent_from_an_amnesiac() {
  run r = decided_by_b(3, {a});
  r.drop_everything();
  forget_everything(r, a);
  (void)r.read(c, 1);
  r.exchange({a, c});
  return r;
}
// The same where only the vote in slot 1 rotted: a still knows that there was one.
run an_extent_from_a_damaged_node() {
  run r = decided_by_b(3, {a});
  r.drop_everything();
  r.must(r.rot(a, slot(1), synod::record_kind::vote) == 1, "a vote rots");
  r.restart(a, lost({slot(1)}));
  (void)r.read(c, 1);
  r.exchange({a, c});
  r.must(r.answer(c, 1) != nullptr, "the read ends");
  return r;
}

run a_read_alone() {
  run r = decided_by_b(3, {a});
  r.drop_everything();
  (void)r.read(c, 1);
  r.drop_everything();
  return r;
}

// c asks, restarts, and asks again under the same id once {a, b} have decided slot 1. The answer to
// the first question is older than the second.
run an_extent_for_an_earlier_life() {
  run r(3);
  r.boot_all();
  (void)r.read(c, 1);
  r.deliver_first<synod::extent_ask>(c, a);
  auto const old = r.take<synod::extent_told>(a, c);
  r.must(old.has_value(), "a answers");
  r.restart(c);
  r.drop_everything();
  (void)r.propose(b, 71);
  r.exchange({a, b});
  r.must(r.core(b).chosen_upto() == slot(1), "71 is chosen");
  r.drop_everything();
  (void)r.read(c, 1);
  r.drop_everything();
  if (old) r.hand_in(*old);
  return r;
}

// Slot 1 changes the members from {a, b, c} to {d, e, f}, from slot 5 on; b decides slots 2 to 5.
// c hears nothing of all this.
run changed_without_c() {
  run r(6, support::voters(3));
  r.is_phase2 = [](slot at, synod::node_set who) {
    synod::node_set const old = synod::node_set::first(3);
    return (at <= slot(4) ? who & old : who - old).size() >= 2;
  };
  r.boot_all();
  (void)r.request(b, synod::reconfigure_request{
                         support::members_of({member_of(d), member_of(e), member_of(f)}, 2)});
  r.exchange({a, b});
  r.must(r.core(b).chosen_upto() == slot(1), "the change is decided");
  return r;
}

// c reads. Those it knows as members tell it of slot 4, the last one of theirs; the next one is
// decided by others.
run a_read_by_old_members() {
  run r = changed_without_c();
  for (command one : {72U, 73U, 74U, 75U}) (void)r.propose(b, one);
  for (int i = 0; i < 10 && r.core(b).chosen_upto() < slot(5); ++i) {
    r.drop_to(c);
    r.exchange({a, b, d, e});
    r.fire(b);
  }
  r.must(r.core(b).chosen_upto() == slot(5), "slot 5 is decided by the new members");
  r.drop_everything();
  (void)r.read(c, 1);
  r.exchange({a, c});
  r.drop_everything();
  return r;
}

// c begins to read, then learns slots 1 to 4 and so of the new members, who have voted for nothing.
run a_read_across_a_boundary() {
  run r = changed_without_c();
  for (command one : {72U, 73U, 74U}) (void)r.propose(b, one);
  for (int i = 0; i < 10 && r.core(b).chosen_upto() < slot(4); ++i) {
    for (unsigned one : {c, d, e, f}) r.drop_to(one);
    r.exchange({a, b});
    r.fire(b);
  }
  r.must(r.core(b).chosen_upto() == slot(4), "slots 2 to 4 are decided by the old members");
  r.drop_everything();
  (void)r.read(c, 1);
  r.drop_everything();
  r.forge(c, b, synod::learn<command>(synod::learn_ask{slot(1)}));
  r.deliver(b, c);
  r.must(r.core(c).chosen_upto() == slot(4), "c learns");
  for (int i = 0; i < 10 && r.answer(c, 1) == nullptr; ++i) {
    r.exchange({c, d, e});
    r.fire(c);
  }
  r.must(r.answer(c, 1) != nullptr, "the read ends");
  return r;
}

// c has decided nothing, voted in slot 6, and knows slot 2 to be chosen. It finishes what lies
// below, but not further up than it may propose.
run a_gap_to_fill() {
  run r(3);
  r.boot_all();
  (void)r.propose(b, 71);
  auto vote = r.take<prepare>(b, c);
  r.must(vote.has_value(), "a Prepare");
  r.drop_everything();
  synod::ballot const of_b{1, 1, support::id_of(b)};
  for (command at : {2U, 6U}) {
    r.forge(b, c,
            accept{of_b, slot(at), slot(), synod::slot_value<command>(support::batch_of(90 + at))});
  }
  r.forge(b, c, synod::slot_notice{of_b, slot(2), slot()});
  r.drop_everything();
  for (int i = 0; i < 12; ++i) r.fire(c);
  std::uint64_t most = 0;
  for (auto const& one : r.letters) {
    if (auto const* const asked = run::part<prepare>(one.what)) {
      if (asked->first.value > most) most = asked->first.value;
    }
  }
  r.must(most >= 4, "c fills the gap");
  r.expect(most <= 4, "contends for a slot whose configuration is not known yet");
  return r;
}

// b voted for a's 71; c's higher round ends a's, finds 71 and decides it. a must not have moved it
// to another slot meanwhile.
run a_batch_that_lost_its_round() {
  run r(3);
  r.boot_all();
  (void)r.propose(a, 71);
  auto const* const asked = r.letters.empty() ? nullptr : run::part<prepare>(r.letters[0].what);
  slot const where = asked == nullptr ? slot() : asked->first;
  r.deliver_first<prepare>(a, b);
  r.deliver_first<promise>(b, a);
  r.deliver_first<accept>(a, b);
  r.drop_everything();
  r.must(where > slot(), "a proposes");
  // c contends for every slot up to there.
  for (command one : {81U, 82U, 83U}) (void)r.propose(c, one);
  for (int i = 0; i < 60; ++i) {
    r.exchange({b, c});
    r.drop_to(a);
    r.fire(c);
  }
  r.must(r.core(c).chosen_upto() >= where, "c finishes the slot");
  r.must(r.applied(c, where.value) == support::commands{71}, "with what it found");
  // a has heard only that its round is refused.
  r.forge(b, a, synod::nack{{1, 1, support::id_of(a)}, {1, 50, support::id_of(c)}, where});
  r.forge(c, a, synod::nack{{1, 1, support::id_of(a)}, {1, 50, support::id_of(c)}, where});
  for (int i = 0; i < 60; ++i) {
    r.fire(a);
    r.exchange({a, b, c});
  }
  return r;
}

// a holds a range, and contends for its next slot by a round of its own, since a reader was told of
// it: {a, c} vote for the noop of that. What a proposes there under the range it does not vote for.
run a_round_above_the_own_range() {
  run r(3);
  r.given(a).range_after = 1;
  r.boot_all();
  for (command one = 71; one < 90 && !r.core(a).leads(); ++one) {
    (void)r.propose(a, one);
    r.exchange({a, b, c});
    r.fire(a);
    r.exchange({a, b, c});
  }
  r.must(r.core(a).leads(), "a holds a range");
  slot const open = r.core(a).chosen_upto().next();
  r.forge(c, a, synod::extent_message(synod::extent_told{0, open, slot()}));
  for (int i = 0; i < 20 && r.under_way<prepare>(a, c) == 0; ++i) r.fire(a);
  r.deliver_first<prepare>(a, c);
  r.deliver_first<promise>(c, a);
  auto const noop = r.take<accept>(a, c);
  r.drop_everything();
  r.must(noop.has_value(), "a contends");
  (void)r.propose(a, 91);
  r.must(r.deliver_first<accept>(a, b), "b votes under the range");
  r.deliver_first<accepted>(b, a);
  (void)r.propose(a, 92);
  r.drop_everything();
  if (noop) r.hand_in(*noop);
  r.exchange({a, c});
  return r;
}

// What waits for a slot is bounded.
run too_many_batches() {
  run r(3);
  r.given(a).pending_max = 3;
  r.boot_all();
  bool refused = false;
  for (command one = 1; one <= 12; ++one) refused = refused || r.propose(a, one).has_value();
  r.expect(refused, "a queue without end");
  return r;
}

support::guarded const all[] = {
    {"masterless_multi_paxos", "promise_omits_chosen", a_chosen_slot_left_out},
    {"masterless_multi_paxos", "damage_read_as_empty", a_rotten_vote},
    {"masterless_multi_paxos", "amnesiac_tells_extent", an_extent_from_an_amnesiac},
    {"masterless_multi_paxos", "damage_read_as_empty", an_extent_from_a_damaged_node},
    {"masterless_multi_paxos", "read_without_quorum", a_read_alone},
    {"masterless_multi_paxos", "life_not_told_apart", an_extent_for_an_earlier_life},
    {"masterless_multi_paxos", "read_ignores_unknown_configuration", a_read_by_old_members},
    {"masterless_multi_paxos", "read_across_boundary", a_read_across_a_boundary},
    {"masterless_multi_paxos", "gap_beyond_alpha", a_gap_to_fill},
    {"masterless_multi_paxos", "own_refusal_counted", a_round_above_the_own_range},
    {"masterless_multi_paxos", "lost_batch_moves", a_batch_that_lost_its_round},
    {"masterless_multi_paxos", "batches_without_end", too_many_batches},
};

}  // namespace
