// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/observe/events.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

namespace synod {

// The last events of a node, kept in a ring that allocates once: what to look at after something
// went wrong. It keeps what happens rarely, and not every message.
class trace {
 public:
  using event = std::variant<node_started, node_stopped, leadership_changed, configuration_changed,
                             slot_applied, operation_ended, read_ended, message_rejected,
                             snapshot_taken, snapshot_loaded>;

  explicit trace(std::size_t events_max = 4096) : ring_(events_max == 0 ? 1 : events_max) {}

  // Everything that is one of the above.
  template <class Event>
    requires std::constructible_from<event, Event const&>
  void on(Event const& one) { ring_[static_cast<std::size_t>(written_++ % ring_.size())] = one; }

  [[nodiscard]] std::uint64_t written() const { return written_; }

  // Calls visit(event) for those still here, the oldest first.
  template <class Visit>
  void for_each(Visit&& visit) const {
    std::uint64_t const size = ring_.size();
    for (std::uint64_t i = written_ > size ? written_ - size : 0; i < written_; ++i) {
      std::visit(visit, ring_[static_cast<std::size_t>(i % size)]);
    }
  }

 private:
  std::vector<event> ring_;
  std::uint64_t written_ = 0;
};

}  // namespace synod
