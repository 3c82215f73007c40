// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/error.hpp>
#include <synod/core/snapshot_store.hpp>
#include <synod/storage/block_buffer.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/snapshot_format.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// A whole snapshot that is open for reading; each chunk is checked against its own sum when it is
// read, so that rot is noticed before any of it is used, at the cost of four bytes of memory per 64
// KiB.
struct snapshot_content {
  io_file file;
  snapshot_header header;
  std::vector<std::uint32_t> sums;  // one per chunk

  // Effects: opens that file. Returns an error where it is not a whole snapshot of that number.
  template <class Io>
  error open(Io& disk, std::uint64_t number) {
    result<io_file> const found = disk.open(snapshot_name(number));
    if (!found) return found.error();
    file = *found;
    error const why = check(disk, number);
    if (why) disk.close(file);
    return why;
  }

  // Returns whether the chunk could be read and is what was written.
  template <class Io>
  bool read_chunk(Io& disk, std::uint64_t which, block_buffer& into) const {
    std::uint64_t const begin = which * snapshot_chunk_bytes;
    std::uint64_t const length = std::min(snapshot_chunk_bytes, header.info.length - begin);
    std::span<std::byte> const room = into.resize(static_cast<std::size_t>(up_to_block(length)));
    if (disk.read(file, block_bytes + begin, room)) return false;
    into.resize(static_cast<std::size_t>(length));
    return crc32c(std::as_const(into).bytes()) == sums[static_cast<std::size_t>(which)];
  }

 private:
  static error damaged(std::uint64_t number) {
    return {error_code::corruption, number, "a snapshot", "the node gets another from its peers"};
  }

  template <class Io>
  error check(Io& disk, std::uint64_t number) {
    result<std::uint64_t> const bytes = disk.size(file);
    if (!bytes) return bytes.error();
    block_buffer block;
    if (*bytes < block_bytes || disk.read(file, 0, block.resize(block_bytes))) {
      return damaged(number);
    }
    header_state const state = decode(std::as_const(block).bytes(), header);
    if (state == header_state::newer) {
      return {error_code::newer_format, version_of(block.bytes()), "a snapshot",
              "run the version that wrote it, or a newer one"};
    }
    // What the header claims is believed only as far as the file reaches.
    std::uint64_t const length = header.info.length;
    if (state == header_state::bad || header.number != number || length > *bytes) {
      return damaged(number);
    }
    std::uint64_t const table = chunks_of(length) * sizeof(std::uint32_t);
    if (table_offset(length) + up_to_block(table) > *bytes) return damaged(number);
    std::span<std::byte> const room = block.resize(static_cast<std::size_t>(up_to_block(table)));
    if (!room.empty() && disk.read(file, table_offset(length), room)) return damaged(number);
    std::span<std::byte const> const said = room.first(static_cast<std::size_t>(table));
    if (crc32c(said) != header.table_checksum) return damaged(number);
    sums.resize(static_cast<std::size_t>(chunks_of(length)));
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] = detail::get_le<std::uint32_t>(said.data() + i * sizeof(std::uint32_t));
    }
    return {};
  }
};

// A snapshot that is being written, chunk by chunk, into a file that has no name of a snapshot yet.
class snapshot_writing {
 public:
  [[nodiscard]] bool begun() const { return file_.is_open(); }
  [[nodiscard]] std::uint64_t length() const { return length_; }
  [[nodiscard]] std::uint32_t checksum() const { return checksum_; }
  [[nodiscard]] std::vector<std::uint32_t> const& sums() const { return sums_; }
  [[nodiscard]] io_file file() const { return file_; }

  template <class Io>
  error begin(Io& disk) {
    result<io_file> const made = disk.create(snapshot_name_new, room_least);
    if (!made) return made.error();
    file_ = *made;
    room_ = room_least;
    length_ = 0;
    checksum_ = 0;
    sums_.clear();
    chunk_.clear();
    return {};
  }

  template <class Io>
  error write(Io& disk, std::span<std::byte const> piece, std::uint64_t low_water_bytes) {
    while (!piece.empty()) {
      std::size_t const left = static_cast<std::size_t>(snapshot_chunk_bytes) - chunk_.size();
      std::span<std::byte const> const part = piece.first(std::min(left, piece.size()));
      std::memcpy(chunk_.extend(part.size()).data(), part.data(), part.size());
      checksum_ = crc32c(part, checksum_);
      length_ += part.size();
      piece = piece.subspan(part.size());
      if (chunk_.size() < snapshot_chunk_bytes) continue;
      if (error const why = put_chunk(disk, low_water_bytes)) return why;
    }
    return {};
  }

  // Effects: writes what is missing, and the header; nothing of it is durable yet.
  template <class Io>
  error complete(Io& disk, slot upto, std::uint64_t number, std::uint64_t low_water_bytes) {
    if (!chunk_.empty()) {
      if (error const why = put_chunk(disk, low_water_bytes)) return why;
    }
    std::size_t const table = sums_.size() * sizeof(std::uint32_t);
    std::span<std::byte> const bytes = chunk_.resize(table);
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      detail::put_le(bytes.data() + i * sizeof(std::uint32_t), sums_[i]);
    }
    snapshot_header const header{
        {upto, length_, checksum_}, number, crc32c(std::span<std::byte const>(bytes))};
    chunk_.pad();
    if (error const why = put(disk, table_offset(length_), low_water_bytes)) return why;
    std::memset(chunk_.resize(block_bytes).data(), 0, block_bytes);
    encode(header, chunk_.data());
    return put(disk, 0, low_water_bytes);
  }

  template <class Io>
  void close(Io& disk) {
    if (file_.is_open()) disk.close(file_);
    file_ = {};
    chunk_.clear();
  }

 private:
  static constexpr std::uint64_t room_least = 64 * 1024;

  template <class Io>
  error put_chunk(Io& disk, std::uint64_t low_water_bytes) {
    std::uint64_t const at = block_bytes + sums_.size() * snapshot_chunk_bytes;
    sums_.push_back(crc32c(std::as_const(chunk_).bytes()));
    chunk_.pad();
    error const why = put(disk, at, low_water_bytes);
    chunk_.clear();
    return why;
  }

  // Room is taken in growing steps, and never what would bring the disk below its low-water mark.
  template <class Io>
  error put(Io& disk, std::uint64_t at, std::uint64_t low_water_bytes) {
    std::uint64_t const end = at + chunk_.size();
    if (end > room_) {
      std::uint64_t const wanted = up_to_block(std::max(end, room_ + room_ / 4));
      result<std::uint64_t> const left = disk.free_bytes();
      if (!left) return left.error();
      if (*left < low_water_bytes + (wanted - room_)) {
        return {error_code::disk_full, *left, "a snapshot",
                "free space: the log needs what is left"};
      }
      if (error const why = disk.extend(file_, wanted)) return why;
      room_ = wanted;
    }
    if (chunk_.empty()) return {};
    return disk.write(file_, at, std::as_const(chunk_).bytes(), write_through::no);
  }

  io_file file_;
  block_buffer chunk_;
  std::vector<std::uint32_t> sums_;
  std::uint64_t room_ = 0;
  std::uint64_t length_ = 0;
  std::uint32_t checksum_ = 0;
};

}  // namespace synod
