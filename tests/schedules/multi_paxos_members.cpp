// SPDX-License-Identifier: BSL-1.0
#include "support/led_by_hand.hpp"
#include "support/schedule_words.hpp"
#include "support/schedules.hpp"

// The guards of configurations, trimming, snapshots and of what comes from the wire.

namespace {

using namespace support::schedule_words;
using run = support::led_by_hand;

synod::membership d_e_f() { return members_of({member_of(d), member_of(e), member_of(f)}, 2); }

// Three of six vote in the beginning; alpha is 4. A change decided in slot 2 governs from slot 6.
run six(std::uint32_t pipeline = 4) {
  run r(6, support::voters(3));
  r.is_phase2 = [](slot at, synod::node_set who) {
    synod::node_set const old = synod::node_set::first(3);
    return (at <= slot(5) ? who & old : who - old).size() >= 2;
  };
  for (unsigned i = 0; i < 6; ++i) r.given(i).pipeline_slots_max = pipeline;
  r.boot_all();
  return r;
}

// b leads, changes to {d, e, f} in slot 2, decides slots 2 to 5 with c, and slot 6 with d and e. c
// has voted, and knows nothing of what is chosen. a, who heard none of it, leads with {a, c} by a
// higher ballot: it must not propose in slot 6 before {d, e, f} have promised.
run decided_in_a_configuration_unknown_here(std::uint32_t pipeline) {
  run r = six(pipeline);
  r.elect(b, {b, c});
  (void)r.request(b, synod::reconfigure_request{d_e_f()});
  for (command one : {73U, 74U, 75U}) (void)r.propose(b, one);
  while (r.deliver_first<accept>(b, c)) {
  }
  while (r.deliver_first<accepted>(c, b)) {
  }
  for (int i = 0; i < 3; ++i) {
    r.phases(b, d);
    r.phases(b, e);
    if (r.core(b).room() > 0 && r.core(b).last_proposed() == slot(5)) (void)r.propose(b, 76);
  }
  r.must(r.core(b).chosen_upto() >= slot(6) && r.core(c).chosen_upto() == slot(1), "b decided");
  r.drop_everything();
  r.campaign(a);
  r.exchange({a, c});
  r.campaign(a);
  for (command i = 0; i < 10; ++i) {
    r.exchange({a, c});
    r.exchange({a, c, d, e});
    if (r.core(a).leads() && r.core(a).room() > 0) {
      for (command one = 1; one <= 7; ++one) (void)r.propose(a, 100 * (i + 1) + one);
    }
    r.fire(a);
  }
  r.must(r.core(a).leads() || r.core(a).phase() != synod::leading_phase::following, "a leads");
  return r;
}
run proposals_past_alpha() {
  run r = six(8);
  r.elect(a, {a, b, c});
  for (command one : {71U, 72U, 73U, 74U, 75U, 76U, 77U}) (void)r.propose(a, one);
  r.expect(r.core(a).last_proposed() <= r.core(a).chosen_upto() + 4,
           "proposed in a slot whose configuration is not known yet");
  return r;
}

// a decides the change in slot 2 with b and, in a world where it governs at once, slot 3 with d and
// e. b, who leads next with c, does not know that slot 2 is decided.
run a_change_in_force_too_early() {
  run r = six();
  r.is_phase2 = [](slot, synod::node_set) { return false; };
  r.elect(a, {a, b, c});
  (void)r.request(a, synod::reconfigure_request{d_e_f()});
  (void)r.propose(a, 73);
  r.deliver_first<accept>(a, b);
  r.deliver_first<accepted>(b, a);
  r.must(r.core(a).chosen_upto() == slot(2), "the change is decided");
  r.drop_everything();
  for (int i = 0; i < 6; ++i) {
    r.phases(a, d);
    r.phases(a, e);
    r.drop_everything();
    r.fire(a);
  }
  r.crash(a);
  r.drop_everything();
  r.campaign(b);
  r.exchange({b, c});
  for (int i = 0; i < 10; ++i) {
    r.exchange({b, c, d, e});
    r.fire(b);
  }
  r.must(r.core(b).leads(), "b leads");
  return r;
}

// An index may not change hands while both would count.
run an_index_of_two_members() {
  run r(4, support::voters(3));
  r.boot_all();
  r.elect(a, {a, b, c});
  synod::member thief = member_of(d);
  thief.index = synod::node_index(c);
  auto const refused =
      r.request(a, synod::reconfigure_request{members_of({member_of(a), member_of(b), thief}, 2)});
  r.expect(refused.has_value(), "one index for two members");
  return r;
}

// b has been cut off since slot 1. a, with c, changes from {a, b, c} to {a, e} in slot 3, and with
// e to {a, b, d} in slot 7, where d takes the index that was c's. b campaigns above a; c, who knows
// only slot 2 to be chosen, promises. b learns from a all that is chosen, and so who d is. c's
// promise is not d's: d has promised a, and votes for a in slot 11.
run an_index_that_changed_hands() {
  run r(5, support::voters(3));
  r.is_phase2 = [](slot, synod::node_set) { return false; };
  r.boot_all();
  r.elect(a, {a, b, c});
  auto const change = [&](synod::membership to) {
    r.must(!r.request(a, synod::reconfigure_request{std::move(to)}), "the change is taken");
  };
  auto const with = [&](unsigned other, std::initializer_list<command> values) {
    for (command one : values) (void)r.propose(a, one);
    while (r.deliver_first<accept>(a, other)) {
    }
    while (r.deliver_first<accepted>(other, a)) {
    }
  };
  with(c, {72});
  change(members_of({member_of(a), member_of(e)}, 2));
  with(c, {74, 75, 76});
  r.must(r.core(a).chosen_upto() == slot(6) && r.core(c).chosen_upto() == slot(2), "slots 3 to 6");
  r.exchange({a, e});
  r.drop_everything();
  r.campaign(b);
  r.campaign(b);
  r.drop_to(a);
  while (r.under_way<prepare>(b, c) > 1) (void)r.take<prepare>(b, c);
  r.deliver_first<prepare>(b, c);
  auto const promised = r.take<promise>(c, b);
  r.must(promised.has_value(), "c promises");
  r.drop_everything();

  synod::member heir = member_of(d);
  heir.index = synod::node_index(c);
  r.seats[c] = d;
  change(members_of({member_of(a), member_of(b), heir}, 3));
  with(e, {78, 79, 80});
  r.must(r.core(a).chosen_upto() == slot(10), "slots 7 to 10");
  r.drop_to(b);
  r.exchange({a, d});
  r.drop_everything();
  if (promised) r.hand_in(*promised);
  r.forge(b, a, synod::learn<command>(synod::learn_ask{slot(2)}));
  r.deliver(a, b);
  r.must(r.core(b).chosen_upto() == slot(10), "b learns");
  auto const before = r.letters;
  r.letters.clear();
  with(d, {81});
  r.must(r.applied(a, 11) == support::commands{81}, "a and d decide slot 11");
  r.letters = before;
  r.exchange({b, d});
  return r;
}

// c was removed and does not know it. Its ballots are nobody's business any more.
run a_removed_member_campaigns() {
  run r(3);
  r.is_phase2 = [](slot, synod::node_set) { return false; };
  r.boot_all();
  r.elect(a, {a, b, c});
  r.must(!r.request(a, synod::reconfigure_request{members_of({member_of(a), member_of(b)}, 2)}),
         "the change is taken");
  for (int i = 0; i < 8; ++i) {
    (void)r.propose(a, 100 + static_cast<command>(i));
    r.exchange({a, b});
  }
  r.must(r.core(a).chosen_upto() > slot(6), "the change is in force");
  r.drop_everything();
  r.campaign(c);
  r.exchange({a, b, c});
  r.campaign(c);
  r.exchange({a, b, c});
  r.expect(r.core(a).leads(), "a stranger's ballot ends a leadership");
  return r;
}

// A round near the end of all rounds.
run a_round_out_of_the_blue() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  r.forge(c, b, prepare{{1, UINT32_MAX, support::id_of(c)}, slot(2)});
  r.forge(c, a, prepare{{1, UINT32_MAX, support::id_of(c)}, slot(2)});
  r.drop_everything();
  r.campaign(b);
  r.exchange({a, b, c});
  r.expect(r.core(b).leads(), "nobody can lead any more");
  return r;
}

