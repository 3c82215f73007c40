// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/frame.hpp>
#include <synod/codec/vocabulary.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>

#include <cstdint>
#include <vector>

namespace synod::asio {

// What two nodes say to each other before anything else, and before anything else is believed. The
// caller greets, the one who was called answers, or refuses and closes. Who a frame is from stands
// in its header, like in every frame; the body holds, little-endian:
//
//   step u8 | refusal u16 | oldest version u16 | newest version u16 | to u64 | store 2 x u64
//   highest round u32 | cluster name | protocol | clients | service, each with its length in front
//
// Fields are only added at the end, so what follows is for newer versions.
enum class greeting_step : std::uint8_t { call = 1, answer = 2, refusal = 3 };

inline constexpr std::uint16_t greeting_version_oldest = 1;
inline constexpr std::uint16_t greeting_version_newest = 1;

struct greeting {
  greeting_step step = greeting_step::call;
  error_code why = error_code::none;  // of a refusal
  std::uint16_t version_oldest = greeting_version_oldest;
  std::uint16_t version_newest = greeting_version_newest;
  node_id from;
  node_id to;  // who is meant, since addresses are sometimes given to another
  store_id store;
  incarnation life;
  cluster_id cluster;               // empty before it is founded
  std::uint32_t highest_round = 0;  // the jump limit of rounds counts from the highest of these
  short_text cluster_name;
  short_text protocol;
  short_text clients;  // where the sender serves clients, if it does
  short_text service;  // and where whatever is built upon it is served

  friend bool operator==(greeting const&, greeting const&) = default;
};

// Appends the whole frame.
inline void write_greeting(std::vector<std::byte>& into, greeting const& what) {
  std::size_t const begin = begin_frame(into);
  wire_writer out(into);
  out(static_cast<std::uint8_t>(what.step), static_cast<std::uint16_t>(what.why),
      what.version_oldest, what.version_newest, what.to, what.store, what.highest_round,
      what.cluster_name, what.protocol, what.clients, what.service);
  end_frame(into, begin, frame_family::peer,
            {.kind = frame_kind::handshake,
             .cluster = what.cluster,
             .from = what.from,
             .life = what.life});
}

inline result<greeting> read_greeting(frame_header const& header, std::span<std::byte const> body) {
  wire_reader in(body);
  greeting made;
  std::uint8_t step = 0;
  std::uint16_t why = 0;
  in(step, why, made.version_oldest, made.version_newest, made.to, made.store, made.highest_round,
     made.cluster_name, made.protocol, made.clients, made.service);
  if (in.failed() || step < 1 || step > 3) {
    return error{error_code::malformed, body.size(), "greeting", "close the connection"};
  }
  made.step = static_cast<greeting_step>(step);
  made.why = why < error_codes ? static_cast<error_code>(why) : error_code::malformed;
  made.from = header.from;
  made.life = header.life;
  made.cluster = header.cluster;
  return made;
}

// What can be said about a greeting without knowing the peer: both speak the same language, belong
// to the same cluster, and mean each other. A cluster is told by its id once both know one, and by
// the name that people gave it before.
inline error check_greeting(greeting const& got, greeting const& mine) {
  auto const refuse = [](error_code code, std::uint64_t value, char const* remedy) {
    return error{code, value, "greeting", remedy};
  };
  if (got.version_oldest > mine.version_newest || got.version_newest < mine.version_oldest) {
    return refuse(error_code::wrong_version, got.version_oldest, "upgrade the older node");
  }
  bool const both_founded = !got.cluster.empty() && !mine.cluster.empty();
  bool const same_cluster = !both_founded || got.cluster == mine.cluster;
  if (!same_cluster || got.cluster_name != mine.cluster_name) {
    return refuse(error_code::wrong_cluster, got.from.value, "check the addresses of the members");
  }
  if (got.protocol != mine.protocol) {
    return refuse(error_code::wrong_protocol, got.from.value,
                  "run the same protocol on every member");
  }
  if (got.to != mine.from) {
    return refuse(error_code::wrong_receiver, got.to.value, "check the addresses of the members");
  }
  if (got.from == mine.from) {
    return refuse(error_code::duplicate_member, got.from.value, "give each node its own id");
  }
  return {};
}

// Whether the other side is told why it is refused. A node that was given the name of this cluster
// is, so that it can say what is wrong with it; a stranger learns nothing.
inline bool may_be_told(greeting const& got, greeting const& mine, error_code why) {
  bool const ours = !got.cluster_name.empty() && got.cluster_name == mine.cluster_name;
  return ours && why != error_code::malformed;
}

}  // namespace synod::asio
