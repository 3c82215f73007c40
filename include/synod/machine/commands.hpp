// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/concepts.hpp>
#include <synod/core/ids.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <variant>

namespace synod {

// What a command gives whose `apply` gives nothing.
struct done {
  template <class Archive>
  void serialize(Archive&) {}
  friend constexpr bool operator==(done, done) = default;
};

namespace detail {

template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;

template <class Machine, class One>
decltype(auto) apply_one(Machine& state, One const& command, applied_at const& where) {
  if constexpr (requires { state.apply(command, where); }) {
    return state.apply(command, where);
  } else {
    return state.apply(command);
  }
}

template <class Machine, class One>
struct applied_result {
  using raw = std::remove_cvref_t<decltype(apply_one(
      std::declval<Machine&>(), std::declval<One const&>(), std::declval<applied_at const&>()))>;
  using type = std::conditional_t<std::is_void_v<raw>, done, raw>;
};

template <class T, class... Ts>
inline constexpr bool is_alternative = false;
template <class T, class... Ts>
inline constexpr bool is_alternative<T, std::variant<Ts...>> = (std::same_as<T, Ts> || ...);

}  // namespace detail

// A machine with several commands has `using command = std::variant<put, get, ...>` and one `apply`
// overload each.
template <class Machine>
inline constexpr bool has_several_commands = detail::is_variant<typename Machine::command>;

// One is a command of this machine: its only one, or one alternative of its variant.
template <class One, class Machine>
concept command_of = std::same_as<One, typename Machine::command> ||
    detail::is_alternative<One, typename Machine::command>;

// What `apply(One)` of this machine gives, found at compile time.
template <class Machine, class One>
using result_of = typename detail::applied_result<Machine, One>::type;

// Applies one command, of whatever alternative, and hands its result to `take(result)`.
template <class Machine, class Take>
void apply_command(Machine& state, typename Machine::command const& command,
                   applied_at const& where, Take&& take) {
  auto const one = [&]<class One>(One const& alternative) {
    if constexpr (std::is_void_v<decltype(detail::apply_one(state, alternative, where))>) {
      detail::apply_one(state, alternative, where);
      take(done());
    } else {
      take(detail::apply_one(state, alternative, where));
    }
  };
  if constexpr (has_several_commands<Machine>) {
    std::visit(one, command);
  } else {
    one(command);
  }
}

// A machine that is frozen and thawed as a stream, so that a snapshot needs no second copy of the
// state in memory: `freeze` gives a reader of the state as it is now, which stays that while the
// machine goes on; a writer takes the same bytes in pieces of any size, and `thaw` replaces the
// state by what was written, or says false and leaves it. Written bytes may be hostile.
template <class T>
concept streaming_machine = requires(T& state, T const& same, typename T::reader& from,
                                     typename T::writer& to, std::span<std::byte> room,
                                     std::span<std::byte const> piece) {
  { same.freeze() } -> std::same_as<typename T::reader>;
  { from.read(room) } -> std::same_as<std::size_t>;  // 0 at the end
  requires std::default_initializable<typename T::writer>;
  { to.write(piece) } -> std::same_as<bool>;  // false: this is no snapshot of this machine
  { state.thaw(static_cast<typename T::writer&&>(to)) } -> std::same_as<bool>;
};

}  // namespace synod
