// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "call.hpp"
#include "settings.hpp"

namespace store {

namespace {

constexpr int patience_ms = 1000;

std::vector<std::optional<std::string>> statuses(settings const& with) {
  std::vector<std::optional<std::string>> all;
  for (unsigned id = 1; id <= with.nodes; ++id) {
    all.push_back(fetch(static_cast<std::uint16_t>(with.port + 40 + id), "/status", patience_ms));
  }
  return all;
}

void print(settings const& with, std::vector<std::optional<std::string>> const& all) {
  std::printf("%-5s %-10s %-10s %-14s %10s %10s %8s  %s\n", "node", "is", "leader", "ballot",
              "chosen", "applied", "lag", "waits for");
  unsigned long long newest = 0;
  for (auto const& one : all) {
    if (one)
      newest =
          std::max(newest, std::strtoull(json_field(*one, "chosen_upto").c_str(), nullptr, 10));
  }
  for (unsigned id = 1; id <= with.nodes; ++id) {
    auto const& one = all[id - 1];
    if (!one) {
      std::printf("%-5u %-10s\n", id, "down");
      continue;
    }
    bool const leads = json_field(*one, "leads") == "true";
    std::string const phase = json_field(*one, "phase");
    bool const masterless = json_field(*one, "protocol") == "masterless_multi_paxos";
    char const* const serves =
        leads ? (masterless ? "has range" : "leads") : (masterless ? "serves" : "follows");
    std::string const role = phase != "running" ? phase : serves;
    auto const applied = std::strtoull(json_field(*one, "applied").c_str(), nullptr, 10);
    std::string leader = json_field(*one, "leader");
    if (leader == "null") leader = masterless ? "-" : "?";
    std::printf("%-5u %-10s %-10s %-14s %10s %10llu %8llu  %s\n", id, role.c_str(), leader.c_str(),
                json_field(*one, "ballot").c_str(), json_field(*one, "chosen_upto").c_str(),
                applied, newest - std::min(newest, applied), json_field(*one, "waits_for").c_str());
  }
  std::fflush(stdout);
}

void print_json(settings const& with, std::vector<std::optional<std::string>> const& all) {
  std::string text = "[";
  for (unsigned id = 1; id <= with.nodes; ++id) {
    auto const& one = all[id - 1];
    if (id > 1) text += ",";
    text += one ? one->substr(0, one->find('\n'))
                : "{\"id\":" + std::to_string(id) + ",\"phase\":\"down\"}";
  }
  std::cout << text << "]" << std::endl;
}

unsigned long long number_in(std::string const& object, char const* name) {
  return std::strtoull(json_field(object, name).c_str(), nullptr, 10);
}

// Why a slot is not decided, as far as those who answer know.
std::string about_slot(unsigned long long slot,
                       std::vector<std::optional<std::string>> const& all) {
  std::string const name = "slot " + std::to_string(slot);
  std::string applied;
  std::string waits;
  std::string const* leader = nullptr;
  bool decided = false;
  for (auto const& one : all) {
    if (!one) continue;
    std::string const id = json_field(*one, "id");
    decided = decided || number_in(*one, "chosen_upto") >= slot;
    if (number_in(*one, "applied") >= slot) applied += (applied.empty() ? "" : ", ") + id;
    if (json_field(*one, "leads") == "true") leader = &*one;
    std::string const why = json_field(*one, "waits_for");
    if (!why.empty()) waits += "; node " + id + ": " + why;
  }
  if (decided) {
    return name + " is decided; " +
           (applied.empty() ? "nobody has applied it yet" : "applied by node " + applied);
  }
  if (leader == nullptr) return name + " is not decided: nobody leads" + waits;
  std::size_t const found = leader->find("{\"slot\":" + std::to_string(slot) + ",");
  if (found != std::string::npos) {
    return json_field(std::string_view(*leader).substr(found), "why");
  }
  std::string const last = json_field(*leader, "last_proposed");
  if (std::strtoull(last.c_str(), nullptr, 10) < slot) {
    return name + " is not proposed: the last that is has number " + last;
  }
  std::size_t const first = leader->find("{\"slot\":");
  if (first == std::string::npos) return name + " was proposed a moment ago: ask again";
  return name + " is proposed, behind others; " +
         json_field(std::string_view(*leader).substr(first), "why");
}

}  // namespace

int status(settings const& with) {
  unsigned long long slot = 0;
  if (with.words.size() > 1 && !read_number(with.words[1], slot)) {
    std::cerr << "kv: `" << with.words[1] << "` is no slot: give its number" << std::endl;
    return exit_usage;
  }
  auto const begun = std::chrono::steady_clock::now();
  for (;;) {
    auto const all = statuses(with);
    bool anybody = false;
    for (auto const& one : all) anybody = anybody || one.has_value();
    if (with.watch && !with.json && ::isatty(1) == 1) std::fputs("\033[H\033[J", stdout);
    if (with.words.size() > 1 && anybody) {
      std::cout << about_slot(slot, all) << std::endl;
    } else if (with.json) {
      print_json(with, all);
    } else {
      print(with, all);
    }
    std::chrono::duration<double> const passed = std::chrono::steady_clock::now() - begun;
    bool const over = ::isatty(1) != 1 && passed.count() >= with.seconds;
    if (with.watch && !over) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      continue;
    }
    if (!anybody && !with.json) {
      std::cerr << "kv: nobody answers at ports " << with.port + 41 << " to "
                << with.port + 40 + with.nodes << ": start `kv serve`, or name --port" << std::endl;
    }
    return anybody ? exit_done : exit_refused;
  }
}

int transfer(settings const& with) {
  std::uint64_t heir = 0;
  if (!read_number(with.words[1], heir)) {
    std::cerr << "kv: `" << with.words[1] << "` is no node" << std::endl;
    return exit_usage;
  }
  std::string why = "nobody leads, or nobody answers: look at `kv status`";
  for (unsigned id = 1; id <= with.nodes; ++id) {
    auto const now = fetch(static_cast<std::uint16_t>(with.port + 40 + id), "/status", patience_ms);
    if (!now || json_field(*now, "leads") != "true") continue;
    auto const reply = redis(static_cast<std::uint16_t>(with.port + id),
                             "FAILOVER TO " + std::to_string(heir), patience_ms * 10);
    if (reply && reply->starts_with("+OK")) {
      std::cout << (with.json ? "{\"leader\":" + std::to_string(heir) + "}"
                              : "node " + std::to_string(heir) + " leads")
                << std::endl;
      return exit_done;
    }
    if (reply) why = reply->substr(1, reply->find('\r') - 1);
  }
  std::cerr << "kv: " << why << std::endl;
  return exit_refused;
}

}  // namespace store
