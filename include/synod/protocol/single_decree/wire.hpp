// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/single_decree/messages.hpp>
#include <synod/roles/wire.hpp>

namespace synod {

// The messages of single-decree as bytes.
template <class Command, class Coder>
class single_decree_wire {
 public:
  using message_type = decree_message<Command>;

  explicit single_decree_wire(value_coder<Command, Coder>& values) : roles_(values) {}

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
    return roles_.write(out, one);
  }
  [[nodiscard]] bool write(wire_writer&, decree_asked const&) { return true; }
  [[nodiscard]] bool write(wire_writer& out, decree_chosen<Command> const& one) {
    return roles_.values().write(out, one.value);
  }
  template <class One>
  void read(wire_reader& in, One& one) {
    roles_.read(in, one);
  }
  void read(wire_reader&, decree_asked&) {}
  void read(wire_reader& in, decree_chosen<Command>& one) { roles_.values().read(in, one.value); }

 private:
  role_wire<Command, Coder> roles_;
};

}  // namespace synod
