// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/node_set.hpp>
#include <synod/core/slot_value.hpp>
#include <synod/testing/random.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace synod::testing {

// Two independent 64-bit digests of a sequence of values: states with the same one are taken to be
// the same, wrongly with a chance of about 2^-128 for each pair.
class fingerprint {
 public:
  template <class... Values>
  void operator()(Values const&... values) {
    (add(values), ...);
  }

  [[nodiscard]] std::uint64_t first() const { return first_; }
  [[nodiscard]] std::uint64_t second() const { return second_; }
  friend bool operator==(fingerprint const&, fingerprint const&) = default;

 private:
  template <std::integral Number>
  void add(Number value) {
    word(static_cast<std::uint64_t>(value));
  }
  template <class Enumeration>
    requires std::is_enum_v<Enumeration>
  void add(Enumeration value) { word(static_cast<std::uint64_t>(value)); }
  template <class Tag, class Rep>
  void add(strong_id<Tag, Rep> value) {
    word(value.value);
  }
  void add(slot value) { word(value.value); }
  void add(node_set value) { word(value.bits()); }
  void add(ballot const& value) {
    packed_ballot const packed = pack(value);
    word(packed.high);
    word(packed.low);
  }
  template <class Command>
  void add(slot_value<Command> const& value) {
    word(static_cast<std::uint64_t>(value.kind()));
    if (!value.is_batch()) return;
    for (Command const& one : value.commands()) word(static_cast<std::uint64_t>(one));
    for (command_origin const& one : value.origins()) {
      word(one.session.value);
      word(one.first_sequence.value);
    }
  }

  void word(std::uint64_t value) {
    first_ = scramble(first_ ^ scramble(value + 1));
    second_ = scramble(second_ + 0x9e3779b97f4a7c15U) ^ scramble(~value);
  }

  std::uint64_t first_ = 1;
  std::uint64_t second_ = 2;
};

}  // namespace synod::testing
