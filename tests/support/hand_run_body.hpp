// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/hand_run.hpp"

#include <span>
#include <type_traits>

// What hand_run does. Compiling it together with a core is expensive, so one translation unit of
// each program includes this and instantiates what the others only declare.

namespace support {

template <class What, class Held>
What const* part_in(Held const& of) {
  if constexpr (std::is_same_v<What, Held>) {
    return &of;
  } else if constexpr (requires { of.index(); }) {
    return visit([](auto const& one) -> What const* { return part_in<What>(one); }, of);
  } else if constexpr (requires {
                         *of;
                         of.operator->();
                       }) {
    return part_in<What>(*of);
  } else {
    return nullptr;
  }
}

template <class Core>
hand_run<Core>::letter::letter(unsigned sender, unsigned receiver, std::uint64_t in_life,
                               message said)
    : from(sender), to(receiver), life(in_life), what(std::move(said)) {}
template <class Core>
hand_run<Core>::letter::letter(letter&&) noexcept = default;
template <class Core>
hand_run<Core>::letter::letter(letter const&) = default;
template <class Core>
typename hand_run<Core>::letter& hand_run<Core>::letter::operator=(letter&&) noexcept = default;
template <class Core>
typename hand_run<Core>::letter& hand_run<Core>::letter::operator=(letter const&) = default;
template <class Core>
hand_run<Core>::letter::~letter() = default;

template <class Core>
hand_run<Core>::node::node() = default;
template <class Core>
hand_run<Core>::node::node(node&&) noexcept = default;
template <class Core>
hand_run<Core>::node::~node() = default;

template <class Core>
hand_run<Core>::hand_run(unsigned count) : nodes_(count) {}
template <class Core>
hand_run<Core>::hand_run(hand_run&&) noexcept = default;
template <class Core>
hand_run<Core>::~hand_run() = default;

template <class Core>
struct hand_run<Core>::host {
  hand_run& run;
  unsigned who;

