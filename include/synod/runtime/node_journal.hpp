// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/codec/records.hpp>
#include <synod/codec/values.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/record.hpp>
#include <synod/runtime/founding.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace synod {

// What one node writes: the records of its core and its own, in one storage. A core counts its
// tickets from 1 in each of its lives, and the host's records stand between, so storage has a count
// of its own.
template <class Storage, class Command, class Coder>
class node_journal {
  static_assert(storage<Storage>,
                "synod::node: Storage does not model synod::storage: it needs append, durable, "
                "wait, failed, replay, trim, store and life");

 public:
  node_journal(Storage& log, value_coder<Command, Coder>& values, group_id group)
      : log_(&log), records_(values, group), group_(group) {}

  [[nodiscard]] error failed() const { return log_->failed(); }

  // Gives a founding what it wrote. False for a host record that is missing or is not whole: then
  // nobody can tell what this store has promised.
  [[nodiscard]] bool replay_host(founding& into) {
    bool good = true;
    damage const harm = log_->replay([&](record_view const& one) {
      if (one.address.lane != host_lane || one.address.group != group_) return;
      good = good && crc32c(one.body) == one.checksum && into.restore(one.address.kind, one.body);
    });
    for (damaged_range const& one : harm.ranges) good = good && one.lane != host_lane;
    return good;
  }

  // Gives a core what earlier ones wrote. Returns what is damaged; the core begins to count anew.
  template <class Core>
  damage replay(Core& into) {
    damage found;
    damage harm = log_->replay([&](record_view const& one) {
      if (one.address.lane == host_lane || one.address.group != group_) return;
      auto const read = records_.decode(one);
      if (read) return into.restore(*read);
      found.everything = found.everything || one.address.at == slot();
      found.ranges.push_back({group_, one.address.lane, one.address.at, one.address.at});
    });
    harm.everything = harm.everything || found.everything;
    for (damaged_range const& one : found.ranges) harm.ranges.push_back(one);
    core_from_ = last_;
    core_last_ = {};
    return harm;
  }

  error append(std::span<record<Command> const> records) {
    if (error const why = records_.encode(records, encoded_)) return why;
    core_last_ = records.back().number;
    last_ = ticket(core_from_.value + core_last_.value);
    log_->append(encoded_.views(), last_);
    return {};
  }
  void append(host_record const& one) {
    last_ = last_.next();
    core_from_ = ticket(last_.value - core_last_.value);
    record_view const view{{group_, host_lane, one.at, one.kind}, {}, one.body, crc32c(one.body)};
    log_->append(std::span(&view, 1), last_);
  }
  // Everything appended is durable, unless storage failed. Returns how far that is for the core.
  ticket wait() {
    if (log_->durable() < last_) log_->wait();
    return log_->durable() >= last_ ? core_last_ : ticket();
  }
  void trim(lane_id lane, slot upto) { log_->trim(group_, lane, upto); }

 private:
  Storage* log_;
  record_coder<Command, Coder> records_;
  group_id group_;
  encoded_records encoded_;
  ticket last_;       // of storage
  ticket core_last_;  // of the core
  ticket core_from_;  // what the core calls 0
};

}  // namespace synod
