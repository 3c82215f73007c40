// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/ballot.hpp>
#include <synod/core/record.hpp>
#include <synod/storage/io.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

// What stands in the files of a file log, byte by byte. All integers are little-endian.
//
//   store              the manifest, twice: two blocks that hold the same or successive generations
//   segment-<number>   two copies of the segment header, a block each, then records
//   spare-<number>     a file that is or was a segment, for use as another one
//   lock               locked while a process uses the store
//
// Every structure begins with the same 16 bytes: magic, checksum of what follows it, format version
// and length. Within a version fields are only added at the end, so a reader takes the fields it
// knows.

namespace synod {

// The version that is written, and the oldest that is read.
//   1  the first
//   2  the manifest carries a durable mark as well
inline constexpr std::uint32_t log_format_version = 2;
inline constexpr std::uint32_t log_format_version_oldest = 1;

namespace detail {

// Whole words where the machine has the order of the format: a checksum that reads words would have
// to wait for bytes written one by one.
template <class Integer>
void put_le(std::byte* to, Integer value) {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(to, &value, sizeof value);
  } else {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      to[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
    }
  }
}
template <class Integer>
Integer get_le(std::byte const* from) {
  Integer value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, from, sizeof value);
  } else {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value = static_cast<Integer>(value | static_cast<Integer>(from[i]) << (8 * i));
    }
  }
  return value;
}

}  // namespace detail

// The kinds of record that are the log's own. They have no body; what they say stands in their
// address and ballot.
inline constexpr auto kind_mark = static_cast<record_kind>(32);     // only its durable mark
inline constexpr auto kind_opened = static_cast<record_kind>(33);   // a life began here
inline constexpr auto kind_trimmed = static_cast<record_kind>(34);  // ballot.owner: the last slot
inline constexpr auto kind_lost = static_cast<record_kind>(35);  // this slot's record was damaged

constexpr bool is_log_internal(record_kind kind) { return kind >= kind_mark && kind <= kind_lost; }

// How the header of a file begins, and what reading it found.
enum class header_state : std::uint8_t { good, bad, newer };

inline constexpr std::size_t common_header_bytes = 20;

// -- records
// ---------------------------------------------------------------------------------------

inline constexpr std::size_t record_header_bytes = 112;
inline constexpr std::uint32_t record_magic = 0x64725953;  // "SYrd"

// A record's header, as it was written. The checksum of the header covers that of the body, so the
// chain of `previous` covers everything. `segment`, `offset`, `sequence`, `life` and `previous`
// tell a record that belongs here from one of a previous lap of a recycled segment, of an earlier
// life that was cut, or one that the disk put in the wrong place (hazards H20, H21).
struct record_header {
  record_address address;
  ballot at;
  std::uint32_t body_bytes = 0;
  std::uint32_t body_checksum = 0;
  std::uint32_t previous = 0;  // header checksum of the record before this one
  std::uint32_t offset = 0;    // where in the segment this header begins
  std::uint64_t sequence = 0;  // one more than that of the record before
  std::uint64_t segment = 0;
  std::uint64_t mark = 0;  // every record up to this sequence was durable when this was written
  std::uint64_t life = 0;  // the incarnation that wrote it
  store_id store;
};

// What a record occupies: header, body, and zeros up to a multiple of eight.
constexpr std::uint64_t record_extent(std::uint64_t body_bytes) {
  return record_header_bytes + (body_bytes + 7) / 8 * 8;
}

// Effects: writes the header and returns its checksum.
inline std::uint32_t encode(record_header const& from, std::byte* to) {
  packed_ballot const at = pack(from.at);
  detail::put_le(to, record_magic);
  detail::put_le(to + 8, static_cast<std::uint16_t>(record_header_bytes));
  detail::put_le(to + 10, static_cast<std::uint8_t>(from.address.kind));
  detail::put_le(to + 11, std::uint8_t{0});
  detail::put_le(to + 12, from.body_bytes);
  detail::put_le(to + 16, from.body_checksum);
  detail::put_le(to + 20, from.previous);
  detail::put_le(to + 24, from.sequence);
  detail::put_le(to + 32, from.segment);
  detail::put_le(to + 40, from.offset);
  detail::put_le(to + 44, from.address.group.value);
  detail::put_le(to + 48, from.address.lane.value);
  detail::put_le(to + 56, from.address.at.value);
  detail::put_le(to + 64, at.high);
  detail::put_le(to + 72, at.low);
  detail::put_le(to + 80, from.mark);
  detail::put_le(to + 88, from.life);
  detail::put_le(to + 96, from.store.high);
  detail::put_le(to + 104, from.store.low);
  std::uint32_t const sum = crc32c({to + 8, record_header_bytes - 8});
  detail::put_le(to + 4, sum);
  return sum;
}

