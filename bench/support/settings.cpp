// SPDX-License-Identifier: BSL-1.0
#include "support/settings.hpp"

#include <cstdio>
#include <cstdlib>

namespace bench {

namespace {

bool read_flag(std::string const& word, settings& into) {
  if (word == "--json") return into.json = true;
  if (word == "--failover") return into.failover = true;
  if (word == "--at-follower") return into.at_follower = true;
  if (word == "--awake") return into.awake = true;
  if (word == "--asleep") return into.asleep = true;
  if (word == "--eager") return into.eager = true;
  if (word == "--pin") return into.pin = true;
  return false;
}

bool read_value(std::string const& word, char const* value, settings& into) {
  auto const number = [&] { return std::strtoull(value, nullptr, 10); };
  auto const small = [&] { return static_cast<unsigned>(number()); };
  if (word == "--payload") return (into.payload = number()), true;
  if (word == "--outstanding") return (into.outstanding = small()), true;
  if (word == "--seconds") return (into.seconds = std::atof(value)), true;
  if (word == "--warm") return (into.warm = std::atof(value)), true;
  if (word == "--durable") return (into.durable = number() != 0), true;
  if (word == "--replicas") return (into.replicas = small()), true;
  if (word == "--clients") return (into.clients = small()), true;
  if (word == "--rate") return (into.rate = std::atof(value)), true;
  if (word == "--read") return (into.read = value), true;
  if (word == "--folder") return (into.folder = value), true;
  if (word == "--as") return (into.as = value), true;
  if (word == "--id") return (into.id = small()), true;
  if (word == "--count") return (into.count = number()), true;
  if (word == "--port") return into.ports.push_back(static_cast<std::uint16_t>(number())), true;
  return false;
}

}  // namespace

bool read_settings(int count, char** words, settings& into) {
  for (int i = 1; i < count; ++i) {
    std::string const word = words[i];
    if (read_flag(word, into)) continue;
    if (i + 1 < count && read_value(word, words[i + 1], into)) {
      ++i;
      continue;
    }
    std::fprintf(stderr, "%s: `%s` is no option, or lacks its value\n", words[0], word.c_str());
    return false;
  }
  bool const has_payload = into.payload == 16 || into.payload == 256 || into.payload == 4096;
  if (!has_payload) std::fprintf(stderr, "%s: a payload is 16, 256 or 4096\n", words[0]);
  bool const has_numbers = into.replicas >= 1 && into.replicas <= 9 && into.outstanding >= 1 &&
                           into.outstanding <= 100'000 && into.seconds > 0 && into.rate >= 0;
  if (!has_numbers) std::fprintf(stderr, "%s: a number is out of its range\n", words[0]);
  return has_payload && has_numbers;
}

std::vector<std::string> words_of(settings const& from) {
  std::vector<std::string> all;
  auto const add = [&](char const* name, std::string value) {
    all.emplace_back(name);
    all.push_back(std::move(value));
  };
  add("--payload", std::to_string(from.payload));
  add("--outstanding", std::to_string(from.outstanding));
  add("--seconds", std::to_string(from.seconds));
  add("--warm", std::to_string(from.warm));
  add("--durable", from.durable ? "1" : "0");
  add("--replicas", std::to_string(from.replicas));
  add("--clients", std::to_string(from.clients));
  add("--rate", std::to_string(from.rate));
  if (!from.read.empty()) add("--read", from.read);
  add("--folder", from.folder);
  add("--as", from.as);
  add("--id", std::to_string(from.id));
  add("--count", std::to_string(from.count));
  for (std::uint16_t const port : from.ports) add("--port", std::to_string(port));
  if (from.failover) all.emplace_back("--failover");
  if (from.at_follower) all.emplace_back("--at-follower");
  if (from.awake) all.emplace_back("--awake");
  if (from.asleep) all.emplace_back("--asleep");
  if (from.eager) all.emplace_back("--eager");
  if (from.pin) all.emplace_back("--pin");
  return all;
}

}  // namespace bench
