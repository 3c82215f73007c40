// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/testing/random.hpp>

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

namespace synod::testing {

// A digest of bytes that is the same on every machine.
inline std::uint64_t digest_of(std::span<std::byte const> bytes) {
  std::uint64_t sum = 0x9ae16a3b2f90404fU + bytes.size();
  std::uint64_t word = 0;
  unsigned filled = 0;
  for (std::byte const one : bytes) {
    word = word << 8 | static_cast<std::uint64_t>(one);
    if (++filled == 8) {
      sum = (sum ^ word) * 0x9e3779b97f4a7c15U;
      sum ^= sum >> 29;
      word = 0;
      filled = 0;
    }
  }
  return scramble(sum ^ (word + filled));
}

// What happened in a run: always as a hash of everything that was noted, so that two runs can be
// compared, and as text lines while somebody wants to read them.
class trace {
 public:
  // Effects: `number` becomes part of the hash.
  void mix(std::uint64_t number) {
    hash_ = (hash_ ^ number) * 0x9e3779b97f4a7c15U;
    hash_ ^= hash_ >> 32;
  }
  template <class... Numbers>
  void mix(std::uint64_t first, Numbers... rest) {
    mix(first);
    (mix(static_cast<std::uint64_t>(rest)), ...);
  }
  [[nodiscard]] std::uint64_t hash() const { return scramble(hash_); }

  void record(bool wanted) { recording_ = wanted; }
  [[nodiscard]] bool recording() const { return recording_; }
  [[nodiscard]] std::string const& text() const { return text_; }
  [[nodiscard]] std::size_t lines() const { return lines_; }
  void put_text(std::string text) { text_ = std::move(text); }
  std::string take_text() {
    std::string taken;
    taken.swap(text_);
    lines_ = 0;
    return taken;
  }

  // Effects: adds one line "seconds.micros  text" while recording.
  [[gnu::format(printf, 3, 4)]] void line(time_ns at, char const* format, ...) {
    if (!recording_) return;
    char stamp[40];
    std::snprintf(stamp, sizeof stamp, "%5lld.%06lld  ", static_cast<long long>(at / 1'000'000'000),
                  static_cast<long long>(at / 1'000 % 1'000'000));
    text_ += stamp;
    std::va_list arguments;
    va_start(arguments, format);
    append(format, arguments);
    va_end(arguments);
  }
  // Effects: adds one line without a time, for transcripts.
  [[gnu::format(printf, 2, 3)]] void plain(char const* format, ...) {
    if (!recording_) return;
    std::va_list arguments;
    va_start(arguments, format);
    append(format, arguments);
    va_end(arguments);
  }

 private:
  [[gnu::format(printf, 2, 0)]] void append(char const* format, std::va_list arguments) {
    char content[512];
    std::vsnprintf(content, sizeof content, format, arguments);
    text_ += content;
    text_ += '\n';
    ++lines_;
  }

  std::uint64_t hash_ = 0x53796e6f64U;
  bool recording_ = false;
  std::string text_;
  std::size_t lines_ = 0;
};

}  // namespace synod::testing
