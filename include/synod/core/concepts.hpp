// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/maybe.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/output.hpp>
#include <synod/core/record.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

namespace synod {

// A system of quorums over fixed members: two monotone predicates such that every phase-1 quorum
// meets every phase-2 quorum.
template <class T>
concept quorum_system = std::copyable<T> && requires(T const system, node_set members) {
  { system.phase1(members) } -> std::same_as<bool>;
  { system.phase2(members) } -> std::same_as<bool>;
};

// Why a family has no system for these members: two quorums that do not meet, or a rule it breaks.
struct quorum_conflict {
  error why;
  node_set phase1;
  node_set phase2;
};

template <class System>
struct bound_quorums {
  maybe<System> system;
  quorum_conflict conflict;
};

// A family of systems: given a configuration it binds one system, or shows what prevents it.
template <class T>
concept quorum = requires(membership const& members) {
  requires quorum_system<typename T::system>;
  { T::bind(members) } -> std::same_as<bound_quorums<typename T::system>>;
  { T::name() } -> std::convertible_to<char const*>;
};

// Where and when a command is applied, for a machine whose `apply` takes it as a second argument.
// All of it comes from the log, so all nodes are told the same (hazard H34).
struct applied_at {
  slot at;
  std::uint16_t index = 0;
  time_ns stamp = 0;  // the proposer's time, never falling from one command to the next
  session_id session;

  // Rises with every command, and is what a machine calls the version of what the command wrote.
  [[nodiscard]] constexpr std::uint64_t version() const { return (at.value << 16) | index; }
};

template <class T, class One>
concept applies = requires(T& state, One const& command) {
  state.apply(command);
}
|| requires(T& state, One const& command, applied_at const& where) { state.apply(command, where); };

namespace detail {
template <class T, class Command>
inline constexpr bool applies_each = applies<T, Command>;
template <class T, class... Ones>
inline constexpr bool applies_each<T, std::variant<Ones...>> = (applies<T, Ones> && ...);
}  // namespace detail

// A deterministic state machine: `apply` gives the same result for the same history on every node
// and does not throw. `command` may be a std::variant, with one `apply` for each alternative. The
// snapshot functions of a machine are asked for where snapshots are taken.
template <class T>
concept machine = requires {
  typename T::command;
  requires std::copyable<typename T::command>;
}
&&detail::applies_each<T, typename T::command>;

// Storage sees bytes. `append` takes records in order and says under which ticket they are durable;
// `durable` is the highest ticket that is; `wait` blocks until everything appended is; `failed` is
// an error once anything failed, after which nothing is durable any more and the process must stop.
template <class T>
concept storage = requires(T& log, T const& same, std::span<record_view const> records, ticket at,
                           group_id group, lane_id lane, slot upto,
                           void (*each)(record_view const&)) {
  log.append(records, at);
  { log.durable() } -> std::same_as<ticket>;
  log.wait();
  { same.failed() } -> std::same_as<error>;
  { log.replay(each) } -> std::same_as<damage>;
  log.trim(group, lane, upto);
  { same.store() } -> std::same_as<store_id>;
  { same.life() } -> std::same_as<incarnation>;
};

// Encodes values of the user's. `encode` appends to a byte sink; `decode` reads exactly the given
// bytes into a value or says false, and never allocates what the bytes merely claim.
template <class T, class Value>
concept codec = requires(T& coder, std::vector<std::byte>& into, Value const& from, Value& to,
                         std::span<std::byte const> bytes) {
  coder.encode(from, into);
  { coder.decode(bytes, to) } -> std::same_as<bool>;
};

// What every core has. See output.hpp for what the lists promise.
template <class T>
concept protocol_core = requires(T& core, T const& same, typename T::output_type& out, time_ns now,
                                 ticket at, node_id from, typename T::message_type&& message,
                                 damage const& harm, record<typename T::command> const& saved,
                                 batch<typename T::command>&& commands) {
  typename T::options;
  requires std::constructible_from<T, typename T::options>;
  core.restore(saved);
  core.start(now, harm, out);
  { core.propose(now, std::move(commands), out) } -> maybe_of<refusal>;
  core.step(now, from, std::move(message), out);
  core.tick(now, out);
  core.persisted(now, at, out);
  { same.next_deadline() } -> std::same_as<time_ns>;
  { same.room() } -> std::convertible_to<std::size_t>;
  { same.members() } -> std::convertible_to<membership const&>;
  { same.hint() } -> std::same_as<leader_hint>;
};

namespace detail {
struct exemplar_machine {
  using command = std::uint64_t;
  void apply(command const&) {}
};
}  // namespace detail

// A protocol is a bundle of policies whose nested `core<Machine>` is the state machine. It says
// whether it elects a leader to whom clients are sent, and whether one node that reaches a quorum
// is enough for progress, however the other links have failed.
template <class T>
concept protocol = requires {
  typename T::template core<detail::exemplar_machine>;
  requires protocol_core<typename T::template core<detail::exemplar_machine>>;
  { T::elects_leader } -> std::convertible_to<bool>;
  { T::progresses_when_partially_connected } -> std::convertible_to<bool>;
  { T::name() } -> std::convertible_to<char const*>;
};

}  // namespace synod
