// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/ids.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

inline constexpr std::size_t batch_commands_max = 65'535;

// Consecutive commands of one session inside a batch: `count` commands from `first`, which carry
// the sequences `first_sequence`, `first_sequence` + 1, ... Replies up to `acked_upto` may be
// forgotten.
struct command_origin {
  session_id session;
  sequence first_sequence;
  sequence acked_upto;
  std::uint16_t first = 0;
  std::uint16_t count = 0;

  friend constexpr bool operator==(command_origin const&, command_origin const&) = default;
};

// The runs of one batch. Nearly always there is a single one, which lies here.
class origin_runs {
 public:
  using value_type = command_origin;

  origin_runs() = default;
  origin_runs(origin_runs const&) = delete;
  origin_runs& operator=(origin_runs const&) = delete;
  ~origin_runs() {
    if (first_ != &alone_) delete[] first_;
  }

  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] bool empty() const { return used_ == 0; }
  [[nodiscard]] command_origin const* begin() const { return first_; }
  [[nodiscard]] command_origin const* end() const { return first_ + used_; }
  [[nodiscard]] command_origin const& operator[](std::size_t at) const { return first_[at]; }
  // Requires: not empty.
  [[nodiscard]] command_origin& back() { return first_[used_ - 1]; }

  void reserve(std::size_t count) {
    if (count > room_) widen(count);
  }
  // Field by field: what was just put together is not ready to be copied in larger pieces.
  SYNOD_ALWAYS_INLINE void push_back(command_origin const& run) {
    if (used_ == room_) return push_back_elsewhere(run);
    command_origin& to = first_[used_++];
    to.session = run.session;
    to.first_sequence = run.first_sequence;
    to.acked_upto = run.acked_upto;
    to.first = run.first;
    to.count = run.count;
  }
  void clear() { used_ = 0; }

 private:
  [[gnu::noinline, gnu::cold]] void push_back_elsewhere(command_origin run) {
    widen(std::size_t{2} * room_);
    first_[used_++] = run;
  }
  [[gnu::noinline, gnu::cold]] void widen(std::size_t room) {
    auto* const wider = new command_origin[room];
    for (std::size_t i = 0; i < used_; ++i) wider[i] = first_[i];
    if (first_ != &alone_) delete[] first_;
    first_ = wider;
    room_ = static_cast<std::uint32_t>(room);
  }

  command_origin* first_ = &alone_;
  std::uint32_t used_ = 0;
  std::uint32_t room_ = 1;
  command_origin alone_;
};

// The runs of a value, which are those of a batch, or a single one that is put together from what
// is left of it. Good for as long as the value is, and not encoded or released meanwhile.
class origin_view {
 public:
  origin_view(origin_runs const& all) : first_(all.begin()), size_(all.size()) {}
  explicit origin_view(command_origin const& alone) : size_(1), alone_(alone) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] command_origin const* begin() const& {
    return first_ != nullptr ? first_ : &alone_;
  }
  [[nodiscard]] command_origin const* end() const& { return begin() + size_; }
  // It may hold the run itself, and two that end at once do not hold the same.
  command_origin const* begin() const&& = delete;
  command_origin const* end() const&& = delete;
  // Requires: at < size().
  [[nodiscard]] command_origin operator[](std::size_t at) const { return begin()[at]; }

  friend bool operator==(origin_view const& a, origin_view const& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (!(a[i] == b[i])) return false;
    }
    return true;
  }

 private:
  command_origin const* first_ = nullptr;
  std::size_t size_;
  command_origin alone_{};
};

}  // namespace synod
