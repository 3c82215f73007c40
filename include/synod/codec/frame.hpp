// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/codec/wire.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace synod {

// A frame is a header of 64 bytes and a body. Little-endian:
//
//    0  magic            u32   of the family: a client cannot speak to the listener of the peers
//    4  version          u16
//    6  kind             u8
//    7  zero             u8
//    8  group            u32
//   12  length           u32   of the body
//   16  cluster          2 x u64
//   32  from             u64
//   40  incarnation      2 x u64, of the sender
//   56  body checksum    u32   CRC-32C
//   60  header checksum  u32   CRC-32C of the 60 bytes before
//
// A connection proves cluster, sender and incarnation once, by its handshake. They still stand in
// every frame: the simulator and datagrams have no connections, a frame may arrive after its sender
// has restarted, and a receiver that compares them with the handshake needs no trust in whatever
// lies between. There is no receiver: a frame is encoded once and sent to many.

inline constexpr std::uint16_t frame_version = 1;
inline constexpr std::size_t frame_header_length = 64;
// Nobody who has not shown who it is may make us hold more than this.
inline constexpr std::uint32_t frame_body_before_handshake_max = 4096;
inline constexpr std::uint32_t frame_body_max_default = std::uint32_t{4} << 20;

enum class frame_family : std::uint32_t {
  peer = 0x50'4e'59'53,    // "SYNP"
  client = 0x43'4e'59'53,  // "SYNC"
};

enum class frame_kind : std::uint8_t {
  // Between peers.
  handshake = 1,
  founding = 2,  // first boot
  protocol = 3,  // a message of the core
  forward = 4,   // commands with their origins, to the leader
  snapshot = 5,  // a part of one
  // Between a client and a replica.
  hello = 32,
  request = 33,
  reply = 34,
};

constexpr bool belongs_to(frame_kind kind, frame_family family) {
  switch (kind) {
    case frame_kind::handshake:
    case frame_kind::founding:
    case frame_kind::protocol:
    case frame_kind::forward:
    case frame_kind::snapshot: return family == frame_family::peer;
    case frame_kind::hello:
    case frame_kind::request:
    case frame_kind::reply: return family == frame_family::client;
  }
  return false;
}

struct frame_header {
  frame_kind kind = frame_kind::protocol;
  group_id group{};
  cluster_id cluster{};
  node_id from{};
  incarnation life{};
  std::uint32_t length = 0;         // set by end_frame
  std::uint32_t body_checksum = 0;  // set by end_frame

  friend bool operator==(frame_header const&, frame_header const&) = default;
};

struct frame {
  frame_header header;
  byte_slice body;
};

// Effects: leaves room for a header at the end of `into`; the body is appended next.
// Returns: where the frame begins, for end_frame.
inline std::size_t begin_frame(std::vector<std::byte>& into) {
  std::size_t const begin = into.size();
  into.resize(begin + frame_header_length);
  return begin;
}
inline std::size_t begin_frame(wire_writer& out) {
  std::size_t const begin = out.position();
  out.skip(frame_header_length);
  return begin;
}

// Effects: fills in the header of the frame that begins at `begin` and reaches to the end of
// `into`. `known` is a part of its body whose checksum is known, by its place in `into`.
inline void end_frame(std::vector<std::byte>& into, std::size_t begin, frame_family family,
                      frame_header const& header, summed_part known = {}) {
  wire_writer out(into);
  auto const body = std::span(into).subspan(begin + frame_header_length);
  out.patch(begin, static_cast<std::uint32_t>(family));
  out.patch(begin + 4, frame_version);
  out.patch(begin + 6, static_cast<std::uint8_t>(header.kind));
  out.patch(begin + 7, std::uint8_t{0});
  out.patch(begin + 8, header.group.value);
  out.patch(begin + 12, static_cast<std::uint32_t>(body.size()));
  out.patch(begin + 16, header.cluster.high);
  out.patch(begin + 24, header.cluster.low);
  out.patch(begin + 32, header.from.value);
  out.patch(begin + 40, header.life.counter);
  out.patch(begin + 48, header.life.nonce);
  if (known.length != 0) known.offset -= begin + frame_header_length;
  out.patch(begin + 56, crc32c_around(body, known));
  out.patch(begin + 60, crc32c(std::span(into).subspan(begin, frame_header_length - 4)));
}

