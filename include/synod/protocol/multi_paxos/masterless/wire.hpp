// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/masterless/messages.hpp>
#include <synod/protocol/multi_paxos/wire.hpp>

namespace synod {

inline void encode(wire_writer& out, slot_notice const& one) {
  out(one.at, one.at_slot, one.chosen_upto);
}
inline void decode(wire_reader& in, slot_notice& one) { in(one.at, one.at_slot, one.chosen_upto); }

// The messages of masterless multi-Paxos as bytes.
template <class Command, class Coder>
class masterless_wire {
 public:
  using message_type = masterless_message<Command>;

  explicit masterless_wire(value_coder<Command, Coder>& values) : log_(values) {}

  // Returns: false for a value that could not be decoded again.
  [[nodiscard]] bool write(wire_writer& out, message_type const& message) {
    return write_alternative(out, message, *this);
  }
  // Returns: whether the bytes are exactly one message.
  [[nodiscard]] bool read(wire_reader& in, message_type& message) {
    auto const tag = in.template get<std::uint8_t>();
    read_alternative(in, message, *this, tag);
    return in.finished();
  }

  // One alternative, for the visit above.
  template <class One>
  [[nodiscard]] bool write(wire_writer& out, One const& one) {
    return log_.write(out, one);
  }
  [[nodiscard]] bool write(wire_writer& out, extent_message const& one) {
    return write_alternative(out, one, *this);
  }
  template <class One>
  void read(wire_reader& in, One& one) {
    log_.read(in, one);
  }
  void read(wire_reader& in, extent_message& one) {
    auto const tag = in.template get<std::uint8_t>();
    read_alternative(in, one, *this, tag);
  }

 private:
  multi_paxos_wire<Command, election_message, Coder> log_;
};

}  // namespace synod
