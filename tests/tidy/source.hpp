// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidy {

// One file of the repository, split once into what the compiler reads and what people read. Both
// keep every newline, so a position has the same line in all three texts.
struct source {
  std::string path;      // from the root, with '/'
  std::string text;      // as it is
  std::string code;      // comments and the contents of literals are blanks
  std::string comments;  // everything else is blanks

  source(std::string where, std::string content)
      : path(std::move(where)), text(std::move(content)), code(text), comments(text) {
    split();
  }

  [[nodiscard]] bool is_cpp() const { return path.ends_with(".hpp") || path.ends_with(".cpp"); }
  [[nodiscard]] bool is_header() const { return path.ends_with(".hpp"); }
  [[nodiscard]] bool is_public() const { return path.starts_with("include/"); }

  [[nodiscard]] std::size_t line_of(std::size_t position) const {
    std::size_t line = 1;
    for (std::size_t i = 0; i < position && i < text.size(); ++i) line += text[i] == '\n' ? 1 : 0;
    return line;
  }

 private:
  void split() {
    for (char& c : comments) c = c == '\n' ? '\n' : ' ';
    std::size_t at = 0;
    while (at < text.size()) at = next(at);
  }

  // Blanks one comment or literal that begins here and gives where it ends.
  std::size_t next(std::size_t at) {
    if (text.compare(at, 2, "//") == 0) return comment(at, text.find('\n', at));
    if (text.compare(at, 2, "/*") == 0) {
      std::size_t const end = text.find("*/", at + 2);
      return comment(at, end == std::string::npos ? end : end + 2);
    }
    if (text.compare(at, 2, "R\"") == 0 && !is_word(at)) {
      std::size_t const open = text.find('(', at);
      if (open == std::string::npos) return text.size();
      std::string const close = ")" + text.substr(at + 2, open - at - 2) + "\"";
      std::size_t const end = text.find(close, open);
      return literal(open + 1, end, end == std::string::npos ? end : end + close.size());
    }
    if (text[at] == '"' || (text[at] == '\'' && !is_word(at))) {
      std::size_t end = at + 1;
      while (end < text.size() && text[end] != text[at] && text[end] != '\n') {
        end += text[end] == '\\' ? 2 : 1;
      }
      return literal(at + 1, end, end + 1);
    }
    return at + 1;
  }

  // Whether the character before belongs to a word: then ' separates digits.
  [[nodiscard]] bool is_word(std::size_t at) const {
    return at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0;
  }

  std::size_t comment(std::size_t from, std::size_t to) {
    to = std::min(to, text.size());
    for (std::size_t i = from; i < to; ++i) {
      if (text[i] == '\n') continue;
      comments[i] = text[i];
      code[i] = ' ';
    }
    return to;
  }

  std::size_t literal(std::size_t from, std::size_t to, std::size_t past) {
    to = std::min(to, text.size());
    for (std::size_t i = from; i < to; ++i) {
      if (text[i] != '\n') code[i] = ' ';
    }
    return std::min(past, text.size());
  }
};

inline bool is_identifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Where a word stands on its own, from `from` on.
inline std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0) {
  for (std::size_t at = text.find(word, from); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    bool const begins = at == 0 || !is_identifier(text[at - 1]) || !is_identifier(word.front());
    std::size_t const end = at + word.size();
    bool const ends = end == text.size() || !is_identifier(text[end]);
    if (begins && ends) return at;
  }
  return std::string_view::npos;
}

// The headers that a file includes: name as written, quoted or in angle brackets, and its line.
struct inclusion {
  std::string name;
  bool quoted;
  std::size_t line;
};

inline std::vector<inclusion> inclusions_of(source const& of) {
  std::vector<inclusion> found;
  for (std::size_t at = of.code.find("#include"); at != std::string::npos;
       at = of.code.find("#include", at + 1)) {
    std::size_t const open = of.text.find_first_of("<\"\n", at);
    if (open == std::string::npos || of.text[open] == '\n') continue;
    bool const quoted = of.text[open] == '"';
    std::size_t const close = of.text.find(quoted ? '"' : '>', open + 1);
    if (close == std::string::npos) continue;
    found.push_back({of.text.substr(open + 1, close - open - 1), quoted, of.line_of(at)});
  }
  return found;
}

// Lines of the longest function, and where it begins.
struct extent {
  std::size_t lines = 0;
  std::size_t first = 0;
};

extent longest_function(source const& of);

}  // namespace tidy
