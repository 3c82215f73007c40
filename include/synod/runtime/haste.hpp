// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>

#include <bit>
#include <cstdint>

namespace synod {

// Whether those whom no decision needs get an Accept as soon as the others, or later, with what
// follows. Which of the two decides sooner depends on what a node cannot know. At once, whoever
// answers first counts, and a processor that would fall asleep while it waits has something to do;
// later, there is less to do for each command, for all of them. So both are tried in turns, and
// until the next trial it is done as it went better. At once has to be better by a twentieth, since
// it costs everybody more work.
//
// What is compared is the logarithm of the time from an Accept to its decision, of one slot at a
// time, and no more than eight times of the shortest: one that waited until another process gave
// the processor up must not weigh as much as a thousand others.
class haste {
 public:
  // Whether they get it later.
  [[nodiscard]] bool spares() const { return spares_; }

  // An Accept of this node leaves.
  void proposed(slot at, time_ns now) {
    if (left_ > 0) {
      if (--left_ == 0) begin_turn(0);
      return;
    }
    // One that is never decided here must not be waited for.
    if (watched_ == slot() || now - since_ > lost_ns) {
      watched_ = at;
      since_ = now;
    }
  }
  void decided(slot at, time_ns now) {
    if (at != watched_ || watched_ == slot()) return;
    watched_ = slot();
    auto const took = static_cast<std::uint64_t>(now > since_ ? now - since_ : 1);
    if (took < shortest_) shortest_ = took;
    if (++seen_ <= settling) return;
    sum_[spares_ ? 1 : 0] += logarithm(took < 8 * shortest_ ? took : 8 * shortest_);
    if (seen_ < settling + samples) return;
    if (++turn_ < turns) return begin_turn(turn_);
    constexpr std::uint64_t margin = better_by * samples * (turns / 2);
    spares_ = sum_[1] < sum_[0] + margin;
    left_ = between;
  }

 private:
  static constexpr std::uint64_t turns = 8;     // of a trial, one way and the other
  static constexpr std::uint64_t settling = 8;  // slots of each that are not looked at
  static constexpr std::uint64_t samples = 64;  // and that are
  static constexpr std::uint64_t between = 16'384;
  static constexpr std::uint64_t better_by = 4;  // 64ths of a power of two: 4 %
  static constexpr time_ns lost_ns = 1'000'000'000;

  // To the base of two, in 64ths.
  static constexpr std::uint64_t logarithm(std::uint64_t of) {
    auto const whole = static_cast<unsigned>(std::bit_width(of) - 1);
    return std::uint64_t{64} * whole + (((of << 6) >> whole) & 63);
  }

  void begin_turn(std::uint64_t turn) {
    if (turn == 0) {
      sum_[0] = sum_[1] = 0;
      shortest_ = never;
    }
    turn_ = turn;
    spares_ = turn % 2 == 0;
    seen_ = 0;
    watched_ = slot();
  }

  bool spares_ = true;
  std::uint64_t left_ = 1024;  // Accepts until the next trial
  std::uint64_t turn_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t sum_[2] = {};  // of those that went to all at once, and of the others
  std::uint64_t shortest_ = never;
  slot watched_;
  time_ns since_ = 0;
};

}  // namespace synod