// a's ballot from somebody who is not a.
run a_ballot_of_somebody_else() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.propose(a, 71);
  auto stolen = r.take<accept>(a, b);
  r.must(stolen.has_value(), "an Accept");
  stolen->from = c;
  r.drop_everything();
  r.hand_in(*stolen);
  r.expect(r.letters.empty(), "voted for a ballot that its owner did not send");
  return r;
}

// A slot so far ahead that room for all slots between would be too much.
run an_accept_far_ahead() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.propose(a, 71);
  auto far = r.take<accept>(a, b);
  r.must(far.has_value(), "an Accept");
  far->what.get_if<accept>()->at_slot = slot(66);
  r.drop_everything();
  r.hand_in(*far);
  r.expect(r.letters.empty(), "voted beyond the bound");
  return r;
}

// Storage may forget votes only once the floor that replaces them is on disk.
run trimming_in_a_hurry() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  for (command one : {71U, 72U, 73U}) {
    (void)r.propose(a, one);
    r.exchange({a, b, c});
  }
  r.at(b).slow = true;
  r.take_snapshot(b);
  auto const due = [&] {
    bool found = false;
    for (auto const& one : r.at(b).events) found = found || one.get_if<synod::trim_due>();
    return found;
  };
  r.expect(!due(), "told to forget before the floor is durable");
  r.sync(b);
  r.must(due(), "told once it is");
  return r;
}

