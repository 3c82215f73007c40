// SPDX-License-Identifier: BSL-1.0
#include "rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tidy {

namespace {

using std::string;
using std::string_view;

constexpr string_view library = "include/synod/";

// The lowest rank that may touch clocks, threads, files and exceptions.
constexpr int outside = 6;

struct banned {
  string_view word;
  string_view instead;
};

struct file_and_header {
  string_view path;
  string_view header;
};

struct folder_rank {
  string_view folder;
  int rank;
};

constexpr std::array ranks{
    folder_rank{"core", 0},     folder_rank{"quorum", 1},  folder_rank{"log", 1},
    folder_rank{"codec", 1},    folder_rank{"roles", 2},   folder_rank{"leader", 2},
    folder_rank{"protocol", 3}, folder_rank{"machine", 4}, folder_rank{"storage", 4},
    folder_rank{"observe", 4},  folder_rank{"runtime", 5}, folder_rank{"cereal", 6},
    folder_rank{"testing", 7},  folder_rank{"asio", 7},    folder_rank{"rocksdb", 7},
    folder_rank{"lmdb", 7},     folder_rank{"fabric", 7},  folder_rank{"prometheus", 7},
};

// The listed exceptions to "ranks 0 to 5 do not touch the world".
constexpr std::array touches_the_world{
    string_view{"include/synod/storage/posix_io"},
};

// A header that would be worldly elsewhere: asking what the processor can do is harmless.
constexpr std::array harmless_includes{
    file_and_header{"include/synod/codec/crc32c.hpp", "sys/auxv.h"},
};

// Files that may define macros; assert.hpp throws in mutated binaries only.
constexpr string_view assertions = "include/synod/core/assert.hpp";
constexpr string_view inlining = "include/synod/core/always_inline.hpp";
constexpr string_view version = "include/synod/version.hpp";

bool starts_with_any(string_view text, auto const& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](string_view prefix) { return text.starts_with(prefix); });
}

