// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/storage/block_buffer.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/log_format.hpp>
#include <synod/storage/log_recovery.hpp>
#include <synod/storage/twin_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace synod {

// Keeps the next segment ready, so that the log can turn to it without waiting: an old one is
// recycled, or a new file is filled with zeros in the background, since a write to blocks that were
// never written costs the file system a transaction of its own. Until it is ready it is called a
// spare; when it gets its name as a segment, header, name and manifest are durable already, so that
// what is missing later was lost.
template <class Io>
class segment_supply {
 public:
  static constexpr std::uint64_t token = UINT64_MAX;  // of its writes

  void configure(std::uint64_t segment_bytes, std::uint64_t low_water_bytes, std::size_t spares) {
    segment_bytes_ = segment_bytes;
    low_water_bytes_ = low_water_bytes;
    spares_max_ = spares;
  }

  // Effects: a file that is there already may be used.
  void add_spare(std::uint64_t number) {
    spares_.push_back(number);
    next_spare_ = std::max(next_spare_, number + 1);
  }
  // Effects: that segment was made ready by an earlier life.
  void adopt(std::uint64_t number, io_file file, std::uint64_t bytes) {
    number_ = number;
    file_ = file;
    bytes_ = bytes;
    state_ = state::ready;
  }

  // Effects: prepares the segment of that number.
  void want(std::uint64_t number) {
    SYNOD_ASSERT(state_ == state::idle, "two segments were asked for at once");
    number_ = number;
    state_ = state::wanted;
  }

