// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The protocol that Redis clients speak: requests are arrays of texts, or a line of words.
namespace resp {

inline constexpr std::size_t words_max = 1024;
inline constexpr std::size_t line_bytes_max = 64 << 10;
inline constexpr std::size_t request_bytes_max = 1 << 20;

enum class progress : std::uint8_t { incomplete, complete, refused };

struct request {
  std::vector<std::string> words;
  std::size_t length = 0;    // bytes taken from what arrived
  char const* refusal = "";  // why it cannot be read; nothing after it can be either
};

namespace detail {

// A line up to its end; false if the end has not arrived.
inline bool take_line(std::string_view from, std::size_t& at, std::string_view& line) {
  std::size_t const end = from.find('\n', at);
  if (end == std::string_view::npos) return false;
  line = from.substr(at, end - at);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  at = end + 1;
  return true;
}

inline bool read_number(std::string_view text, std::size_t& into) {
  auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), into);
  return bad == std::errc() && end == text.data() + text.size() && !text.empty();
}

inline progress refuse(request& into, char const* why) {
  into.refusal = why;
  return progress::refused;
}

inline progress read_words(std::string_view line, request& into) {
  for (std::size_t at = 0; at < line.size();) {
    std::size_t const begin = line.find_first_not_of(' ', at);
    if (begin == std::string_view::npos) break;
    std::size_t const end = line.find(' ', begin);
    at = end == std::string_view::npos ? line.size() : end;
    if (into.words.size() == words_max) return refuse(into, "too many words");
    into.words.emplace_back(line.substr(begin, at - begin));
  }
  return progress::complete;
}

}  // namespace detail

// Reads the request at the beginning of what has arrived. A length is believed only within the
// limits, and nothing is made of what has not arrived yet.
inline progress read_request(std::string_view arrived, request& into) {
  into.words.clear();
  into.length = 0;
  std::size_t at = 0;
  std::string_view line;
  if (!detail::take_line(arrived, at, line)) {
    if (arrived.size() < line_bytes_max) return progress::incomplete;
    return detail::refuse(into, "the line is too long");
  }
  if (line.size() > line_bytes_max) return detail::refuse(into, "the line is too long");
  if (line.empty() || line.front() != '*') {
    into.length = at;
    return detail::read_words(line, into);
  }
  std::size_t words = 0;
  if (line == "*-1") line = "*0";
  if (!detail::read_number(line.substr(1), words) || words > words_max) {
    return detail::refuse(into, "an array needs a length of at most 1024");
  }
  for (std::size_t i = 0; i < words; ++i) {
    if (!detail::take_line(arrived, at, line)) {
      bool const endless = arrived.size() - at > line_bytes_max;
      return endless ? detail::refuse(into, "the line is too long") : progress::incomplete;
    }
    std::size_t length = 0;
    if (line.empty() || line.front() != '$' || !detail::read_number(line.substr(1), length)) {
      return detail::refuse(into, "expected `$` and the length of a text");
    }
    if (length > request_bytes_max || at + length > request_bytes_max) {
      return detail::refuse(into, "a request has at most 1048576 bytes: store less in one value");
    }
    if (arrived.size() < at + length + 2) return progress::incomplete;
    if (arrived.substr(at + length, 2) != "\r\n") {
      return detail::refuse(into, "a text is longer than its length says");
    }
    into.words.emplace_back(arrived.substr(at, length));
    at += length + 2;
  }
  into.length = at;
  return progress::complete;
}

inline std::string simple(std::string_view text) { return "+" + std::string(text) + "\r\n"; }
inline std::string integer(std::int64_t value) { return ":" + std::to_string(value) + "\r\n"; }
inline std::string text(std::string_view value) {
  return "$" + std::to_string(value.size()) + "\r\n" + std::string(value) + "\r\n";
}
inline std::string nothing() { return "$-1\r\n"; }
inline std::string array(std::size_t length) { return "*" + std::to_string(length) + "\r\n"; }
// One line, so what stands in it may not end it.
inline std::string failure(std::string_view why) {
  std::string line = "-" + std::string(why);
  for (char& c : line) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return line + "\r\n";
}

// The hash slot of a key, as clients of a Redis cluster compute it (CRC-16/XMODEM of the part in
// braces, or of the whole). Here every slot is the leader's; clients still want to see the number.
inline unsigned hash_slot(std::string_view key) {
  std::size_t const open = key.find('{');
  std::size_t const close = open == std::string_view::npos ? open : key.find('}', open + 1);
  if (close != std::string_view::npos && close > open + 1) {
    key = key.substr(open + 1, close - open - 1);
  }
  unsigned crc = 0;
  for (char const c : key) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = ((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
    }
  }
  return crc % 16384;
}

}  // namespace resp
