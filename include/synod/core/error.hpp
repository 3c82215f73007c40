// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/maybe.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <utility>

namespace synod {

enum class error_code : std::uint16_t {
  none = 0,
  // Configuration, refused before anything runs.
  empty_membership,
  duplicate_member,
  too_many_members,
  unknown_member,
  quorums_do_not_meet,
  quorum_cannot_be_reached,
  bad_option,
  // Proposals and reads, refused: definitely not done.
  not_leader,
  busy,
  not_ready,
  not_a_voter,
  superseded,
  stale_configuration,
  shutting_down,
  too_large,
  session_expired,
  // Proposals, unknown: may or may not have been done.
  timed_out,
  connection_lost,
  leadership_lost,
  // Messages, dropped and counted.
  malformed,
  wrong_magic,
  wrong_version,
  wrong_cluster,
  wrong_group,
  wrong_kind,
  checksum_mismatch,
  truncated,
  oversized,
  dead_incarnation,
  unverified_sender,
  foreign_ballot,
  implausible_round,
  implausible_slot,
  // Storage, final for the process.
  io_failure,
  disk_full,
  corruption,
  locked,
  newer_format,
  amnesia,
  // Connections: of peers and clients, and of the addresses that a node listens at.
  wrong_protocol,
  wrong_receiver,
  bad_address,
  insecure_address,
  address_in_use,
  too_many_connections,
  cancelled,  // by whoever waited for it
  // Reads of a level that only a leader serves, where there never is one.
  nobody_leads,
  // A command that was decided before another one that its client had submitted earlier.
  out_of_order,
};

// One above the highest code, for tables of counts.
inline constexpr std::size_t error_codes = static_cast<std::size_t>(error_code::out_of_order) + 1;

constexpr char const* name_of(error_code code) {
  switch (code) {
    case error_code::none: return "none";
    case error_code::empty_membership: return "empty membership";
    case error_code::duplicate_member: return "duplicate member";
    case error_code::too_many_members: return "too many members";
    case error_code::unknown_member: return "unknown member";
    case error_code::quorums_do_not_meet: return "quorums do not meet";
    case error_code::quorum_cannot_be_reached: return "quorum cannot be reached";
    case error_code::bad_option: return "bad option";
    case error_code::not_leader: return "not the leader";
    case error_code::busy: return "busy";
    case error_code::not_ready: return "not ready";
    case error_code::not_a_voter: return "not a voter";
    case error_code::superseded: return "superseded by a higher ballot";
    case error_code::stale_configuration: return "stale configuration";
    case error_code::shutting_down: return "shutting down";
    case error_code::too_large: return "too large";
    case error_code::session_expired: return "session expired";
    case error_code::timed_out: return "timed out";
    case error_code::connection_lost: return "connection lost";
    case error_code::leadership_lost: return "leadership lost";
    case error_code::malformed: return "malformed";
    case error_code::wrong_magic: return "not a frame of ours";
    case error_code::wrong_version: return "unsupported version";
    case error_code::wrong_cluster: return "another cluster";
    case error_code::wrong_group: return "another group";
    case error_code::wrong_kind: return "unknown kind";
    case error_code::checksum_mismatch: return "checksum mismatch";
    case error_code::truncated: return "truncated";
    case error_code::oversized: return "oversized";
    case error_code::dead_incarnation: return "dead incarnation";
    case error_code::unverified_sender: return "unverified sender";
    case error_code::foreign_ballot: return "ballot of somebody else";
    case error_code::implausible_round: return "implausible round";
    case error_code::implausible_slot: return "implausible slot";
    case error_code::io_failure: return "storage failure";
    case error_code::disk_full: return "disk full";
    case error_code::corruption: return "corruption";
    case error_code::locked: return "locked by another process";
    case error_code::newer_format: return "written by a newer version";
    case error_code::amnesia: return "this store forgot what it promised";
    case error_code::wrong_protocol: return "another protocol";
    case error_code::wrong_receiver: return "meant for another node";
    case error_code::bad_address: return "not an address";
    case error_code::insecure_address: return "an address that others can reach";
    case error_code::address_in_use: return "address in use";
    case error_code::too_many_connections: return "too many connections";
    case error_code::cancelled: return "cancelled";
    case error_code::nobody_leads: return "nobody leads";
    case error_code::out_of_order: return "out of order";
  }
  return "unknown error";
}

// What went wrong, with which value, where, and what to do about it. Plain constants and one
// number, so that making one costs nothing; the sentence is made when somebody reads it.
struct error {
  error_code code = error_code::none;
  std::uint64_t value = 0;
  char const* where = "";
  char const* remedy = "";

  explicit constexpr operator bool() const { return code != error_code::none; }

  // Writes "where: name (value); remedy" and returns its length, cut to the buffer.
  std::size_t render(std::span<char> into) const { return render(into.data(), into.size()); }
  std::size_t render(char* into, std::size_t room) const {
    if (room == 0) return 0;
    int const wanted = std::snprintf(into, room, "%s: %s (%llu)%s%s", where, name_of(code),
                                     static_cast<unsigned long long>(value),
                                     remedy[0] != '\0' ? "; " : "", remedy);
    std::size_t const length = wanted < 0 ? 0 : static_cast<std::size_t>(wanted);
    return length < room ? length : room - 1;
  }

  friend constexpr bool operator==(error const& a, error const& b) {
    return a.code == b.code && a.value == b.value;
  }

  // For any standard stream, so that no stream header is needed here, and for nothing else that
  // takes a C string: what has a template for everything would not know which of the two is meant.
  template <class Stream>
    requires requires(Stream& to, char const* text) { to.rdbuf(), to << text; }
  friend Stream& operator<<(Stream& to, error const& what) {
    char text[256];
    what.render(text, sizeof text);
    to << static_cast<char const*>(text);
    return to;
  }
};

// A value, or the error that prevented it.
template <class T>
class result {
 public:
  result(T value) : value_(std::move(value)) {}
  result(::synod::error why) : error_(why) {}

  [[nodiscard]] explicit operator bool() const { return value_.has_value(); }
  [[nodiscard]] T& operator*() & { return *value_; }
  [[nodiscard]] T const& operator*() const& { return *value_; }
  [[nodiscard]] T&& operator*() && { return std::move(*value_); }
  [[nodiscard]] T* operator->() { return &*value_; }
  [[nodiscard]] T const* operator->() const { return &*value_; }
  [[nodiscard]] ::synod::error const& error() const { return error_; }

 private:
  maybe<T> value_;
  ::synod::error error_{};
};

}  // namespace synod
