// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/codec/records.hpp>
#include <synod/codec/values.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/list.hpp>
#include <synod/core/record.hpp>
#include <synod/observe/events.hpp>
#include <synod/observe/null.hpp>
#include <synod/runtime/founding.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

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
    (void)durable(true);
    core_from_ = last_;
    core_last_ = {};
    reached_.core = {};
    return harm;
  }

  error append(std::span<record<Command> const> records, time_ns now = 0) {
    if (error const why = records_.encode(records, encoded_)) return why;
    core_last_ = records.back().number;
    last_ = ticket(core_from_.value + core_last_.value);
    std::size_t bytes = 0;
    for (record_view const& one : encoded_.views()) bytes += one.body.size();
    marks_.push_back({last_, {core_last_, host_last_}, {now, 0, records.size(), bytes}});
    log_->append(encoded_.views(), last_);
    return {};
  }
  void append(founding_output::numbered_record const& one, time_ns now = 0) {
    last_ = last_.next();
    core_from_ = ticket(last_.value - core_last_.value);
    host_last_ = one.number;
    std::vector<std::byte> const& body = one.what.body;
    marks_.push_back({last_, {core_last_, host_last_}, {now, 0, 1, body.size()}});
    record_view const view{{group_, host_lane, one.what.at, one.what.kind}, {}, body, crc32c(body)};
    log_->append(std::span(&view, 1), last_);
  }

  // How far everything is durable, by the count of the core and by that of the host.
  struct progress {
    ticket core;
    std::uint64_t host = 0;
  };
  // `wait` is whether to wait for what is under way. Whatever became durable since the last call is
  // told to the observer.
  template <class Observer>
  progress durable(time_ns now, bool wait, Observer& observer) {
    if (wait && log_->durable() < last_) log_->wait();
    ticket const upto = log_->durable();
    for (; reached_marks_ < marks_.size() && marks_[reached_marks_].stored <= upto;
         ++reached_marks_) {
      mark const& one = marks_[reached_marks_];
      reached_ = one.means;
      observe(observer, records_written{now, now - one.what.at, one.what.records, one.what.bytes});
    }
    if (reached_marks_ == marks_.size()) {
      marks_.clear();
      reached_marks_ = 0;
    }
    return reached_;
  }
  progress durable(bool wait) {
    null_observer nobody;
    return durable(0, wait, nobody);
  }
  void trim(lane_id lane, slot upto) { log_->trim(group_, lane, upto); }

 private:
  Storage* log_;
  record_coder<Command, Coder> records_;
  group_id group_;
  encoded_records encoded_;
  struct mark {
    ticket stored;
    progress means;
    records_written what;
  };
  list<mark> marks_;  // one for each append that is not known to be durable
  std::size_t reached_marks_ = 0;
  progress reached_;
  ticket last_;       // of storage
  ticket core_last_;  // of the core
  ticket core_from_;  // what the core calls 0
  std::uint64_t host_last_ = 0;
};

}  // namespace synod
