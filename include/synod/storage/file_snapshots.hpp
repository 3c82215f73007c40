// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/snapshot_store.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/snapshot_files.hpp>
#include <synod/storage/snapshot_format.hpp>
#include <synod/storage/twin_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace synod {

class posix_io;  // <synod/storage/posix_io.hpp>

// Snapshots in files, over any Io, in a directory of their own. One is written whole, synced,
// renamed, the directory is synced, and then one pointer switches to it; only after `finish` says
// that all of this went well may the log be trimmed (hazard H22). What is opened keeps its file
// until the last reader has let go of it.
template <class Io = posix_io>
class file_snapshots {
 public:
  class reader;

  // Effects: opens the directory, or makes it; removes what an earlier life left half done.
  static result<file_snapshots> open(Io disk, std::uint64_t low_water_bytes = 0) {
    file_snapshots made(std::move(disk), low_water_bytes);
    if (error const why = made.begin_life()) return why;
    return made;
  }

  file_snapshots(file_snapshots&& other) noexcept
      : parts_(std::exchange(other.parts_, nullptr)), expected_(std::move(other.expected_)),
        low_water_bytes_(other.low_water_bytes_), error_(other.error_), final_(other.final_) {}
  file_snapshots& operator=(file_snapshots&&) = delete;
  // Requires: no reader is left.
  ~file_snapshots() {
    if (parts_ == nullptr) return;
    abandon();
    if (parts_->newest != nullptr) parts_->release(parts_->newest);
    parts_->pointer_file.close(parts_->disk);
    delete parts_;
  }

  [[nodiscard]] maybe<snapshot_info> newest() const {
    if (parts_->newest == nullptr) return std::nullopt;
    return parts_->newest->content.header.info;
  }
  // The snapshot that was the newest and that this life found unreadable.
  [[nodiscard]] maybe<snapshot_info> lost() const { return parts_->lost; }

  // See the concept. What is written goes on within a life, not over a restart.
  std::uint64_t begin(snapshot_info const& expected) {
    bool const goes_on = expected_ == expected && expected.length != 0 && !error_;
    if (goes_on) return parts_->writing.length();
    abandon();
    expected_ = expected;
    if (!error_) error_ = parts_->writing.begin(parts_->disk);
    return 0;
  }

  error write(std::span<std::byte const> piece) {
    if (error_ || !expected_) return error_ ? error_ : not_begun();
    return error_ = parts_->writing.write(parts_->disk, piece, low_water_bytes_);
  }

  error finish() {
    if (error_ || !expected_) return error_ ? error_ : not_begun();
    snapshot_writing& writing = parts_->writing;
    snapshot_info const made{expected_->upto, writing.length(), writing.checksum()};
    if (expected_->length != 0 && *expected_ != made) {
      abandon();
      return {error_code::checksum_mismatch, made.length, "a snapshot", "transfer it again"};
    }
    if (error const why = parts_->writing.complete(parts_->disk, made.upto,
                                                   parts_->pointer.number + 1, low_water_bytes_)) {
      abandon();
      return why;
    }
    final_ = publish(made);
    if (final_) {
      abandon();
    } else {
      expected_.reset();
    }
    return final_;
  }

  void abandon() {
    bool const begun = parts_->writing.begun();
    parts_->writing.close(parts_->disk);
    if (begun) static_cast<void>(parts_->disk.remove(snapshot_name_new));  // or the next open does
    expected_.reset();
    error_ = final_;
  }

  [[nodiscard]] maybe<reader> open() {
    if (parts_->newest == nullptr) return std::nullopt;
    return reader(*parts_, parts_->newest);
  }

  [[nodiscard]] Io& disk() { return parts_->disk; }

 private:
  // A snapshot and how many hold it: the store, while it is the newest, and its readers.
  struct shared_content {
    snapshot_content content;
    std::uint32_t holders = 1;
    bool superseded = false;
  };

  // What readers point at, and so what stays in its place.
  struct parts {
    explicit parts(Io over) : disk(std::move(over)) {}

    Io disk;
    snapshot_pointer pointer;
    twin_file<Io, snapshot_pointer> pointer_file;
    snapshot_writing writing;
    shared_content* newest = nullptr;
    maybe<snapshot_info> lost;

    void release(shared_content* one) {
      if (--one->holders != 0) return;
      disk.close(one->content.file);
      // The space of a file that could not be removed is won back by the next open.
      if (one->superseded)
        static_cast<void>(disk.remove(snapshot_name(one->content.header.number)));
      delete one;
    }
  };

  file_snapshots(Io disk, std::uint64_t low_water_bytes)
      : parts_(new parts(std::move(disk))), low_water_bytes_(low_water_bytes) {}

  static error not_begun() {
    return {error_code::io_failure, 0, "a snapshot", "begin one before writing and finishing it"};
  }

