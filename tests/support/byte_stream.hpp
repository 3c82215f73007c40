// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// The least writer and reader that the encoders of the log ask for.
namespace support {

struct byte_writer {
  std::vector<std::byte> out;

  void u8(std::uint8_t value) { put(value, 1); }
  void u32(std::uint32_t value) { put(value, 4); }
  void u64(std::uint64_t value) { put(value, 8); }
  void bytes(std::span<std::byte const> all) { out.insert(out.end(), all.begin(), all.end()); }

 private:
  void put(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
};

struct byte_reader {
  explicit byte_reader(std::span<std::byte const> all) : in(all) {}

  std::span<std::byte const> in;
  bool good = true;

  [[nodiscard]] bool ok() const { return good; }
  [[nodiscard]] std::size_t remaining() const { return in.size(); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(get(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(get(4)); }
  std::uint64_t u64() { return get(8); }
  std::span<std::byte const> bytes(std::size_t size) {
    good = good && size <= in.size();
    if (!good) return {};
    std::span<std::byte const> const taken = in.first(size);
    in = in.subspan(size);
    return taken;
  }

 private:
  std::uint64_t get(unsigned size) {
    std::uint64_t value = 0;
    std::span<std::byte const> const from = bytes(size);
    for (std::size_t i = 0; i < from.size(); ++i) {
      value |= std::to_integer<std::uint64_t>(from[i]) << (8 * i);
    }
    return value;
  }
};

}  // namespace support
