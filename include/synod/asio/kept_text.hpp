// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>

namespace synod::asio {

// An error holds plain pointers, since most errors are made by parts that know no strings. What a
// host has to say about addresses, files and processes is made of text, so the text is kept here
// for the life of the process: each one once, and not more than anybody would read.
inline char const* kept_text(std::string_view text) {
  static std::mutex door;
  static std::list<std::string> kept;
  constexpr std::size_t kept_max = 1024;
  std::lock_guard const inside(door);
  for (std::string const& one : kept) {
    if (one == text) return one.c_str();
  }
  if (kept.size() >= kept_max) return "see the log";
  return kept.emplace_back(text).c_str();
}

}  // namespace synod::asio