bool contains(auto const& list, string_view what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

string_view folder_of(string_view path) {
  path.remove_prefix(library.size());
  std::size_t const slash = path.find('/');
  return slash == string_view::npos ? string_view{} : path.substr(0, slash);
}

struct family_member {
  string_view protocol;
  string_view family;
};

// Protocols made of the parts of another, by plan: they live in its folder but for the facade.
constexpr std::array families{
    family_member{"masterless_multi_paxos", "multi_paxos"},
};

// "multi_paxos" for protocol/multi_paxos.hpp and for all of protocol/multi_paxos/.
string_view protocol_of(string_view path) {
  path.remove_prefix(library.size() + string_view("protocol/").size());
  string_view const name = path.substr(0, path.find_first_of("/."));
  for (family_member const& one : families) {
    if (one.protocol == name) return one.family;
  }
  return name;
}

void check_inclusion_of_ours(source const& of, inclusion const& one, findings& out) {
  string const target = "include/" + one.name;
  int const from = rank_of(of.path);
  int const to = rank_of(target);
  auto const report = [&](string what) { out.push_back({of.path, one.line, std::move(what)}); };
  if (target == "include/synod/synod.hpp") {
    return report("includes the umbrella: include the headers whose names it uses");
  }
  if (from < 0 || to < 0) {
    return report("<" + one.name +
                  "> lies in no known folder: give it a rank in tests/tidy/rules.cpp");
  }
  bool const same_folder = folder_of(of.path) == folder_of(target);
  bool const names = of.path == "include/synod/fwd.hpp" || target == version;
  if (!same_folder && to >= from && !(names && to == from)) {
    return report("rank " + std::to_string(from) + " includes <" + one.name + "> of rank " +
                  std::to_string(to) + ": move what is shared to a lower rank");
  }
  if (same_folder && folder_of(target) == "protocol" &&
      protocol_of(of.path) != protocol_of(target)) {
    report("one protocol includes another: move what is shared to roles/, leader/ or log/");
  }
}

struct third_party {
  string_view prefix;
  string_view folder;
};

constexpr std::array third_parties{
    third_party{"boost/", "asio"},      third_party{"cereal/", "cereal"},
    third_party{"rocksdb/", "rocksdb"}, third_party{"lmdb", "lmdb"},
    third_party{"rdma/", "fabric"},     third_party{"prometheus/", "prometheus"},
    third_party{"gtest/", "nowhere"},   third_party{"benchmark/", "nowhere"},
};

// Standard and system headers that ranks 0 to 5 do without: each is the door to something that a
// core must not touch, or costs more to include than everything it would be used for.
constexpr std::array worldly_headers{
    string_view{"any"},        string_view{"chrono"},     string_view{"condition_variable"},
    string_view{"coroutine"},  string_view{"ctime"},      string_view{"exception"},
    string_view{"fcntl.h"},    string_view{"filesystem"}, string_view{"fstream"},
    string_view{"functional"}, string_view{"future"},     string_view{"iomanip"},
    string_view{"iostream"},   string_view{"istream"},    string_view{"locale"},
    string_view{"mutex"},      string_view{"ostream"},    string_view{"poll.h"},
    string_view{"pthread.h"},  string_view{"random"},     string_view{"ranges"},
    string_view{"regex"},      string_view{"semaphore"},  string_view{"shared_mutex"},
    string_view{"sstream"},    string_view{"stdexcept"},  string_view{"stop_token"},
    string_view{"thread"},     string_view{"time.h"},     string_view{"typeindex"},
    string_view{"typeinfo"},   string_view{"unistd.h"},
};
constexpr std::array heavy_for_core{
    string_view{"algorithm"}, string_view{"deque"},         string_view{"list"},
    string_view{"map"},       string_view{"memory"},        string_view{"set"},
    string_view{"string"},    string_view{"unordered_map"}, string_view{"unordered_set"},
};

void check_inclusion_of_others(source const& of, inclusion const& one, findings& out) {
  auto const report = [&](string what) { out.push_back({of.path, one.line, std::move(what)}); };
  for (third_party const& party : third_parties) {
    if (one.name.starts_with(party.prefix) && folder_of(of.path) != party.folder) {
      return report("<" + one.name + "> outside its folder: only include/synod/" +
                    string(party.folder) + "/ may include it");
    }
  }
  int const rank = rank_of(of.path);
  if (rank < 0 || rank >= outside || starts_with_any(of.path, touches_the_world)) return;
  for (file_and_header const& harmless : harmless_includes) {
    if (of.path == harmless.path && one.name == harmless.header) return;
  }
  bool const system = one.name.starts_with("sys/") || one.name.starts_with("linux/");
  if (system || contains(worldly_headers, one.name)) {
    return report("<" + one.name + "> in rank " + std::to_string(rank) +
                  ": ranks 0 to 5 do not touch the world; let the caller pass the value in");
  }
  if (rank == 0 && contains(heavy_for_core, one.name)) {
    report("<" + one.name + "> in core: too much to include for everybody; write the few lines");
  }
}

constexpr std::array banned_below_outside{
    banned{"std::function", "take a template parameter"},
    banned{"std::chrono", "take a time_ns"},
    banned{"std::random_device", "take a seed"},
    banned{"std::mt19937", "use the generator of the core"},
    banned{"std::mt19937_64", "use the generator of the core"},
    banned{"std::thread", "let the host own threads"},
    banned{"std::jthread", "let the host own threads"},
    banned{"std::mutex", "a core belongs to one thread"},
    banned{"std::atomic", "a core belongs to one thread"},
    banned{"thread_local", "keep the state in the object that owns it"},
    banned{"clock_gettime", "take a time_ns"},
    banned{"getenv", "take an option"},
    banned{"rand", "use the generator of the core"},
    banned{"throw", "return a refusal or an error"},
    banned{"try", "return a refusal or an error"},
    banned{"catch", "return a refusal or an error"},
    banned{"dynamic_cast", "use a variant"},
    banned{"typeid", "use a variant"},
    banned{"co_await", "compose with callbacks in the host"},
    banned{"std::cout", "give the caller the text"},
    banned{"std::cerr", "give the caller the text"},
};

// One word per idea: other libraries' words for ours, as names in code.
constexpr std::array synonyms{
    banned{"term", "ballot"},
    banned{"current_term", "ballot"},
    banned{"epoch", "ballot or configuration"},
    banned{"view_number", "ballot"},
    banned{"proposal_number", "ballot"},
    banned{"round_number", "round"},
    banned{"instance", "slot"},
    banned{"instance_id", "slot"},
    banned{"log_index", "slot"},
    banned{"entry_index", "slot"},
    banned{"commit_index", "chosen_upto"},
    banned{"replica_id", "node_id"},
    banned{"server_id", "node_id"},
    banned{"peer_id", "node_id"},
};

constexpr std::array vague_nouns{
    string_view{"manager"}, string_view{"helper"}, string_view{"helpers"}, string_view{"util"},
    string_view{"utils"},   string_view{"impl"},   string_view{"base"},
};

constexpr std::array unfinished{
    string_view{"TODO"},
    string_view{"FIXME"},
    string_view{"XXX"},
    string_view{"HACK"},
};

void check_banned(source const& of, auto const& list, string_view why, findings& out) {
  for (banned const& one : list) {
    for (std::size_t at = find_word(of.code, one.word); at != string::npos;
         at = find_word(of.code, one.word, at + 1)) {
      out.push_back({of.path, of.line_of(at),
                     "`" + string(one.word) + "` " + string(why) + ": " + string(one.instead)});
    }
  }
}

bool is_vague(string_view name) {
  return std::any_of(vague_nouns.begin(), vague_nouns.end(), [&](string_view noun) {
    if (!name.ends_with(noun)) return false;
    return name.size() == noun.size() || name[name.size() - noun.size() - 1] == '_';
  });
}

void check_nouns(source const& of, findings& out) {
  string_view const path = of.path;
  string_view const file = path.substr(path.rfind('/') + 1);
  if (is_vague(file.substr(0, file.find('.')))) {
    out.push_back({of.path, 1, "says nothing about what is in it: name the file after its noun"});
  }
  for (string_view const introducer : {"struct ", "class ", "concept ", "namespace ", "using "}) {
    for (std::size_t at = find_word(of.code, introducer.substr(0, introducer.size() - 1));
         at != string::npos;
         at = find_word(of.code, introducer.substr(0, introducer.size() - 1), at + 1)) {
      std::size_t const begin = at + introducer.size();
      std::size_t end = begin;
      while (end < of.code.size() && is_identifier(of.code[end])) ++end;
      string const name = of.code.substr(std::min(begin, of.code.size()), end - begin);
      if (is_vague(name)) {
        out.push_back({of.path, of.line_of(at), "`" + name + "`: name the noun that it is"});
      }
    }
  }
}

}  // namespace

