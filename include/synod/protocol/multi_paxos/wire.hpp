// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/leader/wire.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/roles/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

inline void encode(wire_writer& out, notice const& one) { out(one.at, one.chosen_upto); }
inline void decode(wire_reader& in, notice& one) { in(one.at, one.chosen_upto); }

inline void encode(wire_writer& out, pulse_beat const& one) {
  out(one.at, one.chosen_upto, one.token, one.sent_at);
}
inline void decode(wire_reader& in, pulse_beat& one) {
  in(one.at, one.chosen_upto, one.token, one.sent_at);
}
inline void encode(wire_writer& out, pulse_ack const& one) {
  out(one.at, one.token, one.sent_at, one.chosen_upto);
}
inline void decode(wire_reader& in, pulse_ack& one) {
  in(one.at, one.token, one.sent_at, one.chosen_upto);
}
inline void encode(wire_writer& out, pulse_hand_over const& one) { out(one.at); }
inline void decode(wire_reader& in, pulse_hand_over& one) { in(one.at); }

inline void encode(wire_writer& out, learn_ask const& one) { out(one.first); }
inline void decode(wire_reader& in, learn_ask& one) {
  in(one.first);
  if (one.first == slot()) in.fail();
}

inline void encode(wire_writer& out, read_ask const& one) { out(one.id); }
inline void decode(wire_reader& in, read_ask& one) { in(one.id); }
inline void encode(wire_writer& out, read_confirmed const& one) { out(one.id, one.upto); }
inline void decode(wire_reader& in, read_confirmed& one) { in(one.id, one.upto); }
inline void encode(wire_writer& out, read_refused const& one) { out(one.id); }
inline void decode(wire_reader& in, read_refused& one) { in(one.id); }
inline void encode(wire_writer& out, extent_ask const& one) { out(one.id); }
inline void decode(wire_reader& in, extent_ask& one) { in(one.id); }
inline void encode(wire_writer& out, extent_told const& one) {
  out(one.id, one.voted_upto, one.chosen_upto);
}
inline void decode(wire_reader& in, extent_told& one) {
  in(one.id, one.voted_upto, one.chosen_upto);
}

// The messages of leader-based multi-Paxos as bytes.
template <class Command, class Election, class Coder>
class multi_paxos_wire {
 public:
  using message_type = multi_paxos_message<Command, Election>;

  explicit multi_paxos_wire(value_coder<Command, Coder>& values) : roles_(values) {}

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

  // One alternative, for the visit above: the shared and the plain ones, and those in two steps.
  template <class One>
  [[nodiscard]] bool write(wire_writer& out, One const& one) {
    return roles_.write(out, one);
  }
  [[nodiscard]] bool write(wire_writer& out, pulse const& one) {
    return write_alternative(out, one, *this);
  }
  [[nodiscard]] bool write(wire_writer& out, learn<Command> const& one) {
    return write_alternative(out, one, *this);
  }
  [[nodiscard]] bool write(wire_writer& out, read_message const& one) {
    return write_alternative(out, one, *this);
  }
  [[nodiscard]] bool write(wire_writer& out, shared<learn_values<Command>> const& held) {
    learn_values<Command> const& one = *held;
    out(one.chosen_upto, one.trimmed_upto, one.final_part);
    out(static_cast<std::uint32_t>(one.values.size()));
    for (learned_value<Command> const& value : one.values) {
      out(value.at);
      if (!roles_.values().write(out, value.value)) return false;
    }
    return true;
  }

  template <class One>
  void read(wire_reader& in, One& one) {
    roles_.read(in, one);
  }
  void read(wire_reader& in, pulse& one) { in_two_steps(in, one); }
  void read(wire_reader& in, learn<Command>& one) { in_two_steps(in, one); }
  void read(wire_reader& in, read_message& one) { in_two_steps(in, one); }
  void read(wire_reader& in, shared<learn_values<Command>>& held) {
    learn_values<Command> one;
    in(one.chosen_upto, one.trimmed_upto, one.final_part);
    std::uint32_t const count = in.count(learned_length_min, sizeof(learned_value<Command>));
    one.values.reserve(count);
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
      learned_value<Command>& value = one.values.emplace_back();
      in(value.at);
      roles_.values().read(in, value.value);
    }
    held = std::move(one);
  }

 private:
  static constexpr std::size_t learned_length_min = 8 + 9;

  template <class Message>
  void in_two_steps(wire_reader& in, Message& one) {
    auto const tag = in.template get<std::uint8_t>();
    read_alternative(in, one, *this, tag);
  }

  role_wire<Command, Coder> roles_;
};

}  // namespace synod
