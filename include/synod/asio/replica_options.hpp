// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/address.hpp>
#include <synod/asio/client_door.hpp>
#include <synod/asio/kept_text.hpp>
#include <synod/asio/mesh_options.hpp>
#include <synod/core/error.hpp>
#include <synod/core/membership.hpp>
#include <synod/runtime/founding_options.hpp>
#include <synod/runtime/node_options.hpp>
#include <synod/runtime/snapshot_duty.hpp>
#include <synod/runtime/submissions.hpp>
#include <synod/storage/log_opening.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace synod::asio {

// A member as a person names it.
struct replica_member {
  std::uint64_t id = 0;
  std::string address = {};  // where its peers call it, like "127.0.0.1:6001"
  member_role role = member_role::voter;
  std::uint8_t zone = 0;
  std::uint32_t weight = 1;
};

struct disk_options {
  log_options log;
  // What is staged in one turn is written in place up to this many bytes, which is as fast as the
  // disk; more is queued, and the node goes on meanwhile.
  std::size_t inline_bytes_max = std::size_t{64} << 10;
};

// Everything about one replica. Only the first four are needed; the others have values that work in
// one data centre. CoreOptions are those of the protocol, with its time-outs; self, members,
// constants and seed are filled in.
template <class CoreOptions>
struct replica_options {
  std::string cluster = {};  // its name, the same on all members
  std::uint64_t id = 0;      // of this node
  std::vector<replica_member> members = {};
  std::string data = {};  // the folder of this node's log and snapshots

  // Read at the first start only; after that the cluster knows.
  start how = start::bootstrap;
  quorum_spec quorums = {};
  cluster_constants constants = {};

  std::string listen = {};         // for peers; by default this member's address
  std::string client_listen = {};  // for asio::client; by default nothing listens
  std::string admin_listen = {};   // for people and monitoring, over HTTP; by default nothing
  std::string service = {};        // an address that peers should know of, for redirections
  bool insecure = false;           // addresses that other machines can reach are permitted

  time_ns start_timeout_ns = never;      // until founded and recovered; other members may be late
  time_ns founding_ask_ns = 50'000'000;  // between two questions to members that are not there yet
  time_ns submit_timeout_ns = 10'000'000'000;
  time_ns read_timeout_ns = 5'000'000'000;
  time_ns transfer_timeout_ns = 5'000'000'000;
  time_ns snapshot_timeout_ns = 600'000'000'000;
  time_ns stop_timeout_ns = 1'000'000'000;  // for handing over leadership

  std::uint64_t snapshot_slots = 100'000;  // between two snapshots; 0: only when asked
  // So many bytes of log are reason enough, or as many as the last snapshot had, if that is more.
  std::uint64_t snapshot_log_bytes = std::uint64_t{64} << 20;
  snapshot_duty_options snapshots = {};
  submissions_options commands = {};
  read_barrier::limits reads = {};
  mesh_options mesh = {};
  client_door_options clients = {};
  std::string admin_page = {};  // served at "/": one page of HTML
  disk_options disk = {};
  CoreOptions protocol = {};
  std::uint64_t seed = 0;  // of jitter; 0 draws one
};

// What is wrong with the times.
template <class CoreOptions>
error check_times(replica_options<CoreOptions> const& given) {
  struct bound {
    time_ns value;
    char const* name;
  };
  for (bound const& one :
       {bound{given.start_timeout_ns, "options.start_timeout_ns"},
        bound{given.founding_ask_ns, "options.founding_ask_ns"},
        bound{given.submit_timeout_ns, "options.submit_timeout_ns"},
        bound{given.read_timeout_ns, "options.read_timeout_ns"},
        bound{given.transfer_timeout_ns, "options.transfer_timeout_ns"},
        bound{given.snapshot_timeout_ns, "options.snapshot_timeout_ns"},
        bound{given.stop_timeout_ns, "options.stop_timeout_ns"},
        bound{given.commands.session.attempt_timeout_ns,
              "options.commands.session.attempt_timeout_ns"},
        bound{given.commands.session.backoff.first_ns, "options.commands.session.backoff.first_ns"},
        bound{given.commands.session.backoff.most_ns, "options.commands.session.backoff.most_ns"},
        bound{given.reads.barrier_again_ns, "options.reads.barrier_again_ns"},
        bound{given.snapshots.donor.idle_ns, "options.snapshots.donor.idle_ns"},
        bound{given.snapshots.receiver.ask_again_ns, "options.snapshots.receiver.ask_again_ns"},
        bound{given.clients.hello_timeout_ns, "options.clients.hello_timeout_ns"},
        bound{given.mesh.greeting_timeout_ns, "options.mesh.greeting_timeout_ns"},
        bound{given.mesh.spare_link_ns, "options.mesh.spare_link_ns"},
        bound{given.mesh.connection.unanswered_max_ns, "options.mesh.connection.unanswered_max_ns"},
        bound{given.mesh.redial.first_ns, "options.mesh.redial.first_ns"},
        bound{given.mesh.redial.most_ns, "options.mesh.redial.most_ns"}}) {
    if (one.value <= 0) {
      return {error_code::bad_option, 0, one.name, "give a time above zero, in nanoseconds"};
    }
  }
  constexpr time_ns soon_max_ns = 1'000'000'000;
  if (given.mesh.soon_ns < 0 || given.mesh.soon_ns > soon_max_ns) {
    return {error_code::bad_option, static_cast<std::uint64_t>(given.mesh.soon_ns),
            "options.mesh.soon_ns", "give at most a second, in nanoseconds; 0 turns it off"};
  }
  return {};
}

