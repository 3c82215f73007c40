// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/masterless/messages.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace synod {

// Linearizable reads without a leader: ask a read quorum how far they voted. Every acknowledged
// write was voted for by a phase-2 quorum, which meets every phase-1 quorum, so the largest answer
// of a phase-1 quorum covers it. The reader then waits until that slot is applied here; if its
// proposer died, the gap filler finishes it.
template <class Command, quorum Quorum, class Output>
class extent_reads {
 public:
  using log_type = replicated_log<Command, Quorum, Output>;

  struct limits {
    time_ns read_max_ns;
    std::size_t reads_max;
    time_ns resend_ns;
  };

  explicit extent_reads(limits bounds) : bounds_(bounds) {}

  [[nodiscard]] bool full() const { return reads_.size() >= bounds_.reads_max; }
  [[nodiscard]] time_ns next_deadline() const { return reads_.empty() ? never : resend_at_; }

  void begin(time_ns now, std::uint64_t id, log_type& log, Output& out) {
    waiting_read& mine = reads_.emplace_back();
    mine.id = id;
    mine.expires_at = now + bounds_.read_max_ns;
    mine.upto = log.last();
    if (log.harm().none()) mine.told = log.only_self();
    if (reads_.size() == 1 || resend_at_ < now) resend_at_ = now + bounds_.resend_ns;
    log.send_now(out, others(log), wrap(id));
    settle(log, out);
  }

  void hear(node_id from, extent_told const& got, log_type& log, Output& out) {
    node_set const who = log.configs().only(from);
    for (waiting_read& one : reads_) {
      if (one.id != got.id) continue;
      one.told = one.told | who;
      slot const most = got.voted_upto > got.chosen_upto ? got.voted_upto : got.chosen_upto;
      if (most > one.upto) one.upto = most;
    }
    settle(log, out);
  }

  void tick(time_ns now, log_type& log, Output& out) {
    if (reads_.empty() || now < resend_at_) return;
    resend_at_ = now + bounds_.resend_ns;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      waiting_read const one = reads_[i];
      if (now >= one.expires_at) {
        out.answers.push_back(
            {one.id, slot(), {error_code::timed_out, one.id, "read", "read again"}});
        continue;
      }
      log.send_now(out, others(log) - one.told, wrap(one.id));
      reads_[kept++] = one;
    }
    reads_.resize(kept);
  }

 private:
  struct waiting_read {
    std::uint64_t id = 0;
    slot upto;
    node_set told;
    time_ns expires_at = never;
  };

  static extent_message wrap(std::uint64_t id) { return extent_message(extent_ask{id}); }
  static node_set others(log_type const& log) {
    return log.configs().voters_from(log.chosen_upto().next()) - log.only_self();
  }

  // A phase-1 quorum of every configuration that may still be open.
  [[nodiscard]] static bool enough(node_set told, log_type const& log) {
    if (SYNOD_MUTATION(read_without_quorum)) return true;
    bool all = true;
    log.configs().for_each_from(log.chosen_upto().next(), [&](auto const& one) {
      all = all && one.quorums.phase1(told & one.members.voters());
    });
    return all;
  }

  void settle(log_type& log, Output& out) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      waiting_read const one = reads_[i];
      if (enough(one.told, log)) {
        out.answers.push_back({one.id, one.upto, {}});
      } else {
        reads_[kept++] = one;
      }
    }
    reads_.resize(kept);
  }

  limits bounds_;
  std::vector<waiting_read> reads_;
  time_ns resend_at_ = never;
};

}  // namespace synod
