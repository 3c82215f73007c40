// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/values.hpp>
#include <synod/codec/vocabulary.hpp>
#include <synod/codec/wire.hpp>
#include <synod/roles/messages.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

// The shared messages as bytes. What holds values is written by a coder that knows how, and may
// fail for a value that nobody could decode; such a value was never proposed.

inline void encode(wire_writer& out, prepare const& value) {
  out(value.at, value.first, value.last);
}
inline void decode(wire_reader& in, prepare& value) {
  in(value.at, value.first, value.last);
  if (value.first == slot() || value.first > value.last) in.fail();
}

inline void encode(wire_writer& out, nack const& value) {
  out(value.refused, value.promised, value.at_slot);
}
inline void decode(wire_reader& in, nack& value) {
  in(value.refused, value.promised, value.at_slot);
}

// Writes and reads the messages that carry values.
template <class Command, class Coder>
class role_wire {
 public:
  explicit role_wire(value_coder<Command, Coder>& values) : values_(&values) {}

  // What carries none.
  template <class Message>
  [[nodiscard]] bool write(wire_writer& out, Message const& one) {
    encode(out, one);
    return true;
  }
  template <class Message>
  void read(wire_reader& in, Message& one) {
    decode(in, one);
  }

  [[nodiscard]] bool write(wire_writer& out, accept<Command> const& one) {
    out(one.at, one.at_slot, one.chosen_upto);
    return values_->write(out, one.value);
  }
  void read(wire_reader& in, accept<Command>& one) {
    in(one.at, one.at_slot, one.chosen_upto);
    if (one.at_slot == slot()) in.fail();
    values_->read(in, one.value);
  }

  [[nodiscard]] bool write(wire_writer& out, accepted<Command> const& one) {
    out(one.at, one.at_slot);
    return values_->write(out, one.value);
  }
  void read(wire_reader& in, accepted<Command>& one) {
    in(one.at, one.at_slot);
    if (one.at_slot == slot()) in.fail();
    values_->read(in, one.value);
  }

  [[nodiscard]] bool write(wire_writer& out, promise<Command> const& one) {
    out(one.at, one.first, one.last, one.chosen_upto, one.trimmed_upto, one.answer, one.part,
        one.final_part, one.damaged);
    out(static_cast<std::uint32_t>(one.votes.size()));
    for (reported_vote<Command> const& vote : one.votes) {
      out(vote.at, vote.voted, vote.chosen);
      if (!values_->write(out, vote.value)) return false;
    }
    return true;
  }
  void read(wire_reader& in, promise<Command>& one) {
    in(one.at, one.first, one.last, one.chosen_upto, one.trimmed_upto, one.answer, one.part,
       one.final_part, one.damaged);
    std::uint32_t const count = in.count(reported_length_min, sizeof(reported_vote<Command>));
    one.votes.clear();
    one.votes.reserve(count);
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
      reported_vote<Command>& vote = one.votes.emplace_back();
      in(vote.at, vote.voted, vote.chosen);
      values_->read(in, vote.value);
    }
  }

  // What a message holds by a pointer.
  template <class Held>
  [[nodiscard]] bool write(wire_writer& out, shared<Held> const& one) {
    return write(out, *one);
  }
  template <class Held>
  void read(wire_reader& in, shared<Held>& one) {
    Held read_here;
    read(in, read_here);
    one = std::move(read_here);
  }

  [[nodiscard]] value_coder<Command, Coder>& values() { return *values_; }

 private:
  static constexpr std::size_t reported_length_min = 8 + 16 + 1 + 9;

  value_coder<Command, Coder>* values_;
};

// A message as a tag, the place of its alternative, and the alternative. `Wire` writes and reads
// each.
template <class Message, class Wire>
[[nodiscard]] bool write_alternative(wire_writer& out, Message const& message, Wire& wire) {
  out(static_cast<std::uint8_t>(message.index()));
  return visit([&](auto const& one) { return wire.write(out, one); }, message);
}

template <class Message, class Wire>
void read_alternative(wire_reader& in, Message& message, Wire& wire, std::uint8_t tag) {
  auto const read = [&]<std::size_t... At>(std::index_sequence<At...>) {
    return ((tag == At && (wire.read(in, message.template emplace<At>()), true)) || ...);
  };
  if (!read(std::make_index_sequence<alternatives_of<Message>>())) in.fail();
}

}  // namespace synod
