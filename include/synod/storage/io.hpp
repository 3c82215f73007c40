// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace synod {

// Reads and writes of a log happen in whole blocks at multiples of a block, which every disk can do
// without reading first. No block ever holds bytes of two writes, so a write that tears cannot take
// with it what an earlier one made durable.
inline constexpr std::size_t block_bytes = 4096;

constexpr std::uint64_t up_to_block(std::uint64_t bytes) {
  return (bytes + (block_bytes - 1)) / block_bytes * block_bytes;
}

// The name of a file in the one flat directory of a store: at most 39 characters, none of them a
// slash.
class file_name {
 public:
  constexpr file_name() = default;
  constexpr explicit file_name(char const* from) {
    while (*from != '\0' && length_ < sizeof text_ - 1) text_[length_++] = *from++;
  }
  // `stem` and 16 hexadecimal digits, so that names sort as their numbers do.
  constexpr file_name(char const* stem, std::uint64_t number) : file_name(stem) {
    for (int shift = 60; shift >= 0 && length_ < sizeof text_ - 1; shift -= 4) {
      text_[length_++] = "0123456789abcdef"[number >> shift & 15];
    }
  }

  [[nodiscard]] constexpr char const* text() const { return text_; }

  // Whether it is `stem` and a number, which is then written to `number`.
  [[nodiscard]] constexpr bool numbered(char const* stem, std::uint64_t& number) const {
    std::size_t at = 0;
    for (; stem[at] != '\0'; ++at) {
      if (text_[at] != stem[at]) return false;
    }
    if (length_ != at + 16) return false;
    std::uint64_t read = 0;
    for (; at < length_; ++at) {
      char const c = text_[at];
      bool const decimal = c >= '0' && c <= '9';
      if (!decimal && (c < 'a' || c > 'f')) return false;
      read = read << 4 | static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10);
    }
    number = read;
    return true;
  }

  friend constexpr bool operator==(file_name const&, file_name const&) = default;

 private:
  char text_[40]{};
  std::size_t length_ = 0;
};

// An open file; the number means something to the Io that gave it.
struct io_file {
  std::int32_t handle = -1;

  [[nodiscard]] constexpr bool is_open() const { return handle >= 0; }
  friend constexpr bool operator==(io_file, io_file) = default;
};

// When a write is durable: when it returns or completes, or after the next `sync` of its file.
enum class write_through : std::uint8_t { yes, no };

// The world as a file log sees it: one directory of its own, files in whole blocks. `posix_io` is
// the real one, `testing::disk::io` the simulated one; the log is the same code over both.
//
//   enter()                     makes the directory (0700) and locks it against every other
//   process;
//                               nothing that an earlier one queued is under way when it returns
//   list(sink)                  sink(file_name const&) for every file
//   open(name), create(name, bytes), extend(file, bytes), close(file), size(file)
//                               `create` makes a new file of that size, with room on the disk, that
//                               reads as zeros, and `extend` a longer one of it; whoever does syncs
//   read(file, offset, into)    all of it, or an error
//   write(file, offset, from, when)   all of it, or an error
//   submit(file, offset, from, token) queues a write that is durable when it completes; `from`
//   stays
//                               where it is until then
//   poll(sink), wait(sink)      sink(token, error) for what has completed; `wait` blocks until
//                               something has, unless nothing is queued
//   sync(file)                  everything written to it is durable
//   rename(from, to), remove(name), sync_directory()
//                               names are durable after `sync_directory`
//   free_bytes()                what the disk has left
//   random()                    64 bits that no other process and no other life will draw
//
// Offsets, sizes and addresses of buffers are multiples of a block. An error of a write or a sync
// is final: what is on the disk is then unknown, and asking again may be answered with a lie
// (hazard H21).
template <class T>
concept io = requires(T& disk, file_name const& name, io_file file, std::uint64_t number,
                      std::span<std::byte> into, std::span<std::byte const> from,
                      write_through when) {
  { disk.enter() } -> std::same_as<error>;
  {
    disk.list([](file_name const&) {})
    } -> std::same_as<error>;
  { disk.open(name) } -> std::same_as<result<io_file>>;
  { disk.create(name, number) } -> std::same_as<result<io_file>>;
  { disk.extend(file, number) } -> std::same_as<error>;
  disk.close(file);
  { disk.size(file) } -> std::same_as<result<std::uint64_t>>;
  { disk.read(file, number, into) } -> std::same_as<error>;
  { disk.write(file, number, from, when) } -> std::same_as<error>;
  disk.submit(file, number, from, number);
  disk.poll([](std::uint64_t, error const&) {});
  disk.wait([](std::uint64_t, error const&) {});
  { disk.sync(file) } -> std::same_as<error>;
  { disk.rename(name, name) } -> std::same_as<error>;
  { disk.remove(name) } -> std::same_as<error>;
  { disk.sync_directory() } -> std::same_as<error>;
  { disk.free_bytes() } -> std::same_as<result<std::uint64_t>>;
  { disk.random() } -> std::same_as<std::uint64_t>;
};

}  // namespace synod
