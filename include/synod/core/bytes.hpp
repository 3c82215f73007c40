// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/node_rows.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// By pointers: each kind of iterator costs a compiler some twenty functions.
inline void append_bytes(std::vector<std::byte>& to, std::span<std::byte const> from) {
  to.insert(to.end(), from.data(), from.data() + from.size());
}
inline void assign_bytes(std::vector<std::byte>& to, std::span<std::byte const> from) {
  to.clear();
  append_bytes(to, from);
}

// Bytes that are written once and then shared: what was encoded for the wire is the same memory
// that goes to the disk, and a follower keeps a slice of the frame it received. The count is a
// plain integer: a buffer belongs to one thread; another thread is handed a span whose owner waits
// for it.
class shared_bytes {
 public:
  shared_bytes() = default;
  explicit shared_bytes(std::vector<std::byte> content)
      : node_(new node{1, nullptr, content.size(), std::move(content), nullptr}) {}

  shared_bytes(shared_bytes const& other) : node_(other.node_) {
    if (node_ != nullptr) ++node_->references;
  }
  shared_bytes(shared_bytes&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  shared_bytes& operator=(shared_bytes other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~shared_bytes() {
    if (node_ != nullptr && --node_->references == 0) node_->release();
  }

  [[nodiscard]] bool empty() const { return node_ == nullptr || node_->length == 0; }
  [[nodiscard]] std::span<std::byte const> bytes() const {
    if (node_ == nullptr) return {};
    return {node_->content.data(), node_->length};
  }

 private:
  friend class bytes_pool;

  struct pool;
  struct node {
    std::uint32_t references = 0;
    pool* home = nullptr;
    std::size_t length = 0;  // of what counts in `content`
    std::vector<std::byte> content;
    node* next = nullptr;  // while it is free

    [[gnu::noinline]] void release() {  // so that those who hold nothing, which is most, do no more
      pool* const where = home;
      if (where == nullptr) {
        delete this;
        return;
      }
      --where->outstanding;
      if (!where->abandoned && where->kept + content.capacity() <= kept_bytes_max) {
        where->kept += content.capacity();
        next = std::exchange(where->free, this);
        return;
      }
      std::vector<std::byte>().swap(content);
      next = std::exchange(where->bare, this);
      if (where->abandoned && where->outstanding == 0) delete where;
    }
  };
  // Ends with whoever made it, or with the last node that is in use.
  struct pool {
    node* free = nullptr;  // the first of a chain
    node* bare = nullptr;  // likewise, of those without content
    node_rows<node, 32> rows;
    std::size_t kept = 0;  // bytes of capacity in `free`
    std::size_t outstanding = 0;
    bool abandoned = false;

    void widen() {
      rows.widen([this](node& made) {
        made.home = this;
        made.next = std::exchange(bare, &made);
      });
    }
  };
  // What a burst of large buffers may leave behind in one pool: as much as a host lets its log hold
  // between two snapshots, since all of that comes back at once and is needed again.
  static constexpr std::size_t kept_bytes_max = std::size_t{64} << 20;

  explicit shared_bytes(node* from) : node_(from) {}

  node* node_ = nullptr;
};

// Turns what was written into shared bytes, and recycles buffers together with their capacity, so
// that the steady state allocates nothing. The bytes may outlive their pool.
class bytes_pool {
 public:
  bytes_pool() : pool_(new shared_bytes::pool) {}
  bytes_pool(bytes_pool const&) = delete;
  bytes_pool(bytes_pool&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
  bytes_pool& operator=(bytes_pool other) noexcept {
    std::swap(pool_, other.pool_);
    return *this;
  }
  ~bytes_pool() {
    if (pool_ == nullptr) return;
    pool_->abandoned = true;
    if (pool_->outstanding == 0) {
      delete pool_;
    } else {
      for (auto* one = pool_->free; one != nullptr; one = one->next) {
        std::vector<std::byte>().swap(one->content);
      }
    }
  }

  // Effects: takes the content of `written`, which is left empty with the capacity of a former
  // buffer, ready for what is written next.
  [[nodiscard]] shared_bytes seal(std::vector<std::byte>& written) {
    shared_bytes made = exchange(written, written.size());
    written.clear();
    return made;
  }

  // Effects: takes the first `length` bytes of `written`, which is left as long as a former buffer
  // was, with whatever that held: to be written over without being cleared first.
  [[nodiscard]] shared_bytes exchange(std::vector<std::byte>& written, std::size_t length) {
    shared_bytes::node* node = pool_->free;
    if (node != nullptr) {
      pool_->free = node->next;
      pool_->kept -= node->content.capacity();
    } else {
      if (pool_->bare == nullptr) pool_->widen();
      node = pool_->bare;
      pool_->bare = node->next;
    }
    node->references = 1;
    ++pool_->outstanding;
    node->length = length;
    node->content.swap(written);
    return shared_bytes(node);
  }

 private:
  shared_bytes::pool* pool_;
};

// A part of shared bytes together with the checksum of that part, which is computed once.
struct byte_slice {
  shared_bytes owner;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint32_t checksum = 0;

  [[nodiscard]] bool empty() const { return length == 0; }
  [[nodiscard]] std::span<std::byte const> bytes() const {
    return owner.bytes().subspan(offset, length);
  }
};

// Likewise, of what somebody else keeps.
struct slice_view {
  shared_bytes const* owner = nullptr;  // null if there is none
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint32_t checksum = 0;

  slice_view() = default;
  slice_view(shared_bytes const* keeper, std::uint32_t begins, std::uint32_t bytes,
             std::uint32_t sum)
      : owner(keeper), offset(begins), length(bytes), checksum(sum) {}
  slice_view(byte_slice const& of) : slice_view(&of.owner, of.offset, of.length, of.checksum) {}
  slice_view(byte_slice&& ends_before_this) = delete;

  [[nodiscard]] bool empty() const { return length == 0; }
  // Requires: not empty.
  [[nodiscard]] std::span<std::byte const> bytes() const {
    return owner->bytes().subspan(offset, length);
  }
  [[nodiscard]] byte_slice slice() const {
    if (empty()) return {};
    return {*owner, offset, length, checksum};
  }
};

}  // namespace synod
