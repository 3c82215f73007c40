// SPDX-License-Identifier: BSL-1.0
#include <initializer_list>
#include <vector>

#include "support/led_by_hand.hpp"
#include "support/schedule_words.hpp"
#include "support/schedules.hpp"

// What a node may still do whose storage lost something.

namespace {

using namespace support::schedule_words;
using run = support::led_by_hand;

// 71 is chosen in slot 2 by {a, b, d}. b has lost its vote, or everything; c asks {b, c, e}. What b
// says of slot 2 is not "nothing": else c finds the slot free, and d and e vote.
run forgotten_by_one(synod::damage const& harm) {
  run r(5);
  r.boot_all();
  r.elect(a, {a, b, c, d, e});
  (void)r.propose(a, 71);
  for (unsigned one : {b, d}) {
    r.deliver_first<accept>(a, one);
    r.deliver_first<accepted>(one, a);
  }
  r.must(r.core(a).chosen_upto() == slot(2), "71 is chosen");
  r.crash(a);
  r.drop_everything();
  r.crash(b);
  if (harm.everything) {
    r.at(b).disk.clear();
    r.at(b).durable_records = 0;
  } else {
    r.must(r.rot(b, slot(2), synod::record_kind::vote) == 1, "a vote rots");
  }
  r.boot(b, harm);
  r.campaign(c);
  r.drop_to(d);
  r.exchange({b, c, e});
  r.exchange({c, d, e});
  return r;
}

// {b, c, d} chose b's 72 in slot 2; c had promised a only, and its vote rots. a's Accept of 71,
// with the promises of {a, c, e}, comes late. Would c vote, storage would take the new record for
// the lost one, and after another restart c would report 71 as if that had been all.
run a_vote_over_a_rotten_one() {
  run r(5);
  r.boot_all();
  auto const lead = [&](unsigned who, std::initializer_list<unsigned> by) {
    r.campaign(who);
    for (unsigned one : by) {
      r.deliver_first<prepare>(who, one);
      r.deliver_first<promise>(one, who);
    }
    for (unsigned one : {a, b, c, d, e}) r.drop_all<prepare>(who, one);
    r.must(r.core(who).leads(), "the candidate leads");
    (void)r.propose(who, 71 + who);
  };
  lead(a, {c, e});
  (void)r.take<accept>(a, c);
  auto const late = r.take<accept>(a, c);
  r.drop_everything();
  lead(b, {d, e});
  r.drop_to(a);
  r.drop_to(e);
  r.exchange({b, c, d});
  r.must(late && r.core(b).chosen_upto() == slot(2), "72 is chosen");
  r.drop_everything();
  r.must(r.rot(c, slot(2), synod::record_kind::vote) == 1, "a vote rots");
  r.restart(c, lost({slot(2)}));
  r.hand_in(*late);
  bool const voted =
      r.rot(c, slot(9), synod::record_kind::vote) == 0 && r.under_way<accepted>(c, a) != 0;
  r.drop_everything();
  r.restart(c, voted ? synod::damage() : lost({slot(2)}));
  r.crash(b);
  r.crash(d);
  r.campaign(e);
  r.campaign(e);
  r.exchange({a, c, e});
  return r;
}

// e voted for a's 71 in slot 2, which lost to b's 72, and learned that; later it wrote down that
// everything it holds up to slot 70 is chosen. What it learned rots, and its vote is all that is
// left in slot 2.
run a_rotten_value_above_a_lost_vote() {
  run r(5);
  r.boot_all();
  r.elect(a, {a, b, c, d, e});
  (void)r.propose(a, 71);
  r.must(r.deliver_first<accept>(a, e), "e votes");
  r.crash(a);
  r.elect(b, {b, c, d});
  for (command one = 100; one < 168; ++one) {
    (void)r.propose(b, one);
    r.exchange({b, c, d});
  }
  r.learn(e, c);
  for (int i = 0; i < 50; ++i) {
    (void)r.propose(b, 200 + static_cast<command>(i));
    r.exchange({b, c, d, e});
    r.fire(e);
  }
  r.exchange({b, c, d, e});
  r.must(r.core(e).chosen_upto() == r.core(b).chosen_upto(), "e has caught up");
  bool marked = false;
  for (auto const& one : r.at(e).disk) marked = marked || one.kind == synod::record_kind::mark;
  r.must(marked, "e wrote a mark");
  r.must(r.rot(e, slot(2), synod::record_kind::chosen) == 1, "what e learned rots");
  r.restart(e, lost({slot(2)}));
  return r;
}

// c leads with b's promise, which b forgets; a's pulse asks b whether it knows of a higher ballot.
run an_amnesiac_is_asked_for_a_pulse() {
  run r = deposed_without_knowing<run>();
  forget_everything(r, b);
  (void)r.read(a, 1);
  r.exchange({a, b});
  return r;
}

support::guarded const all[] = {
    {"multi_paxos", "damage_read_as_empty", [] { return forgotten_by_one(lost({slot(2)})); }},
    {"multi_paxos", "amnesiac_promises", [] { return forgotten_by_one(everything_lost()); }},
    {"multi_paxos", "damaged_slot_votes", a_vote_over_a_rotten_one},
    {"multi_paxos", "damaged_slot_marked", a_rotten_value_above_a_lost_vote},
    {"multi_paxos", "amnesiac_acknowledges", an_amnesiac_is_asked_for_a_pulse},
};

}  // namespace
