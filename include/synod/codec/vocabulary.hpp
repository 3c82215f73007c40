// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/wire.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/outcome.hpp>
#include <synod/core/record.hpp>

#include <utility>

namespace synod {

// The words of the core on the wire and on disk. Every field has its width; what could break a rule
// of its type is refused where it is read.

inline void encode(wire_writer& out, store_id const& value) { out(value.high, value.low); }
inline void decode(wire_reader& in, store_id& value) { in(value.high, value.low); }

inline void encode(wire_writer& out, cluster_id const& value) { out(value.high, value.low); }
inline void decode(wire_reader& in, cluster_id& value) { in(value.high, value.low); }

inline void encode(wire_writer& out, incarnation const& value) { out(value.counter, value.nonce); }
inline void decode(wire_reader& in, incarnation& value) { in(value.counter, value.nonce); }

// As it is packed, so that what is compared on the wire is what is compared in memory (H19).
inline void encode(wire_writer& out, ballot const& value) {
  packed_ballot const packed = pack(value);
  out(packed.high, packed.low);
}
inline void decode(wire_reader& in, ballot& value) {
  packed_ballot packed;
  in(packed.high, packed.low);
  value = unpack(packed);
}

template <class T>
void encode(wire_writer& out, maybe<T> const& value) {
  out(value.has_value());
  if (value) out(*value);
}
template <class T>
void decode(wire_reader& in, maybe<T>& value) {
  bool here = false;
  in(here);
  value.reset();
  if (here) in(value.emplace());
}

inline void encode(wire_writer& out, leader_hint const& value) { out(value.at, value.leader); }
inline void decode(wire_reader& in, leader_hint& value) { in(value.at, value.leader); }

inline void encode(wire_writer& out, promised_range const& value) {
  out(value.first, value.last, value.at);
}
inline void decode(wire_reader& in, promised_range& value) {
  in(value.first, value.last, value.at);
  if (value.first > value.last) in.fail();
}

inline void encode(wire_writer& out, damaged_range const& value) {
  out(value.group, value.lane, value.first, value.last);
}
inline void decode(wire_reader& in, damaged_range& value) {
  in(value.group, value.lane, value.first, value.last);
  if (value.first > value.last) in.fail();
}

inline constexpr std::size_t promised_range_length = 32;
inline constexpr std::size_t damaged_range_length = 28;

// Lists: how many, then one after another. `smallest` is the least that an element takes here.
template <class List>
void encode_list(wire_writer& out, List const& values) {
  out(static_cast<std::uint32_t>(values.size()));
  for (auto const& one : values) out(one);
}
template <class List>
void decode_list(wire_reader& in, List& values, std::size_t smallest) {
  std::uint32_t const count = in.count(smallest, sizeof(typename List::value_type));
  values.clear();
  values.reserve(count);
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) in(values.emplace_back());
}

// Promised ranges are disjoint and rise, else nobody could say what is promised for a slot.
inline void encode(wire_writer& out, list<promised_range> const& values) {
  encode_list(out, values);
}
inline void decode(wire_reader& in, list<promised_range>& values) {
  decode_list(in, values, promised_range_length);
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i].first <= values[i - 1].last) in.fail();
  }
}

inline void encode(wire_writer& out, list<damaged_range> const& values) {
  encode_list(out, values);
}
inline void decode(wire_reader& in, list<damaged_range>& values) {
  decode_list(in, values, damaged_range_length);
}

inline void encode(wire_writer& out, damage const& value) { out(value.everything, value.ranges); }
inline void decode(wire_reader& in, damage& value) { in(value.everything, value.ranges); }

inline void encode(wire_writer& out, short_text const& value) {
  out(static_cast<std::uint8_t>(value.size()));
  out.bytes(std::as_bytes(std::span(value.c_str(), value.size())));
}
// Control characters are refused: these texts end up in logs and on terminals.
inline void decode(wire_reader& in, short_text& value) {
  auto const length = in.get<std::uint8_t>();
  auto const bytes = in.bytes(length);
  for (std::byte const one : bytes) {
    auto const code = std::to_integer<unsigned>(one);
    if (code < 0x20 || code == 0x7f) in.fail();
  }
  if (!short_text::fits(length)) in.fail();
  value = in.failed() ? short_text()
                      : short_text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
}

inline void encode(wire_writer& out, member const& value) {
  out(value.id, value.store, value.index, static_cast<std::uint8_t>(value.role), value.zone,
      value.weight, value.endpoint);
}
inline void decode(wire_reader& in, member& value) {
  std::uint8_t role = 0;
  in(value.id, value.store, value.index, role, value.zone, value.weight, value.endpoint);
  if (role > static_cast<std::uint8_t>(member_role::learner)) in.fail();
  value.role = static_cast<member_role>(role);
}
inline constexpr std::size_t member_length_min = 32;

inline void encode(wire_writer& out, quorum_spec const& value) {
  out(value.phase1, value.phase2, value.columns);
}
inline void decode(wire_reader& in, quorum_spec& value) {
  in(value.phase1, value.phase2, value.columns);
}

inline void encode(wire_writer& out, cluster_constants const& value) {
  out(value.alpha, value.session_capacity, value.replies_kept, value.in_flight_max);
}
inline void decode(wire_reader& in, cluster_constants& value) {
  in(value.alpha, value.session_capacity, value.replies_kept, value.in_flight_max);
}

inline void encode(wire_writer& out, membership const& value) {
  out(value.number(), value.spec());
  encode_list(out, value.members());
}
// What is read passes the same checks as what a person configures.
inline void decode(wire_reader& in, membership& value) {
  config_number number;
  quorum_spec spec;
  list<member> members;
  in(number, spec);
  decode_list(in, members, member_length_min);
  if (in.failed()) return;
  auto made = membership::make(number, std::move(members), spec);
  if (made) {
    value = *std::move(made);
  } else {
    in.fail();
  }
}
inline constexpr std::size_t membership_length_min = 20 + member_length_min;

inline void encode(wire_writer& out, governed_from const& value) {
  out(value.first, value.members);
}
inline void decode(wire_reader& in, governed_from& value) { in(value.first, value.members); }

}  // namespace synod
