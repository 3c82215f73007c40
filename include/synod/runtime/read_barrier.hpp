// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/runtime/batcher.hpp>
#include <synod/runtime/read_levels.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

namespace synod {

// The end of one read: its state may be looked at now, or why it cannot be. A read that fails did
// nothing, so it is always a refusal.
struct read_finished {
  std::uint64_t handle = 0;
  error why;
};

// Reads on their way: what each has to wait for, by its level. Those of one turn of the event loop
// share one question to the core and one barrier in the log, which leave at its end and so after
// all of them began; a deposed leader can answer neither (hazard H18).
//
// The host asks what `flush` says, and reports what became of it and how far it has applied.
class read_barrier {
 public:
  struct limits {
    std::size_t reads_max = 65'536;
    // A barrier that was lost on its way, or with the leader it was sent to, is put again.
    time_ns barrier_again_ns = 500'000'000;
  };

  read_barrier() = default;
  explicit read_barrier(limits bounds) : bounds_(bounds) {}

  // `leads` is whether this node believes that it leads. Refuses what can never be served here;
  // else the read ends in `finished` once, at its deadline at the latest.
  [[nodiscard]] maybe<error> begin(std::uint64_t handle, read::level const& level, time_ns now,
                                   time_ns deadline, bool leads) {
    if (waiting_.size() >= bounds_.reads_max) {
      return error{error_code::busy, waiting_.size(), "read", "slow down, and try again"};
    }
    if (std::holds_alternative<read::linearizable_index>(level) && !leads) {
      return error{error_code::not_leader, 0, "read", "read at the leader, or as a follower"};
    }
    if (deadline < soonest_) soonest_ = deadline;
    waiting_.push_back({handle, deadline, way_of(level, now), 0, slot()});
    if (waiting_.back().by == way::barrier) put_again_at(now + bounds_.barrier_again_ns);
    place(waiting_.back(), level);
    return std::nullopt;
  }

  // Whether that question is for a quorum, whoever leads.
  static constexpr bool by_quorum(std::uint64_t question) { return (question & quorum_bit) != 0; }

  // What the reads that began since the last time need: ask(question) is a read request to the
  // core under this id, barrier(number) a barrier in the log under this sequence. Each returns an
  // error if it could not be asked.
  template <class Ask, class Barrier>
  void flush(time_ns now, Ask&& ask, Barrier&& barrier) {
    if (std::exchange(question_wanted_, false)) {
      ++questions_;
      if (!SYNOD_MUTATION(read_index_unconfirmed)) {
        asked_.push_back({questions_, now, slot()});
        if (maybe<error> const why = ask(questions_)) answered(questions_, slot(), *why);
      } else {
        answered(questions_, slot(), {});
      }
    }
    if (std::exchange(quorum_wanted_, false)) {
      std::uint64_t const id = quorum_bit | ++quorum_questions_;
      if (SYNOD_MUTATION(read_quorum_unasked)) {
        answered(id, slot(), {});
      } else if (maybe<error> const why = ask(id)) {
        answered(id, slot(), *why);
      }
    }
    if (std::exchange(barrier_wanted_, false)) {
      ++barriers_;
      sequence const number(barrier_bit | barriers_);
      if (maybe<error> const why = barrier(number)) {
        end_group(way::barrier, barriers_, slot(), *why);
      } else if (SYNOD_MUTATION(read_log_when_proposed)) {
        end_group(way::barrier, barriers_, slot(), {});
      }
    }
    release();
  }

  // The core's answer: a state with everything up to `upto` applied is current enough.
  void answered(std::uint64_t id, slot upto, error why) {
    if (SYNOD_MUTATION(h18d_read_before_applied)) upto = slot();
    if (!why) note_answer(id, upto);
    if (by_quorum(id)) {
      end_group(way::quorum, id & ~quorum_bit, upto, why);
    } else {
      end_group(way::question, id, upto, why);
    }
    release();
  }
  // A barrier of this node was applied, in that slot; it carries what was proposed, see executor.
  // Whatever began before it was put there is served by it, though it asked for an earlier one.
  void barrier_applied(sequence number, slot at) {
    std::uint64_t const count = number.value & ~barrier_bit;
    sift(
        [&](pending& one) { return reach(one, one.by == way::barrier && one.group <= count, at); });
    release();
  }
  // The batch in which that barrier was is not going to be decided.
  void barrier_refused(sequence number, error why) {
    end_group(way::barrier, number.value & ~barrier_bit, slot(), why);
  }
  // Everything up to here is applied.
  void applied(slot upto) {
    applied_ = upto;
    if (lowest_ <= upto) release();
  }
  void tick(time_ns now) {
    if (now < soonest_) return;
    bool const again = now >= again_at_;
    time_ns const next = again ? now + bounds_.barrier_again_ns : again_at_;
    soonest_ = again_at_ = never;
    sift([&](pending const& one) -> maybe<error> {
      if (now >= one.deadline) {
        return error{error_code::timed_out, one.handle, "read", "read again"};
      }
      if (one.deadline < soonest_) soonest_ = one.deadline;
      if (one.by != way::barrier) return std::nullopt;
      barrier_wanted_ = barrier_wanted_ || again;
      put_again_at(next);
      return std::nullopt;
    });
  }

