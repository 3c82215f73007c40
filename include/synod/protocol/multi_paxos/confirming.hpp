// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>
#include <synod/quorum/tally.hpp>

#include <array>
#include <cstdint>
#include <utility>

namespace synod {

// The leader's pulse and what hangs on it: who is still with us, and reads. A read is current when,
// after it arrived, nodes that meet every phase-1 quorum said that they know of no higher ballot:
// then nobody else had decided anything by the time it arrived (hazard H18).
template <class Command, quorum Quorum, class Output>
class confirming {
 public:
  using log_type = replicated_log<Command, Quorum, Output>;

  struct limits {
    time_ns pulse_ns;
    time_ns read_max_ns;
    std::size_t reads_max;
  };

  explicit confirming(limits bounds) : bounds_(bounds) {}

  [[nodiscard]] time_ns next_deadline() const {
    return pulse_at_ < expire_at_ ? pulse_at_ : expire_at_;
  }

  void begin(time_ns now) {
    pulse_at_ = now;
    issued_ = confirmed_upto_ = 0;
    acked_ = {};
    chosen_at_ = {};
  }

  void stop(log_type& log, Output& out) {
    pulse_at_ = never;
    for (waiting_read const& one : reads_) refuse(one, error_code::not_leader, log, out);
    reads_.clear();
  }

  // Sends the regular beat. A token is issued once and never again under one ballot.
  void tick(time_ns now, ballot mine, log_type& log, Output& out) {
    if (now >= expire_at_) expire(now, log, out);
    if (now >= pulse_at_) beat(now, mine, log, out);
  }

  void on_ack(time_ns now, node_id from, pulse_ack const& got, ballot mine, log_type& log,
              Output& out) {
    bool const present = got.at == mine || SYNOD_MUTATION(stale_ack_counted);
    if (!present || got.token > issued_) return;
    enter(governing(log));
    governing(log).members.only(from).for_each([&](node_index one) {
      if (got.token > acked_[one.value]) acked_[one.value] = got.token;
      if (got.chosen_upto > chosen_at_[one.value]) chosen_at_[one.value] = got.chosen_upto;
    });
    settle(now, mine, log, out);
  }

  // How far a follower said it has everything.
  [[nodiscard]] slot chosen_at(node_set who) const {
    slot most;
    who.for_each([&](node_index one) { most = chosen_at_[one.value]; });
    return most;
  }

  [[nodiscard]] bool full() const {
    return reads_.size() >= bounds_.reads_max && !SYNOD_MUTATION(reads_without_end);
  }

  // A read that arrived here (nobody), or at a follower that asks on its behalf.
  // `barrier` is the first slot this leadership decides: a state without it may miss what a
  // predecessor acknowledged.
  void read(time_ns now, std::uint64_t id, node_set on_behalf_of, ballot mine, slot barrier,
            log_type& log, Output& out) {
    std::uint64_t const token = SYNOD_MUTATION(read_counts_earlier_pulse) ? issued_ : issued_ + 1;
    bool const settled = barrier <= log.chosen_upto() || SYNOD_MUTATION(read_before_barrier);
    slot const upto = settled ? log.chosen_upto() : barrier;
    reads_.push_back({id, on_behalf_of, token, upto, now + bounds_.read_max_ns});
    if (expire_at_ == never) expire_at_ = now + bounds_.read_max_ns;
    if (issued_ == confirmed_upto_) beat(now, mine, log, out);
    settle(now, mine, log, out);
  }

 private:
  struct waiting_read {
    std::uint64_t id;
    node_set on_behalf_of;
    std::uint64_t token;
    slot upto;
    time_ns expires_at;
  };

  using configuration = typename configurations<Quorum>::governing;

  static configuration const& governing(log_type const& log) {
    return log.configs().of(log.chosen_upto().next());
  }
  // Who acknowledged is kept by index, and an index belongs to one configuration: at a boundary
  // everybody is asked anew.
  void enter(configuration const& now_governing) {
    if (acked_in_ == now_governing.members.number()) return;
    acked_in_ = now_governing.members.number();
    acked_ = {};
    chosen_at_ = {};
  }

  void beat(time_ns now, ballot mine, log_type& log, Output& out) {
    ++issued_;
    pulse_at_ = now + bounds_.pulse_ns;
    log.send_now(out, log.others_from(log.chosen_upto().next()),
                 pulse(pulse_beat{mine, log.chosen_upto(), issued_, now}));
  }

  [[nodiscard]] bool confirmed(std::uint64_t token, log_type const& log) const {
    if (SYNOD_MUTATION(read_without_quorum)) return true;
    configuration const& asked = governing(log);
    node_set with_us = log.only_self();
    asked.members.voters().for_each([&](node_index one) {
      if (acked_[one.value] >= token) with_us.insert(one);
    });
    return meets_every_phase1(asked.quorums, with_us, asked.members.voters());
  }

  void settle(time_ns now, ballot mine, log_type& log, Output& out) {
    enter(governing(log));
    if (confirmed_upto_ < issued_ && confirmed(issued_, log)) confirmed_upto_ = issued_;
    std::size_t kept = 0;
    bool more = false;
    for (waiting_read& one : reads_) {
      if (one.token <= issued_ && confirmed(one.token, log)) {
        release(one, log, out);
      } else {
        more = more || one.token > issued_;
        reads_[kept++] = one;
      }
    }
    reads_.resize(kept);
    if (more && issued_ == confirmed_upto_) {
      beat(now, mine, log, out);
      if (confirmed(issued_, log)) settle(now, mine, log, out);
    }
  }

  // Whoever acknowledged can only speak for the slots of their own configuration. If it began after
  // the read did, a higher ballot may have decided the last slots of the one before: the read needs
  // them too, and they are decided here.
  void release(waiting_read const& one, log_type& log, Output& out) {
    slot const began = governing(log).first;
    slot upto = one.upto;
    if (began > upto && !SYNOD_MUTATION(read_across_boundary)) upto = began.previous();
    if (one.on_behalf_of.empty()) {
      out.answers.push_back({one.id, upto, {}});
    } else {
      log.send_now(out, one.on_behalf_of, read_message(read_confirmed{one.id, upto}));
    }
  }

  void refuse(waiting_read const& one, error_code why, log_type& log, Output& out) {
    if (one.on_behalf_of.empty()) {
      out.answers.push_back({one.id, slot(), {why, one.id, "read", "read again"}});
    } else {
      log.send_now(out, one.on_behalf_of, read_message(read_refused{one.id}));
    }
  }

  void expire(time_ns now, log_type& log, Output& out) {
    expire_at_ = never;
    std::size_t kept = 0;
    for (waiting_read& one : reads_) {
      if (now >= one.expires_at) {
        refuse(one, error_code::timed_out, log, out);
      } else {
        if (one.expires_at < expire_at_) expire_at_ = one.expires_at;
        reads_[kept++] = one;
      }
    }
    reads_.resize(kept);
  }

  limits bounds_;
  time_ns pulse_at_ = never;
  time_ns expire_at_ = never;
  std::uint64_t issued_ = 0;
  std::uint64_t confirmed_upto_ = 0;
  std::array<std::uint64_t, node_set::capacity> acked_{};
  std::array<slot, node_set::capacity> chosen_at_{};
  config_number acked_in_;
  list<waiting_read> reads_;
};

}  // namespace synod