// A snapshot that claims more than is decided here.
run a_snapshot_of_the_future() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.request(b, synod::snapshotted{slot(9)});
  r.expect(r.core(b).floor() <= r.core(b).chosen_upto(), "trimmed what is not decided");
  return r;
}

// {a, b} chose 73 in slot 4; b, which is behind, installs a snapshot up to slot 2. Its vote in slot
// 4 is not part of that.
run a_snapshot_below_a_vote() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  (void)r.propose(a, 71);
  r.exchange({a, c});
  r.drop_everything();
  r.take_snapshot(a);
  for (command one : {72U, 73U}) (void)r.propose(a, one);
  while (r.deliver_first<accept>(a, b)) {
  }
  while (r.deliver_first<accepted>(b, a)) {
  }
  r.must(r.core(a).chosen_upto() == slot(4), "73 is chosen");
  r.drop_everything();
  r.install(a, b);
  r.must(r.core(b).chosen_upto() == slot(2), "b has the snapshot");
  r.crash(a);
  r.elect(c, {b, c});
  return r;
}

// A snapshot that is older than what is applied.
run a_snapshot_of_the_past() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  r.take_snapshot(a);
  for (command one : {71U, 72U}) {
    (void)r.propose(a, one);
    r.exchange({a, b, c});
  }
  r.must(r.core(b).chosen_upto() == slot(3), "b is ahead of it");
  (void)r.request(b, synod::snapshot_installed{r.at(a).head});
  r.expect(r.core(b).chosen_upto() == slot(3), "went back");
  return r;
}

// Nothing is admitted while the leader hands over, or the hand-over would never be complete.
run proposals_during_a_hand_over() {
  run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  r.must(!r.request(a, synod::transfer_request{support::id_of(b)}), "the hand-over begins");
  auto const refused = r.propose(a, 71);
  r.expect(refused && refused->why.code == synod::error_code::busy, "admitted a proposal");
  return r;
}

// b refuses a's first ballot, and its refusal arrives when a leads by another one.
run a_late_refusal() {
  run r(3);
  r.boot_all();
  r.elect(c, {b, c});
  r.campaign(a);
  r.drop_to(c);
  r.exchange({a});
  r.deliver_first<prepare>(a, b);
  auto const late = r.take<synod::nack>(b, a);
  r.must(late.has_value(), "b refuses");
  r.hand_in(*late);
  r.elect(a, {a, b, c});
  auto again = *late;
  again.what.get_if<synod::nack>()->promised.round = r.core(a).hint().at.round + 1;
  r.hand_in(again);
  r.expect(r.core(a).leads(), "a refusal of another ballot ends a leadership");
  return r;
}

support::guarded const all[] = {
    {"multi_paxos", "configuration_not_prepared",
     [] { return decided_in_a_configuration_unknown_here(4); }},
    {"multi_paxos", "pipeline_past_alpha", proposals_past_alpha},
    {"multi_paxos", "configuration_at_once", a_change_in_force_too_early},
    {"multi_paxos", "index_taken_for_member", an_index_of_two_members},
    {"multi_paxos", "index_taken_for_member", an_index_that_changed_hands},
    {"multi_paxos", "removed_member_obeyed", a_removed_member_campaigns},
    {"multi_paxos", "implausible_round_accepted", a_round_out_of_the_blue},
    {"multi_paxos", "foreign_ballot_accepted", a_ballot_of_somebody_else},
    {"multi_paxos", "accept_any_distance", an_accept_far_ahead},
    {"multi_paxos", "trim_before_durable", trimming_in_a_hurry},
    {"multi_paxos", "snapshot_beyond_chosen", a_snapshot_of_the_future},
    {"multi_paxos", "install_drops_votes", a_snapshot_below_a_vote},
    {"multi_paxos", "older_snapshot_installed", a_snapshot_of_the_past},
    {"multi_paxos", "transfer_admits", proposals_during_a_hand_over},
    {"multi_paxos", "stale_nack_obeyed", a_late_refusal},
};

}  // namespace