// What is wrong with the options, before anything is opened.
template <class CoreOptions>
error check(replica_options<CoreOptions> const& given) {
  auto const refuse = [](error_code code, std::uint64_t value, char const* where,
                         char const* remedy) {
    return error{code, value, where, remedy};
  };
  if (!short_text::fits(given.cluster.size()) || given.cluster.empty()) {
    return refuse(error_code::bad_option, given.cluster.size(), "options.cluster",
                  "name the cluster with 1 to 63 characters");
  }
  if (given.data.empty()) {
    return refuse(error_code::bad_option, 0, "options.data",
                  "name a folder that is this node's own");
  }
  bool listed = !given.listen.empty() || given.how == start::fresh;
  for (replica_member const& one : given.members) {
    auto const at = read_permitted_address(one.address, given.insecure);
    if (!at) return at.error();
    if (!short_text::fits(one.address.size())) {
      return refuse(error_code::bad_address, one.address.size(), kept_text(one.address),
                    "use at most 63 characters");
    }
    listed = listed || one.id == given.id;
  }
  if (!listed) {
    return refuse(error_code::unknown_member, given.id, "options.id",
                  "name yourself as a member, or say where to listen");
  }
  for (std::string const* const one : {&given.listen, &given.client_listen, &given.admin_listen}) {
    if (one->empty()) continue;
    auto const at = read_permitted_address(*one, given.insecure);
    if (!at) return at.error();
  }
  if (!given.admin_listen.empty() && !is_loopback(*read_address(given.admin_listen))) {
    return refuse(error_code::insecure_address, 0, kept_text(given.admin_listen),
                  "the admin page is for this machine only");
  }
  if (!short_text::fits(given.service.size())) {
    return refuse(error_code::bad_option, given.service.size(), "options.service",
                  "use at most 63 characters");
  }
  if (error const why = check_times(given)) return why;
  if (given.commands.batches.batch_bytes_max + frame_header_length > given.mesh.frame_bytes_max) {
    return refuse(error_code::bad_option, given.commands.batches.batch_bytes_max,
                  "options.commands.batches.batch_bytes_max",
                  "a batch must fit into options.mesh.frame_bytes_max");
  }
  return {};
}

// The address at which this node listens for its peers. Requires: check() found nothing.
template <class CoreOptions>
tcp_endpoint listening_address(replica_options<CoreOptions> const& given) {
  if (!given.listen.empty()) return *read_address(given.listen);
  for (replica_member const& one : given.members) {
    if (one.id == given.id) return *read_address(one.address);
  }
  return *read_address("127.0.0.1:0");
}

template <class CoreOptions>
mesh_options mesh_of(replica_options<CoreOptions> const& given) {
  mesh_options made = given.mesh;
  made.insecure = given.insecure;
  return made;
}

template <class CoreOptions>
founding_options founding_of(replica_options<CoreOptions> const& given, store_id store,
                             incarnation life) {
  founding_options made;
  made.cluster = short_text(given.cluster.c_str());
  made.self = node_id(given.id);
  made.store = store;
  made.life = life;
  made.how = given.how;
  made.spec = given.quorums;
  made.constants = given.constants;
  made.ask_again_ns = given.founding_ask_ns;
  for (replica_member const& one : given.members) {
    member named;
    named.id = node_id(one.id);
    named.role = one.role;
    named.zone = one.zone;
    named.weight = one.weight;
    named.endpoint = short_text(one.address.c_str());
    made.members.push_back(named);
  }
  return made;
}

}  // namespace synod::asio
