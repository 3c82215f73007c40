// SPDX-License-Identifier: BSL-1.0
#include <synod/leader/stable.hpp>

#include <deque>
#include <initializer_list>
#include <optional>
#include <set>
#include <utility>
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

// Five cores that do what a `stable` beside each of them advises; what they and these send arrives
// at once, or is lost where no link is.
class silence {
 public:
  using system = support::trusting_majority::system;
  using message = synod::stable_message;

  explicit silence(run& of) : run_(of) {
    for (unsigned i = 0; i < of.count(); ++i)
      policies_.emplace_back(synod::stable_options(), i + 1);
  }
  // Of a store that forgot.
  void distrust(unsigned who) { forgot_.insert(who); }
  void link(unsigned one, unsigned other) {
    cut_.erase({one, other});
    cut_.erase({other, one});
  }
  void cut_all() {
    for (unsigned i = 0; i < run_.count(); ++i) {
      for (unsigned j = 0; j < run_.count(); ++j) cut_.insert({i, j});
    }
  }
  void pass(unsigned beats) {
    synod::time_ns const until = run_.now + synod::time_ns(beats) * 50'000'000;
    while (run_.now < until) {
      run_.elapse(5'000'000);
      for (unsigned who = 0; who < run_.count(); ++who) beat(who);
    }
  }
  [[nodiscard]] std::optional<unsigned> leader() {
    for (unsigned who = 0; who < run_.count(); ++who) {
      if (run_.core(who).leads()) return who;
    }
    return std::nullopt;
  }
  // Whoever believes to lead proposes it. Returns: whether somebody decided something by that.
  bool decides(command what) {
    std::size_t const before = run_.decided.size();
    for (unsigned who = 0; who < run_.count(); ++who) {
      if (run_.core(who).leads()) (void)run_.propose(who, what);
      carry();
    }
    return run_.decided.size() > before;
  }

 private:
  struct letter {
    unsigned from;
    unsigned to;
    message what;
  };

  synod::leader_situation<system> seen_by(unsigned who) {
    auto& core = run_.core(who);
    bool const follows = core.phase() == synod::leading_phase::following;
    return {core.members(),
            majority_,
            support::id_of(who),
            core.phase(),
            follows ? synod::ballot() : core.highest_seen(),
            core.highest_seen(),
            forgot_.count(who) == 0};
  }
  void beat(unsigned who) {
    synod::list<synod::policy_send<message>> said;
    auto const advice = policies_[who].tick(run_.now, seen_by(who), said);
    post(who, said);
    if (advice != synod::leader_advice::none) {
      run_.advise(who, advice);
      if (advice == synod::leader_advice::campaign) {
        policies_[who].campaigned(run_.core(who).highest_seen(), run_.now);
      }
    }
    if (run_.core(who).next_deadline() <= run_.now) run_.tick(who);
    carry();
  }
  void post(unsigned from, synod::list<synod::policy_send<message>> const& said) {
    for (auto const& one : said) {
      one.to.for_each([&](synod::node_index to) {
        letters_.push_back({from, to.value, one.message});
      });
    }
  }
  void carry() {
    while (!letters_.empty() || !run_.letters.empty()) {
      if (!run_.letters.empty()) {
        auto one = std::move(run_.letters.front());
        run_.letters.pop_front();
        if (cut_.count({one.from, one.to}) == 0) run_.hand_in(std::move(one));
        continue;
      }
      letter const one = letters_.front();
      letters_.pop_front();
      if (cut_.count({one.from, one.to}) != 0) continue;
      synod::list<synod::policy_send<message>> said;
      policies_[one.to].step(run_.now, support::id_of(one.from), one.what, seen_by(one.to), said);
      post(one.to, said);
    }
  }

  run& run_;
  std::deque<synod::stable> policies_;
  std::deque<letter> letters_;
  std::set<std::pair<unsigned, unsigned>> cut_;
  std::set<unsigned> forgot_;
  system majority_{3};
};

