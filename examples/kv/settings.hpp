// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
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
  std::vector<std::string> hosts;  // of the nodes in order, if not all on this machine
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
  std::uint64_t at = 0;             // ask this node only
  std::uint64_t segment_bytes = 0;  // 0: as the log says
  std::uint64_t low_water_bytes = 0;
  std::vector<std::pair<std::string, double>> times;  // in milliseconds: see times.hpp
  bool insecure = false;
  bool masterless = false;  // the variant
  bool json = false;
  bool watch = false;
  bool count = false;  // of bench: increments of one counter
  std::vector<std::string> words;
};

// A node has four ports: for Redis clients, for clients of ours, for people, and for its peers.
inline std::string address(settings const& with, std::uint64_t id, unsigned offset) {
  std::string const host = id >= 1 && id <= with.hosts.size()
                               ? with.hosts[static_cast<std::size_t>(id - 1)]
                               : "127.0.0.1";
  return host + ":" + std::to_string(with.port + offset + static_cast<unsigned>(id));
}
inline std::string redis_address(settings const& with, std::uint64_t id) {
  return address(with, id, 0);
}
inline std::string client_address(settings const& with, std::uint64_t id) {
  return address(with, id, 20);
}
// For this machine only, wherever the nodes are.
inline std::string admin_address(settings const& with, std::uint64_t id) {
  return "127.0.0.1:" + std::to_string(with.port + 40 + static_cast<unsigned>(id));
}
inline std::string peer_address(settings const& with, std::uint64_t id) {
  return address(with, id, 60);
}

template <class Number>
bool read_number(std::string_view text, Number& into) {
  auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), into);
  return bad == std::errc() && end == text.data() + text.size() && !text.empty();
}

// One option that has a value: what may be given, or nothing if it was taken.
inline std::string take_option(std::string const& name, std::string const& value, settings& into) {
  auto const number = [&](auto& at, auto most, char const* wanted) {
    bool const good = read_number(value, at) && at > 0 && at <= most;
    return std::string(good ? "" : wanted);
  };
  if (name == "--port") return number(into.port, 65'000, "a port from 1 to 65000");
  if (name == "--nodes") return number(into.nodes, 9U, "1 to 9 nodes");
  if (name == "--seconds") return number(into.seconds, 1e9, "seconds above 0");
  if (name == "--timeout") return number(into.timeout, 1e9, "seconds above 0");
  if (name == "--clients") return number(into.clients, 512U, "1 to 512 clients");
  if (name == "--keys") return number(into.keys, 1'000'000'000U, "how many keys, above 0");
  if (name == "--limit") return number(into.limit, 1'000'000'000U, "how many, above 0");
  if (name == "--at") return number(into.at, std::uint64_t{9}, "the number of a node");
  if (name == "--segment-bytes") {
    return number(into.segment_bytes, std::uint64_t{1} << 32, "bytes, a multiple of 4096");
  }
  if (name == "--low-water-bytes") {
    return number(into.low_water_bytes, std::uint64_t{1} << 50, "bytes to be left free");
  }
  if (name == "--reads") {
    return read_number(value, into.reads) && into.reads <= 100 ? "" : "0 to 100 percent";
  }
  if (name == "--bytes") {
    bool const good = read_number(value, into.value_bytes) && into.value_bytes <= 200'000;
    return good ? "" : "0 to 200000 bytes of a value";
  }
  if (name == "--hosts") {
    for (std::size_t at = 0; at <= value.size();) {
      std::size_t const comma = std::min(value.find(',', at), value.size());
      into.hosts.push_back(value.substr(at, comma - at));
      at = comma + 1;
    }
    return {};
  }
  if (name.ends_with("-ms")) {
    double milliseconds = 0;
    bool const good = read_number(value, milliseconds) && milliseconds > 0 && milliseconds < 1e9;
    into.times.emplace_back(name.substr(2), milliseconds);
    return good ? "" : "milliseconds above 0";
  }
  if (name == "--variant") {
    into.masterless = value == "masterless";
    return into.masterless || value == "multi_paxos" ? "" : "multi_paxos or masterless";
  }
  if (name == "--data") into.data = value;
  if (name == "--peers") into.peers = value;
  if (name == "--cluster") into.cluster = value;
  if (name == "--history") into.history = value;
  if (name == "--script") into.script = value;
  return {};
}

inline bool takes_value(std::string const& name) {
  for (char const* const one :
       {"--port", "--nodes", "--seconds", "--timeout", "--clients", "--keys", "--limit", "--at",
        "--segment-bytes", "--low-water-bytes", "--reads", "--bytes", "--hosts", "--data",
        "--peers", "--cluster", "--history", "--script", "--variant"}) {
    if (name == one) return true;
  }
  return name.ends_with("-ms");
}

// Returns what is wrong with the words, or nothing.
inline std::string read_settings(int count, char** words, settings& into) {
  for (int i = 1; i < count; ++i) {
    std::string const word = words[i];
    if (!word.starts_with("--")) {
      into.words.push_back(word);
    } else if (word == "--json") {
      into.json = true;
    } else if (word == "--watch") {
      into.watch = true;
    } else if (word == "--count") {
      into.count = true;
    } else if (word == "--insecure") {
      into.insecure = true;
    } else if (!takes_value(word)) {
      return "there is no option " + word;
    } else if (i + 1 >= count) {
      return word + " needs a value";
    } else {
      std::string const value = words[++i];
      std::string const wanted = take_option(word, value, into);
      if (!wanted.empty()) return "`" + value + "` is no value for " + word + ": give " + wanted;
    }
  }
  if (!into.hosts.empty() && into.hosts.size() != into.nodes) {
    return "--hosts names " + std::to_string(into.hosts.size()) + " machines for " +
           std::to_string(into.nodes) + " nodes: name one for each";
  }
  return {};
}

int serve(settings const& with);
int times(settings const& with);
int serve_masterless(settings const& with);
int times_masterless();
int ask(settings const& with);  // get, set, del, incr, range
int bench(settings const& with);
int status(settings const& with);
int transfer(settings const& with);
int check(settings const& with);
int try_it(settings const& with);

}  // namespace store
