// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/masterless_multi_paxos.hpp>
#include <synod/protocol/multi_paxos.hpp>
#include <synod/testing/cluster.hpp>
#include <synod/testing/log_clients.hpp>
#include <synod/testing/shared_messages.hpp>

#include <string>
#include <variant>

namespace synod::testing {

inline std::string describe(notice const& of) {
  return "notice " + std::string(ballot_text(of.at).c_str()) + ": chosen up to " +
         std::to_string(of.chosen_upto.value);
}
inline std::string describe(slot_notice const& of) {
  return "notice " + std::string(ballot_text(of.at).c_str()) + ": slot " +
         std::to_string(of.at_slot.value) + " is chosen";
}
inline std::string describe(pulse const& of) {
  static constexpr char const* names[] = {"beat", "beat acknowledged", "hand-over"};
  return names[of.index()];
}
template <class Command>
std::string describe(learn<Command> const& of) {
  if (auto const* const asked = of.template get_if<learn_ask>()) {
    return "what is chosen from slot " + std::to_string(asked->first.value) + "?";
  }
  auto const& told = **of.template get_if<shared<learn_values<Command>>>();
  return std::to_string(told.values.size()) + " chosen values, chosen up to " +
         std::to_string(told.chosen_upto.value) + ", trimmed up to " +
         std::to_string(told.trimmed_upto.value);
}
inline std::string describe(read_message const& of) {
  static constexpr char const* names[] = {"read?", "read confirmed", "read refused",
                                          "how far did you vote?", "voted that far"};
  return names[of.index()];
}
inline std::string describe(extent_message const& of) {
  static constexpr char const* names[] = {"how far did you vote?", "voted that far"};
  return names[of.index()];
}
inline std::string describe(election_message const& of) {
  return std::string(of.reply ? "heartbeat answer " : "heartbeat ") + ballot_text(of.mine).c_str() +
         " under " + ballot_text(of.leader).c_str() + (of.happy ? " happy" : " unhappy");
}
inline std::string describe(stable_message const& of) {
  static constexpr char const* names[] = {"pre-vote", "granted", "not granted", "beat",
                                          "beat heard"};
  return names[static_cast<std::size_t>(of.kind)];
}

// What every multi-Paxos shares in the simulator.
struct log_setup {
  template <class Cluster>
  using clients = log_clients<Cluster>;

  // Of what the liveness bounds are multiples.
  static constexpr time_ns timeout = 1'000'000'000;

  static constexpr fault_families faults() {
    return fault_families()
        .with(fault_family::network)
        .with(fault_family::clock)
        .with(fault_family::disk)
        .with(fault_family::process)
        .with(fault_family::client);
  }
  static time_ns storm(random_source& random) { return 1 + random.exponential(8'000'000'000); }
  static constexpr time_ns pace(time_ns storm) { return storm / 12; }

  template <class Message, class Pack>
  static void tell(Message const& message, speaker who, Pack& pack, oracle& checks) {
    visit(shared_facts<Pack>(who, lane_id(), pack, checks), message);
  }
  template <class Message>
  static std::string describe_message(Message const& message) {
    return visit([](auto const& one) { return describe(one); }, message);
  }

  // Small windows and parts, so that their ends are met all the time.
  template <class Options>
  static void draw(random_source& random, node_id self, membership members, Options& made) {
    made.self = self;
    made.members = std::move(members);
    made.seed = random.next();
    made.constants.alpha = 32;  // of the cluster, hence the same on every node
    made.pipeline_slots_max = static_cast<std::uint32_t>(random.between(1, 16));
    made.resend_ns = random.between(20'000'000, 200'000'000);
    made.part_bytes = static_cast<std::size_t>(random.between(1, 400));
    made.accept_ahead_max = static_cast<std::uint32_t>(random.between(32, 128));
  }
};

template <class Quorum, class Leader>
struct protocol_setup<multi_paxos<Quorum, Leader>> : log_setup {
  using quorum = Quorum;
  static constexpr bool heals_in_part = Leader::progresses_when_partially_connected;

  template <class Core>
  static typename Core::options make(random_source& random, node_id self, membership members) {
    typename Core::options made;
    draw(random, self, std::move(members), made);
    made.pulse_ns = random.between(20'000'000, 100'000'000);
    return made;
  }
};

template <class Quorum>
struct protocol_setup<masterless_multi_paxos<Quorum>> : log_setup {
  using quorum = Quorum;
  static constexpr bool heals_in_part =
      masterless_multi_paxos<Quorum>::progresses_when_partially_connected;

  template <class Core>
  static typename Core::options make(random_source& random, node_id self, membership members) {
    typename Core::options made;
    draw(random, self, std::move(members), made);
    made.range_after = static_cast<std::uint32_t>(random.between(1, 12));
    made.everybody_proposes = random.one_in(2);
    return made;
  }
};

}  // namespace synod::testing
