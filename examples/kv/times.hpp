// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <string>
#include <vector>

#include "settings.hpp"

namespace store {

// Every time of a replica, as an option in milliseconds: `--submit-timeout-ms 500`.
struct named_time {
  char const* name;
  synod::time_ns* at;
  char const* what;
};

template <class Options>
std::vector<named_time> times_of(Options& of) {
  auto& core = of.protocol;
  std::vector<named_time> all = {
      {"submit-timeout-ms", &of.submit_timeout_ns, "until a command ends with an unknown fate"},
      {"read-timeout-ms", &of.read_timeout_ns, "until a read is given up"},
      {"transfer-timeout-ms", &of.transfer_timeout_ns, "until a hand-over is given up"},
      {"snapshot-timeout-ms", &of.snapshot_timeout_ns, "until a snapshot is given up"},
      {"start-timeout-ms", &of.start_timeout_ns, "for the other members to come, at first"},
      {"stop-timeout-ms", &of.stop_timeout_ns, "for handing over before the end"},
      {"founding-ask-ms", &of.founding_ask_ns, "between questions to members not there yet"},
      {"attempt-timeout-ms", &of.commands.session.attempt_timeout_ns,
       "until a command is sent again"},
      {"retry-first-ms", &of.commands.session.backoff.first_ns, "first pause between attempts"},
      {"retry-most-ms", &of.commands.session.backoff.most_ns, "longest pause between attempts"},
      {"barrier-again-ms", &of.reads.barrier_again_ns, "until a barrier of a read is put again"},
      {"donor-idle-ms", &of.snapshots.donor.idle_ns, "until who gets a snapshot is forgotten"},
      {"snapshot-ask-again-ms", &of.snapshots.receiver.ask_again_ns,
       "until more of a snapshot is asked for again"},
      {"greeting-timeout-ms", &of.mesh.greeting_timeout_ns, "for a peer to say who it is"},
      {"hello-timeout-ms", &of.clients.hello_timeout_ns, "for a client to say who it is"},
      {"unanswered-max-ms", &of.mesh.connection.unanswered_max_ns,
       "until a silent connection is dead"},
      {"spare-link-ms", &of.mesh.spare_link_ns, "until a second connection is closed"},
      {"redial-first-ms", &of.mesh.redial.first_ns, "first pause before calling a peer again"},
      {"redial-most-ms", &of.mesh.redial.most_ns, "longest pause before that"},
      {"resend-ms", &core.resend_ns, "until what was not answered is sent again"},
      {"gap-grace-ms", &core.gap_grace_ns, "until a gap in the log is asked for"},
      {"learn-retry-ms", &core.learn_retry_ns, "until it is asked for again"},
      {"probe-ms", &core.probe_ns, "of silence until a node asks around"},
      {"read-max-ms", &core.read_max_ns, "until a quorum that confirms a read is given up"},
  };
  if constexpr (requires { core.leader; }) {
    all.push_back({"heartbeat-ms", &core.leader.heartbeat_ns,
                   "between heartbeats; a leader is missed after 2"});
    all.push_back(
        {"pulse-ms", &core.pulse_ns, "between signs of life of a leader with nothing to do"});
    all.push_back({"transfer-max-ms", &core.transfer_max_ns, "for an heir to be up to date"});
  }
  if constexpr (requires { core.gap_fill_ns; }) {
    all.push_back({"gap-fill-ms", &core.gap_fill_ns, "until a slot that is left open is filled"});
  }
  return all;
}

// Sets what was given; returns what is wrong, or nothing.
inline std::string set_times(std::vector<named_time> const& all, settings const& with) {
  for (auto const& [name, milliseconds] : with.times) {
    bool known = false;
    for (named_time const& one : all) {
      if (name != one.name) continue;
      *one.at = static_cast<synod::time_ns>(milliseconds * 1e6);
      known = true;
    }
    if (!known) return "there is no option --" + name + ": `kv times` lists those for times";
  }
  return {};
}

}  // namespace store
