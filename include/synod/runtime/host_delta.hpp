// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/core/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace synod {

// A machine that keeps its own state durably. At slot boundaries it is handed what its host must
// remember with that state, and makes both durable in one atomic step; at start it gives every
// entry that it holds to a sink `(std::uint64_t key, std::span<std::byte const> bytes)`, in any
// order. So a machine and its client table can never disagree about what was applied.
template <class T>
concept durable_machine = requires(T& state, T const& same, slot position,
                                   std::span<std::byte const> host_delta,
                                   void (*sink)(std::uint64_t, std::span<std::byte const>)) {
  state.commit(position, host_delta);
  same.host_state(sink);
};

// A delta is a sequence of entries {key u64, length u32, bytes}; an entry replaces the one with its
// key, and one of length 2^32 - 1 without bytes removes it. Calls
// visit(key, bytes, removed) for each.
template <class Visit>
bool for_each_host_entry(std::span<std::byte const> delta, Visit&& visit) {
  wire_reader in(delta);
  while (!in.finished()) {
    auto const key = in.get<std::uint64_t>();
    auto const length = in.get<std::uint32_t>();
    bool const removed = length == UINT32_MAX;
    std::span<std::byte const> const bytes = in.bytes(removed ? 0 : length);
    if (in.failed()) return false;
    visit(key, bytes, removed);
  }
  return true;
}

// The executor's own entry. Sessions use their ids, which are never 0.
inline constexpr std::uint64_t host_state_key = 0;

template <class Fill>
void host_delta_put(std::vector<std::byte>& delta, std::uint64_t key, Fill&& fill) {
  wire_writer out(delta);
  out(key);
  std::size_t const length_at = out.position();
  out(std::uint32_t{0});
  std::size_t const begin = out.position();
  fill(out);
  out.patch(length_at, static_cast<std::uint32_t>(out.position() - begin));
}

inline void host_delta_erase(std::vector<std::byte>& delta, std::uint64_t key) {
  wire_writer out(delta);
  out(key, UINT32_MAX);
}

}  // namespace synod
