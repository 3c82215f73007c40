// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/snapshot_store.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/log_format.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

// What stands in the files of a snapshot store:
//
//   newest             the pointer, twice: the number of the snapshot that counts
//   snapshot-<number>  a block of header, the bytes of the snapshot in chunks of 64 KiB, and from
//   the
//                      next block on a checksum per chunk, so that any part can be checked by
//                      itself
//   snapshot.new       one that is being written

namespace synod {

inline constexpr std::uint64_t snapshot_chunk_bytes = 64 * 1024;
inline constexpr file_name snapshot_name_new{"snapshot.new"};

inline file_name snapshot_name(std::uint64_t number) { return file_name("snapshot-", number); }

constexpr std::uint64_t chunks_of(std::uint64_t length) {
  return length / snapshot_chunk_bytes + (length % snapshot_chunk_bytes != 0 ? 1 : 0);
}
// Where the checksums of the chunks begin.
constexpr std::uint64_t table_offset(std::uint64_t length) {
  return up_to_block(block_bytes + length);
}

struct snapshot_header {
  snapshot_info info;
  std::uint64_t number = 0;
  std::uint32_t table_checksum = 0;
};

inline constexpr std::uint64_t snapshot_magic = 0x706e73646f6e7973;  // "synodsnp"
inline constexpr std::uint32_t snapshot_header_bytes = 52;

inline void encode(snapshot_header const& from, std::byte* to) {
  detail::put_le(to + 20, from.info.upto.value);
  detail::put_le(to + 28, from.info.length);
  detail::put_le(to + 36, from.info.checksum);
  detail::put_le(to + 40, from.number);
  detail::put_le(to + 48, from.table_checksum);
  detail::seal_header(to, snapshot_magic, snapshot_header_bytes);
}

inline header_state decode(std::span<std::byte const> from, snapshot_header& into) {
  header_state const state = detail::check_header(from, snapshot_magic, snapshot_header_bytes);
  if (state != header_state::good) return state;
  into.info.upto = slot(detail::get_le<std::uint64_t>(from.data() + 20));
  into.info.length = detail::get_le<std::uint64_t>(from.data() + 28);
  into.info.checksum = detail::get_le<std::uint32_t>(from.data() + 36);
  into.number = detail::get_le<std::uint64_t>(from.data() + 40);
  into.table_checksum = detail::get_le<std::uint32_t>(from.data() + 48);
  return state;
}

// Which snapshot counts. Number 0 is none.
struct snapshot_pointer {
  static constexpr file_name name{"newest"};
  static constexpr file_name name_new{"newest.new"};
  static constexpr char const* remedy =
      "remove the directory: the node gets a snapshot from another";

  std::uint64_t generation = 0;
  std::uint64_t number = 0;
  snapshot_info info;
};

inline constexpr std::uint64_t pointer_magic = 0x7274706f6e7973;  // "synoptr"
inline constexpr std::uint32_t pointer_bytes = 56;

inline void encode(snapshot_pointer const& from, std::byte* to) {
  detail::put_le(to + 20, from.generation);
  detail::put_le(to + 28, from.number);
  detail::put_le(to + 36, from.info.upto.value);
  detail::put_le(to + 44, from.info.length);
  detail::put_le(to + 52, from.info.checksum);
  detail::seal_header(to, pointer_magic, pointer_bytes);
}

inline header_state decode(std::span<std::byte const> from, snapshot_pointer& into) {
  header_state const state = detail::check_header(from, pointer_magic, pointer_bytes);
  if (state != header_state::good) return state;
  into.generation = detail::get_le<std::uint64_t>(from.data() + 20);
  into.number = detail::get_le<std::uint64_t>(from.data() + 28);
  into.info.upto = slot(detail::get_le<std::uint64_t>(from.data() + 36));
  into.info.length = detail::get_le<std::uint64_t>(from.data() + 44);
  into.info.checksum = detail::get_le<std::uint32_t>(from.data() + 52);
  return state;
}

}  // namespace synod