  [[nodiscard]] bool ready() const { return state_ == state::ready; }
  [[nodiscard]] bool wanted() const { return state_ != state::idle && state_ != state::ready; }
  // Whether a write of its own is under way.
  [[nodiscard]] bool busy() const { return writing_; }
  // Whether the disk has less left than the low-water mark allows to take.
  [[nodiscard]] bool short_of_space() const { return short_; }

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] io_file file() const { return file_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // Effects: the log has turned to it.
  void taken() { state_ = state::idle; }

  // Effects: one of its own writes is durable.
  void completed() { writing_ = false; }

  // Effects: goes on as far as it gets without waiting for a write. Nothing happens while the disk
  // is short of space. `room` is what the log has left before it needs the segment: while that is
  // plenty, zeros are written in small parts that hold up nobody; once it is nothing, inline.
  error step(Io& disk, manifest& store, twin_file<Io, manifest>& file, std::uint64_t room) {
    at_once_ = room < bytes_ - zeroed_ ? zeroing_bytes_max : zeroing_bytes;
    inline_ = room == 0;
    while (wanted() && !writing_) {
      state const before = state_;
      if (error const why = advance(disk, store, file)) return why;
      if (state_ == state::wanted && before == state::wanted) return {};  // nothing to make it of
    }
    return {};
  }

  // Effects: a segment that holds nothing alive becomes a spare, or is removed.
  // Requires: the manifest that says that it is no part of the log is durable.
  error retire(Io& disk, file_name const& name, std::uint64_t bytes) {
    if (bytes != segment_bytes_ || spares_.size() >= spares_max_) return disk.remove(name);
    std::uint64_t const number = next_spare_;
    if (error const why = disk.rename(name, spare_name(number))) return why;
    add_spare(number);
    return {};
  }

  void close(Io& disk) {
    if (file_.is_open() && state_ != state::idle && state_ != state::wanted) disk.close(file_);
    file_ = {};
  }

  static file_name spare_name(std::uint64_t number) { return file_name("spare-", number); }

 private:
  enum class state : std::uint8_t { idle, wanted, zeroing, heading, naming, ready };

  static constexpr std::uint64_t zeroing_bytes = 256 * 1024;
  static constexpr std::uint64_t zeroing_bytes_max = 1024 * 1024;

  error advance(Io& disk, manifest& store, twin_file<Io, manifest>& file) {
    switch (state_) {
      case state::wanted: return spares_.empty() ? make(disk) : reuse(disk);
      case state::zeroing: return zero(disk, store);
      case state::heading: state_ = state::naming; return {};
      case state::naming: return name(disk, store, file);
      case state::idle:
      case state::ready: break;
    }
    return {};
  }

  error make(Io& disk) {
    result<std::uint64_t> const left = disk.free_bytes();
    if (!left) return left.error();
    short_ = *left < low_water_bytes_ + segment_bytes_;
    if (short_) return {};
    spare_ = next_spare_++;
    result<io_file> const made = disk.create(spare_name(spare_), segment_bytes_);
    if (!made && made.error().code == error_code::disk_full) {
      short_ = true;
      return {};
    }
    if (!made) return made.error();
    file_ = *made;
    bytes_ = segment_bytes_;
    zeroed_ = 0;
    state_ = state::zeroing;
    return {};
  }

  error zero(Io& disk, manifest const& store) {
    if (zeroed_ < bytes_) {
      std::uint64_t const length = std::min(at_once_, bytes_ - zeroed_);
      clear_buffer(static_cast<std::size_t>(length));
      zeroed_ += length;
      return write(disk, zeroed_ - length, static_cast<std::size_t>(length));
    }
    if (error const why = disk.sync(file_)) return why;
    return head(disk, store);
  }

  error reuse(Io& disk) {
    spare_ = spares_.back();
    spares_.pop_back();
    short_ = false;
    result<io_file> const found = disk.open(spare_name(spare_));
    if (!found) return found.error();
    file_ = *found;
    result<std::uint64_t> const bytes = disk.size(file_);
    if (!bytes) return bytes.error();
    bytes_ = *bytes;
    if (bytes_ == segment_bytes_) {
      zeroed_ = bytes_;
      state_ = state::zeroing;
      return {};
    }
    disk.close(file_);  // made under another option
    return disk.remove(spare_name(spare_));
  }

  // Only what is not zero from the part before: as many bytes as go to the disk are many.
  void clear_buffer(std::size_t length) {
    std::span<std::byte> const zeros = buffer_.resize(length);
    if (length <= cleared_) return;
    std::memset(zeros.data(), 0, length);
    cleared_ = length;
  }

  error head(Io& disk, manifest const& store) {
    cleared_ = 0;
    buffer_.resize(static_cast<std::size_t>(first_record_offset));
    write_segment_header({store.store, number_, bytes_}, buffer_.bytes());
    state_ = state::heading;
    return write(disk, 0, buffer_.size());
  }

  error name(Io& disk, manifest& store, twin_file<Io, manifest>& file) {
    if (error const why = disk.rename(spare_name(spare_), segment_name(number_))) return why;
    if (!SYNOD_MUTATION(directory_sync_skipped)) {
      if (error const why = disk.sync_directory()) return why;
    }
    ++store.generation;
    store.last_segment = number_;
    if (error const why = file.write(disk, store)) return why;
    state_ = state::ready;
    return {};
  }

  error write(Io& disk, std::uint64_t offset, std::size_t length) {
    auto const from = std::as_const(buffer_).bytes().first(length);
    if (inline_) return disk.write(file_, offset, from, write_through::yes);
    writing_ = true;
    disk.submit(file_, offset, from, token);
    return {};
  }

  std::uint64_t segment_bytes_ = 0;
  std::uint64_t low_water_bytes_ = 0;
  std::size_t spares_max_ = 0;
  std::vector<std::uint64_t> spares_;
  std::uint64_t next_spare_ = 1;

  state state_ = state::idle;
  bool writing_ = false;
  bool inline_ = false;
  bool short_ = false;
  std::uint64_t number_ = 0;  // of the segment in the making
  std::uint64_t spare_ = 0;   // and its name until then
  std::uint64_t bytes_ = 0;
  std::size_t cleared_ = 0;  // bytes of the buffer that are zero
  std::uint64_t zeroed_ = 0;
  std::uint64_t at_once_ = zeroing_bytes;
  io_file file_;
  block_buffer buffer_;
};

}  // namespace synod
