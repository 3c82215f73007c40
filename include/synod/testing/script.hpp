// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace synod::testing {

// A transcript is a behaviour as a plain text: what was done, and everything that came of it, read
// as a diff when it changes. Steps are separated by empty lines:
//
//   # Words about what comes, as many lines as it takes.
//   deliver 1->2
//   crash 3
//   ----
//   everything that the commands printed
//
// A step without output ends at its "----". Commands are words separated by spaces.
struct script_command {
  std::size_t line = 0;
  std::vector<std::string> words;

  // The word at a place, or nothing there.
  [[nodiscard]] std::string_view word(std::size_t at) const {
    return at < words.size() ? std::string_view(words[at]) : std::string_view();
  }
};

struct script_step {
  std::string source;  // comments and commands as they stand
  std::vector<script_command> commands;
  std::string expected;
};

struct script {
  std::vector<script_step> steps;
  std::string tail;  // comments after the last step
};

namespace detail {

inline std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < line.size()) {
    while (at < line.size() && line[at] == ' ') ++at;
    std::size_t const begin = at;
    while (at < line.size() && line[at] != ' ') ++at;
    if (at > begin) words.emplace_back(line.substr(begin, at - begin));
  }
  return words;
}

}  // namespace detail

inline script parse_script(std::string_view text) {
  script parsed;
  script_step step;
  bool in_output = false;
  std::size_t number = 0;
  auto const finish = [&] {
    if (!step.commands.empty()) parsed.steps.push_back(std::move(step));
    step = {};
    in_output = false;
  };
  while (!text.empty()) {
    std::size_t const end = text.find('\n');
    std::string_view const line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    if (in_output) {
      if (line.empty()) {
        finish();
      } else {
        step.expected.append(line).push_back('\n');
      }
    } else if (line == "----") {
      in_output = true;
    } else {
      // An empty line between comments and commands belongs to them.
      if (line.empty() && step.source.empty()) continue;
      step.source.append(line).push_back('\n');
      if (!line.empty() && line[0] != '#') {
        step.commands.push_back({number, detail::words_of(line)});
      }
    }
  }
  if (step.commands.empty()) {
    parsed.tail = std::move(step.source);
  } else {
    parsed.steps.push_back(std::move(step));
  }
  return parsed;
}

// A step whose output is not what the transcript says.
struct script_difference {
  std::size_t line = 0;
  std::string commands;
  std::string expected;
  std::string printed;
};

struct script_report {
  std::string rewritten;  // the transcript with the output of this run
  std::vector<script_difference> differences;

  [[nodiscard]] bool good() const { return differences.empty(); }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (script_difference const& one : differences) {
      all += "line " + std::to_string(one.line) + ":\n" + one.commands + "---- expected\n" +
             one.expected + "---- printed\n" + one.printed + "\n";
    }
    return all;
  }
};

// Effects: calls run(script_command const&) -> std::string for each command, in order.
template <class Run>
script_report run_script(script const& wanted, Run&& run) {
  script_report report;
  for (script_step const& step : wanted.steps) {
    std::string printed;
    for (script_command const& command : step.commands) printed += run(command);
    if (!printed.empty() && printed.back() != '\n') printed.push_back('\n');
    report.rewritten += step.source + "----\n" + printed + "\n";
    if (printed != step.expected) {
      report.differences.push_back(
          {step.commands.front().line, step.source, step.expected, printed});
    }
  }
  report.rewritten += wanted.tail;
  if (wanted.tail.empty() && !report.rewritten.empty()) report.rewritten.pop_back();
  return report;
}

// True where the environment says SYNOD_REWRITE=1: transcripts then take what is printed.
inline bool rewrite_wanted() {
  char const* said = std::getenv("SYNOD_REWRITE");
  return said != nullptr && std::strcmp(said, "1") == 0;
}

inline bool read_text(std::string const& path, std::string& into) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return false;
  into.clear();
  char piece[4096];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof piece, file)) != 0;) {
    into.append(piece, got);
  }
  bool const good = std::ferror(file) == 0;
  std::fclose(file);
  return good;
}
inline bool write_text(std::string const& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  bool const good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return (std::fclose(file) == 0) && good;
}

// Runs the transcript of a file. Where rewriting is wanted the file takes this run's output, and
// the report says good. Returns: a report; one with a difference that names the file where it
// cannot be read or written.
template <class Run>
script_report run_script_file(std::string const& path, Run&& run, bool rewrite = rewrite_wanted()) {
  std::string text;
  if (!read_text(path, text)) {
    return {{}, {{0, {}, "a file at " + path + "\n", "it cannot be read\n"}}};
  }
  script const wanted = parse_script(text);
  if (wanted.steps.empty()) return {{}, {{0, {}, "steps in " + path + "\n", "it has none\n"}}};
  script_report report = run_script(wanted, run);
  if (rewrite && !report.good()) {
    if (!write_text(path, report.rewritten)) {
      return {{}, {{0, {}, "a file to write at " + path + "\n", "it cannot be written\n"}}};
    }
    report.differences.clear();
  }
  return report;
}

}  // namespace synod::testing
