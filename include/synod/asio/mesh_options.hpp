// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/framed_connection.hpp>
#include <synod/codec/frame.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/node_set.hpp>
#include <synod/runtime/backoff_delay.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace synod::asio {

struct mesh_options {
  bool insecure = false;  // may use addresses that other machines can reach
  time_ns greeting_timeout_ns = 5'000'000'000;
  time_ns spare_link_ns = 1'000'000'000;  // when both sides called, until the second one goes
  backoff_delay redial{10'000'000, 1'000'000'000};
  std::uint32_t frame_bytes_max = frame_body_max_default;
  std::size_t turn_bytes_max = std::size_t{128} << 10;  // to one peer before it is written
  // How long, and up to how many bytes, what nobody waits for may wait for more of it. 0: not at
  // all.
  time_ns soon_ns = 500'000;
  std::size_t soon_bytes_max = std::size_t{32} << 10;
  std::size_t strangers_max = 64;  // connections that have not greeted yet
  connection_options connection;
};

// Somebody to be connected with. Without an address it is not called, but may call.
struct mesh_peer {
  node_id id;
  std::optional<tcp_endpoint> at;
};

// What is known of the way to one peer.
struct link_status {
  node_id id;
  bool linked = false;
  bool refused = false;  // by the other side; `last` says why
  std::size_t queued_bytes = 0;
  std::uint64_t dropped_frames = 0;
  std::uint64_t moved_bytes = 0;  // written and read over the present connection
  std::uint32_t attempts = 0;     // since it was linked last
  error last;                     // why the last connection ended
};

}  // namespace synod::asio
