// SPDX-License-Identifier: BSL-1.0
// A replicated key-value store: one process for each replica, and a command line.
#include "settings.hpp"

#include <iostream>
#include <string>
#include <string_view>

namespace {

constexpr char usage[] =
    "usage: kv serve ID [--data FOLDER]          one replica, of 1 to --nodes\n"
    "       kv get KEY | set KEY VALUE | del KEY | incr KEY [BY] | range [FIRST [LAST]]\n"
    "       kv status [--watch] [SLOT]           who leads, who lags, what is missing; or why a\n"
    "                                            slot is not decided\n"
    "       kv transfer ID                       hands leadership over\n"
    "       kv bench [--seconds 10] [--clients 8] [--keys 8] [--reads 50] [--bytes 0]\n"
    "                [--count] [--history FILE]  load, and what it came to\n"
    "       kv check FILE                        whether a history is linearizable\n"
    "       kv try [--script 'command; ...']     three replicas, and a prompt to disturb them "
    "with\n"
    "options: --port 7400   node N serves Redis clients at this + N, our own at + 20 + N,\n"
    "                       /status and /metrics at + 40 + N, its peers at + 60 + N\n"
    "         --variant multi_paxos   with a leader, or masterless: any node serves\n"
    "         --nodes 3     how many there are; --cluster NAME names them\n"
    "         --timeout 10  seconds until a command ends with an unknown fate\n"
    "         --at ID       asks that node only, and believes what it knows\n"
    "         --json        one JSON object per answer\n"
    "         --hosts A,B,C where the nodes are, with --insecure if others reach them there\n"
    "         --segment-bytes N, --low-water-bytes N   of the log: pieces, and what stays free\n"
    "         --submit-timeout-ms N and so on: `kv times` lists all times of a replica\n"
    "ends with 0 done, 1 not there or check failed, 2 wrong usage, 3 refused, 4 perhaps done\n";

struct command {
  char const* name;
  std::size_t fewest;
  std::size_t most;
  int (*run)(store::settings const&);
};

constexpr command commands[] = {
    {"serve", 1, 1, store::serve},       {"get", 1, 1, store::ask},
    {"set", 2, 2, store::ask},           {"del", 1, 1, store::ask},
    {"incr", 1, 2, store::ask},          {"range", 0, 2, store::ask},
    {"status", 0, 1, store::status},     {"bench", 0, 0, store::bench},
    {"transfer", 1, 1, store::transfer}, {"check", 1, 1, store::check},
    {"try", 0, 0, store::try_it},        {"times", 0, 0, store::times},
};

}  // namespace

int main(int count, char** words) {
  store::settings with;
  std::string wrong = store::read_settings(count, words, with);
  if (wrong.empty() && with.words.empty()) wrong = "name a command";
  bool const asks = count > 1 && std::string_view(words[1]) == "--help";
  if (asks || (!with.words.empty() && (with.words[0] == "help" || with.words[0] == "-h"))) {
    std::cout << usage;
    return store::exit_done;
  }
  for (command const& one : commands) {
    if (!wrong.empty() || with.words[0] != one.name) continue;
    std::size_t const given = with.words.size() - 1;
    bool const starts_nodes = with.words[0] == "serve" || with.words[0] == "try";
    if (!with.times.empty() && !starts_nodes) {
      wrong = "--" + with.times[0].first + " is for `kv serve` and `kv try`";
      break;
    }
    if (given >= one.fewest && given <= one.most) return one.run(with);
    wrong = std::string("`") + one.name + "` takes " + std::to_string(one.fewest) +
            (one.most > one.fewest ? " to " + std::to_string(one.most) : "") +
            (one.most == 1 ? " word, not " : " words, not ") + std::to_string(given);
  }
  if (wrong.empty()) wrong = "there is no command `" + with.words[0] + "`";
  std::cerr << "kv: " << wrong << "\n" << usage;
  return store::exit_usage;
}
