// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/assert.hpp>
#include <synod/storage/block_buffer.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/log_format.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace synod {

// Reads a file through a window that is moved and, for a large record, enlarged. A block that
// cannot be read is seen as a pattern that no checksum accepts, and its neighbours are read all the
// same.
template <class Io>
class segment_reader {
 public:
  static constexpr std::size_t window_bytes = 256 * 1024;

  void begin(Io& disk, io_file file, std::uint64_t bytes) {
    disk_ = &disk;
    file_ = file;
    bytes_ = bytes / block_bytes * block_bytes;
    window_.clear();
    unreadable_ = 0;
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }

  // Returns up to `length` bytes, fewer only at the end of the file; valid until the next call.
  std::span<std::byte const> at(std::uint64_t offset, std::uint64_t length) {
    if (offset >= bytes_) return {};
    length = std::min(length, bytes_ - offset);
    if (offset < start_ || offset + length > start_ + window_.size() || window_.empty()) {
      load(offset, length);
    }
    return std::as_const(window_).bytes().subspan(static_cast<std::size_t>(offset - start_),
                                                  static_cast<std::size_t>(length));
  }

 private:
  void load(std::uint64_t offset, std::uint64_t length) {
    start_ = offset / block_bytes * block_bytes;
    std::uint64_t const wanted =
        std::max<std::uint64_t>(up_to_block(offset + length) - start_, window_bytes);
    std::span<std::byte> into =
        window_.resize(static_cast<std::size_t>(std::min(wanted, bytes_ - start_)));
    if (!disk_->read(file_, start_, into)) return;
    for (std::size_t done = 0; done < into.size(); done += block_bytes) {
      std::span<std::byte> const block = into.subspan(done, block_bytes);
      if (!disk_->read(file_, start_ + done, block)) continue;
      std::memset(block.data(), 0xdb, block.size());
      ++unreadable_;
    }
  }

  Io* disk_ = nullptr;
  io_file file_;
  std::uint64_t bytes_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t unreadable_ = 0;
  block_buffer window_;
};

// What the next record of the log must say.
struct record_chain {
  std::uint64_t next = 0;      // its sequence; 0 where nothing is known
  std::uint32_t previous = 0;  // the header checksum of the one before it
  std::uint64_t life = 0;      // the life of the one before it: lives only grow
  std::uint64_t segment = 0;   // where the one before it ends
  std::uint64_t offset = 0;
};

struct found_record {
  read_header header;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  bool body_good = false;
  std::span<std::byte const> body;
};

// Whether a record may stand at that place of the log, after that chain. What fails here is a
// record of a previous lap, of a life that was cut, of another store, or one that the disk
// misplaced (H20, H21).
inline bool belongs(read_header const& read, store_id store, std::uint64_t segment,
                    std::uint64_t offset, std::uint64_t segment_bytes, record_chain const& chain) {
  record_header const& says = read.says;
  if (offset + read.extent() > segment_bytes || says.store != store) return false;
  if (SYNOD_MUTATION(recycled_lap_accepted)) return true;
  return says.segment == segment && says.offset == offset && says.life >= chain.life &&
         says.sequence >= chain.next && says.sequence != 0 && says.mark < says.sequence;
}

// Walks the records of one segment. Where a record is missing it goes on at the next block that
// begins with one that belongs, because a write always begins with a block. `visit(found_record
// const&)` is called for each record; before it `gap(first, last, place)` if the sequence numbers
// first..last, or the proof that there are none, are missing, where `place` is the chain that was
// broken. Stops where `visit` returns false.
template <class Io, class Visit, class Gap>
bool scan_segment(segment_reader<Io>& from, store_id store, std::uint64_t segment,
                  record_chain& chain, Visit&& visit, Gap&& gap) {
  std::uint64_t offset = first_record_offset;
  found_record found;
  found.segment = segment;
  while (offset + record_header_bytes <= from.bytes()) {
    if (!decode(from.at(offset, record_header_bytes * 4), found.header) ||
        !belongs(found.header, store, segment, offset, from.bytes(), chain)) {
      offset = up_to_block(offset + 1);
      continue;
    }
    record_header const& says = found.header.says;
    bool const whole = says.sequence == chain.next && says.previous == chain.previous;
    bool const anchor = chain.next == 0 && offset == first_record_offset;
    if (!whole && !anchor) {
      // A segment that begins where it should has lost nothing: what is missing was before it.
      bool const here = chain.segment == segment || offset != first_record_offset;
      if (here && chain.segment != segment)
        chain = {chain.next, chain.previous, chain.life, segment, first_record_offset};
      gap(chain.next, says.sequence == chain.next ? says.sequence : says.sequence - 1, chain);
    }
    std::span<std::byte const> const all = from.at(offset, found.header.extent());
    found.offset = offset;
    found.body = all.subspan(found.header.header_bytes, says.body_bytes);
    found.body_good = crc32c(found.body) == says.body_checksum;
    chain = {says.sequence + 1, found.header.checksum, says.life, segment,
             offset + found.header.extent()};
    if (!visit(std::as_const(found))) return false;
    offset = chain.offset;
  }
  return true;
}

}  // namespace synod
