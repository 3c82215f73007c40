// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

// What a file holds, sector by sector. A sector is written once and then shared by what a process
// sees, what a crash keeps and what is on its way between them; one of zeros takes no memory. So a
// copy of a file, and a file of zeros, cost next to nothing: most of a log that was made beforehand
// is zeros, and every crash copies all of it.
class file_sectors {
 public:
  // Requires: `each` divides every size and offset, but those of `read`.
  explicit file_sectors(std::size_t each) : each_(each) {}

  [[nodiscard]] std::size_t bytes() const { return content_.size() * each_; }
  [[nodiscard]] std::size_t count() const { return content_.size(); }
  // Effects: what is new is zeros.
  void resize(std::size_t bytes) { content_.resize(bytes / each_); }

  [[nodiscard]] shared_bytes const& operator[](std::size_t which) const { return content_[which]; }
  void put(std::size_t which, shared_bytes what) { content_[which] = std::move(what); }

  void read(std::uint64_t offset, std::span<std::byte> into) const {
    std::size_t which = static_cast<std::size_t>(offset) / each_;
    std::size_t skipped = static_cast<std::size_t>(offset) % each_;
    while (!into.empty()) {
      std::size_t const length = std::min(each_ - skipped, into.size());
      std::span<std::byte const> const from = content_[which].bytes();
      if (from.empty()) {
        std::memset(into.data(), 0, length);
      } else {
        std::memcpy(into.data(), from.data() + skipped, length);
      }
      into = into.subspan(length);
      skipped = 0;
      ++which;
    }
  }

  // A sector of these bytes.
  static shared_bytes of(std::span<std::byte const> bytes) {
    bool const zeros = bytes[0] == std::byte{0} &&
                       std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
    return zeros ? shared_bytes() : shared_bytes({bytes.begin(), bytes.end()});
  }
  // The first half of one sector and the second half of another.
  [[nodiscard]] shared_bytes torn(shared_bytes const& first, shared_bytes const& second) const {
    std::vector<std::byte> both = whole(second);
    std::vector<std::byte> const begin = whole(first);
    std::copy_n(begin.begin(), each_ / 2, both.begin());
    return of(both);
  }
  void flip(std::uint64_t bit) {
    std::size_t const byte = static_cast<std::size_t>(bit / 8);
    std::vector<std::byte> changed = whole(content_[byte / each_]);
    changed[byte % each_] ^= std::byte{static_cast<unsigned char>(1U << bit % 8)};
    content_[byte / each_] = of(changed);
  }

 private:
  [[nodiscard]] std::vector<std::byte> whole(shared_bytes const& sector) const {
    std::vector<std::byte> bytes(each_);
    std::copy(sector.bytes().begin(), sector.bytes().end(), bytes.begin());
    return bytes;
  }

  std::size_t each_;
  std::vector<shared_bytes> content_;
};

}  // namespace synod::testing
