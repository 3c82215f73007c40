// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/batch.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/slot_value.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

// Set in the number of a barrier.
inline constexpr std::uint64_t barrier_bit = std::uint64_t{1} << 63;

struct batcher_options {
  std::size_t batch_bytes_max = std::size_t{256} << 10;
  // A batch that is so long is enough, as long as the core takes half as many more: what follows
  // travels while this one is worked on elsewhere, and both fit into a cache.
  std::size_t batch_bytes_enough = std::size_t{64} << 10;
  std::size_t batch_commands_max = synod::batch_commands_max;
  // Together, before they are proposed: what more there is gets the answer `busy`.
  std::size_t pending_bytes_max = std::size_t{8} << 20;
};

// Gathers commands during one turn of an event loop and proposes them at its end: under little load
// a batch holds one command and nobody waits for a timer; under load it holds what arrived while
// the turn before was written and sent. What the core has no room for is answered `busy` when it is
// added, not queued: a queue here would only hide the load from those who could slow down (H25).
template <class Command>
class batcher {
 public:
  explicit batcher(batcher_options given = {}) : options_(given) {
    if (options_.batch_commands_max > synod::batch_commands_max) {
      options_.batch_commands_max = synod::batch_commands_max;
    }
    if (options_.batch_commands_max == 0) options_.batch_commands_max = 1;
  }

  // Whether a command that long when encoded can ever be added.
  [[nodiscard]] bool fits(std::size_t bytes) const { return bytes <= options_.batch_bytes_max; }

  // `bytes` is about what the command takes when encoded, `room()` says how many batches the core
  // takes. Moves the command, if it may, only if it was added.
  template <class Room, class Given = Command>
  [[nodiscard]] SYNOD_ALWAYS_INLINE error_code add(Room&& room, session_id session, sequence number,
                                                   sequence acked_upto, Given&& command,
                                                   std::size_t bytes) {
    if (!fits(bytes)) return error_code::too_large;
    bool const full = sealed_.empty() || last_bytes_ + bytes > options_.batch_bytes_max ||
                      sealed_.back().size() >= options_.batch_commands_max;
    bool const enough = last_bytes_ != 0 && last_bytes_ + bytes > options_.batch_bytes_enough &&
                        sealed_.size() < room() / 2;
    bool const opens = full || enough;
    // The core is asked at each batch: it may take fewer than when the one before was opened.
    if ((opens && sealed_.size() >= room()) ||
        pending_bytes_ + bytes > options_.pending_bytes_max) {
      return error_code::busy;
    }
    if (opens) {
      sealed_.push_back(pool_.take());
      last_bytes_ = 0;
    }
    sealed_.back().add(session, number, acked_upto, std::forward<Given>(command));
    last_bytes_ += bytes;
    pending_bytes_ += bytes;
    return error_code::none;
  }

  // A barrier is a run of no commands, at a place in the history like any other: see
  // runtime/read_barrier.hpp. Its numbers must not meet those of commands, or a run would swallow
  // it.
  [[nodiscard]] maybe<error> add_barrier(std::size_t room, session_id session, sequence number) {
    if (sealed_.empty() && room == 0) {
      return error{error_code::busy, 0, "read", "slow down, and try again"};
    }
    if (sealed_.empty()) {
      sealed_.push_back(pool_.take());
      last_bytes_ = 0;
    }
    SYNOD_ASSERT((number.value & barrier_bit) != 0, "barriers are numbered apart from commands");
    auto& last = sealed_.back();
    last.origins().push_back(
        {session, number, sequence(), static_cast<std::uint16_t>(last.size()), 0});
    return std::nullopt;
  }

  [[nodiscard]] bool empty() const { return sealed_.empty(); }

  // The end of a turn: proposes everything, stamped with what machines are told as the time. What
  // the core takes is told as proposed(commands); what it refuses after all is handed back whole,
  // as refused(batch, refusal).
  template <class Core, class Proposed, class Refused>
  void seal(time_ns now, time_ns stamp, Core& core, typename Core::output_type& out,
            Proposed&& proposed, Refused&& refused) {
    // Whoever is told of a batch may have the next command at once: it waits for the next time.
    sealed_.swap(leaving_);
    pending_bytes_ = 0;
    last_bytes_ = 0;
    for (batch<Command>& one : leaving_) {
      one.stamp(stamp);
      std::size_t const commands = one.size();
      if (auto const why = core.propose(now, std::move(one), out)) {
        refused(one, *why);
      } else {
        proposed(commands);
      }
    }
    leaving_.clear();
  }

 private:
  batcher_options options_;
  batch_pool<Command> pool_;
  list<batch<Command>> sealed_;   // all but the last are full
  list<batch<Command>> leaving_;  // while they are proposed
  std::size_t last_bytes_ = 0;
  std::size_t pending_bytes_ = 0;
};

}  // namespace synod
