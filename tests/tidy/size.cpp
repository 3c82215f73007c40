// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <string_view>

#include "rules.hpp"

namespace tidy {

namespace {

using std::string;
using std::string_view;

// What a brace opened.
enum class scope { outer, type, function, block, initialiser };

struct open_brace {
  scope kind;
  std::size_t first_line;
};

// The text of a statement up to its opening brace, and where it began.
struct statement {
  string text;
  std::size_t first_line = 0;

  void add(char c, std::size_t line) {
    if (text.empty()) {
      if (c == ' ' || c == '\n') return;
      first_line = line;
    }
    text += c == '\n' ? ' ' : c;
  }
};

// Leaves out what stands in angle brackets and parentheses after `template` or `requires`, which
// may hold words that mean something else.
string without_template_head(string_view text) {
  string rest(text);
  while (rest.starts_with("template")) {
    std::size_t at = rest.find('<');
    if (at == string::npos) break;
    std::size_t depth = 0;
    do {
      depth += rest[at] == '<' ? 1U : 0U;
      depth -= rest[at] == '>' ? 1U : 0U;
      ++at;
    } while (at < rest.size() && depth > 0);
    rest.erase(0, at);
    rest.erase(0, rest.find_first_not_of(' '));
  }
  return rest;
}

bool is_constructor_member(string_view text) {
  std::size_t const close = text.rfind(')');
  if (close == string_view::npos) return false;
  std::size_t colon = text.find(':', text.find(')'));
  while (colon != string_view::npos && colon + 1 < text.size() &&
         (text[colon + 1] == ':' || text[colon - 1] == ':')) {
    colon = text.find(':', colon + 2);
  }
  if (colon == string_view::npos) return false;
  std::size_t const last = text.find_last_not_of(' ');
  return is_identifier(text[last]) || text[last] == '>';
}

scope kind_of(statement const& opened, scope around) {
  string const text = without_template_head(opened.text);
  if (find_word(text, "namespace") != string::npos || text.starts_with("extern")) {
    return scope::outer;
  }
  bool const may_hold_function = around == scope::outer || around == scope::type;
  if (!may_hold_function) return scope::block;
  for (string_view const word : {"struct", "class", "union", "enum"}) {
    if (find_word(text, word) == 0) return scope::type;
    // `requires (...) struct x {`: the word comes last, with nothing called after it.
    std::size_t const at = find_word(text, word);
    if (at != string::npos && text.find('(', at) == string::npos) return scope::type;
  }
  if (text.find('(') == string::npos || find_word(text, "concept") == 0) {
    return scope::initialiser;
  }
  return is_constructor_member(text) ? scope::initialiser : scope::function;
}

struct limit {
  string_view kind;
  std::size_t in_headers;
  std::size_t elsewhere;
};

constexpr limit file_limit{"file", 400, 800};
constexpr limit function_limit{"function", 70, 120};
constexpr limit line_limit{"line", 100, 100};

// The length of a line in characters, where a character may take several bytes.
std::size_t length_of(string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

extent longest_line(source const& of) {
  extent longest;
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < of.text.size(); ++number) {
    std::size_t const end = std::min(of.text.find('\n', begin), of.text.size());
    std::size_t const length = length_of(string_view(of.text).substr(begin, end - begin));
    if (length > longest.lines) longest = {length, number};
    begin = end + 1;
  }
  return longest;
}

void judge(source const& of, limit const& of_kind, extent const& found, ratchets const& larger,
           ratchets& measured, findings& out) {
  std::size_t const usual = of.is_public() ? of_kind.in_headers : of_kind.elsewhere;
  string const key = of.path + " " + string(of_kind.kind);
  auto const own = larger.find(key);
  std::size_t const allowed = own == larger.end() ? usual : own->second;
  if (found.lines > usual) measured[key] = std::min(found.lines, allowed);
  string const what = string(of_kind.kind) + " of " + std::to_string(found.lines) +
                      (of_kind.kind == "line" ? " characters" : " lines");
  if (found.lines > allowed) {
    out.push_back(
        {of.path, found.first, what + ", at most " + std::to_string(allowed) + ": split it"});
  } else if (own != larger.end() && found.lines < own->second) {
    out.push_back({of.path, found.first,
                   what + " is allowed " + std::to_string(own->second) +
                       " in tests/tidy/ratchets.txt: `tests/run --fix` lowers that"});
  }
}

}  // namespace

extent longest_function(source const& of) {
  extent longest;
  std::vector<open_brace> open;
  statement now;
  std::size_t line = 1;
  std::size_t parentheses = 0;
  bool directive = false;
  char before = '\n';
  for (char const c : of.code) {
    if (c == '#' && before == '\n') directive = true;
    if (c == '\n') {
      ++line;
      if (before != '\\') directive = false;
    }
    if (c != ' ') before = c;
    if (directive) continue;
    if (c == '(') ++parentheses;
    if (c == ')' && parentheses > 0) --parentheses;
    scope const around = open.empty() ? scope::outer : open.back().kind;
    if (c == '{') {
      // A brace inside parentheses belongs to an argument; what it holds is counted with the rest.
      scope const kind = parentheses > 0 ? scope::initialiser : kind_of(now, around);
      open.push_back({kind, now.first_line == 0 ? line : now.first_line});
      if (kind != scope::initialiser) now = {};
    } else if (c == '}') {
      if (open.empty()) continue;
      open_brace const closed = open.back();
      open.pop_back();
      if (closed.kind == scope::function && line - closed.first_line + 1 > longest.lines) {
        longest = {line - closed.first_line + 1, closed.first_line};
      }
      if (closed.kind == scope::initialiser) {
        now.add('}', line);
      } else {
        now = {};
      }
    } else if (c == ';' && parentheses == 0) {
      if (around != scope::initialiser) now = {};
    } else {
      now.add(c, line);
    }
  }
  return longest;
}

void check_size(source const& of, ratchets const& larger, ratchets& measured, findings& out) {
  extent const whole{static_cast<std::size_t>(std::count(of.text.begin(), of.text.end(), '\n')), 1};
  judge(of, line_limit, longest_line(of), larger, measured, out);
  if (!of.is_cpp()) return;
  judge(of, file_limit, whole, larger, measured, out);
  judge(of, function_limit, longest_function(of), larger, measured, out);
}

}  // namespace tidy
