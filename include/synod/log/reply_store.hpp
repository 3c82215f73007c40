// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/log/sort_by_key.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace synod {

// Cached replies as bytes, oldest first, in two recycled buffers: a new reply is appended, and when
// the buffer is full and at least half of it belongs to replies dropped since, the living ones are
// copied into the other. So memory stays below four times the living bytes, and the steady state
// allocates nothing.
class reply_store {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct reply {
    session_id session;
    sequence number;
    std::uint64_t version = 0;  // of the position at which the command was applied
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t older = none;
    std::uint32_t newer = none;
  };

  [[nodiscard]] reply const& operator[](std::uint32_t at) const { return replies_[at]; }
  [[nodiscard]] std::span<std::byte const> bytes(std::uint32_t at) const {
    return std::span(bytes_).subspan(static_cast<std::size_t>(replies_[at].offset),
                                     replies_[at].length);
  }
  [[nodiscard]] std::uint32_t oldest() const { return oldest_; }
  [[nodiscard]] std::size_t living_bytes() const { return living_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // Requires: replies are added in the order of their versions, or put in order by `sort`.
  std::uint32_t add(session_id session, sequence number, std::uint64_t version,
                    std::span<std::byte const> content) {
    make_room(content.size());
    std::uint32_t const at = take();
    replies_[at] = {session, number, version, used_, static_cast<std::uint32_t>(content.size()),
                    newest_, none};
    if (!content.empty()) std::memcpy(bytes_.data() + used_, content.data(), content.size());
    used_ += content.size();
    link_last(at);
    living_ += content.size();
    ++size_;
    return at;
  }

  void drop(std::uint32_t at) {
    reply& gone = replies_[at];
    (gone.older == none ? oldest_ : replies_[gone.older].newer) = gone.newer;
    (gone.newer == none ? newest_ : replies_[gone.newer].older) = gone.older;
    living_ -= gone.length;
    --size_;
    gone.newer = free_;
    free_ = at;
    if (size_ == 0) used_ = 0;
  }

  // Puts replies that were added in any order into the order of their versions.
  void sort() {
    list<std::uint32_t> order;
    order.reserve(size_);
    for (std::uint32_t at = oldest_; at != none; at = replies_[at].newer) order.push_back(at);
    sort_by_key(order, [this](std::uint32_t at) { return replies_[at].version; });
    oldest_ = newest_ = none;
    for (std::uint32_t at : order) {
      replies_[at].older = newest_;
      replies_[at].newer = none;
      link_last(at);
    }
  }

  void reserve(std::size_t count, std::size_t content) {
    replies_.reserve(count);
    if (content > bytes_.size()) bytes_.resize(content);
  }

 private:
  void link_last(std::uint32_t at) {
    (newest_ == none ? oldest_ : replies_[newest_].newer) = at;
    newest_ = at;
  }

  std::uint32_t take() {
    if (free_ != none) {
      std::uint32_t const at = free_;
      free_ = replies_[at].newer;
      return at;
    }
    replies_.emplace_back();
    return static_cast<std::uint32_t>(replies_.size() - 1);
  }

  void make_room(std::size_t more) {
    if (used_ + more > bytes_.size()) make_new_room(more);
  }
  [[gnu::noinline]] void make_new_room(std::size_t more) {
    if (used_ < living_ * 2) return bytes_.resize(wider(more));
    if (spare_.size() < bytes_.size()) spare_.resize(bytes_.size());
    std::size_t moved = 0;
    for (std::uint32_t at = oldest_; at != none; at = replies_[at].newer) {
      std::span<std::byte const> const from = bytes(at);
      replies_[at].offset = moved;
      if (!from.empty()) std::memcpy(spare_.data() + moved, from.data(), from.size());
      moved += from.size();
    }
    bytes_.swap(spare_);
    used_ = moved;
    if (used_ + more > bytes_.size()) bytes_.resize(wider(more));
  }
  [[nodiscard]] std::size_t wider(std::size_t more) const {
    std::size_t const needed = used_ + more;
    return needed < bytes_.size() * 2 ? bytes_.size() * 2 : needed;
  }

  list<reply> replies_;
  std::vector<std::byte> bytes_;  // all of it room, of which `used_` are taken
  std::vector<std::byte> spare_;
  std::size_t used_ = 0;
  std::size_t living_ = 0;
  std::size_t size_ = 0;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
  std::uint32_t free_ = none;
};

}  // namespace synod
