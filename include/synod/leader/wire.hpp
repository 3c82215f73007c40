// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/codec/wire.hpp>
#include <synod/leader/ballot_election.hpp>

namespace synod {

inline void encode(wire_writer& out, election_message const& one) {
  out(one.reply, one.round, one.mine, one.leader, one.happy);
}
inline void decode(wire_reader& in, election_message& one) {
  in(one.reply, one.round, one.mine, one.leader, one.happy);
}

}  // namespace synod