// Who leads hears only one that may vote and one that forgot. As long as it takes the answers of
// the latter for a part of its quorum it stays, decides nothing, and the former, who hears it,
// helps nobody else to lead: not even those that are a quorum without it.
run a_leader_on_the_word_of_an_amnesiac() {
  run r(5);
  for (unsigned one : {a, c, d, e}) r.boot(one);
  r.boot(b, everything_lost());
  silence all(r);
  all.distrust(b);
  all.pass(60);
  auto const first = all.leader();
  r.must(first.has_value() && all.decides(71), "somebody leads");
  if (!first.has_value()) return r;
  std::vector<unsigned> others;
  for (unsigned one : {a, c, d, e}) {
    if (one != *first) others.push_back(one);
  }
  all.cut_all();
  all.link(*first, b);
  all.link(*first, others[0]);
  for (unsigned one : others) {
    for (unsigned other : others) all.link(one, other);
  }
  all.pass(100);
  r.expect(all.decides(72), "a leader without a quorum keeps those who have one from deciding");
  return r;
}

// c asked in silence and was granted it, and then hears a leader. In the next silence it must ask
// again: meanwhile the others may have found a leader that c alone does not hear.
run granted_in_an_earlier_silence() {
  run r(3);
  synod::membership const members = support::voters(3);
  silence::system const majority{2};
  synod::stable policy;
  synod::time_ns now = 1;
  synod::list<synod::policy_send<silence::message>> said;
  synod::leader_situation<silence::system> const seen{
      members, majority, support::id_of(c), synod::leading_phase::following, {}, {}, true};
  auto const wait = [&] {
    said.clear();
    auto advice = synod::leader_advice::none;
    for (int i = 0; i < 200 && said.empty() && advice == synod::leader_advice::none; ++i) {
      now += 10'000'000;
      advice = policy.tick(now, seen, said);
    }
    return advice;
  };
  (void)wait();
  r.must(said.size() == 1, "c asks");
  if (said.empty()) return r;
  silence::message const granted{synod::stable_kind::grant, said.front().message.attempt, {}};
  policy.step(now, support::id_of(b), granted, seen, said);
  policy.heard(support::id_of(a), {}, now);
  r.expect(wait() != synod::leader_advice::campaign, "campaigns without asking");
  policy.heard(support::id_of(a), {}, now);
  policy.step(now, support::id_of(b), granted, seen, said);
  r.expect(wait() != synod::leader_advice::campaign, "campaigns on an answer to an older question");
  return r;
}

// b voted for a's 71 in slot 2, and its disk lost what it knew of that slot later. It leads, finds
// c's 72 there, and {c, d, e} vote for it: b has no vote to give, and what it holds is not chosen.
run a_damaged_leader_holds_another_vote() {
  run r = led_by_a<run>(5);
  (void)r.propose(a, 71);
  r.must(r.deliver_first<accept>(a, b), "b votes");
  r.crash(a);
  r.drop_everything();
  r.campaign(c);
  for (unsigned one : {d, e}) {
    r.deliver_first<prepare>(c, one);
    r.deliver_first<promise>(one, c);
  }
  (void)r.propose(c, 72);
  r.must(r.deliver_first<accept>(c, d), "d votes for what c proposes");
  r.drop_everything();
  r.restart(b, lost({slot(2)}));
  r.elect(b, {b, c, d, e});
  r.must(r.core(b).chosen_upto() >= slot(2), "slot 2 is decided");
  r.exchange({b, c, d, e});
  return r;
}

support::guarded const all[] = {
    {"multi_paxos", "damage_read_as_empty", [] { return forgotten_by_one(lost({slot(2)})); }},
    {"multi_paxos", "amnesiac_promises", [] { return forgotten_by_one(everything_lost()); }},
    {"multi_paxos", "damaged_slot_votes", a_vote_over_a_rotten_one},
    {"multi_paxos", "other_vote_chosen", a_damaged_leader_holds_another_vote},
    {"multi_paxos", "damaged_slot_marked", a_rotten_value_above_a_lost_vote},
    {"multi_paxos", "amnesiac_acknowledges", an_amnesiac_is_asked_for_a_pulse},
    {"multi_paxos", "amnesiac_supports", a_leader_on_the_word_of_an_amnesiac},
    {"multi_paxos", "grant_outlives_silence", granted_in_an_earlier_silence},
};

}  // namespace
