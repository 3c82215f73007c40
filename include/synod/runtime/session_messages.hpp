// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/outcome.hpp>
#include <synod/runtime/backoff_delay.hpp>

#include <cstdint>

namespace synod {

struct session_options {
  // Of commands and reads. What the founding record permits, unless somebody wants less: a lower
  // limit makes a caller who submits faster than he is served hear `busy` earlier.
  std::uint32_t in_flight_max = session_in_flight_default;
  std::uint32_t hops_max = 4;  // redirections in a row before a pause
  time_ns attempt_timeout_ns = 500'000'000;
  backoff_delay backoff;
  // Whether commands take effect in the order in which they are submitted, those of which it is
  // unknown whether they do left aside. Else those that are under way together may in any.
  bool ordered = false;
  // Whether what is sent once arrives at most once, and so does each answer: a connection that is
  // given up when it breaks does that, datagrams do not.
  bool links_deliver_once = false;
};

// What to do about a refusal, for people.
constexpr char const* advice_on(error_code why) {
  if (why == error_code::disk_full) return "free space on the disks of the replicas";
  if (why == error_code::nobody_leads) return "read at the level linearizable_quorum";
  return "try again";
}

// Whether another attempt, here or elsewhere, would be refused as this one was.
constexpr bool is_final(error_code code) {
  return code == error_code::too_large || code == error_code::bad_option ||
         code == error_code::malformed || code == error_code::disk_full ||
         code == error_code::nobody_leads;
}

// What a node says to one attempt.
enum class session_answer_kind : std::uint8_t {
  opened,     // the session exists: `session` is its id
  done,       // applied, now or before
  refused,    // this attempt was not proposed and never will be
  uncertain,  // this attempt may still be applied
  expired,    // the session is gone
  forgotten,  // the session is there, but what became of the command is not
};

struct session_answer {
  session_answer_kind kind = session_answer_kind::uncertain;
  session_id session;
  sequence number;
  std::uint32_t attempt = 0;  // as the request said
  std::uint64_t handle = 0;   // as the request said
  std::uint64_t version = 0;
  error why;
  leader_hint hint;
  std::uint64_t token_high = 0;  // for `opened`, as the request said
  std::uint64_t token_low = 0;
};

// One attempt, to be sent to one node. `handle` finds the payload; 0 opens the session.
struct session_request {
  node_id to;
  std::uint64_t handle = 0;
  std::uint32_t attempt = 0;
  bool read = false;
  session_id session;  // for an opening: none, and the token below
  sequence number;
  sequence acked_upto;
  std::uint64_t floor = 0;     // for reads: the highest version this client has seen
  config_number known_config;  // so that the node can tell of a newer one
  std::uint64_t token_high = 0;
  std::uint64_t token_low = 0;
};

// What became of an operation: the version at which it took effect, a refusal (definitely not
// done), or that nobody can tell (hazard H10).
struct session_finished {
  std::uint64_t handle = 0;
  outcome<std::uint64_t> fate;
};

struct session_output {
  list<session_request> send;
  list<session_finished> finished;
};

}  // namespace synod
