// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace store {

// What a command did, as the status that the process ends with.
enum exit_code : int {
  exit_done = 0,
  exit_not_found = 1,  // or a check that failed
  exit_usage = 2,
  exit_refused = 3,  // definitely not done
  exit_unknown = 4,  // perhaps done
};

// The words of the command line: `--name value` pairs and flags, and the rest in order.
struct settings {
  std::uint16_t port = 7400;  // of everything: see the addresses below
  unsigned nodes = 3;
  std::string data = "kv-data";
  std::string peers;  // "1=address,2=address": where peers are called, if not where they listen
  std::string cluster = "kv";
  std::string history;
  std::string script;  // of try
  double seconds = 10;
  double timeout = 10;
  unsigned clients = 8;
  unsigned keys = 8;
  unsigned reads = 50;  // percent
  unsigned value_bytes = 0;
  unsigned limit = 100;
  std::uint64_t at = 0;  // ask this node only
  bool json = false;
  bool watch = false;
  bool count = false;  // of bench: increments of one counter
  std::vector<std::string> words;
};

// A node has four ports: for Redis clients, for clients of ours, for people, and for its peers.
inline std::string address(settings const& with, std::uint64_t id, unsigned offset) {
  return "127.0.0.1:" + std::to_string(with.port + offset + static_cast<unsigned>(id));
}
inline std::string redis_address(settings const& with, std::uint64_t id) {
  return address(with, id, 0);
}
inline std::string client_address(settings const& with, std::uint64_t id) {
  return address(with, id, 20);
}
inline std::string admin_address(settings const& with, std::uint64_t id) {
  return address(with, id, 40);
}
inline std::string peer_address(settings const& with, std::uint64_t id) {
  return address(with, id, 60);
}

template <class Number>
bool read_number(std::string_view text, Number& into) {
  auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), into);
  return bad == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Returns what is wrong with the words, or nothing.
inline std::string read_settings(int count, char** words, settings& into) {
  for (int i = 1; i < count; ++i) {
    std::string const word = words[i];
    if (!word.starts_with("--")) {
      into.words.push_back(word);
      continue;
    }
    if (word == "--json") {
      into.json = true;
    } else if (word == "--watch") {
      into.watch = true;
    } else if (word == "--count") {
      into.count = true;
    } else {
      if (i + 1 >= count) return word + " needs a value";
      std::string const value = words[++i];
      bool good = true;
      if (word == "--port")
        good = read_number(value, into.port) && into.port <= 65'000;
      else if (word == "--nodes")
        good = read_number(value, into.nodes) && into.nodes - 1 < 9;
      else if (word == "--seconds")
        good = read_number(value, into.seconds) && into.seconds > 0;
      else if (word == "--timeout")
        good = read_number(value, into.timeout) && into.timeout > 0;
      else if (word == "--clients")
        good = read_number(value, into.clients) && into.clients - 1 < 512;
      else if (word == "--keys")
        good = read_number(value, into.keys) && into.keys > 0;
      else if (word == "--reads")
        good = read_number(value, into.reads) && into.reads <= 100;
      else if (word == "--bytes")
        good = read_number(value, into.value_bytes);
      else if (word == "--limit")
        good = read_number(value, into.limit) && into.limit > 0;
      else if (word == "--at")
        good = read_number(value, into.at);
      else if (word == "--data")
        into.data = value;
      else if (word == "--peers")
        into.peers = value;
      else if (word == "--cluster")
        into.cluster = value;
      else if (word == "--history")
        into.history = value;
      else if (word == "--script")
        into.script = value;
      else
        return "there is no option " + word;
      if (!good) return "`" + value + "` is no value for " + word;
    }
  }
  return {};
}

int serve(settings const& with);
int ask(settings const& with);  // get, set, del, incr, range
int bench(settings const& with);
int status(settings const& with);
int transfer(settings const& with);
int check(settings const& with);
int try_it(settings const& with);

}  // namespace store
