// SPDX-License-Identifier: BSL-1.0
// A counter that three simulated nodes agree on, and a prompt to disturb them with.
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "replicated_counter.hpp"

namespace {

constexpr std::string_view commands =
    "  add N         adds N to the counter through a node that is up\n"
    "  get           reads it, in the same way\n"
    "  kill N        node N loses everything but its disk\n"
    "  restart N     node N comes back with its disk; `restart all` does so for all that are down\n"
    "  partition N   nobody hears node N; `heal` ends that\n"
    "  status        what each node knows\n"
    "  quit\n";

class prompt {
 public:
  // Whether the command was understood and done.
  bool run(std::string const& line) {
    std::istringstream words(line);
    std::string command;
    std::string argument;
    if (!(words >> command)) return true;
    words >> argument;
    if (command == "add") return add(argument);
    if (command == "get") return submit(0);
    if (command == "status") return status();
    if (command == "help") return say(commands);
    if (command == "heal") {
      for (std::size_t i = 0; i < cluster_.size(); ++i) cluster_.cut_off(i, false);
      return say("everybody hears everybody\n");
    }
    if (command == "restart" && argument == "all") {
      for (std::size_t i = 0; i < cluster_.size(); ++i) {
        if (!cluster_.is_up(i)) cluster_.restart(i);
      }
      return say("all nodes are up\n");
    }
    if (command == "kill" || command == "restart" || command == "partition") {
      return disturb(command, argument);
    }
    return complain("unknown command `" + command + "`: `help` lists them");
  }

 private:
  static bool say(std::string_view text) {
    std::cout << text << std::flush;
    return true;
  }
  static bool complain(std::string const& why) {
    std::cout << why << std::endl;
    return false;
  }

  bool add(std::string const& argument) {
    char* end = nullptr;
    long long const by = std::strtoll(argument.c_str(), &end, 10);
    if (argument.empty() || *end != '\0') return complain("add what? say `add 5`");
    return submit(by);
  }

  bool submit(std::int64_t by) {
    std::optional<std::size_t> at;
    for (std::size_t i = 0; i < cluster_.size() && !at; ++i) {
      if (cluster_.is_up(i) && !cluster_.is_cut_off(i)) at = i;
    }
    if (!at) return complain("nobody is left to ask: say `restart all` or `heal`");
    auto const reply = cluster_.add(*at, by);
    if (!reply.total) return complain(reply.why_not + ": say `restart all` or `heal`, then `get`");
    std::cout << *reply.total << "   (through node " << *at + 1 << ", decree " << reply.decree
              << ", " << reply.messages << " messages, " << reply.milliseconds << " ms simulated)"
              << std::endl;
    return true;
  }

  bool disturb(std::string const& command, std::string const& argument) {
    std::size_t const number = std::strtoul(argument.c_str(), nullptr, 10);
    if (number < 1 || number > cluster_.size()) {
      return complain(command + " which node? say `" + command + " 1` to `" + command + " " +
                      std::to_string(cluster_.size()) + "`");
    }
    std::size_t const at = number - 1;
    if (command == "partition") {
      cluster_.cut_off(at, true);
      return say("nobody hears node " + argument + "\n");
    }
    if (cluster_.is_up(at) == (command == "restart")) {
      return complain("node " + argument + " is " + (cluster_.is_up(at) ? "up" : "down") +
                      " already");
    }
    if (command == "kill") {
      cluster_.kill(at);
      return say("node " + argument + " is down\n");
    }
    cluster_.restart(at);
    return say("node " + argument + " is up\n");
  }

  bool status() {
    for (std::size_t i = 0; i < cluster_.size(); ++i) {
      std::cout << "node " << i + 1 << "  ";
      if (cluster_.is_up(i)) {
        std::cout << "up    knows " << cluster_.decided(i) << " decrees, total "
                  << cluster_.total(i) << (cluster_.is_cut_off(i) ? ", cut off" : "");
      } else {
        std::cout << "down";
      }
      std::cout << '\n';
    }
    return say("");
  }

  demo::replicated_counter cluster_{3};
};

// "add 1; kill 2; get": one command after the other; the status says whether all were done.
int run_script(std::string const& script) {
  prompt one;
  std::istringstream commands_of(script);
  bool good = true;
  for (std::string line; std::getline(commands_of, line, ';');) {
    std::size_t const first = line.find_first_not_of(' ');
    if (first == std::string::npos) continue;
    line.erase(0, first);
    std::cout << "> " << line << std::endl;
    if (line.starts_with("quit")) break;
    good = one.run(line) && good;
  }
  return good ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::string> const given(arguments + 1, arguments + count);
  if (given.size() == 2 && given[0] == "--script") return run_script(given[1]);
  if (!given.empty()) {
    std::cerr << "usage: demo [--script 'command; command; ...']\n" << commands;
    return given.size() == 1 && given[0] == "--help" ? 0 : 2;
  }
  bool const person = isatty(STDIN_FILENO) != 0;
  std::cout << "A counter on three simulated nodes that agree by Paxos. `help` lists the commands."
            << std::endl;
  prompt one;
  for (std::string line;
       std::cout << (person ? "> " : "") << std::flush, std::getline(std::cin, line);) {
    if (line == "quit" || line == "exit") return 0;
    one.run(line);
  }
  return 0;
}
