// SPDX-License-Identifier: BSL-1.0
#include "cluster.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "call.hpp"

namespace store {

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

constexpr int one_request_ms = 4000;

void pause_ms(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}
double ms_since(clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(clock::now() - begun).count();
}

std::string content_of(fs::path const& of) {
  std::ifstream file(of, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The parts of what EXPLAIN answered.
explained parts_of(std::string const& got) {
  explained made;
  if (!got.starts_with("*4\r\n")) {
    made.reply = got.substr(0, got.find('\r'));
    return made;
  }
  std::size_t at = 4;
  auto const line = [&] {
    std::size_t const end = got.find("\r\n", at);
    std::string const text = got.substr(at, end - at);
    at = end + 2;
    return text;
  };
  auto const value = [&] {
    std::string const head = line();
    if (!head.starts_with('$')) return head;
    if (head == "$-1") return std::string("(not there)");
    std::size_t const length = std::strtoul(head.c_str() + 1, nullptr, 10);
    std::string const text = got.substr(at, length);
    at += length + 2;
    return text;
  };
  bool const is_text = got[at] == '$';
  made.reply = value();
  made.there = !is_text || made.reply != "(not there)";
  made.good = is_text || !made.reply.starts_with('-');
  if (!is_text && made.good) made.reply.erase(0, 1);
  made.slot = std::strtoull(value().c_str() + 1, nullptr, 10);
  made.ballot = value();
  return made;
}

}  // namespace

std::string cluster::log_of(std::uint64_t id) const {
  return with_.data + "/" + std::to_string(id) + ".log";
}

std::vector<std::string> cluster::words(std::vector<std::string> first) const {
  for (std::string const& one :
       {std::string("--port"), std::to_string(with_.port), std::string("--nodes"),
        std::to_string(with_.nodes), std::string("--cluster"), with_.cluster,
        std::string("--variant"), std::string(with_.masterless ? "masterless" : "multi_paxos")}) {
    first.push_back(one);
  }
  return first;
}

// Nodes die with the process that started them, unless it was stopped in a way that even this did
// not reach: a process of this program on this very folder is one of those.
void cluster::end_left_overs() const {
  std::ifstream file(with_.data + "/processes");
  for (pid_t one = 0; file >> one;) {
    fs::path const about = "/proc/" + std::to_string(one);
    std::error_code gone;
    bool const same = fs::equivalent(about / "exe", "/proc/self/exe", gone) && !gone &&
                      content_of(about / "cmdline").find(with_.data) != std::string::npos;
    if (!same) continue;
    std::cout << "ending process " << one << ", left over from an earlier run" << std::endl;
    ::kill(one, SIGKILL);
    for (int i = 0; i < 100 && fs::exists(about, gone); ++i) pause_ms(10);
  }
}

std::string cluster::begin() {
  end_left_overs();
  std::error_code bad;
  for (unsigned id = 1; id <= with_.nodes; ++id) {
    fs::remove_all(with_.data + "/" + std::to_string(id), bad);
    fs::remove(log_of(id), bad);
  }
  fs::remove(with_.data + "/processes", bad);
  fs::create_directories(with_.data, bad);
  if (bad) return "cannot make the folder " + with_.data + ": " + bad.message();

  unsigned const asked = with_.port;
  for (unsigned base = asked;; base += 200) {
    if (base > asked + 4000 || base > 65'000) return "no 200 ports are free: name another --port";
    with_.port = static_cast<std::uint16_t>(base);
    std::vector<std::uint16_t> ports;
    std::vector<std::uint16_t> peers(with_.nodes + 1);
    for (unsigned id = 1; id <= with_.nodes; ++id) {
      for (unsigned kind : {0U, 20U, 40U, 60U}) {
        ports.push_back(static_cast<std::uint16_t>(base + kind + id));
      }
      peers[id] = ports.back();
    }
    if (!are_free(ports)) continue;
    if (wires_.open(static_cast<std::uint16_t>(base + 100), with_.nodes, peers)) break;
  }
  if (with_.port != asked) std::cout << "ports from " << asked << " on are in use; ";
  std::cout << "ports: redis " << with_.port + 1 << " to " << with_.port + with_.nodes
            << ", status pages " << with_.port + 41 << " to " << with_.port + 40 + with_.nodes
            << std::endl;
  for (unsigned id = 1; id <= with_.nodes; ++id) {
    if (auto const why = start(id); !why.empty()) return why;
  }
  if (!settled(20'000)) return "the nodes do not find together: look into " + with_.data;
  return {};
}

std::string cluster::start(std::uint64_t id) {
  std::string peers;
  for (unsigned other = 1; other <= with_.nodes; ++other) {
    std::uint16_t const port = other == id ? static_cast<std::uint16_t>(with_.port + 60 + other)
                                           : wires_.port_of(id, other);
    peers +=
        (peers.empty() ? "" : ",") + std::to_string(other) + "=127.0.0.1:" + std::to_string(port);
  }
  auto all = words({"serve", std::to_string(id), "--data", with_.data, "--peers", peers});
  auto const add = [&](std::string const& name, std::string const& value) {
    all.push_back("--" + name);
    all.push_back(value);
  };
  for (auto const& [name, milliseconds] : with_.times) add(name, std::to_string(milliseconds));
  if (with_.segment_bytes != 0) add("segment-bytes", std::to_string(with_.segment_bytes));
  if (with_.low_water_bytes != 0) add("low-water-bytes", std::to_string(with_.low_water_bytes));
  running_[id] = nodes_.start(all, log_of(id));
  frozen_[id] = false;
  if (running_[id] < 0) return "cannot start a process";
  std::ofstream(with_.data + "/processes", std::ios::app) << running_[id] << "\n";
  // It opens its ports at once, or says why it cannot.
  for (int i = 0; i < 500; ++i) {
    if (fetch(static_cast<std::uint16_t>(with_.port + 40 + id), "/status", 200)) return {};
    if (!nodes_.runs(running_[id])) {
      return "node " + std::to_string(id) + " did not start: " + content_of(log_of(id));
    }
    pause_ms(10);
  }
  return "node " + std::to_string(id) + " does not answer: look into " + log_of(id);
}

void cluster::kill(std::uint64_t id) {
  nodes_.kill(running_[id]);
  frozen_[id] = false;
}
void cluster::freeze(std::uint64_t id, bool frozen) {
  if (nodes_.signal(running_[id], frozen ? SIGSTOP : SIGCONT)) frozen_[id] = frozen;
}

std::optional<std::uint64_t> cluster::leader(int milliseconds) {
  auto const begun = clock::now();
  do {
    for (unsigned id = 1; id <= with_.nodes; ++id) {
      if (!is_up(id) || frozen_[id]) continue;
      auto const now = fetch(static_cast<std::uint16_t>(with_.port + 40 + id), "/status", 500);
      if (now && json_field(*now, "leads") == "true") return id;
    }
    pause_ms(10);
  } while (ms_since(begun) < milliseconds);
  return std::nullopt;
}

bool cluster::settled(int milliseconds) {
  auto const begun = clock::now();
  while (ms_since(begun) < milliseconds) {
    bool all = true;
    std::string leader;
    for (unsigned id = 1; id <= with_.nodes && all; ++id) {
      if (!is_up(id)) continue;
      auto const now = fetch(static_cast<std::uint16_t>(with_.port + 40 + id), "/status", 500);
      std::string const known = now ? json_field(*now, "leader") : "";
      bool const leads = !known.empty() && known != "null" && (leader.empty() || leader == known);
      all = now && json_field(*now, "phase") == "running" && (leads || with_.masterless);
      leader = known;
    }
    if (all && !leader.empty()) return true;
    pause_ms(20);
  }
  return false;
}

explained cluster::ask(std::string const& words, int milliseconds) {
  auto const begun = clock::now();
  explained last;
  last.reply = "no node is up: say `restart all`";
  bool may_be_done = false;
  for (std::uint64_t at = last_served_; ms_since(begun) < milliseconds;) {
    if (!is_up(at) || frozen_[at]) {
      at = at % with_.nodes + 1;
      if (at == last_served_) pause_ms(10);
      continue;
    }
    auto const sent = clock::now();
    auto const got =
        redis(static_cast<std::uint16_t>(with_.port + at), "EXPLAIN " + words, one_request_ms);
    explained made = got ? parts_of(*got) : explained{"no answer", false};
    made.milliseconds = ms_since(sent);
    made.node = at;
    if (made.good) {
      last_served_ = at;
      return made;
    }
    if (made.reply.starts_with("-MOVED")) {
      std::uint64_t const port =
          std::strtoul(made.reply.c_str() + made.reply.rfind(':') + 1, nullptr, 10);
      at = port - with_.port;
      if (at < 1 || at > with_.nodes || !is_up(at) || frozen_[at]) {
        at = made.node % with_.nodes + 1;
        pause_ms(10);
      }
      last = made;
      continue;
    }
    bool const certain = made.reply.starts_with("-TRYAGAIN");
    may_be_done = may_be_done || !certain;
    last = made;
    last.certain = !may_be_done;
    // What is done twice as well as once may be asked for again.
    bool const again =
        certain || words.starts_with("SET") || words.starts_with("GET") || words.starts_with("DEL");
    if (!again || made.reply.starts_with("-ERR")) break;
    at = at % with_.nodes + 1;
    pause_ms(10);
  }
  return last;
}

}  // namespace store
