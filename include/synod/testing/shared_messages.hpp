// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/shared.hpp>
#include <synod/roles/messages.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/oracle.hpp>

#include <variant>
#include <vector>

namespace synod::testing {

// What the messages shared by single-decree and every multi-Paxos say to the checkers, at the
// moment they leave. A protocol with messages of its own that are evidence adds overloads of
// `tell`.
template <class Pack>
class shared_facts {
 public:
  shared_facts(speaker who, lane_id lane, Pack& pack, oracle& checks)
      : who_(who), lane_(lane), pack_(pack), checks_(checks) {}

  void operator()(prepare const& one) {
    checks_.campaigned(who_, {lane_, one.at, one.first, one.last});
  }
  template <class Command>
  void operator()(promise<Command> const& one) {
    std::vector<reported_fact> votes;
    votes.reserve(one.votes.size());
    for (auto const& vote : one.votes) {
      votes.push_back({vote.at, vote.voted, pack_.digest(vote.value), vote.chosen});
    }
    checks_.promised(who_, {lane_, one.at, one.first, one.last, one.chosen_upto, one.answer,
                            one.part, one.final_part, votes});
  }
  template <class Command>
  void operator()(accept<Command> const& one) {
    checks_.proposed(who_, {lane_, one.at, one.at_slot, pack_.digest(one.value)},
                     pack_.commands(one.value));
  }
  template <class Command>
  void operator()(accepted<Command> const& one) {
    checks_.voted(who_, {lane_, one.at, one.at_slot});
  }
  template <class Message>
  void operator()(shared<Message> const& one) {
    (*this)(*one);
  }
  // Everything else is no evidence.
  template <class Message>
  void operator()(Message const&) {}

 private:
  speaker who_;
  lane_id lane_;
  Pack& pack_;
  oracle& checks_;
};

}  // namespace synod::testing
