// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/outcome.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>

#include <cstddef>

namespace synod {

// Whom this node follows, and the reads it sent to that leader.
template <class Output>
class following {
 public:
  struct limits {
    time_ns read_max_ns;
    std::size_t reads_max;
  };

  explicit following(limits bounds) : bounds_(bounds) {}

  // The ballot that was obeyed last, empty at first and while this node leads.
  [[nodiscard]] ballot leader() const { return leader_; }
  [[nodiscard]] leader_hint hint() const {
    return {leader_, leader_.empty() ? std::nullopt : maybe<node_id>(leader_.owner)};
  }

  // Returns whether this is news.
  bool follow(ballot at) {
    if (at <= leader_) return false;
    leader_ = at;
    return true;
  }
  void lead_myself(Output& out) {
    leader_ = {};
    fail(reads_.size(), error_code::not_leader, out);
  }

  // --- reads on behalf of this node's clients, confirmed by the leader ---

  [[nodiscard]] bool full() const { return reads_.size() >= bounds_.reads_max; }
  [[nodiscard]] time_ns next_deadline() const {
    return reads_.empty() ? never : reads_.front().expires_at;
  }
  // Numbers that no earlier life of this node used: an answer that was meant for one of those is
  // older than the read it would be taken for (hazard H6).
  void number_reads_from(std::uint64_t first) { last_number_ = first; }
  // Returns the number under which to ask.
  [[nodiscard]] std::uint64_t forward(time_ns now, std::uint64_t id) {
    reads_.push_back({++last_number_, id, now + bounds_.read_max_ns});
    return last_number_;
  }
  void confirmed(std::uint64_t number, slot upto, Output& out) {
    if (auto const id = forget(number)) out.answers.push_back({*id, upto, {}});
  }
  void refused(std::uint64_t number, Output& out) {
    if (auto const id = forget(number)) {
      out.answers.push_back({*id, slot(), {error_code::not_leader, *id, "read", "read again"}});
    }
  }
  void tick(time_ns now, Output& out) {
    std::size_t old = 0;
    while (old < reads_.size() && now >= reads_[old].expires_at) ++old;
    fail(old, error_code::timed_out, out);
  }

 private:
  struct forwarded_read {
    std::uint64_t number;
    std::uint64_t id;
    time_ns expires_at;
  };

  void fail(std::size_t count, error_code why, Output& out) {
    for (std::size_t i = 0; i < count; ++i) {
      out.answers.push_back({reads_[i].id, slot(), {why, reads_[i].id, "read", "read again"}});
    }
    reads_.erase(reads_.begin(), reads_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  maybe<std::uint64_t> forget(std::uint64_t number) {
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      if (reads_[i].number != number) continue;
      std::uint64_t const id = reads_[i].id;
      reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(i));
      return id;
    }
    return std::nullopt;
  }

  limits bounds_;
  ballot leader_;
  std::uint64_t last_number_ = 0;
  list<forwarded_read> reads_;
};

}  // namespace synod
