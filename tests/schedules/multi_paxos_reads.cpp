// SPDX-License-Identifier: BSL-1.0
#include "support/led_by_hand.hpp"
#include "support/schedule_words.hpp"
#include "support/schedules.hpp"

// The guards of a confirmed read: it must not be older than anything that was applied anywhere when
// it began.

namespace {

using namespace support::schedule_words;
using run = support::led_by_hand;

run read_at_a_deposed_leader() {
  run r = deposed_without_knowing<run>();
  (void)r.read(a, 1);
  r.exchange({a, b});
  return r;
}

run read_at_an_isolated_leader() {
  run r = deposed_without_knowing<run>();
  (void)r.read(a, 1);
  r.drop_everything();
  return r;
}

// A quorum that is asked without a leader's word: a hears only itself.
run a_quorum_read_alone() {
  run r = deposed_without_knowing<run>();
  (void)r.read(a, 1, true);
  r.drop_everything();
  return r;
}

// c asks how far the others voted; a, which voted in slot 2, has forgotten all of it.
run an_extent_from_an_amnesiac() {
  run r(3);
  r.boot_all();
  r.elect(b, {a, b, c});
  (void)r.propose(b, 72);
  r.exchange({a, b});
  r.must(r.core(b).chosen_upto() == slot(2), "b decides with a");
  r.drop_everything();
  synod::damage lost;
  lost.everything = true;
  r.crash(a);
  r.at(a).disk.clear();
  r.at(a).durable_records = 0;
  r.boot(a, lost);
  (void)r.read(c, 1, true);
  r.exchange({a, c});
  return r;
}

// An acknowledgement that was given before the read began arrives after it did.
run an_earlier_acknowledgement() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  r.fire(a);
  for (int i = 0; i < 5 && r.under_way<synod::pulse_beat>(a, b) == 0; ++i) r.fire(a);
  r.deliver_first<synod::pulse_beat>(a, b);
  auto const early = r.take<synod::pulse_ack>(b, a);
  r.must(early.has_value(), "b acknowledges");
  r.elect(c, {b, c});
  r.drop_everything();
  (void)r.read(a, 1);
  r.drop_everything();
  r.hand_in(*early);
  r.drop_everything();
  return r;
}

// The same across two leaderships of one node, which both number their tokens from 1.
run an_acknowledgement_of_another_ballot() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  std::vector<run::letter> early;
  for (int i = 0; i < 30; ++i) {
    r.fire(a);
    r.deliver_first<synod::pulse_beat>(a, b);
    if (auto one = r.take<synod::pulse_ack>(b, a)) early.push_back(*one);
  }
  r.must(early.size() > 3, "b acknowledges");
  r.advise(a, synod::leader_advice::step_down);
  r.elect(a, {a, b, c});
  r.elect(c, {b, c});
  r.drop_everything();
  r.must(r.core(a).leads(), "a believes that it leads");
  (void)r.read(a, 1);
  r.drop_everything();
  for (auto const& one : early) r.hand_in(one);
  return r;
}

// b leads and knows only slot 1 to be chosen; a had decided slot 2 before it went away.
run read_before_the_first_decision() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.propose(a, 71);
  r.deliver_first<accept>(a, b);
  r.deliver_first<accepted>(b, a);
  r.must(r.core(a).chosen_upto() == slot(2), "71 is chosen");
  r.crash(a);
  r.drop_everything();
  r.campaign(b);
  r.deliver_first<prepare>(b, c);
  r.deliver_first<promise>(c, b);
  r.must(r.core(b).leads() && r.core(b).chosen_upto() == slot(1), "b leads");
  (void)r.read(b, 1);
  for (int i = 0; i < 3; ++i) {
    r.deliver_first<synod::pulse_beat>(b, c);
    r.deliver_first<synod::pulse_ack>(c, b);
    r.fire(b);
  }
  r.must(r.answer(b, 1) != nullptr, "the read ends");
  return r;
}

// c forwards a read and restarts; the answer comes when c has asked again under the same id.
run an_answer_for_an_earlier_life() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.read(c, 1);
  r.deliver_first<synod::read_ask>(c, a);
  r.deliver_first<synod::pulse_beat>(a, b);
  r.deliver_first<synod::pulse_ack>(b, a);
  auto const old = r.take<synod::read_confirmed>(a, c);
  r.must(old.has_value(), "a confirms");
  r.restart(c);
  r.drop_everything();
  (void)r.propose(a, 72);
  r.exchange({a, b});
  for (int i = 0; i < 3; ++i) r.fire(a);
  r.deliver_first<synod::pulse_beat>(a, c);
  r.must(!r.read(c, 1), "c asks again");
  r.drop_everything();
  r.hand_in(*old);
  return r;
}

