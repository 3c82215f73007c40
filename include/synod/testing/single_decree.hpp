// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/single_decree.hpp>
#include <synod/testing/cluster.hpp>
#include <synod/testing/decree_clients.hpp>
#include <synod/testing/shared_messages.hpp>

#include <string>
#include <variant>

namespace synod::testing {

inline std::string describe(decree_asked const&) { return "is it decided?"; }
template <class Command>
std::string describe(decree_chosen<Command> const& of) {
  return "decided " + describe(of.value);
}

template <class Command>
std::string describe_outcome(chosen<Command> const& of) {
  return "chosen " + describe(of.value);
}
template <class Command>
std::string describe_outcome(converged<Command> const& of) {
  return "converged " + describe(of.value);
}
inline std::string describe_outcome(superseded const& of) {
  return "superseded by " + describe(of.by) + (of.left_here ? ", may still be chosen" : ", never");
}
inline std::string describe_outcome(unknown const&) { return "unknown"; }

template <class Quorum>
struct protocol_setup<single_decree<Quorum>> {
  using quorum = Quorum;
  template <class Cluster>
  using clients = decree_clients<Cluster>;

  // Of what the liveness bounds are multiples: a proposer alone is done within this.
  static constexpr time_ns timeout = 1'000'000'000;

  static constexpr fault_families faults() {
    return fault_families()
        .with(fault_family::network)
        .with(fault_family::clock)
        .with(fault_family::disk)
        .with(fault_family::process)
        .with(fault_family::client);
  }
  // One value is decided within milliseconds; most of what can go wrong goes wrong around that.
  static time_ns storm(random_source& random) {
    if (random.one_in(40)) return 1 + random.exponential(8'000'000'000);
    return time_ns{1'000'000} << random.below(10);
  }
  static constexpr time_ns pace(time_ns storm) { return storm / 10; }

  template <class Core>
  static single_decree_options make(random_source& random, node_id self, membership members) {
    single_decree_options made;
    made.self = self;
    made.members = std::move(members);
    made.seed = random.next();
    made.attempts_max = static_cast<std::uint32_t>(random.between(0, 8));
    made.give_up_ns = random.between(100'000'000, 4'000'000'000);
    made.silence_ns = random.between(100'000'000, 500'000'000);
    return made;
  }

  // For transcripts, the same every time.
  template <class Core>
  static single_decree_options scripted(node_id self, membership members) {
    single_decree_options made;
    made.self = self;
    made.members = std::move(members);
    made.seed = 7;
    made.attempts_max = 3;
    return made;
  }

  template <class Message, class Pack>
  static void tell(Message const& message, speaker who, Pack& pack, oracle& checks) {
    visit(shared_facts<Pack>(who, lane_id(), pack, checks), message);
  }
  template <class Core>
  static std::string state(Core const& core) {
    leader_hint const seen = core.hint();
    return (core.is_chosen() ? "holds " + describe(core.value()) + " as chosen"
                             : std::string("knows of no decision")) +
           ", has seen " + describe(seen.at) + ", refused " +
           std::to_string(core.rejected().total());
  }
  template <class Answer>
  static std::string describe_answer(Answer const& answer) {
    return std::visit([](auto const& one) { return describe_outcome(one); }, answer);
  }
  template <class Message>
  static std::string describe_message(Message const& message) {
    return visit([](auto const& one) { return describe(one); }, message);
  }
};

}  // namespace synod::testing
