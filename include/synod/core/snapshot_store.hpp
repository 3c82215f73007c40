// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/maybe.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace synod {

// Which snapshot: two are the same bytes if all of this is equal.
struct snapshot_info {
  slot upto;
  std::uint64_t length = 0;
  std::uint32_t checksum = 0;  // CRC-32C of the whole

  friend constexpr bool operator==(snapshot_info const&, snapshot_info const&) = default;
};

// Keeps snapshots as bytes, apart from the log. At any time at most one is being written; it
// becomes the newest as a whole and durably in `finish`, or never. `open` reads the newest, and
// what was opened stays readable while a newer one takes its place, so that a transfer never loses
// what it sends (hazard H22g).
//
// begin(expected) forgets what was half written before, unless it was of the same expected
// snapshot; it returns how much of that is here, from where writing goes on. For a snapshot whose
// length is not known yet, `expected` names the slot only. `finish` returns an error, and keeps the
// newest, where what was written is not what was expected.
template <class T>
concept snapshot_store = requires(T& store, T const& same, typename T::reader& opened,
                                  snapshot_info const& expected, std::span<std::byte const> piece,
                                  std::span<std::byte> room, std::uint64_t offset) {
  { same.newest() } -> maybe_of<snapshot_info>;
  { store.begin(expected) } -> std::same_as<std::uint64_t>;
  { store.write(piece) } -> std::same_as<error>;
  { store.finish() } -> std::same_as<error>;
  store.abandon();
  { store.open() } -> maybe_of<typename T::reader>;
  { opened.info() } -> std::convertible_to<snapshot_info const&>;
  { opened.read(offset, room) } -> std::same_as<std::size_t>;  // 0 at the end, and on failure
};

}  // namespace synod
