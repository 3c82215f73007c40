// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/mesh_options.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/outcome.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace synod::asio {

enum class replica_phase : std::uint8_t {
  idle,      // async_start was not called
  founding,  // waits until the members have agreed on what cluster this is
  running,
  stopped,  // `why` says by what
};

constexpr char const* name_of(replica_phase phase) {
  switch (phase) {
    case replica_phase::idle: return "idle";
    case replica_phase::founding: return "founding";
    case replica_phase::running: return "running";
    case replica_phase::stopped: return "stopped";
  }
  return "";
}

// A slot that was proposed here and is not decided yet, and why not.
struct open_slot {
  slot at;
  std::vector<node_id> voted;
  std::vector<node_id> silent;    // voters that have not accepted it, though they are linked
  std::vector<node_id> unlinked;  // voters that cannot be reached
  std::vector<node_id> would_do;  // a quorum that could still come about, the nearest one
};

// What one replica knows of itself and of the others, at one moment.
struct replica_status {
  replica_phase phase = replica_phase::idle;
  error why;
  std::string data;        // its folder
  bool read_only = false;  // the disk is down to what must stay free: no new commands
  node_id self;
  cluster_id cluster;
  store_id store;
  incarnation life;
  char const* protocol = "";

  bool elects_leader = true;  // false: any node serves any client
  leader_hint leader;
  bool leads = false;
  bool preparing = false;  // it campaigns: promises are being collected
  ballot highest_seen;
  membership members;

  slot applied;
  slot chosen_upto;
  slot last_proposed;
  slot floor;
  std::vector<open_slot> open;  // the first few

  std::size_t sessions = 0;
  std::size_t commands_waiting = 0;
  std::size_t operations = 0;  // of this process's own callers
  std::uint64_t frames_received = 0;
  std::uint64_t frames_refused = 0;
  std::vector<link_status> links;
  std::vector<node_id> founding_waits_for;
  error last_snapshot_failure;
};

}  // namespace synod::asio