int rank_of(string const& path) {
  if (!path.starts_with(library)) return -1;
  if (path == "include/synod/synod.hpp") return outside;
  string_view const folder = folder_of(path);
  if (folder.empty()) return 0;  // version.hpp, fwd.hpp
  for (folder_rank const& one : ranks) {
    if (one.folder == folder) return one.rank;
  }
  return -1;
}

void check_layers(source const& of, findings& out) {
  if (!of.is_public()) return;
  if (rank_of(of.path) < 0) {
    out.push_back({of.path, 1, "lies in no known folder: give it a rank in tests/tidy/rules.cpp"});
    return;
  }
  bool const is_umbrella = of.path == "include/synod/synod.hpp";
  for (inclusion const& one : inclusions_of(of)) {
    if (one.quoted) {
      out.push_back({of.path, one.line, "quoted include: write <synod/...>"});
    } else if (!one.name.starts_with("synod/")) {
      check_inclusion_of_others(of, one, out);
    } else if (!is_umbrella) {
      check_inclusion_of_ours(of, one, out);
    }
  }
}

void check_words(source const& of, findings& out) {
  if (!of.is_cpp()) {
    for (string_view const word : unfinished) {
      std::size_t const at = find_word(of.text, word);
      if (at == string::npos) continue;
      out.push_back({of.path, of.line_of(at), string(word) + ": finish it, or say why it is so"});
    }
    return;
  }
  for (string_view const word : unfinished) {
    std::size_t const at = find_word(of.comments, word);
    if (at == string::npos) continue;
    out.push_back({of.path, of.line_of(at), string(word) + ": finish it, or say why it is so"});
  }
  check_nouns(of, out);
  if (!of.is_public()) return;
  check_banned(of, std::array{banned{"virtual", "take a template parameter"}}, "in the library",
               out);
  bool const macros = of.path == assertions || of.path == inlining || of.path == version;
  if (!macros) {
    check_banned(of, std::array{banned{"#define", "write a function or a constant"}},
                 "outside core/assert.hpp, core/always_inline.hpp and version.hpp", out);
  }
  check_banned(of, std::array{banned{"using namespace", "write the names out"}}, "in a header",
               out);
  check_banned(of, synonyms, "beside our own word", out);
  int const rank = rank_of(of.path);
  if (rank >= 0 && rank < outside && !macros && !starts_with_any(of.path, touches_the_world)) {
    check_banned(of, banned_below_outside, "in ranks 0 to 5", out);
  }
}

void check_form(source const& of, findings& out) {
  string_view const licence = "SPDX-License-Identifier: BSL-1.0";
  std::size_t const script = of.text.starts_with("#!") ? of.text.find('\n') + 1 : 0;
  string_view const first =
      string_view(of.text).substr(script, of.text.find('\n', script) - script);
  if (first.find(licence) == string_view::npos) {
    out.push_back({of.path, 1, "begin it with a line that says " + string(licence)});
  }
  if (of.is_header() && of.code.find("#pragma once") == string::npos) {
    out.push_back({of.path, 1, "add #pragma once"});
  }
  if (!of.text.empty() && !of.text.ends_with('\n')) {
    out.push_back({of.path, of.line_of(of.text.size()), "end the last line"});
  }
  if (std::size_t const at = of.text.find('\t'); at != string::npos && !of.path.ends_with(".mk")) {
    out.push_back({of.path, of.line_of(at), "use spaces instead of the tab"});
  }
}

string umbrella(std::vector<string> const& headers) {
  string text =
      "// SPDX-License-Identifier: BSL-1.0\n"
      "#pragma once\n"
      "\n"
      "// Everything that needs the standard library only: ranks 0 to 5. What needs a third party\n"
      "// is included by its own folder: <synod/cereal/...>, <synod/asio/...>,\n"
      "// <synod/testing/...>. `tests/run --fix` writes this list.\n";
  std::vector<string> names;
  for (string const& path : headers) {
    int const rank = rank_of(path);
    if (rank >= 0 && rank < outside) names.push_back(path.substr(string_view("include/").size()));
  }
  std::sort(names.begin(), names.end());
  for (string const& name : names) text += "#include <" + name + ">\n";
  return text;
}

}  // namespace tidy
