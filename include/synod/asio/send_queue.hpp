// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod::asio {

struct send_queue_options {
  std::size_t bytes_max = std::size_t{64} << 20;  // kept in memory for one slow peer
  // Once so much waits, small frames no longer queue behind large ones.
  std::size_t backlog_bytes = std::size_t{64} << 10;
  std::size_t prompt_frame_bytes_max = 1024;
  std::size_t prompt_bytes_max = std::size_t{256} << 10;
};

// What waits to be written to one connection: whole frames as slices of shared bytes, so that a
// frame for many was encoded once, in the order in which they came. While the other side keeps up,
// nothing is reordered. Once a backlog has built up, small frames (heartbeats, votes, questions)
// are copied into a lane of their own that overtakes at the next boundary between frames: a
// follower that catches up with megabytes must not take its leader for dead (hazard H25).
//
// Both lanes are bounded in bytes of memory, counted as what a slice keeps alive. What does not fit
// is dropped and counted: protocols send again, memory does not come back.
class send_queue {
 public:
  explicit send_queue(send_queue_options const& limits = {}) : limits_(limits) {}

  [[nodiscard]] bool empty() const { return first_ == slices_.size() && prompt_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return queued_ + prompt_.size() - prompt_sent_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  // Adds one frame. Returns: false if it was dropped.
  bool push(shared_bytes const& owner, std::size_t offset, std::size_t length) {
    if (queued_ >= limits_.backlog_bytes && length <= limits_.prompt_frame_bytes_max) {
      return push_prompt(owner.bytes().subspan(offset, length));
    }
    bool const first = first_ == slices_.size();
    bool const joins = !first && same_bytes(slices_.back().owner, owner);
    std::size_t const kept = joins ? 0 : owner.bytes().size();
    if (!first && charged_ + kept > limits_.bytes_max) return drop();
    queued_ += length;
    charged_ += kept;
    if (joins && slices_.back().offset + slices_.back().length == offset &&
        slices_.back().length + length <= joined_bytes_max) {
      slices_.back().length += length;
    } else {
      slices_.push_back({owner, offset, length, kept});
    }
    return true;
  }

  // Calls take(span) for what is to be written next, in order, as long as it returns true.
  template <class Take>
  void front(Take&& take) const {
    std::size_t at = first_;
    // A frame that has begun must end before anything else.
    if (sent_ > 0 && !take(rest_of(slices_[at++]))) return;
    if (!prompt_.empty() && !take(std::span(prompt_).subspan(prompt_sent_))) return;
    for (; at < slices_.size(); ++at) {
      if (!take(slices_[at].owner.bytes().subspan(slices_[at].offset, slices_[at].length))) return;
    }
  }

  // So many bytes of what `front` gave were written.
  void written(std::size_t count) {
    if (count == queued_ && prompt_.empty()) return clear();  // nearly always
    if (sent_ > 0) count = take_slice(count);
    if (count > 0 && !prompt_.empty()) {
      std::size_t const left = prompt_.size() - prompt_sent_;
      std::size_t const here = count < left ? count : left;
      prompt_sent_ += here;
      count -= here;
      if (prompt_sent_ == prompt_.size()) {
        prompt_.clear();
        prompt_sent_ = 0;
      }
    }
    while (count > 0) count = take_slice(count);
    if (first_ == slices_.size()) {
      slices_.clear();
      first_ = 0;
    } else if (first_ >= compact_at && first_ * 2 >= slices_.size()) {
      slices_.erase(slices_.begin(), slices_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  void clear() {
    slices_.clear();
    prompt_.clear();
    first_ = queued_ = charged_ = sent_ = prompt_sent_ = 0;
  }

 private:
  static constexpr std::size_t joined_bytes_max = std::size_t{64} << 10;
  static constexpr std::size_t compact_at = 256;

  struct slice {
    shared_bytes owner;
    std::size_t offset = 0;
    std::size_t length = 0;
    std::size_t charged = 0;
  };

  static bool same_bytes(shared_bytes const& a, shared_bytes const& b) {
    return a.bytes().data() == b.bytes().data();
  }
  [[nodiscard]] std::span<std::byte const> rest_of(slice const& one) const {
    return one.owner.bytes().subspan(one.offset + sent_, one.length - sent_);
  }

  bool push_prompt(std::span<std::byte const> frame) {
    if (prompt_.size() + frame.size() > limits_.prompt_bytes_max) return drop();
    prompt_.insert(prompt_.end(), frame.begin(), frame.end());
    return true;
  }
  bool drop() {
    ++dropped_;
    return false;
  }

  std::size_t take_slice(std::size_t count) {
    slice& one = slices_[first_];
    std::size_t const left = one.length - sent_;
    std::size_t const here = count < left ? count : left;
    sent_ += here;
    queued_ -= here;
    if (sent_ == one.length) {
      charged_ -= one.charged;
      one.owner = {};
      sent_ = 0;
      ++first_;
    }
    return count - here;
  }

  std::vector<slice> slices_;  // from first_ on
  std::size_t first_ = 0;
  std::vector<std::byte> prompt_;
  std::size_t queued_ = 0;  // bytes in the slices, not yet written
  std::size_t sent_ = 0;    // of the first slice
  std::size_t prompt_sent_ = 0;
  std::size_t charged_ = 0;  // bytes that the slices keep alive
  send_queue_options limits_;
  std::uint64_t dropped_ = 0;
};

}  // namespace synod::asio
