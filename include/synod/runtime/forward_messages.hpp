// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/core/batch.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/outcome.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace synod {

// What a replica that does not lead hands to the one that does, once for each attempt. Results do
// not come back: whoever forwarded applies the slot itself, and answers then.
struct forwarded_command {
  std::uint64_t handle = 0;  // of the attempt, for a refusal
  std::uint32_t attempt = 0;
  session_id session;
  sequence number;
  sequence acked_upto;
  std::vector<std::byte> command;
};
struct forwarded_opening {
  std::uint32_t attempt = 0;
  session_change session;
};
struct forwarded_barrier {
  session_id label;
  sequence number;
};
// This attempt was not proposed, if `certain`; else it may still be applied.
struct forward_refusal {
  std::uint64_t handle = 0;  // 0: an opening
  std::uint32_t attempt = 0;
  session_id session;
  sequence number;  // of the command, or of the barrier
  bool certain = false;
  error_code why = error_code::none;
  leader_hint hint;
};
using forward_message =
    one_of<forwarded_command, forwarded_opening, forwarded_barrier, forward_refusal>;

inline void encode(wire_writer& out, forwarded_command const& value) {
  out(value.handle, value.attempt, value.session, value.number, value.acked_upto,
      static_cast<std::uint32_t>(value.command.size()));
  out.bytes(value.command);
}
inline void decode(wire_reader& in, forwarded_command& value) {
  in(value.handle, value.attempt, value.session, value.number, value.acked_upto);
  assign_bytes(value.command, in.bytes(in.count(1, 1)));
}
inline void encode(wire_writer& out, forwarded_opening const& value) {
  out(value.attempt, value.session.token_high, value.session.token_low);
}
inline void decode(wire_reader& in, forwarded_opening& value) {
  in(value.attempt, value.session.token_high, value.session.token_low);
}
inline void encode(wire_writer& out, forwarded_barrier const& value) {
  out(value.label, value.number);
}
inline void decode(wire_reader& in, forwarded_barrier& value) { in(value.label, value.number); }
inline void encode(wire_writer& out, forward_refusal const& value) {
  out(value.handle, value.attempt, value.session, value.number, value.certain,
      static_cast<std::uint16_t>(value.why), value.hint);
}
inline void decode(wire_reader& in, forward_refusal& value) {
  std::uint16_t why = 0;
  in(value.handle, value.attempt, value.session, value.number, value.certain, why, value.hint);
  if (why >= error_codes) in.fail();
  value.why = static_cast<error_code>(in.failed() ? 0 : why);
}

inline void encode(wire_writer& out, forward_message const& value) {
  out(static_cast<std::uint8_t>(value.index()));
  visit(out, value);
}
inline void decode(wire_reader& in, forward_message& value) {
  switch (in.get<std::uint8_t>()) {
    case 0: return in(value.emplace<0>());
    case 1: return in(value.emplace<1>());
    case 2: return in(value.emplace<2>());
    case 3: return in(value.emplace<3>());
    default: in.fail();
  }
}

}  // namespace synod
