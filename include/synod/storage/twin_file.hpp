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
#include <utility>

namespace synod {

// A small file that is written again and again and must never be lost: two copies, each in a block
// of its own, written one after the other. A crash tears at most one of them, and either alone is
// enough. `Content` has a `generation`, the names of the file and of the one it begins as, and a
// sentence for the day on which both copies are gone.
template <class Io, class Content>
class twin_file {
 public:
  // Effects: reads the newer of the good copies. Requires: the file exists.
  error open(Io& disk, Content& into) {
    result<io_file> const found = disk.open(Content::name);
    if (!found) return found.error();
    file_ = *found;
    bool any = false;
    for (std::uint64_t copy = 0; copy < 2; ++copy) {
      Content says;
      block_.resize(block_bytes);
      if (disk.read(file_, copy * block_bytes, block_.bytes())) continue;
      header_state const state = decode(std::as_const(block_).bytes(), says);
      if (state == header_state::newer) {
        return {error_code::newer_format, version_of(block_.bytes()), Content::name.text(),
                "run the version that wrote it, or a newer one"};
      }
      if (state == header_state::bad || (any && says.generation < into.generation)) continue;
      into = says;
      any = true;
    }
    return any ? error{} : error{error_code::corruption, 0, Content::name.text(), Content::remedy};
  }

  // Effects: makes the file, whole or not at all.
  error create(Io& disk, Content const& from) {
    result<io_file> const made = disk.create(Content::name_new, 2 * block_bytes);
    if (!made) return made.error();
    file_ = *made;
    if (error const why = write(disk, from)) return why;
    if (error const why = disk.sync(file_)) return why;
    if (error const why = disk.rename(Content::name_new, Content::name)) return why;
    return SYNOD_MUTATION(directory_sync_skipped) ? error{} : disk.sync_directory();
  }

  // Effects: both copies say the same, durably. The first to be written is never the only one that
  // holds the generation before, and the second is written only once the first is durable.
  error write(Io& disk, Content const& from) {
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