  void send(synod::node_set to, message&& what) {
    node const& me = run.nodes_[who];
    run.leaving(who, what);
    to.for_each([&](synod::node_index at) {
      unsigned const seat = run.seat_of(at);
      if (seat < run.nodes_.size()) run.letters.push_back({who, seat, me.life, what});
    });
  }
  void persist(std::span<saved_record const> records) {
    node& me = run.nodes_[who];
    me.broken = me.broken || me.breaks;
    if (me.broken) return;
    for (saved_record const& one : records) me.disk.push_back(one);
    if (!me.slow) run.make_durable(who);
  }
  void flush() {}
  synod::ticket durable() { return run.nodes_[who].durable; }
  bool storage_failed() { return run.nodes_[who].broken; }
  void decide(typename output::decision const& one) { run.decide(who, one.at, one.value); }
  void refuse(synod::refused_proposal<std::uint64_t> const&) {}
  void answer(typename Core::answer_type const& one) {
    run.nodes_[who].answers.push_back(one);
    if (!one.why && one.upto < run.reads_[{who, one.id}]) run.complain("stale read", one.upto);
  }
  void notify(synod::core_event const& one) {
    node& me = run.nodes_[who];
    me.events.push_back(one);
    auto const* const trim = one.get_if<synod::trim_due>();
    if (trim == nullptr) return;
    std::size_t kept = 0;
    std::size_t durable = me.durable_records;
    for (std::size_t i = 0; i < me.disk.size(); ++i) {
      bool const gone = me.disk[i].at_slot != synod::slot() && me.disk[i].at_slot <= trim->upto;
      if (gone && i < me.durable_records) --durable;
      if (gone) continue;
      if (kept != i) me.disk[kept] = std::move(me.disk[i]);
      ++kept;
    }
    me.disk.resize(kept);
    me.durable_records = durable;
  }
};

template <class Core>
template <class Picks>
std::vector<typename hand_run<Core>::letter> hand_run<Core>::take_all(Picks&& picks) {
  std::vector<letter> chosen;
  std::deque<letter> rest;
  for (letter& one : letters) {
    if (picks(one)) {
      chosen.push_back(std::move(one));
    } else {
      rest.push_back(std::move(one));
    }
  }
  letters = std::move(rest);
  return chosen;
}

template <class Core>
void hand_run<Core>::boot(unsigned who, synod::damage const& harm) {
  node& one = nodes_[who];
  one.core = std::make_unique<Core>(one.given);
  one.order = std::make_unique<synod::drain<Core>>();
  one.out.clear();
  ++one.life;
  one.durable = {};
  one.applied = one.snapshot;
  one.applied_upto = one.head.at;
  if (one.head.at > synod::slot()) one.core->restore(one.head);
  for (saved_record const& saved : one.disk) one.core->restore(saved);
  one.core->start(now, harm, one.out);
  turn(who);
}

template <class Core>
void hand_run<Core>::crash(unsigned who) {
  node& one = nodes_[who];
  one.disk.erase(one.disk.begin() + static_cast<std::ptrdiff_t>(one.durable_records),
                 one.disk.end());
  one.core.reset();
  one.order.reset();
  one.out.clear();
}

template <class Core>
void hand_run<Core>::restart(unsigned who, synod::damage const& harm) {
  crash(who);
  boot(who, harm);
}

template <class Core>
void hand_run<Core>::turn(unsigned who) {
  if (!nodes_[who].up()) return;
  host mine{*this, who};
  (void)nodes_[who].order->turn(now, *nodes_[who].core, nodes_[who].out, mine);
}

template <class Core>
void hand_run<Core>::sync(unsigned who) {
  make_durable(who);
  turn(who);
}

template <class Core>
void hand_run<Core>::tick(unsigned who) {
  if (!nodes_[who].up()) return;
  nodes_[who].core->tick(now, nodes_[who].out);
  turn(who);
}

template <class Core>
void hand_run<Core>::fire(unsigned who) {
  synod::time_ns const due = nodes_[who].core->next_deadline();
  if (due != synod::never && due > now) now = due;
  tick(who);
}

template <class Core>
void hand_run<Core>::elect(unsigned who, std::initializer_list<unsigned> among) {
  drop_everything();
  campaign(who);
  for (unsigned i = 0; i < 20 && !nodes_[who].core->leads(); ++i) {
    exchange(among);
    if (!nodes_[who].core->leads()) fire(who);
  }
  exchange(among);
  must(nodes_[who].core->leads(), "the candidate leads");
}

template <class Core>
void hand_run<Core>::learn(unsigned who, unsigned from) {
  for (unsigned i = 0; i < 5 && !deliver_first<synod::learn_ask>(who, from); ++i) fire(who);
  must(deliver_first<synod::learn_values<std::uint64_t>>(from, who), "something was learned");
}

template <class Core>
void hand_run<Core>::advise(unsigned who, synod::leader_advice what) {
  nodes_[who].advice = what;
  tick(who);
}

template <class Core>
std::optional<synod::refusal> hand_run<Core>::propose(unsigned who, std::uint64_t command) {
  auto refused = nodes_[who].core->propose(now, batch_of(command), nodes_[who].out);
  turn(who);
  return refused;
}

template <class Core>
std::optional<synod::refusal> hand_run<Core>::read(unsigned who, std::uint64_t id, bool by_quorum) {
  synod::slot most;
  for (node const& one : nodes_) {
    if (one.applied_upto > most) most = one.applied_upto;
  }
  reads_[{who, id}] = most;
  return request(who, synod::read_request{id, by_quorum});
}

template <class Core>
void hand_run<Core>::hand_in(letter one) {
  node& to = nodes_[one.to];
  if (!to.up() || nodes_[one.from].life != one.life) return;
  to.core->step(now, id_of(one.from), std::move(one.what), to.out);
  turn(one.to);
}

template <class Core>
void hand_run<Core>::forge(unsigned from, unsigned to, message what) {
  hand_in({from, to, nodes_[from].life, std::move(what)});
}

template <class Core>
std::size_t hand_run<Core>::deliver(unsigned from, unsigned to) {
  auto chosen = take_all([&](letter const& one) { return one.from == from && one.to == to; });
  for (letter& one : chosen) hand_in(std::move(one));
  return chosen.size();
}

template <class Core>
std::size_t hand_run<Core>::drop(unsigned from, unsigned to) {
  return take_all([&](letter const& one) { return one.from == from && one.to == to; }).size();
}

template <class Core>
std::size_t hand_run<Core>::drop_to(unsigned to) {
  return take_all([&](letter const& one) { return one.to == to; }).size();
}

template <class Core>
void hand_run<Core>::exchange(std::initializer_list<unsigned> among, unsigned limit) {
  std::set<unsigned> const these(among);
  for (unsigned i = 0; i < limit; ++i) {
    auto one = letters.begin();
    while (one != letters.end() && !(these.count(one->from) && these.count(one->to))) ++one;
    if (one == letters.end()) return;
    letter found = std::move(*one);
    letters.erase(one);
    hand_in(std::move(found));
  }
  violations.push_back("letters without end");
}

template <class Core>
void hand_run<Core>::phases(unsigned from, unsigned to) {
  bool moved = true;
  while (moved) {
    moved = deliver_first<synod::prepare>(from, to);
    moved = deliver_first<synod::promise<std::uint64_t>>(to, from) || moved;
    moved = deliver_first<synod::accept<std::uint64_t>>(from, to) || moved;
    moved = deliver_first<synod::accepted<std::uint64_t>>(to, from) || moved;
  }
}

template <class Core>
void hand_run<Core>::take_snapshot(unsigned who) {
  node& one = nodes_[who];
  one.head = {one.applied_upto, one.core->configurations_from(one.applied_upto.next())};
  one.snapshot = one.applied;
  request(who, synod::snapshotted{one.applied_upto});
}

template <class Core>
void hand_run<Core>::install(unsigned from, unsigned to) {
  nodes_[to].head = nodes_[from].head;
  nodes_[to].snapshot = nodes_[from].snapshot;
  nodes_[to].applied = nodes_[from].snapshot;
  nodes_[to].applied_upto = nodes_[from].head.at;
  request(to, synod::snapshot_installed{nodes_[to].head});
}

template <class Core>
std::size_t hand_run<Core>::rot(unsigned who, synod::slot at, synod::record_kind kind) {
  node& one = nodes_[who];
  std::size_t const before = one.disk.size();
  std::erase_if(one.disk, [&](saved_record const& saved) {
    return saved.at_slot == at && saved.kind == kind;
  });
  one.durable_records = one.disk.size();
  return before - one.disk.size();
}

template <class Core>
synod::read_answer const* hand_run<Core>::answer(unsigned who, std::uint64_t id) {
  for (synod::read_answer const& one : nodes_[who].answers) {
    if (one.id == id) return &one;
  }
  return nullptr;
}

template <class Core>
std::string hand_run<Core>::complaints() const {
  return joined(violations) + joined(unmet);
}

template <class Core>
std::string hand_run<Core>::joined(std::vector<std::string> const& lines) {
  std::string all;
  for (std::string const& one : lines) all += one + "\n";
  return all;
}

template <class Core>
unsigned hand_run<Core>::seat_of(synod::node_index at) const {
  auto const found = seats.find(at.value);
  return found == seats.end() ? at.value : found->second;
}

template <class Core>
void hand_run<Core>::make_durable(unsigned who) {
  node& one = nodes_[who];
  for (; one.durable_records < one.disk.size(); ++one.durable_records) {
    saved_record const& saved = one.disk[one.durable_records];
    one.durable = saved.number;
    if (saved.kind == synod::record_kind::vote) voted(who, saved);
  }
}

template <class Core>
void hand_run<Core>::leaving(unsigned who, message const& what) {
  if (auto const* const one = part<synod::promise<std::uint64_t>>(what)) {
    if (one->part == 0) promise_leaves(who, *one);
  } else if (auto const* const vote = part<synod::accepted<std::uint64_t>>(what)) {
    vote_leaves(who, *vote);
  }
}

template <class Core>
void hand_run<Core>::promise_leaves(unsigned who, synod::promise<std::uint64_t> const& one) {
  synod::slot const first = one.first > one.chosen_upto ? one.first : one.chosen_upto.next();
  for (promised_before const& past : promises_[who]) {
    if (past.first <= one.last && first <= past.last && past.at > one.at) {
      complain("promised below a promise", first);
    }
  }
  for (auto const& [at, ballot] : told_votes_[who]) {
    if (synod::slot(at) >= first && synod::slot(at) <= one.last && ballot > one.at) {
      complain("promised below a vote", synod::slot(at));
    }
  }
  promises_[who].push_back({first, one.last, one.at});
  node const& me = nodes_[who];
  for (std::size_t i = 0; i < me.durable_records; ++i) {
    for (synod::promised_range const& range : *me.disk[i].promises) {
      if (range.at >= one.at && range.first <= first && one.last <= range.last) return;
    }
  }
  if (first <= one.last) complain("a promise that is not on disk", first);
}

template <class Core>
void hand_run<Core>::vote_leaves(unsigned who, synod::accepted<std::uint64_t> const& one) {
  // Who knows a slot to be chosen may say so of the same value at any ballot.
  if (nodes_[who].applied_upto >= one.at_slot) return;
  for (promised_before const& past : promises_[who]) {
    if (past.first <= one.at_slot && one.at_slot <= past.last && past.at > one.at) {
      complain("voted below a promise", one.at_slot);
    }
  }
  synod::ballot& most = told_votes_[who][one.at_slot.value];
  if (most > one.at) complain("voted below a vote", one.at_slot);
  if (one.at > most) most = one.at;
  node const& me = nodes_[who];
  for (std::size_t i = 0; i < me.durable_records; ++i) {
    if (me.disk[i].kind == synod::record_kind::vote && me.disk[i].at_slot == one.at_slot &&
        me.disk[i].at >= one.at) {
      return;
    }
  }
  complain("a vote that is not on disk", one.at_slot);
}

template <class Core>
void hand_run<Core>::voted(unsigned who, saved_record const& saved) {
  vote_state& here = votes_[{saved.at_slot.value, saved.at}];
  commands const value = content_of(saved.value);
  if (here.who.empty()) here.value = value;
  if (here.value != value) complain("two values under one ballot", saved.at_slot);
  here.who.insert(synod::node_index(static_cast<std::uint8_t>(who)));
  bool const quorum =
      is_phase2 ? is_phase2(saved.at_slot, here.who) : here.who.size() * 2 > nodes_.size();
  if (quorum) chosen(saved.at_slot, value, "voted");
}

template <class Core>
void hand_run<Core>::decide(unsigned who, synod::slot at,
                            synod::slot_value<std::uint64_t> const& value) {
  node& one = nodes_[who];
  if (at != one.applied_upto.next()) complain("decided out of order", at);
  one.applied_upto = at;
  one.applied[at.value] = content_of(value);
  for (std::uint64_t command : content_of(value)) {
    auto const [where, fresh] = slots_.try_emplace(command, at);
    if (!fresh && where->second != at) complain("decided twice", at);
  }
  chosen(at, content_of(value), "decided");
}

template <class Core>
void hand_run<Core>::chosen(synod::slot at, commands const& value, char const* how) {
  auto const [here, fresh] = decided.try_emplace(at.value, value);
  if (!fresh && here->second != value) complain(how, at);
}

template <class Core>
void hand_run<Core>::complain(std::string what, synod::slot at) {
  violations.push_back("slot " + std::to_string(at.value) + ": " + what);
}

template <class Core>
std::optional<synod::refusal> hand_run<Core>::request(unsigned who,
                                                      typename Core::request_type asked) {
  auto refused = nodes_[who].core->request(now, std::move(asked), nodes_[who].out);
  turn(who);
  return refused;
}

template <class Core>
template <class What>
What const* hand_run<Core>::part(message const& of) {
  return part_in<What>(of);
}

}  // namespace support
