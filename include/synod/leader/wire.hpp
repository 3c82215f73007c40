// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/codec/wire.hpp>
#include <synod/leader/ballot_election.hpp>
#include <synod/leader/stable.hpp>

namespace synod {

inline void encode(wire_writer& out, election_message const& one) {
  out(one.reply, one.round, one.mine, one.leader, one.happy);
}
inline void decode(wire_reader& in, election_message& one) {
  in(one.reply, one.round, one.mine, one.leader, one.happy);
}

inline void encode(wire_writer& out, stable_message const& one) {
  out(static_cast<std::uint8_t>(one.kind), one.attempt, one.at);
}
inline void decode(wire_reader& in, stable_message& one) {
  auto const kind = in.get<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(stable_kind::beat_ack)) in.fail();
  one.kind = static_cast<stable_kind>(kind);
  in(one.attempt, one.at);
}

}  // namespace synod
