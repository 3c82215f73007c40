// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/prefetch.hpp>
#include <synod/log/sort_by_key.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace synod {

// Cached replies, oldest first. A short one lies in its record. The bytes of the others lie in two
// recycled buffers: a new reply is appended, and when the buffer is full and at least half of it
// belongs to replies dropped since, the living ones are copied into the other. So memory stays
// below four times the living bytes and their records, and the steady state allocates nothing.
class reply_store {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t short_max = 16;

  struct reply {
    sequence number;
    std::uint64_t version = 0;     // of the position at which the command was applied
    std::uint32_t session = none;  // its place in the table
    std::uint32_t length = 0;
    std::uint32_t older = none;
    std::uint32_t newer = none;
    union {
      std::uint64_t offset = 0;    // in the buffer
      std::byte bytes[short_max];  // of a short one
    };
  };

  [[nodiscard]] reply const& operator[](std::uint32_t at) const { return replies_[at]; }
  [[nodiscard]] std::span<std::byte const> bytes(std::uint32_t at) const {
    reply const& one = replies_[at];
    if (one.length <= short_max) return std::span(one.bytes).first(one.length);
    return std::span(bytes_).subspan(static_cast<std::size_t>(one.offset), one.length);
  }
  [[nodiscard]] std::uint32_t oldest() const { return oldest_; }
  [[nodiscard]] std::size_t living_bytes() const { return living_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  // Requires: replies are added in the order of their versions, or put in order by `sort`.
  [[gnu::always_inline]] std::uint32_t add(std::uint32_t session, sequence number,
                                           std::uint64_t version,
                                           std::span<std::byte const> content) {
    std::uint32_t const at = take();
    reply& made = replies_[at];
    made.number = number;
    made.version = version;
    made.session = session;
    made.length = static_cast<std::uint32_t>(content.size());
    made.older = newest_;
    made.newer = none;
    if (content.size() <= short_max) {
      copy_short(made.bytes, content);
    } else {
      made.offset = append(content);
    }
    link_last(at);
    living_ += content.size();
    ++size_;
    return at;
  }

  void drop(std::uint32_t at) {
    reply& gone = replies_[at];
    std::uint32_t const older = gone.older;
    std::uint32_t const newer = gone.newer;
    (older == none ? oldest_ : replies_[older].newer) = newer;
    (newer == none ? newest_ : replies_[newer].older) = older;
    living_ -= gone.length;
    --size_;
    if (gone.length > short_max) long_bytes_ -= gone.length;
    gone.newer = free_;
    free_ = at;
  }

  // It is going to be dropped soon, and that changes its neighbours as well: these are looked for
  // once it is here itself.
  void foresee_drop(std::uint32_t at, bool neighbours) const {
    if (at == none) return;
    if (!neighbours) return prefetch(&replies_[at]);
    if (replies_[at].older != none) prefetch(&replies_[replies_[at].older].newer);
    if (replies_[at].newer != none) prefetch(&replies_[replies_[at].newer].older);
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
    replies_.add();
    return static_cast<std::uint32_t>(replies_.size() - 1);
  }

  // A constant number of instructions: two words, which overlap where the length asks for it.
  template <class Word>
  static void copy_ends(std::byte* to, std::span<std::byte const> from) {
    std::size_t const last = from.size() - sizeof(Word);
    Word words[2];
    std::memcpy(&words[0], from.data(), sizeof(Word));
    std::memcpy(&words[1], from.data() + last, sizeof(Word));
    std::memcpy(to, &words[0], sizeof(Word));
    std::memcpy(to + last, &words[1], sizeof(Word));
  }
  [[gnu::always_inline]] static void copy_short(std::byte* to, std::span<std::byte const> from) {
    if (from.size() >= 8) return copy_ends<std::uint64_t>(to, from);
    if (from.size() >= 4) return copy_ends<std::uint32_t>(to, from);
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i];
  }

  // Where it lies now.
  [[gnu::noinline]] std::size_t append(std::span<std::byte const> content) {
    if (long_bytes_ == 0) used_ = 0;
    if (used_ + content.size() > bytes_.size()) make_room(content.size());
    std::size_t const at = used_;
    std::memcpy(bytes_.data() + at, content.data(), content.size());
    used_ += content.size();
    long_bytes_ += content.size();
    return at;
  }
  // Copying walks all records, so as much has to be gained for each of them too.
  void make_room(std::size_t more) {
    if (used_ < long_bytes_ * 2 + size() * short_max) return bytes_.resize(wider(more));
    if (spare_.size() < bytes_.size()) spare_.resize(bytes_.size());
    std::size_t moved = 0;
    for (std::uint32_t at = oldest_; at != none; at = replies_[at].newer) {
      if (replies_[at].length <= short_max) continue;
      std::span<std::byte const> const from = bytes(at);
      std::memcpy(spare_.data() + moved, from.data(), from.size());
      replies_[at].offset = moved;
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
  std::size_t long_bytes_ = 0;  // living ones in the buffer
  std::size_t living_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
  std::uint32_t free_ = none;
};

}  // namespace synod
