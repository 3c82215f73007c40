// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>

#include <cstring>
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

// The same error of a store, with the name of its folder, and what the system has to say of it.
inline error in_folder(error why, std::string const& folder) {
  std::string where = folder + ": " + why.where;
  if (why.code == error_code::io_failure && why.value > 0 && why.value < 200) {
    where += std::string(": ") + std::strerror(static_cast<int>(why.value));
    bool const says_more = std::strstr(why.remedy, "errno") == nullptr;
    if (!says_more) why.remedy = "name a folder that this process may make and write to";
  }
  why.where = kept_text(where);
  return why;
}

}  // namespace synod::asio