// The configuration changes from {a, b, c} to {d, e, f} after slot 5. a, who leads, knows slots 1
// to 4 to be chosen when d, on behalf of a client, asks for a read; {b, c} have decided slot 5
// under b. Then a hears of slot 5, and {d, e}, who know nothing of b, confirm.
run a_read_across_a_boundary() {
  run r(6, support::voters(3));
  r.is_phase2 = [](slot at, synod::node_set who) {
    synod::node_set const old = synod::node_set::first(3);
    return (at <= slot(5) ? who & old : who - old).size() >= 2;
  };
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.request(a,
                  synod::reconfigure_request{support::members_of(
                      {support::member_of(d), support::member_of(e), support::member_of(f)}, 2)});
  for (command one : {73U, 74U, 75U}) (void)r.propose(a, one);
  while (r.deliver_first<accept>(a, b)) {
  }
  for (int i = 0; i < 3; ++i) r.deliver_first<accepted>(b, a);
  auto const last = r.take<accepted>(b, a);
  r.must(last && r.core(a).chosen_upto() == slot(4), "slots 2 to 4 are chosen");
  r.exchange({a, d, e});
  r.drop_everything();
  r.elect(b, {b, c});
  r.drop_everything();
  r.must(r.core(b).chosen_upto() == slot(5) && r.core(a).leads(), "b decided slot 5");
  r.must(!r.read(d, 1), "d asks a");
  r.deliver_first<synod::read_ask>(d, a);
  r.hand_in(*last);
  r.must(r.core(a).chosen_upto() == slot(5), "a knows slot 5");
  for (int i = 0; i < 4; ++i) {
    r.drop_to(b);
    r.drop_to(c);
    r.exchange({a, d, e});
    if (r.answer(d, 1) == nullptr) r.fire(a);
  }
  r.must(r.answer(d, 1) != nullptr, "the read ends");
  return r;
}

// More reads than are to be remembered.
run too_many_reads() {
  run r(3);
  r.given(a).reads_max = 4;
  r.boot_all();
  r.elect(a, {a, b, c});
  for (std::uint64_t i = 1; i <= 4; ++i) r.must(!r.read(a, i), "the read is taken");
  auto const refused = r.read(a, 5);
  r.expect(refused && refused->why.code == synod::error_code::busy, "a queue without end");
  return r;
}

// e voted for three slots under a, which is gone; b leads without e's promise and found one of them
// free. What e is told of at a read is decided even if nobody has a command for it.
run a_read_waits_for_slots_that_nobody_proposes() {
  run r = led_by_a<run>(5);
  for (command one : {71U, 72U, 73U}) (void)r.propose(a, one);
  while (r.deliver_first<accept>(a, e)) {
  }
  r.crash(a);
  r.drop_everything();
  r.elect(b, {b, c, d});
  r.must(r.core(b).chosen_upto() == slot(2), "b has nothing more to propose");
  auto const talk = [&] {
    for (unsigned i = 0; i < 40; ++i) {
      r.exchange({b, c, d, e});
      r.fire(i % 4 + 1);
    }
  };
  talk();
  r.must(!r.read(e, 1, true), "e reads");
  r.exchange({b, c, d, e});
  r.must(r.answer(e, 1) != nullptr && r.answer(e, 1)->upto == slot(4), "it waits for slot 4");
  talk();
  r.expect(r.core(e).chosen_upto() >= slot(4), "a read waits for ever");
  return r;
}

support::guarded const all[] = {
    {"multi_paxos", "deposed_leader_acknowledged", read_at_a_deposed_leader},
    {"multi_paxos", "read_without_quorum", a_quorum_read_alone},
    {"multi_paxos", "amnesiac_tells_extent", an_extent_from_an_amnesiac},
    {"multi_paxos", "read_without_quorum", read_at_an_isolated_leader},
    {"multi_paxos", "read_counts_earlier_pulse", an_earlier_acknowledgement},
    {"multi_paxos", "stale_ack_counted", an_acknowledgement_of_another_ballot},
    {"multi_paxos", "read_before_barrier", read_before_the_first_decision},
    {"multi_paxos", "life_not_told_apart", an_answer_for_an_earlier_life},
    {"multi_paxos", "read_across_boundary", a_read_across_a_boundary},
    {"multi_paxos", "reads_without_end", too_many_reads},
    {"multi_paxos", "told_slots_left_open", a_read_waits_for_slots_that_nobody_proposes},
};

}  // namespace