// A header as it was read: what it says, its own checksum, and its length, which a later minor
// version may have made larger than ours.
struct read_header {
  record_header says;
  std::uint32_t checksum = 0;
  std::uint32_t header_bytes = 0;

  [[nodiscard]] std::uint64_t extent() const {
    return header_bytes + (std::uint64_t{says.body_bytes} + 7) / 8 * 8;
  }
};

// Returns whether `from` begins with a record header whose checksum is right. Says nothing yet
// about whether the record belongs where it was found.
inline bool decode(std::span<std::byte const> from, read_header& into) {
  if (from.size() < record_header_bytes) return false;
  std::byte const* const at = from.data();
  if (detail::get_le<std::uint32_t>(at) != record_magic) return false;
  std::uint32_t const length = detail::get_le<std::uint16_t>(at + 8);
  if (length < record_header_bytes || length % 8 != 0 || length > from.size()) return false;
  into.checksum = detail::get_le<std::uint32_t>(at + 4);
  if (crc32c({at + 8, length - 8}) != into.checksum) return false;
  into.header_bytes = length;
  record_header& says = into.says;
  says.address.kind = static_cast<record_kind>(detail::get_le<std::uint8_t>(at + 10));
  says.body_bytes = detail::get_le<std::uint32_t>(at + 12);
  says.body_checksum = detail::get_le<std::uint32_t>(at + 16);
  says.previous = detail::get_le<std::uint32_t>(at + 20);
  says.sequence = detail::get_le<std::uint64_t>(at + 24);
  says.segment = detail::get_le<std::uint64_t>(at + 32);
  says.offset = detail::get_le<std::uint32_t>(at + 40);
  says.address.group = group_id(detail::get_le<std::uint32_t>(at + 44));
  says.address.lane = lane_id(detail::get_le<std::uint64_t>(at + 48));
  says.address.at = slot(detail::get_le<std::uint64_t>(at + 56));
  says.at =
      unpack({detail::get_le<std::uint64_t>(at + 64), detail::get_le<std::uint64_t>(at + 72)});
  says.mark = detail::get_le<std::uint64_t>(at + 80);
  says.life = detail::get_le<std::uint64_t>(at + 88);
  says.store = {detail::get_le<std::uint64_t>(at + 96), detail::get_le<std::uint64_t>(at + 104)};
  return says.address.kind != record_kind{};
}

// -- headers of files
// ------------------------------------------------------------------------------

namespace detail {

inline void seal_header(std::byte* to, std::uint64_t magic, std::uint32_t length) {
  put_le(to, magic);
  put_le(to + 12, log_format_version);
  put_le(to + 16, length);
  put_le(to + 8, crc32c({to + 12, length - 12}));
}

inline header_state check_header(std::span<std::byte const> from, std::uint64_t magic,
                                 std::uint32_t least) {
  if (from.size() < common_header_bytes || get_le<std::uint64_t>(from.data()) != magic) {
    return header_state::bad;
  }
  std::uint32_t const length = get_le<std::uint32_t>(from.data() + 16);
  if (length < common_header_bytes || length > from.size()) return header_state::bad;
  if (get_le<std::uint32_t>(from.data() + 8) != crc32c(from.subspan(12, length - 12))) {
    return header_state::bad;
  }
  std::uint32_t const version = get_le<std::uint32_t>(from.data() + 12);
  if (version > log_format_version) return header_state::newer;
  if (version < log_format_version_oldest || length < least) return header_state::bad;
  return header_state::good;
}

}  // namespace detail

