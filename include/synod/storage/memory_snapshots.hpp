// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/error.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/snapshot_store.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// Snapshots in memory, beside storage/memory.hpp: they survive `reopen` and a `crash` as files
// would, and what was being written does not survive a crash.
class memory_snapshots {
 public:
  class reader {
   public:
    reader(snapshot_info const& what, shared_bytes bytes) : info_(what), bytes_(std::move(bytes)) {}

    [[nodiscard]] snapshot_info const& info() const { return info_; }
    std::size_t read(std::uint64_t offset, std::span<std::byte> into) const {
      std::span<std::byte const> const all = bytes_.bytes();
      if (offset >= all.size()) return 0;
      std::size_t const left = all.size() - static_cast<std::size_t>(offset);
      std::size_t const some = left < into.size() ? left : into.size();
      if (some > 0) std::memcpy(into.data(), all.data() + offset, some);
      return some;
    }

   private:
    snapshot_info info_;
    shared_bytes bytes_;
  };

  [[nodiscard]] maybe<snapshot_info> newest() const { return newest_; }

  std::uint64_t begin(snapshot_info const& expected) {
    bool const goes_on = expected_.has_value() && *expected_ == expected && expected.length != 0;
    if (!goes_on) written_.clear();
    expected_ = expected;
    return written_.size();
  }
  error write(std::span<std::byte const> piece) {
    if (error_) return error_;
    append_bytes(written_, piece);
    return {};
  }
  error finish() {
    if (error_) return error_;
    if (!expected_.has_value()) {
      return {error_code::io_failure, 0, "snapshot", "begin one before finishing it"};
    }
    snapshot_info const made{expected_->upto, written_.size(), crc32c(written_)};
    snapshot_info const wanted = *expected_;
    expected_.reset();
    if (wanted.length != 0 && wanted != made) {
      written_.clear();
      return {error_code::checksum_mismatch, made.length, "snapshot", "transfer it again"};
    }
    newest_ = made;
    bytes_ = shared_bytes(std::move(written_));
    written_.clear();
    return {};
  }
  void abandon() {
    expected_.reset();
    written_.clear();
  }
  [[nodiscard]] maybe<reader> open() const {
    if (!newest_.has_value()) return std::nullopt;
    return reader(*newest_, bytes_);
  }

  // Effects: the power fails.
  void crash() { abandon(); }
  // Effects: from now on every write fails.
  void fail(error why) { error_ = why; }

 private:
  maybe<snapshot_info> newest_;
  maybe<snapshot_info> expected_;
  shared_bytes bytes_;
  std::vector<std::byte> written_;
  error error_;
};

static_assert(snapshot_store<memory_snapshots>);

}  // namespace synod
