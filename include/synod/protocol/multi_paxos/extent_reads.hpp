// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

// Linearizable reads without a leader: ask a read quorum how far they voted. Every acknowledged
// write was voted for by a phase-2 quorum, which meets every phase-1 quorum, so the largest answer
// of a phase-1 quorum covers it. The reader then waits until that slot is applied here; if its
// proposer died, the gap filler or the next leader finishes it. Message is the one alternative of
// the protocol's messages in which questions and answers travel.
template <class Command, quorum Quorum, class Output, class Message>
class extent_reads {
 public:
  using log_type = replicated_log<Command, Quorum, Output>;

  struct limits {
    time_ns read_max_ns;
    std::size_t reads_max;
    time_ns resend_ns;
  };

  explicit extent_reads(limits bounds) : bounds_(bounds) {}

  [[nodiscard]] time_ns next_deadline() const { return reads_.empty() ? never : resend_at_; }

  // The last slot of which an answer told, as far as it can be believed. Reads wait for it, so
  // somebody must see to it that it is decided: those who voted for it may reach no quorum.
  [[nodiscard]] slot told_upto() const { return told_upto_; }
  // Whether it has been open for so long that a leader must be told, or must act. Says so once in a
  // while, until it is decided.
  [[nodiscard]] bool overdue(time_ns now, log_type const& log) {
    if (told_upto_ <= log.chosen_upto() || SYNOD_MUTATION(told_slots_left_open)) {
      overdue_at_ = never;
      return false;
    }
    bool const is = now >= overdue_at_;
    if (is || overdue_at_ == never) overdue_at_ = now + bounds_.resend_ns;
    return is;
  }
  // An answer to no question: hear it, and see to it.
  [[nodiscard]] Message reminder(log_type const& log) const {
    return Message(extent_told{0, told_upto_, log.chosen_upto()});
  }

  // Numbers that no earlier life of this node used: an answer that was meant for one of those is
  // older than the read it would be taken for (hazard H6).
  void number_from(std::uint64_t first) { last_number_ = first; }

  // Returns: why this read cannot be taken now.
  error_code begin(time_ns now, std::uint64_t id, log_type& log, Output& out) {
    if (full()) return error_code::busy;
    if (!log.rounds().known()) return error_code::not_ready;
    waiting_read& mine = reads_.emplace_back();
    mine.id = id;
    mine.number = ++last_number_;
    mine.expires_at = now + bounds_.read_max_ns;
    mine.upto = log.voted_upto();
    note(mine.upto, log);
    mine.told = own_word(log);
    mine.newest = log.configs().newest().members.number();
    if (reads_.size() == 1 || resend_at_ < now) resend_at_ = now + bounds_.resend_ns;
    log.send_now(out, others(log), wrap(mine.number));
    settle(log, out);
    return error_code::none;
  }

  // The chosen prefix has moved, and with it what a read may have to wait for.
  void moved(log_type& log, Output& out) {
    if (!reads_.empty()) settle(log, out);
  }

  // A question of somebody else, or an answer to one of ours.
  void on(node_id from, node_set who, Message const& got, log_type& log, Output& out) {
    if (auto const* const asked = got.template get_if<extent_ask>()) {
      tell(who, *asked, log, out);
    } else if (auto const* const told = got.template get_if<extent_told>()) {
      hear(from, *told, log, out);
    }
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
      log.send_now(out, others(log) - one.told, wrap(one.number));
      reads_[kept++] = one;
    }
    reads_.resize(kept);
    settle(log, out);
  }

 private:
  // Somebody else reads. Who may have forgotten how far it voted says nothing.
  void tell(node_set who, extent_ask const& asked, log_type& log, Output& out) const {
    if (!log.may_promise() && !SYNOD_MUTATION(amnesiac_tells_extent)) return;
    extent_told const told{asked.id, log.voted_upto(), log.chosen_upto()};
    log.send_after(out, who, Message(told));
  }

  void hear(node_id from, extent_told const& got, log_type& log, Output& out) {
    node_set const who = log.configs().only(from);
    slot const most = got.voted_upto > got.chosen_upto ? got.voted_upto : got.chosen_upto;
    note(most, log);
    for (waiting_read& one : reads_) {
      if (one.number != got.id) continue;
      one.told = one.told | who;
      if (most > one.upto) one.upto = most;
    }
    settle(log, out);
  }
  // Nobody votes further ahead than that.
  void note(slot upto, log_type const& log) {
    if (upto > log.highest_acceptable()) upto = log.highest_acceptable();
    if (upto > told_upto_) told_upto_ = upto;
  }

  [[nodiscard]] bool full() const { return reads_.size() >= bounds_.reads_max; }

  struct waiting_read {
    std::uint64_t id = 0;
    std::uint64_t number = 0;
    slot upto;
    node_set told;
    config_number newest;  // known when `told` was begun: an index belongs to configurations
    time_ns expires_at = never;
  };

  static Message wrap(std::uint64_t number) { return Message(extent_ask{number}); }
  static node_set others(log_type const& log) {
    return log.configs().voters_from(log.chosen_upto().next()) - log.only_self();
  }

  // Nothing, where this node may have forgotten how far it voted.
  static node_set own_word(log_type const& log) {
    return log.may_promise() || SYNOD_MUTATION(amnesiac_tells_extent) ? log.only_self()
                                                                      : node_set();
  }

  // A phase-1 quorum of every configuration that may still be open. A configuration that is not
  // known here yet governs from alpha above the prefix at the earliest; if it decided anything, all
  // slots below it were decided first, so the known ones tell of a slot as far up as that.
  [[nodiscard]] static bool enough(waiting_read const& one, log_type const& log) {
    if (SYNOD_MUTATION(read_without_quorum)) return true;
    bool all = one.upto < log.chosen_upto() + log.bounds().alpha ||
               SYNOD_MUTATION(read_ignores_unknown_configuration);
    log.configs().for_each_from(log.chosen_upto().next(), [&](auto const& governing) {
      all = all && governing.quorums.phase1(one.told & governing.members.voters());
    });
    return all;
  }

  void settle(log_type& log, Output& out) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      waiting_read one = reads_[i];
      config_number const newest = log.configs().newest().members.number();
      if (one.newest != newest) {
        one.newest = newest;
        one.told = own_word(log);
      }
      if (enough(one, log)) {
        // Whoever was asked speaks for the slots of its own configurations; what came before them
        // is decided here.
        bool const below = one.upto < log.chosen_upto() && !SYNOD_MUTATION(read_across_boundary);
        out.answers.push_back({one.id, below ? log.chosen_upto() : one.upto, {}});
      } else {
        reads_[kept++] = one;
      }
    }
    reads_.resize(kept);
  }

  limits bounds_;
  list<waiting_read> reads_;
  std::uint64_t last_number_ = 0;
  slot told_upto_;
  time_ns resend_at_ = never;
  time_ns overdue_at_ = never;
};

}  // namespace synod
