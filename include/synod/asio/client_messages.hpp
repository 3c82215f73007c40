// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/frame.hpp>
#include <synod/codec/vocabulary.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>
#include <synod/runtime/read_levels.hpp>
#include <synod/runtime/session_messages.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod::asio {

// What a client and a replica say to each other, as bodies of frames of the family `client`. Fields
// are only added at the end.

inline constexpr std::uint16_t client_version_oldest = 1;
inline constexpr std::uint16_t client_version_newest = 1;

// The first frame of each side. A replica that refuses says why in `why`, and closes.
struct client_hello {
  error_code why = error_code::none;
  std::uint16_t version_oldest = client_version_oldest;
  std::uint16_t version_newest = client_version_newest;
  short_text cluster_name;
  node_id to;  // of a client: whom it means to talk to

  friend bool operator==(client_hello const&, client_hello const&) = default;
};

enum class client_wish : std::uint8_t { open = 0, command = 1, read = 2 };

// One attempt of one operation; see runtime/session_messages.hpp. `payload` is a view into the
// frame.
struct client_request {
  client_wish wish = client_wish::open;
  session_request what;
  read::level level = read::linearizable_index{};
  std::span<std::byte const> payload;
};

// A member as clients know it.
struct served_member {
  node_id id;
  short_text address;  // empty if the one who says it does not know

  friend bool operator==(served_member const&, served_member const&) = default;
};
struct served_members {
  config_number number;
  std::vector<served_member> all;  // empty: nothing new

  friend bool operator==(served_members const&, served_members const&) = default;
};

struct client_reply {
  session_answer what;
  served_members members;
  std::span<std::byte const> payload;
};

inline void encode(wire_writer& out, client_hello const& value) {
  out(static_cast<std::uint16_t>(value.why), value.version_oldest, value.version_newest, value.to,
      value.cluster_name);
}
inline void decode(wire_reader& in, client_hello& value) {
  std::uint16_t why = 0;
  in(why, value.version_oldest, value.version_newest, value.to, value.cluster_name);
  value.why = why < error_codes ? static_cast<error_code>(why) : error_code::malformed;
}

// Which level, and its one number.
inline void encode(wire_writer& out, read::level const& value) {
  std::uint64_t number = 0;
  if (auto const* const one = std::get_if<read::session>(&value)) number = one->floor;
  if (auto const* const one = std::get_if<read::bounded_stale>(&value)) {
    number = static_cast<std::uint64_t>(one->at_most_ns);
  }
  out(static_cast<std::uint8_t>(value.index()), number);
}
inline void decode(wire_reader& in, read::level& value) {
  auto const which = in.get<std::uint8_t>();
  auto const number = in.get<std::uint64_t>();
  switch (which) {
    case 0: value = read::linearizable_log{}; return;
    case 1: value = read::linearizable_index{}; return;
    case 2: value = read::linearizable_follower{}; return;
    case 3: value = read::session{number}; return;
    case 4: value = read::bounded_stale{static_cast<time_ns>(number & INT64_MAX)}; return;
    case 5: value = read::local{}; return;
    case 6: value = read::linearizable_quorum{}; return;
    default: in.fail();
  }
}

inline void encode(wire_writer& out, client_request const& value) {
  session_request const& what = value.what;
  out(static_cast<std::uint8_t>(value.wish), what.handle, what.attempt, what.session, what.number,
      what.acked_upto, what.floor, what.known_config, what.token_high, what.token_low);
  encode(out, value.level);
  out(static_cast<std::uint32_t>(value.payload.size()));
  out.bytes(value.payload);
}
inline void decode(wire_reader& in, client_request& value) {
  session_request& what = value.what;
  auto const wish = in.get<std::uint8_t>();
  if (wish > static_cast<std::uint8_t>(client_wish::read)) in.fail();
  value.wish = static_cast<client_wish>(wish & 3U);
  in(what.handle, what.attempt, what.session, what.number, what.acked_upto, what.floor,
     what.known_config, what.token_high, what.token_low);
  decode(in, value.level);
  what.read = value.wish == client_wish::read;
  value.payload = in.bytes(in.get<std::uint32_t>());
}

inline void encode(wire_writer& out, served_member const& value) { out(value.id, value.address); }
inline void decode(wire_reader& in, served_member& value) { in(value.id, value.address); }
inline void encode(wire_writer& out, served_members const& value) {
  out(value.number);
  encode_list(out, value.all);
}
inline void decode(wire_reader& in, served_members& value) {
  in(value.number);
  decode_list(in, value.all, 9);
}

inline void encode(wire_writer& out, client_reply const& value) {
  session_answer const& what = value.what;
  out(static_cast<std::uint8_t>(what.kind), what.session, what.number, what.attempt, what.handle,
      what.version, static_cast<std::uint16_t>(what.why.code), what.why.value, what.hint,
      what.token_high, what.token_low, value.members,
      static_cast<std::uint32_t>(value.payload.size()));
  out.bytes(value.payload);
}
inline void decode(wire_reader& in, client_reply& value) {
  session_answer& what = value.what;
  auto const kind = in.get<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(session_answer_kind::forgotten)) in.fail();
  what.kind = static_cast<session_answer_kind>(in.failed() ? 0 : kind);
  std::uint16_t why = 0;
  in(what.session, what.number, what.attempt, what.handle, what.version, why, what.why.value,
     what.hint, what.token_high, what.token_low, value.members);
  what.why.code = why < error_codes ? static_cast<error_code>(why) : error_code::malformed;
  if (what.why.code != error_code::none) {
    what.why.where = "replica";
    bool const here =
        what.why.code == error_code::disk_full || what.why.code == error_code::nobody_leads;
    what.why.remedy = here ? advice_on(what.why.code) : "its status page says more";
  }
  value.payload = in.bytes(in.get<std::uint32_t>());
}

// Appends a whole frame.
template <class Body>
void write_client_frame(std::vector<std::byte>& into, frame_kind kind, cluster_id cluster,
                        node_id from, Body const& body) {
  std::size_t const begin = begin_frame(into);
  wire_writer out(into);
  encode(out, body);
  end_frame(into, begin, frame_family::client, {.kind = kind, .cluster = cluster, .from = from});
}

// Returns: whether the body begins with one; newer versions may have added to its end.
template <class Body>
bool read_client_frame(std::span<std::byte const> body, Body& into) {
  wire_reader in(body);
  decode(in, into);
  return !in.failed();
}

}  // namespace synod::asio