inline std::uint32_t version_of(std::span<std::byte const> header) {
  return detail::get_le<std::uint32_t>(header.data() + 12);
}

struct segment_header {
  store_id store;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;  // size of the file
};

inline constexpr std::uint64_t segment_magic = 0x676f6c646f6e7973;  // "synodlog"
inline constexpr std::uint32_t segment_header_bytes = 52;
inline constexpr std::uint64_t first_record_offset = 2 * block_bytes;

inline void encode(segment_header const& from, std::byte* to) {
  detail::put_le(to + 20, from.store.high);
  detail::put_le(to + 28, from.store.low);
  detail::put_le(to + 36, from.number);
  detail::put_le(to + 44, from.bytes);
  detail::seal_header(to, segment_magic, segment_header_bytes);
}

inline header_state decode(std::span<std::byte const> from, segment_header& into) {
  header_state const state = detail::check_header(from, segment_magic, segment_header_bytes);
  if (state != header_state::good) return state;
  into.store = {detail::get_le<std::uint64_t>(from.data() + 20),
                detail::get_le<std::uint64_t>(from.data() + 28)};
  into.number = detail::get_le<std::uint64_t>(from.data() + 36);
  into.bytes = detail::get_le<std::uint64_t>(from.data() + 44);
  return state;
}

// Effects: fills the head of a segment with both copies of its header.
inline void write_segment_header(segment_header const& from, std::span<std::byte> head) {
  std::memset(head.data(), 0, head.size());
  encode(from, head.data());
  encode(from, head.data() + block_bytes);
}

// What a store is and which of its segments count. A segment outside first..last is no part of the
// log whatever its name says, and one inside that is not there was lost.
struct manifest {
  static constexpr file_name name{"store"};
  static constexpr file_name name_new{"store.new"};
  static constexpr char const* remedy =
      "this node cannot prove what it promised: replace it through membership";

  std::uint64_t generation = 0;
  store_id store;
  incarnation life;
  std::uint64_t first_segment = 1;
  std::uint64_t last_segment = 0;
  bool damaged = false;    // something of unknown address was lost once; that is never forgotten
  std::uint64_t mark = 0;  // every record up to this sequence was durable when this was written
};

inline constexpr std::uint64_t manifest_magic = 0x6f7473646f6e7973;  // "synodsto"
inline constexpr std::uint32_t manifest_bytes_v1 = 80;
inline constexpr std::uint32_t manifest_bytes = 88;

inline void encode(manifest const& from, std::byte* to) {
  detail::put_le(to + 20, from.generation);
  detail::put_le(to + 28, from.store.high);
  detail::put_le(to + 36, from.store.low);
  detail::put_le(to + 44, from.life.counter);
  detail::put_le(to + 52, from.life.nonce);
  detail::put_le(to + 60, from.first_segment);
  detail::put_le(to + 68, from.last_segment);
  detail::put_le(to + 76, std::uint32_t{from.damaged});
  detail::put_le(to + 80, from.mark);
  detail::seal_header(to, manifest_magic, manifest_bytes);
}

inline header_state decode(std::span<std::byte const> from, manifest& into) {
  header_state const state = detail::check_header(from, manifest_magic, manifest_bytes_v1);
  if (state != header_state::good) return state;
  into.generation = detail::get_le<std::uint64_t>(from.data() + 20);
  into.store = {detail::get_le<std::uint64_t>(from.data() + 28),
                detail::get_le<std::uint64_t>(from.data() + 36)};
  into.life = {detail::get_le<std::uint64_t>(from.data() + 44),
               detail::get_le<std::uint64_t>(from.data() + 52)};
  into.first_segment = detail::get_le<std::uint64_t>(from.data() + 60);
  into.last_segment = detail::get_le<std::uint64_t>(from.data() + 68);
  into.damaged = detail::get_le<std::uint32_t>(from.data() + 76) != 0;
  bool const marked = detail::get_le<std::uint32_t>(from.data() + 16) >= manifest_bytes;
  into.mark = marked ? detail::get_le<std::uint64_t>(from.data() + 80) : 0;
  return state;
}

}  // namespace synod
