// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/storage/io.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

// As much of an Io as reading needs: every name is the same file, in memory.
namespace fuzz {

class span_io {
 public:
  explicit span_io(std::span<std::byte const> file) : file_(file) {}

  synod::result<synod::io_file> open(synod::file_name const&) { return synod::io_file{1}; }
  void close(synod::io_file) {}
  synod::result<std::uint64_t> size(synod::io_file) { return std::uint64_t{file_.size()}; }
  synod::error read(synod::io_file, std::uint64_t offset, std::span<std::byte> into) {
    if (offset > file_.size() || into.size() > file_.size() - offset) {
      return {synod::error_code::io_failure, offset, "the end of the file", ""};
    }
    if (!into.empty()) {
      std::memcpy(into.data(), file_.data() + static_cast<std::size_t>(offset), into.size());
    }
    return {};
  }

 private:
  std::span<std::byte const> file_;
};

}  // namespace fuzz
