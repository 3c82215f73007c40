// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/frame.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/snapshot_store.hpp>
#include <synod/observe/null.hpp>
#include <synod/runtime/configuration_list.hpp>
#include <synod/runtime/founding_options.hpp>
#include <synod/runtime/read_barrier.hpp>
#include <synod/runtime/snapshot_duty.hpp>
#include <synod/runtime/snapshot_policy.hpp>
#include <synod/runtime/submissions.hpp>

#include <cstdint>

namespace synod {

// Takes frames to peers. It may lose them, and never blocks. One that gathers what it is given
// until it is told to write has a function `flush` for that, or only `hurry` if its owner ends the
// turns of the node and knows by itself that they ended: then it is told where others wait. If it
// has a function `send_soon`, that is given what nobody waits for: it may leave a little later.
template <class T>
concept transport = requires(T& net, node_id to, shared_bytes const& frame) {
  net.send(to, frame);
};

// What a node is made of. Derive the parts of a node from this and replace what differs.
struct node_parts {
  using policy = snapshots_every;
  using observer = null_observer;
};

// A bundle of parts: protocol, machine, codec, storage, snapshots, transport, user, and the two
// above. The user is told what becomes of commands and reads:
//
//   completed(token, outcome<R> const&)                       for each result type R
//   readable(token, error)                                    none: look at node.state() now
//   answer(client, session_answer const&, span<byte const>)   for clients of others
//   stopped(error)
template <class T>
concept node_bundle = requires {
  typename T::protocol;
  typename T::machine;
  typename T::codec;
  typename T::storage;
  typename T::snapshots;
  typename T::transport;
  typename T::user;
  typename T::policy;
  typename T::observer;
};

// How the quorums of a protocol judge a membership, so that executor and core agree.
namespace detail {
template <class Protocol>
struct membership_rule {
  using type = any_membership;
};
template <class Protocol>
  requires requires { typename Protocol::quorum_family; }
struct membership_rule<Protocol> {
  using type = bound_by<typename Protocol::quorum_family>;
};
}  // namespace detail

template <class Parts>
struct node_options {
  using core_type = typename Parts::protocol::template core<typename Parts::machine>;

  founding_options founding;
  // Of the protocol; self, members, constants and seed are filled in.
  typename core_type::options core;
  submissions_options commands;
  read_barrier::limits reads;
  snapshot_duty_options snapshots;
  typename Parts::policy policy{};
  std::uint64_t seed = 1;
  group_id group;
  time_ns stamp_offset_ns = 0;  // from the clock of the node to what machines are told as the time
  std::uint32_t frame_bytes_max = frame_body_max_default;
  // Storage is waited for in place. If not, whoever owns the node calls `turn` again when storage
  // says that more is durable: then disk and network overlap.
  bool wait_for_storage = true;
  bool digests = false;
};

}  // namespace synod
