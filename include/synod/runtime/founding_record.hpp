// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/vocabulary.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/record.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// What a host keeps in its own lane, beside what its core keeps. Slot 0 but for peers.
namespace host_kind {
inline constexpr record_kind founding{record_kind::host};
inline constexpr record_kind invitation{static_cast<record_kind>(65)};
inline constexpr record_kind peer{static_cast<record_kind>(66)};
inline constexpr record_kind amnesia{static_cast<record_kind>(67)};
}  // namespace host_kind

// A record of the host's, to be made durable like one of the core's.
struct host_record {
  record_kind kind = record_kind::host;
  slot at;
  std::vector<std::byte> body;
};

constexpr error check(cluster_constants const& given) {
  auto const refuse = [](std::uint64_t value, char const* remedy) {
    return error{error_code::bad_option, value, "cluster constants", remedy};
  };
  if (given.alpha == 0 || given.alpha > 65'536) {
    return refuse(given.alpha, "choose alpha from 1 to 65536");
  }
  if (given.session_capacity == 0 || given.session_capacity > 1'048'576) {
    return refuse(given.session_capacity, "choose session_capacity from 1 to 1048576");
  }
  if (given.in_flight_max == 0 || given.in_flight_max > 65'536) {
    return refuse(given.in_flight_max, "choose in_flight_max from 1 to 65536");
  }
  if (given.replies_kept > given.in_flight_max) {
    return refuse(given.replies_kept, "keep at most in_flight_max replies");
  }
  return {};
}

// What makes a cluster this cluster: its name, the stores of its first members, and the constants
// that all of them must share for ever. Its hash is the cluster id; since stores draw their ids at
// random, founding again under the same name makes another cluster.
struct founding_record {
  short_text name;
  cluster_constants constants;
  membership members;

  friend bool operator==(founding_record const&, founding_record const&) = default;
};

inline void encode(wire_writer& out, founding_record const& value) {
  out(value.name, value.constants, value.members);
}
inline void decode(wire_reader& in, founding_record& value) {
  in(value.name, value.constants, value.members);
  if (in.failed()) return;
  bool whole = !value.name.empty() && !check(value.constants);
  for (member const& one : value.members.members()) whole = whole && !one.store.empty();
  if (!whole) in.fail();
}

// 128 bits of the encoded record: two chains of the same mixing from different starts. It tells
// clusters apart; that nobody forges one is the transport's business.
inline cluster_id id_of(founding_record const& of) {
  std::vector<std::byte> bytes;
  wire_writer out(bytes);
  out(of);
  while (bytes.size() % 8 != 0) bytes.push_back(std::byte{0});
  std::uint64_t halves[2] = {0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL};
  wire_reader in{std::span<std::byte const>(bytes)};
  while (in.remaining() > 0) {
    auto const word = in.get<std::uint64_t>();
    for (std::uint64_t& half : halves) {
      half = (half ^ word) * 0xff51afd7ed558ccdULL;
      half ^= half >> 32;
      half *= 0xc4ceb9fe1a85ec53ULL;
      half ^= half >> 29;
    }
  }
  // Never the empty id, which means "not founded".
  return {halves[0] | 1, halves[1]};
}

// Whether this very store is a member: the pair counts, not the node id alone (hazards H1, H15).
inline bool names(membership const& members, node_id id, store_id store) {
  member const* const found = members.find(id);
  return found != nullptr && (found->store == store || SYNOD_MUTATION(h15_any_store_is_the_member));
}

}  // namespace synod
