// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/storage/io.hpp>

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace synod {

// Memory that a disk can be told to read from and write to directly: it begins at a block, holds
// whole blocks, grows by doubling and never shrinks.
class block_buffer {
 public:
  block_buffer() = default;
  explicit block_buffer(std::size_t bytes) { reserve(bytes); }
  block_buffer(block_buffer&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)), capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  block_buffer& operator=(block_buffer&& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~block_buffer() { release(begin_); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::byte* data() { return begin_; }
  [[nodiscard]] std::span<std::byte> bytes() { return {begin_, size_}; }
  [[nodiscard]] std::span<std::byte const> bytes() const { return {begin_, size_}; }

  void clear() { size_ = 0; }

  void reserve(std::size_t bytes) {
    if (bytes <= capacity_) return;
    std::size_t wanted = capacity_ == 0 ? block_bytes : capacity_;
    while (wanted < bytes) wanted *= 2;
    auto* const made =
        static_cast<std::byte*>(::operator new(wanted, std::align_val_t(block_bytes)));
    if (size_ != 0) std::memcpy(made, begin_, size_);
    release(begin_);
    begin_ = made;
    capacity_ = wanted;
  }

  // Effects: makes it `bytes` long; what is new has no particular contents.
  std::span<std::byte> resize(std::size_t bytes) {
    reserve(bytes);
    size_ = bytes;
    return {begin_, size_};
  }

  // Effects: appends that many bytes without particular contents and returns them.
  std::span<std::byte> extend(std::size_t bytes) {
    std::size_t const before = size_;
    resize(before + bytes);
    return {begin_ + before, bytes};
  }

  // Effects: appends zeros up to the next block.
  void pad() {
    std::size_t const missing = static_cast<std::size_t>(up_to_block(size_)) - size_;
    if (missing != 0) std::memset(extend(missing).data(), 0, missing);
  }

 private:
  static void release(std::byte* memory) {
    if (memory != nullptr) ::operator delete(memory, std::align_val_t(block_bytes));
  }

  std::byte* begin_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace synod
