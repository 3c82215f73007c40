// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/record.hpp>
#include <synod/core/shared.hpp>
#include <synod/core/slot_value.hpp>
#include <synod/roles/messages.hpp>
#include <synod/testing/facts.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace synod::testing {

// Words for traces and transcripts. They are for reading only; nothing is decided by them.

inline std::string describe(ballot const& of) { return ballot_text(of).c_str(); }

template <class Command>
std::string describe_command(Command const& of) {
  if constexpr (std::integral<Command>) {
    return std::to_string(of);
  } else if constexpr (std::convertible_to<Command const&, std::string_view>) {
    return std::string(std::string_view(of));
  } else if constexpr (requires {
                         { of.text() } -> std::convertible_to<std::string>;
                       }) {
    return of.text();
  } else {
    return "command";
  }
}

template <class Command>
std::string describe(slot_value<Command> const& of) {
  switch (of.kind()) {
    case value_kind::noop: return "noop";
    case value_kind::membership: return "membership " + std::to_string(of.members().number().value);
    case value_kind::session: return "session";
    case value_kind::batch: break;
  }
  constexpr std::size_t shown = 4;
  std::string text = "[";
  for (std::size_t i = 0; i < of.commands().size() && i < shown; ++i) {
    if (i != 0) text += ' ';
    text += describe_command<Command>(of.commands()[i]);
  }
  if (of.commands().size() > shown) {
    text += " and " + std::to_string(of.commands().size() - shown) + " more";
  }
  return text + "]";
}

// A range of slots: "3", "3..7", "3.." where it has no end.
inline std::string describe(slot first, slot last) {
  std::string text = std::to_string(first.value);
  if (last == first) return text;
  text += "..";
  return last == slot_max ? text : text + std::to_string(last.value);
}

inline std::string describe(prepare const& of) {
  return "prepare " + describe(of.at) + " slot " + describe(of.first, of.last);
}
template <class Command>
std::string describe(promise<Command> const& of) {
  std::string text = "promise " + describe(of.at) + " slot " + describe(of.first, of.last);
  if (of.chosen_upto.value != 0) text += " chosen upto " + std::to_string(of.chosen_upto.value);
  if (of.part != 0 || !of.final_part) text += " part " + std::to_string(of.part);
  for (auto const& vote : of.votes) {
    text += ", " + std::to_string(vote.at.value) + (vote.chosen ? " chosen " : " voted ") +
            describe(vote.voted) + " " + describe(vote.value);
  }
  for (damaged_range const& one : of.damaged) text += ", damaged " + describe(one.first, one.last);
  return text;
}
template <class Command>
std::string describe(accept<Command> const& of) {
  std::string text = "accept " + describe(of.at) + " slot " + std::to_string(of.at_slot.value) +
                     " " + describe(of.value);
  if (of.chosen_upto.value != 0) text += " chosen upto " + std::to_string(of.chosen_upto.value);
  return text;
}
template <class Command>
std::string describe(accepted<Command> const& of) {
  std::string text = "accepted " + describe(of.at) + " slot " + std::to_string(of.at_slot.value);
  if (!of.value.is_noop()) text += " " + describe(of.value);
  return text;
}
template <class Message>
std::string describe(shared<Message> const& of) {
  return describe(*of);
}
inline std::string describe(nack const& of) {
  return "nack " + describe(of.refused) + " promised " + describe(of.promised);
}

template <class Command>
std::string describe(record<Command> const& of) {
  std::string const at_slot = std::to_string(of.at_slot.value);
  switch (of.kind) {
    case record_kind::promise: {
      std::string text = "promise";
      for (promised_range const& one : *of.promises) {
        text += " " + describe(one.first, one.last) + " at " + describe(one.at);
      }
      return text;
    }
    case record_kind::reserved: return "reserved rounds upto " + std::to_string(of.at.round);
    case record_kind::floor: return "floor " + std::to_string(of.upto.value);
    case record_kind::vote:
      return "vote " + describe(of.at) + " slot " + at_slot + " " + describe(of.value);
    case record_kind::chosen: return "chosen slot " + at_slot + " " + describe(of.value);
    case record_kind::mark: return "mark upto " + std::to_string(of.upto.value);
    case record_kind::host: break;
  }
  return "record of the host";
}

}  // namespace synod::testing
