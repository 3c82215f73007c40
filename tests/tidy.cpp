// SPDX-License-Identifier: BSL-1.0
// usage: tidy <root> [--fix]
//
// Checks what the compiler does not: layers, words, form and size of every file of the repository.
// --fix writes include/synod/synod.hpp and lowers the ratchets to what was reached.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tidy/rules.hpp"

namespace {

namespace fs = std::filesystem;
using std::string;

constexpr std::array folders{"include", "tests", "bench", "examples",
                             "cmake",   "docs",  "tools", "packaging"};
constexpr std::array kept_as_they_are{"bench/floor/", "bench/phys/"};

string read(fs::path const& from) {
  std::ifstream file(from, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(fs::path const& to, string const& text) { std::ofstream(to, std::ios::binary) << text; }

// C++, CMake and shell: what people write by hand and read.
bool is_ours(string const& path) {
  for (char const* kept : kept_as_they_are) {
    if (path.starts_with(kept)) return false;
  }
  fs::path const name(path);
  for (char const* extension : {".hpp", ".cpp", ".cmake", ".sh", ".py"}) {
    if (name.extension() == extension) return true;
  }
  return name.filename() == "CMakeLists.txt";
}

bool is_script(fs::path const& path) {
  if (path.has_extension()) return false;
  std::ifstream file(path, std::ios::binary);
  std::array<char, 2> first{};
  return file.read(first.data(), first.size()) && first[0] == '#' && first[1] == '!';
}

std::vector<string> files_of(fs::path const& root) {
  std::vector<string> found{"CMakeLists.txt"};
  for (char const* folder : folders) {
    if (!fs::exists(root / folder)) continue;
    for (fs::directory_entry const& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      string const path = entry.path().lexically_relative(root).generic_string();
      if (is_ours(path) || is_script(entry.path())) found.push_back(path);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Lines "<path> <kind> <limit>"; '#' begins a comment.
tidy::ratchets read_ratchets(fs::path const& from) {
  tidy::ratchets larger;
  std::ifstream file(from);
  for (string line; std::getline(file, line);) {
    std::size_t const space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == string::npos) continue;
    larger[line.substr(0, space)] = std::stoul(line.substr(space + 1));
  }
  return larger;
}

string ratchets_text(tidy::ratchets const& larger) {
  string text =
      "# Limits larger than the usual ones: <path> <file|function|line> <limit>.\n"
      "# They only shrink: `tests/run --fix` lowers them to what was reached.\n";
  for (auto const& [key, limit] : larger) text += key + " " + std::to_string(limit) + "\n";
  return text;
}

}  // namespace

int main(int count, char** arguments) {
  bool const fix = count == 3 && std::strcmp(arguments[2], "--fix") == 0;
  if (count != 2 && !fix) {
    std::fprintf(stderr, "usage: tidy <root of the repository> [--fix]\n");
    return 2;
  }
  fs::path const root = arguments[1];
  fs::path const ratchets_path = root / "tests/tidy/ratchets.txt";
  fs::path const umbrella_path = root / "include/synod/synod.hpp";
  if (!fs::exists(umbrella_path)) {
    std::fprintf(stderr,
                 "%s is not the root of the repository: it has no include/synod/synod.hpp\n",
                 arguments[1]);
    return 2;
  }

  std::vector<string> const files = files_of(root);
  if (fix) write(umbrella_path, tidy::umbrella(files));

  tidy::ratchets const larger = read_ratchets(ratchets_path);
  tidy::ratchets measured;
  tidy::findings found;
  for (string const& path : files) {
    tidy::source const one(path, read(root / path));
    tidy::check_layers(one, found);
    tidy::check_words(one, found);
    tidy::check_form(one, found);
    tidy::check_size(one, larger, measured, found);
  }
  if (read(umbrella_path) != tidy::umbrella(files)) {
    found.push_back({"include/synod/synod.hpp", 1,
                     "does not list the headers that there are: run `tests/run --fix`"});
  }
  // A limit stays only while its file is above the usual one and already had a limit of its own.
  tidy::ratchets lowered;
  for (auto const& [key, limit] : measured) {
    if (larger.contains(key)) lowered[key] = limit;
  }
  for (auto const& [key, limit] : larger) {
    if (!lowered.contains(key) && !fix) {
      found.push_back(
          {"tests/tidy/ratchets.txt", 1,
           "`" + key + "` is within the usual limit: `tests/run --fix` drops the line"});
    }
  }
  if (fix) {
    write(ratchets_path, ratchets_text(lowered));
    std::erase_if(found, [](tidy::finding const& one) {
      return one.what.find("`tests/run --fix` lowers") != string::npos;
    });
  }

  for (tidy::finding const& one : found) {
    std::printf("%s:%zu: %s\n", one.path.c_str(), one.line, one.what.c_str());
  }
  std::printf("tidy: %zu files, %zu findings\n", files.size(), found.size());
  return found.empty() ? 0 : 1;
}
