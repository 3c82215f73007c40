// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/storage/block_buffer.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/log_format.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace synod {

inline constexpr file_name manifest_name{"store"};
inline constexpr file_name manifest_name_new{"store.new"};

// The manifest on the disk: two copies, each in a block of its own, written one after the other. A
// crash tears at most one of them, and either alone is enough.
template <class Io>
class manifest_file {
 public:
  // Effects: reads the newer of the good copies. Requires: the file exists.
  error open(Io& disk, manifest& into) {
    result<io_file> const found = disk.open(manifest_name);
    if (!found) return found.error();
    file_ = *found;
    bool any = false;
    for (std::uint64_t copy = 0; copy < 2; ++copy) {
      manifest says;
      block_.resize(block_bytes);
      if (disk.read(file_, copy * block_bytes, block_.bytes())) continue;
      header_state const state = decode(std::as_const(block_).bytes(), says);
      if (state == header_state::newer) {
        return {error_code::newer_format, version_of(block_.bytes()), "the manifest of the store",
                "run the version that wrote it, or a newer one"};
      }
      if (state == header_state::bad || (any && says.generation < into.generation)) continue;
      into = says;
      any = true;
    }
    if (any) return {};
    return {error_code::corruption, 0, "the manifest of the store: both copies are unreadable",
            "this node cannot prove what it promised: replace it through membership"};
  }

  // Effects: makes the first manifest of a store, whole or not at all.
  error create(Io& disk, manifest const& from) {
    result<io_file> const made = disk.create(manifest_name_new, 2 * block_bytes);
    if (!made) return made.error();
    file_ = *made;
    if (error const why = write(disk, from)) return why;
    if (error const why = disk.sync(file_)) return why;
    if (error const why = disk.rename(manifest_name_new, manifest_name)) return why;
    return SYNOD_MUTATION(directory_sync_skipped) ? error{} : disk.sync_directory();
  }

  // Effects: both copies say the same, durably. The second is written only once the first is
  // durable.
  error write(Io& disk, manifest const& from) {
    block_.resize(block_bytes);
    std::memset(block_.data(), 0, block_bytes);
    encode(from, block_.data());
    for (std::uint64_t copy = 0; copy < 2; ++copy) {
      std::uint64_t const which = (from.generation + copy) % 2;
      if (error const why = disk.write(file_, which * block_bytes, std::as_const(block_).bytes(),
                                       write_through::yes)) {
        return why;
      }
    }
    return {};
  }

  void close(Io& disk) {
    if (file_.is_open()) disk.close(file_);
    file_ = {};
  }

 private:
  io_file file_;
  block_buffer block_;
};

}  // namespace synod
