// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/machine/commands.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace synod::asio {

namespace detail {

template <class Machine, class Given>
struct submitted {
  static_assert(!has_several_commands<Machine> &&
                    std::convertible_to<Given, typename Machine::command>,
                "synod::asio: this is no command of the machine; of a machine with several "
                "commands, submit one of them and not the variant");
  using type = typename Machine::command;
};
template <class Machine, class Given>
  requires(command_of<Given, Machine> &&
           (!has_several_commands<Machine> || !std::same_as<Given, typename Machine::command>))
struct submitted<Machine, Given> {
  using type = Given;
};

}  // namespace detail

// The command that a user means who submits this: itself, or what it converts to.
template <class Machine, class Given>
using submitted_command = typename detail::submitted<Machine, Given>::type;

// A command that changes nothing, and says so: its `apply` is const and asks for no position.
template <class Machine, class One>
concept query_command = command_of<One, Machine> &&
    requires(Machine const& state, One const& what) {
  state.apply(what);
};

// Such a command, asked of one replica instead of the log.
template <class Machine, class One>
class command_query {
 public:
  using machine = Machine;
  using result = result_of<Machine, One>;

  explicit command_query(One what) : what_(std::move(what)) {}
  [[nodiscard]] result look(Machine const& state) const { return state.apply(what_); }

 private:
  One what_;
};

// Any function of the machine.
template <class Machine, class Function>
class function_query {
 public:
  using machine = Machine;
  using raw = std::remove_cvref_t<std::invoke_result_t<Function&, Machine const&>>;
  using result = std::conditional_t<std::is_void_v<raw>, done, raw>;

  explicit function_query(Function what) : what_(std::move(what)) {}
  [[nodiscard]] result look(Machine const& state) {
    if constexpr (std::is_void_v<raw>) {
      what_(state);
      return done();
    } else {
      return what_(state);
    }
  }

 private:
  Function what_;
};

namespace detail {

template <class Machine, class Given>
struct query {
  static_assert(std::invocable<Given&, Machine const&>,
                "synod::asio: this is no query of the machine: give a function of `Machine "
                "const&`, or a command whose `apply` is const");
  using type = function_query<Machine, Given>;
};
template <class Machine, class Given>
  requires query_command<Machine, Given>
struct query<Machine, Given> {
  using type = command_query<Machine, Given>;
};

}  // namespace detail

template <class Machine, class Given>
using query_of = typename detail::query<Machine, Given>::type;

}  // namespace synod::asio
