// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// Bytes that are written once and then shared: what was encoded for the wire is the same memory
// that goes to the disk, and a follower keeps a slice of the frame it received. The count is a
// plain integer: a buffer belongs to one thread; another thread is handed a span whose owner waits
// for it.
class shared_bytes {
 public:
  shared_bytes() = default;
  explicit shared_bytes(std::vector<std::byte> content) : node_(new node{1, std::move(content)}) {}

  shared_bytes(shared_bytes const& other) : node_(other.node_) {
    if (node_ != nullptr) ++node_->references;
  }
  shared_bytes(shared_bytes&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  shared_bytes& operator=(shared_bytes other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~shared_bytes() {
    if (node_ != nullptr && --node_->references == 0) delete node_;
  }

  [[nodiscard]] bool empty() const { return node_ == nullptr || node_->content.empty(); }
  [[nodiscard]] std::span<std::byte const> bytes() const {
    return node_ == nullptr ? std::span<std::byte const>()
                            : std::span(std::as_const(node_->content));
  }

 private:
  struct node {
    std::uint32_t references;
    std::vector<std::byte> content;
  };
  node* node_ = nullptr;
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

}  // namespace synod
