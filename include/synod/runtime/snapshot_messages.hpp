// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/snapshot_store.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace synod {

// A snapshot on its way from a donor to a node that can no longer get slot by slot what it misses.
// The receiver pulls: each question says of which snapshot it has how much, and how many bytes may
// follow. So a transfer goes on where it stopped, whatever was lost, and its flow is the
// receiver's.
struct snapshot_ask {
  slot at_least;       // anything below is of no use
  snapshot_info have;  // all zero at first
  std::uint64_t offset = 0;
  std::uint32_t credit = 0;
};
// Another one than was asked for, or the first: ask for this.
struct snapshot_offer {
  snapshot_info what;
};
struct snapshot_part {
  snapshot_info of;
  std::uint64_t offset = 0;
  std::vector<std::byte> bytes;
};
// Nothing at or above that: ask again later, or somebody else.
struct snapshot_none {
  slot at_least;
  error_code why = error_code::none;
};
using snapshot_message = one_of<snapshot_ask, snapshot_offer, snapshot_part, snapshot_none>;

inline void encode(wire_writer& out, snapshot_info const& value) {
  out(value.upto, value.length, value.checksum);
}
inline void decode(wire_reader& in, snapshot_info& value) {
  in(value.upto, value.length, value.checksum);
}
inline void encode(wire_writer& out, snapshot_ask const& value) {
  out(value.at_least, value.have, value.offset, value.credit);
}
inline void decode(wire_reader& in, snapshot_ask& value) {
  in(value.at_least, value.have, value.offset, value.credit);
}
inline void encode(wire_writer& out, snapshot_offer const& value) { out(value.what); }
inline void decode(wire_reader& in, snapshot_offer& value) { in(value.what); }
inline void encode(wire_writer& out, snapshot_part const& value) {
  out(value.of, value.offset, static_cast<std::uint32_t>(value.bytes.size()));
  out.bytes(value.bytes);
}
inline void decode(wire_reader& in, snapshot_part& value) {
  in(value.of, value.offset);
  std::uint32_t const length = in.count(1, 1);
  assign_bytes(value.bytes, in.bytes(length));
}
inline void encode(wire_writer& out, snapshot_none const& value) {
  out(value.at_least, static_cast<std::uint16_t>(value.why));
}
inline void decode(wire_reader& in, snapshot_none& value) {
  std::uint16_t why = 0;
  in(value.at_least, why);
  if (why >= error_codes) in.fail();
  value.why = static_cast<error_code>(in.failed() ? 0 : why);
}

inline void encode(wire_writer& out, snapshot_message const& value) {
  out(static_cast<std::uint8_t>(value.index()));
  visit(out, value);
}
inline void decode(wire_reader& in, snapshot_message& value) {
  switch (in.get<std::uint8_t>()) {
    case 0: return in(value.emplace<0>());
    case 1: return in(value.emplace<1>());
    case 2: return in(value.emplace<2>());
    case 3: return in(value.emplace<3>());
    default: in.fail();
  }
}

struct snapshot_send {
  node_id to;
  snapshot_message message;
};

}  // namespace synod
