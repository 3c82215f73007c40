// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/random.hpp>

#include <concepts>
#include <cstdint>

namespace synod::testing {

// What clients in a simulation submit. Numbers are taken as they are; for another type of command
// specialise this with a `draw` that makes a different command for each number.
template <class Command>
struct sample_command;

template <std::integral Command>
struct sample_command<Command> {
  static Command draw(random_source&, std::uint64_t number) { return static_cast<Command>(number); }
};

// A command that is a class may bring its own: `static Command sample(random_source&, number)`.
template <class Command>
  requires requires(random_source& random, std::uint64_t number) {
    { Command::sample(random, number) } -> std::same_as<Command>;
  }
struct sample_command<Command> {
  static Command draw(random_source& random, std::uint64_t number) {
    return Command::sample(random, number);
  }
};

}  // namespace synod::testing
