// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace synod::testing {

// The codec of commands that are plain text: their bytes as they stand.
struct text_codec {
  void encode(std::string const& from, std::vector<std::byte>& into) const {
    auto const bytes = std::as_bytes(std::span(from));
    into.insert(into.end(), bytes.begin(), bytes.end());
  }
  [[nodiscard]] bool decode(std::span<std::byte const> bytes, std::string& to) const {
    to.assign(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    return true;
  }
};

// The machine of transcripts: it remembers the last text.
struct text_machine {
  using command = std::string;
  std::string last;
  void apply(command const& by) { last = by; }
};

}  // namespace synod::testing
