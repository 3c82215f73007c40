// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/rejections.hpp>
#include <synod/observe/events.hpp>
#include <synod/observe/histogram.hpp>

#include <cstdint>

namespace synod {

// Everything a page of figures about one node needs, in fixed memory. Times are in nanoseconds.
class counters {
 public:
  std::uint64_t leader_changes = 0;
  std::uint64_t batches_proposed = 0;
  std::uint64_t commands_proposed = 0;
  std::uint64_t slots_applied = 0;
  std::uint64_t commands_applied = 0;
  std::uint64_t operations_done = 0;
  std::uint64_t operations_refused = 0;
  std::uint64_t operations_unknown = 0;
  std::uint64_t reads_done = 0;
  std::uint64_t reads_refused = 0;
  std::uint64_t records = 0;
  std::uint64_t record_bytes = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t message_bytes_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t snapshots_taken = 0;
  std::uint64_t snapshots_failed = 0;
  std::uint64_t snapshots_loaded = 0;
  slot applied;
  leader_hint leader;
  histogram operation_ns;
  histogram read_ns;
  histogram write_ns;
  histogram batch_commands;
  rejections rejected;

  void on(leadership_changed const& one) {
    ++leader_changes;
    leader = one.hint;
  }
  void on(batch_proposed const& one) {
    ++batches_proposed;
    commands_proposed += one.commands;
    batch_commands.add(one.commands);
  }
  void on(slot_applied const& one) {
    ++slots_applied;
    commands_applied += one.commands;
    applied = one.which;
  }
  void on(operation_ended const& one) {
    if (one.why == error_code::none) {
      ++operations_done;
      operation_ns.add(static_cast<std::uint64_t>(one.took));
    } else {
      ++(one.unknown ? operations_unknown : operations_refused);
    }
  }
  void on(read_ended const& one) {
    if (one.why == error_code::none) {
      ++reads_done;
      read_ns.add(static_cast<std::uint64_t>(one.took));
    } else {
      ++reads_refused;
    }
  }
  void on(records_written const& one) {
    records += one.records;
    record_bytes += one.bytes;
    write_ns.add(static_cast<std::uint64_t>(one.took));
  }
  void on(message_sent const& one) {
    messages_sent += one.receivers;
    message_bytes_sent += one.bytes * one.receivers;
  }
  void on(message_received const&) { ++messages_received; }
  void on(message_rejected const& one) { rejected.count(one.why); }
  void on(snapshot_taken const& one) {
    ++(one.why == error_code::none ? snapshots_taken : snapshots_failed);
  }
  void on(snapshot_loaded const& one) {
    ++snapshots_loaded;
    applied = one.upto;
  }
};

}  // namespace synod
