// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/core/slot_value.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

// Which clients of this node wait for which session to be opened.
class asked_openings {
 public:
  [[nodiscard]] bool full() const { return waiting_.size() >= most; }
  // Requires: not full.
  void add(session_change const& asked, std::uint64_t client, std::uint32_t attempt) {
    waiting_.push_back({asked, client, attempt});
  }
  // Calls told(client, attempt) for each that waits for it; they wait no longer.
  template <class Told>
  void opened(session_change const& asked, Told&& told) {
    for (std::size_t i = 0; i < waiting_.size();) {
      if (waiting_[i].asked != asked) {
        ++i;
        continue;
      }
      told(waiting_[i].client, waiting_[i].attempt);
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

 private:
  static constexpr std::size_t most = 4096;

  struct opening {
    session_change asked;
    std::uint64_t client = 0;
    std::uint32_t attempt = 0;
  };
  list<opening> waiting_;
};

}  // namespace synod
