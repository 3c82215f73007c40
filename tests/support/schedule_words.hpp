// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/messages.hpp>

#include <cstdint>
#include <initializer_list>

#include "support/hand_run.hpp"

// The words in which schedules are written.
namespace support::schedule_words {

enum { a, b, c, d, e, f };

using command = std::uint64_t;
using prepare = synod::prepare;
using promise = synod::promise<command>;
using accept = synod::accept<command>;
using accepted = synod::accepted<command>;
using learn_values = synod::learn_values<command>;

using support::commands;
using support::member_of;
using support::members_of;
using synod::slot;

inline synod::damage lost(std::initializer_list<slot> which) {
  synod::damage made;
  for (slot one : which) made.ranges.push_back({{}, {}, one, one});
  return made;
}
inline synod::damage everything_lost() {
  synod::damage made;
  made.everything = true;
  return made;
}
template <class Run>
void forget_everything(Run& r, unsigned who) {
  r.crash(who);
  r.at(who).disk.clear();
  r.at(who).durable_records = 0;
  r.boot(who, everything_lost());
}

// Boots everybody and lets `a` lead; everything is decided and delivered.
template <class Run>
Run led_by_a(unsigned count) {
  Run r(count);
  r.boot_all();
  if (count == 3) r.elect(a, {a, b, c});
  if (count == 5) r.elect(a, {a, b, c, d, e});
  r.must(r.core(b).chosen_upto() == slot(1), "everybody knows slot 1");
  return r;
}

// a led first and believes it still does; c leads with {b, c} and has decided more.
template <class Run>
Run deposed_without_knowing() {
  Run r(3);
  r.boot_all();
  r.elect(a, {a, b, c});
  r.elect(c, {b, c});
  (void)r.propose(c, 72);
  r.exchange({b, c});
  r.must(r.core(c).chosen_upto() == slot(3) && r.core(a).leads(), "two lead, one truly");
  r.drop_everything();
  return r;
}

}  // namespace support::schedule_words