  [[nodiscard]] time_ns next_deadline() const { return soonest_; }
  [[nodiscard]] bool wants_flush() const {
    return question_wanted_ || quorum_wanted_ || barrier_wanted_;
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  // In the order of their release. The host takes them and clears the list.
  [[nodiscard]] list<read_finished>& finished() { return finished_; }
  [[nodiscard]] bool has_finished() const { return !finished_.empty(); }

 private:
  enum class way : std::uint8_t { question, quorum, barrier, slot_reached };

  // Of each level, by its place. That of bounded_stale is if the state is too old.
  static constexpr way ways[] = {way::barrier,  way::question,     way::question, way::slot_reached,
                                 way::question, way::slot_reached, way::quorum};
  static_assert(sizeof(ways) == std::variant_size_v<read::level> * sizeof(way));

  struct pending {
    std::uint64_t handle = 0;
    time_ns deadline = never;
    way by = way::slot_reached;
    std::uint64_t group = 0;  // of a question or a barrier
    slot upto;                // of slot_reached
  };
  struct question {
    std::uint64_t id = 0;
    time_ns asked_at = 0;
    slot upto;
  };

  // Which evidence serves a read that begins now.
  [[nodiscard]] way way_of(read::level const& level, time_ns now) const {
    if (auto const* const one = std::get_if<read::bounded_stale>(&level)) {
      bool const fresh = current_at_ != never && now - current_at_ <= one->at_most_ns;
      return fresh || SYNOD_MUTATION(read_ignores_age) ? way::slot_reached : way::question;
    }
    return ways[level.index()];
  }

  void place(pending& one, read::level const& level) {
    switch (one.by) {
      case way::question:
        question_wanted_ = true;
        one.group = questions_ + 1;
        return;
      case way::quorum:
        quorum_wanted_ = true;
        one.group = quorum_questions_ + 1;
        return;
      case way::barrier:
        barrier_wanted_ = true;
        one.group = barriers_ + 1;
        return;
      case way::slot_reached: break;
    }
    auto const* const seen = std::get_if<read::session>(&level);
    if (seen != nullptr && !SYNOD_MUTATION(read_ignores_floor)) one.upto = slot(seen->floor >> 16);
    if (one.upto < lowest_) lowest_ = one.upto;
    if (one.upto <= applied_) release();
  }

  void end_group(way by, std::uint64_t group, slot upto, error why) {
    sift([&](pending& one) -> maybe<error> {
      bool const mine = one.by == by && one.group == group;
      if (mine && why) return why;
      return reach(one, mine, upto);
    });
  }
  // From now on it waits for that slot only, if `now` says so.
  maybe<error> reach(pending& one, bool now, slot upto) {
    if (!now) return std::nullopt;
    one.by = way::slot_reached;
    one.upto = upto;
    if (upto < lowest_) lowest_ = upto;
    return std::nullopt;
  }
  void put_again_at(time_ns when) {
    if (when < again_at_) again_at_ = when;
    if (when < soonest_) soonest_ = when;
  }

  // Once everything up to an answer is applied, the state is as current as its question.
  void note_answer(std::uint64_t id, slot upto) {
    for (question& one : asked_) {
      if (one.id == id) one.upto = upto;
      if (one.id == id && upto == slot()) one.upto = applied_;
    }
  }

  void release() {
    std::size_t left = 0;
    for (question& one : asked_) {
      bool const reached = one.upto != slot() && one.upto <= applied_;
      if (reached && (current_at_ == never || one.asked_at > current_at_)) {
        current_at_ = one.asked_at;
      }
      bool const stale = questions_ - one.id > questions_kept;
      if (!reached && !stale) asked_[left++] = one;
    }
    asked_.resize(left);
    lowest_ = slot_max;
    sift([&](pending const& one) -> maybe<error> {
      if (one.by != way::slot_reached) return std::nullopt;
      if (one.upto <= applied_) return error();
      if (one.upto < lowest_) lowest_ = one.upto;
      return std::nullopt;
    });
    for (question const& one : asked_) {
      if (one.upto != slot() && one.upto < lowest_) lowest_ = one.upto;
    }
  }

  // Ends those for which `judge` gives an error, which may be none; keeps the others.
  template <class Judge>
  void sift(Judge&& judge) {
    std::size_t left = 0;
    for (pending& one : waiting_) {
      if (maybe<error> const end = judge(one)) {
        finished_.push_back({one.handle, *end});
      } else {
        waiting_[left++] = one;
      }
    }
    waiting_.resize(left);
  }

  static constexpr std::uint64_t questions_kept = 64;
  static constexpr std::uint64_t quorum_bit = std::uint64_t{1} << 62;

  limits bounds_;
  list<pending> waiting_;
  list<question> asked_;
  list<read_finished> finished_;
  slot applied_;
  slot lowest_ = slot_max;  // what the first of those that wait for a slot waits for
  time_ns soonest_ = never;
  time_ns again_at_ = never;    // when barriers are put again
  time_ns current_at_ = never;  // the state contains everything acknowledged before this
  std::uint64_t questions_ = 0;
  std::uint64_t quorum_questions_ = 0;
  std::uint64_t barriers_ = 0;
  bool question_wanted_ = false;
  bool quorum_wanted_ = false;
  bool barrier_wanted_ = false;
};

}  // namespace synod