  error begin_life() {
    Io& disk = parts_->disk;
    if (error const why = disk.enter()) return why;
    std::vector<file_name> names;
    if (error const why = disk.list([&](file_name const& one) { names.push_back(one); }))
      return why;
    bool const known = std::find(names.begin(), names.end(), snapshot_pointer::name) != names.end();
    for (file_name const& one : names) {
      bool const half = one == snapshot_name_new || one == snapshot_pointer::name_new;
      if (!half) continue;
      if (error const why = disk.remove(one)) return why;
    }
    if (!known) return parts_->pointer_file.create(disk, parts_->pointer);
    if (error const why = parts_->pointer_file.open(disk, parts_->pointer)) return why;
    for (file_name const& one : names) {
      std::uint64_t number = 0;
      if (!one.numbered("snapshot-", number) || number == parts_->pointer.number) continue;
      if (error const why = disk.remove(one)) return why;
    }
    return parts_->pointer.number == 0 ? error{} : load_newest();
  }

  // A snapshot that is unreadable is named and forgotten: the node is behind, and gets another.
  error load_newest() {
    auto* const found = new shared_content;
    error const why = found->content.open(parts_->disk, parts_->pointer.number);
    bool const right = !why && found->content.header.info == parts_->pointer.info;
    if (right) {
      parts_->newest = found;
      return {};
    }
    if (!why) parts_->disk.close(found->content.file);
    delete found;
    if (why.code == error_code::newer_format) return why;
    parts_->lost = parts_->pointer.info;
    return {};
  }

  // The order of hazard H22: written, synced, renamed, the directory synced, the pointer switched.
  // Where any of it fails, nobody knows which of them the disk has, and a later attempt in this
  // life might leave a pointer to something else than what stands there: the failure is final.
  error publish(snapshot_info const& made) {
    Io& disk = parts_->disk;
    snapshot_pointer next{parts_->pointer.generation + 1, parts_->pointer.number + 1, made};
    snapshot_writing& writing = parts_->writing;
    if (!SYNOD_MUTATION(snapshot_sync_skipped)) {
      if (error const why = disk.sync(writing.file())) return why;
    }
    if (error const why = disk.rename(snapshot_name_new, snapshot_name(next.number))) return why;
    writing.close(disk);
    if (!SYNOD_MUTATION(snapshot_directory_sync_skipped)) {
      if (error const why = disk.sync_directory()) return why;
    }
    auto* const fresh = new shared_content;
    error why = fresh->content.open(disk, next.number);
    if (!why) {
      why = parts_->pointer_file.write(disk, next);
      if (why) disk.close(fresh->content.file);
    }
    if (why) {
      delete fresh;
      return why;
    }
    parts_->pointer = next;
    shared_content* const former = std::exchange(parts_->newest, fresh);
    if (former != nullptr) {
      former->superseded = true;
      parts_->release(former);
    }
    return {};
  }

  parts* parts_;
  maybe<snapshot_info> expected_;
  std::uint64_t low_water_bytes_;
  error error_{};  // of what is being written
  error final_{};  // of this life
};

// Reads one snapshot, from any offset, for as long as it likes.
template <class Io>
class file_snapshots<Io>::reader {
 public:
  reader(reader&& other) noexcept
      : parts_(other.parts_), what_(std::exchange(other.what_, nullptr)),
        chunk_(std::move(other.chunk_)), loaded_(other.loaded_) {}
  reader& operator=(reader&& other) noexcept {
    std::swap(parts_, other.parts_);
    std::swap(what_, other.what_);
    std::swap(chunk_, other.chunk_);
    std::swap(loaded_, other.loaded_);
    return *this;
  }
  ~reader() {
    if (what_ != nullptr) parts_->release(what_);
  }

  [[nodiscard]] snapshot_info const& info() const { return what_->content.header.info; }

  // Returns how many bytes from `offset` on it wrote to `into`: none at the end, and none where the
  // next chunk cannot be read or is not what was written.
  std::size_t read(std::uint64_t offset, std::span<std::byte> into) {
    std::size_t done = 0;
    while (done < into.size() && offset < info().length) {
      std::uint64_t const which = offset / snapshot_chunk_bytes;
      if (which != loaded_ && !load(which)) break;
      auto const within = static_cast<std::size_t>(offset % snapshot_chunk_bytes);
      std::size_t const some = std::min(into.size() - done, chunk_.size() - within);
      std::memcpy(into.data() + done, chunk_.data() + within, some);
      done += some;
      offset += some;
    }
    return done;
  }

 private:
  friend class file_snapshots;

  static constexpr std::uint64_t nothing = UINT64_MAX;

  reader(parts& of, shared_content* what) : parts_(&of), what_(what) { ++what->holders; }

  bool load(std::uint64_t which) {
    bool const good = what_->content.read_chunk(parts_->disk, which, chunk_);
    loaded_ = good ? which : nothing;
    return good;
  }

  parts* parts_;
  shared_content* what_;
  block_buffer chunk_;
  std::uint64_t loaded_ = nothing;
};

}  // namespace synod