// Checks everything that can be checked before the body has arrived, in the order that gives the
// truest reason: only a header whose checksum is right is worth an opinion on its fields. Those are
// in `header` then.
inline error read_frame_header(std::span<std::byte const, frame_header_length> bytes,
                               frame_family family, std::uint32_t body_max, frame_header& header) {
  auto const refuse = [](error_code code, std::uint64_t value) {
    return error{code, value, "frame", "close the connection"};
  };
  using detail::load_word;
  std::byte const* const at = bytes.data();
  auto const magic = load_word<std::uint32_t>(at);
  auto const version = load_word<std::uint16_t>(at + 4);
  auto const kind = load_word<std::uint8_t>(at + 6);
  auto const zero = load_word<std::uint8_t>(at + 7);
  auto const checksum = load_word<std::uint32_t>(at + 60);
  header.kind = static_cast<frame_kind>(kind);
  header.group.value = load_word<std::uint32_t>(at + 8);
  header.length = load_word<std::uint32_t>(at + 12);
  header.cluster.high = load_word<std::uint64_t>(at + 16);
  header.cluster.low = load_word<std::uint64_t>(at + 24);
  header.from.value = load_word<std::uint64_t>(at + 32);
  header.life.counter = load_word<std::uint64_t>(at + 40);
  header.life.nonce = load_word<std::uint64_t>(at + 48);
  header.body_checksum = load_word<std::uint32_t>(at + 56);

  if (magic != static_cast<std::uint32_t>(family)) return refuse(error_code::wrong_magic, magic);
  if (crc32c(bytes.first(frame_header_length - 4)) != checksum) {
    return refuse(error_code::checksum_mismatch, checksum);
  }
  if (version != frame_version) return refuse(error_code::wrong_version, version);
  if (!belongs_to(header.kind, family)) return refuse(error_code::wrong_kind, kind);
  if (zero != 0) return refuse(error_code::malformed, zero);
  if (header.length > body_max) return refuse(error_code::oversized, header.length);
  return {};
}
inline result<frame_header> decode_frame_header(
    std::span<std::byte const, frame_header_length> bytes, frame_family family,
    std::uint32_t body_max) {
  frame_header header;
  if (error const why = read_frame_header(bytes, family, body_max, header)) return why;
  return header;
}

// One frame that lies alone and whole in a buffer: a datagram, or what the simulator delivers. The
// body stays where it is.
inline result<frame> decode_frame(shared_bytes const& from, frame_family family,
                                  std::uint32_t body_max) {
  auto const bytes = from.bytes();
  if (bytes.size() < frame_header_length) {
    return error{error_code::truncated, bytes.size(), "frame", "drop it"};
  }
  auto const header = decode_frame_header(bytes.first<frame_header_length>(), family, body_max);
  if (!header) return header.error();
  auto const body = bytes.subspan(frame_header_length);
  if (body.size() != header->length) {
    auto const code = body.size() < header->length ? error_code::truncated : error_code::malformed;
    return error{code, body.size(), "frame", "drop it"};
  }
  if (crc32c(body) != header->body_checksum && !SYNOD_MUTATION(body_checksum_ignored)) {
    return error{error_code::checksum_mismatch, header->body_checksum, "frame", "drop it"};
  }
  return frame{*header, {from, frame_header_length, header->length, header->body_checksum}};
}

// Whether a frame comes from the cluster and the life that its sender was verified to have. A life
// that is newer than the verified one is no better than an older one: it must shake hands first.
inline error check_origin(frame_header const& header, cluster_id cluster, incarnation verified) {
  if (header.cluster != cluster && !SYNOD_MUTATION(foreign_cluster_accepted)) {
    return {error_code::wrong_cluster, header.cluster.low, "frame", "check the addresses"};
  }
  if (SYNOD_MUTATION(dead_incarnation_accepted)) return {};
  if (header.life.counter < verified.counter) {
    return {error_code::dead_incarnation, header.life.counter, "frame", "drop it"};
  }
  if (header.life != verified) {
    return {error_code::unverified_sender, header.from.value, "frame", "shake hands first"};
  }
  return {};
}

}  // namespace synod
