// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <vector>

namespace synod::asio {

// Memory to write in what leaves at once, the same for all who run on a thread: of thousands of
// connections each would have its own out of the cache. Whoever asks for it while another has it
// gets new memory.
class scratch {
 public:
  scratch() {
    bytes_.swap(spare());
    bytes_.clear();
  }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  ~scratch() {
    if (bytes_.capacity() <= kept_bytes_max) bytes_.swap(spare());
  }

  [[nodiscard]] std::vector<std::byte>& bytes() { return bytes_; }

 private:
  static constexpr std::size_t kept_bytes_max = std::size_t{256} << 10;

  static std::vector<std::byte>& spare() {
    thread_local std::vector<std::byte> kept;
    return kept;
  }

  std::vector<std::byte> bytes_;
};

}  // namespace synod::asio
