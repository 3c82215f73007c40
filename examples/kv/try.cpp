// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cluster.hpp"

namespace store {

namespace {

using clock = std::chrono::steady_clock;

constexpr int patience_ms = 15'000;

constexpr std::string_view commands =
    "  put KEY VALUE   get KEY   del KEY   incr KEY     through whoever leads\n"
    "  kill N|leader|any  kill -9, of `any` whoever served last; says who took over, and how long\n"
    "                  writes stalled\n"
    "  restart N|all   kill -9 where it runs, then start with what is on its disk\n"
    "  freeze N        SIGSTOP; `thaw N` ends that\n"
    "  partition N     nothing gets to node N or from it; `heal` ends that, and what follows\n"
    "  oneway A B      nothing gets from A to B\n"
    "  delay MS        every byte between nodes takes so long\n"
    "  drop PERCENT    so many pieces of what they send are lost\n"
    "  reset           all connections between nodes end\n"
    "  transfer N      leadership goes to node N\n"
    "  bench [S]       load for S seconds\n"
    "  storm [S] [SEED]  load and random trouble, then whether its history is linearizable\n"
    "  count [KILLS]   increments while leaders die, then whether each counted once\n"
    "  status   help   quit\n";

double ms_since(clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(clock::now() - begun).count();
}
std::string in_ms(double milliseconds) {
  char text[32];
  std::snprintf(text, sizeof text, milliseconds < 10 ? "%.1f ms" : "%.0f ms", milliseconds);
  return text;
}
void pause_ms(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

class prompt {
 public:
  explicit prompt(cluster& of) : cluster_(of) {}

  // Whether the command was understood and done.
  bool run(std::string const& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    if (words.empty()) return true;
    std::string const& name = words[0];
    std::size_t const count = words.size() - 1;
    if (name == "help") return std::cout << commands << std::flush, true;
    if (name == "status" && count == 0) return status(cluster_.with()) == exit_done;
    if (name == "put" && count == 2) return ask(line, "SET " + words[1] + " " + words[2]);
    if (name == "get" && count == 1) return ask(line, "GET " + words[1]);
    if (name == "del" && count == 1) return ask(line, "DEL " + words[1]);
    if (name == "incr" && count == 1) return ask(line, "INCR " + words[1]);
    if (name == "heal" && count == 0) return cluster_.wires().heal(), say("all wires are good");
    if (name == "reset" && count == 0) return reset();
    if (name == "bench" && count <= 1) return bench(count == 1 ? words[1] : "10");
    if (name == "storm" && count <= 2) {
      return storm(count > 0 ? words[1] : "30", count > 1 ? words[2] : "1");
    }
    if (name == "count" && count <= 1) return count_once(count == 1 ? words[1] : "10");
    unsigned number = 0;
    bool const numbered = count == 1 && read_number(words[1], number);
    if (name == "delay" && numbered) return everywhere({false, static_cast<int>(number), 0});
    if (name == "drop" && numbered) return everywhere({false, 0, static_cast<int>(number)});
    if (name == "restart" && count == 1 && words[1] == "all") return restart_all();
    if (name == "kill" && count == 1 && words[1] == "leader") return kill_leader();
    if (name == "kill" && count == 1 && words[1] == "any") return kill_any();
    if (name == "oneway" && count == 2) return oneway(words[1], words[2]);
    if (numbered && number >= 1 && number <= cluster_.size()) {
      if (name == "kill") return kill(number);
      if (name == "restart") return restart(number);
      if (name == "freeze") return freeze(number, true);
      if (name == "thaw") return freeze(number, false);
      if (name == "partition") return partition(number);
      if (name == "transfer") return transfer_to(words[1]);
    }
    return complain("`" + line + "` is not understood: `help` lists the commands");
  }

 private:
  static bool say(std::string const& text) {
    std::cout << text << std::endl;
    return true;
  }
  static bool complain(std::string const& why) {
    std::cout << why << std::endl;
    return false;
  }

  bool ask(std::string const& line, std::string const& words) {
    auto const got = cluster_.ask(words, patience_ms);
    if (!got.good) {
      return complain(line + ": " + (got.certain ? "not done: " : "perhaps done: ") + got.reply);
    }
    return say(line + ": " + got.reply + "   (slot " + std::to_string(got.slot) + ", ballot " +
               got.ballot + ", " + in_ms(got.milliseconds) + ", node " + std::to_string(got.node) +
               ")");
  }

  bool kill(unsigned id) {
    if (!cluster_.is_up(id)) return complain("node " + std::to_string(id) + " is down already");
    cluster_.kill(id);
    return say("node " + std::to_string(id) + " is dead");
  }
  bool kill_leader() {
    if (cluster_.with().masterless) return complain("nobody ever leads here: say `kill any`");
    auto const old = cluster_.leader(patience_ms);
    if (!old) return complain("nobody leads: say `restart all`");
    return kill_and_write(*old, " led and is dead; ", " leads (ballot ");
  }
  bool kill_any() {
    std::uint64_t const old = cluster_.last_served();
    if (!cluster_.is_up(old)) return complain("node " + std::to_string(old) + " is down already");
    return kill_and_write(old, " is dead; ", " serves (ballot ");
  }
  bool kill_and_write(std::uint64_t old, char const* died, char const* serves) {
    auto const begun = clock::now();
    cluster_.kill(old);
    auto const written =
        cluster_.ask("SET kv-try/after-kill " + std::to_string(++probes_), patience_ms);
    double const stalled = ms_since(begun);
    std::string const dead = "node " + std::to_string(old) + died;
    if (!written.good) return complain(dead + "nobody took over: " + written.reply);
    return say(dead + "node " + std::to_string(written.node) + serves + written.ballot +
               "); writes stalled for " + in_ms(stalled));
  }
  bool restart(unsigned id) {
    if (cluster_.is_up(id)) cluster_.kill(id);
    auto const begun = clock::now();
    if (auto const why = cluster_.start(id); !why.empty()) return complain(why);
    return say("node " + std::to_string(id) + " is up after " + in_ms(ms_since(begun)));
  }
  bool restart_all() {
    for (unsigned id = 1; id <= cluster_.size(); ++id) cluster_.kill(id);
    auto const begun = clock::now();
    for (unsigned id = 1; id <= cluster_.size(); ++id) {
      if (auto const why = cluster_.start(id); !why.empty()) return complain(why);
    }
    if (!cluster_.settled(patience_ms)) return complain("they do not serve: look at `status`");
    return say("all nodes were killed and are up; " + who_serves() + in_ms(ms_since(begun)));
  }
  [[nodiscard]] std::string who_serves() const {
    return cluster_.with().masterless ? "all serve after " : "one leads after ";
  }
  bool freeze(unsigned id, bool frozen) {
    if (!cluster_.is_up(id)) return complain("node " + std::to_string(id) + " is down");
    cluster_.freeze(id, frozen);
    return say("node " + std::to_string(id) + (frozen ? " stands still" : " goes on"));
  }

  bool partition(unsigned id) {
    for (unsigned other = 1; other <= cluster_.size(); ++other) {
      if (other == id) continue;
      cluster_.wires().set(id, other, {true});
      cluster_.wires().set(other, id, {true});
    }
    return say("node " + std::to_string(id) + " is cut off");
  }
  bool oneway(std::string const& a, std::string const& b) {
    unsigned from = 0;
    unsigned to = 0;
    if (!read_number(a, from) || !read_number(b, to) || from < 1 || to < 1 ||
        from > cluster_.size() || to > cluster_.size() || from == to) {
      return complain("oneway which nodes? say `oneway 1 2`");
    }
    cluster_.wires().set(from, to, {true});
    return say("nothing gets from node " + a + " to node " + b);
  }
  bool everywhere(weather what) {
    for (unsigned a = 1; a <= cluster_.size(); ++a) {
      for (unsigned b = 1; b <= cluster_.size(); ++b) cluster_.wires().set(a, b, what);
    }
    return say("as you wish");
  }
  bool reset() {
    for (unsigned a = 1; a <= cluster_.size(); ++a) {
      for (unsigned b = 1; b < a; ++b) cluster_.wires().reset(a, b);
    }
    return say("all connections between nodes were reset");
  }
  bool transfer_to(std::string const& id) {
    settings asked = cluster_.with();
    asked.words = {"transfer", id};
    return transfer(asked) == exit_done;
  }

  // Whether a program of ours ended well; `meanwhile` is called until it ends.
  template <class Meanwhile>
  bool runs_well(std::vector<std::string> const& words, Meanwhile meanwhile) {
    pid_t const program = cluster_.programs().start(cluster_.words(words), "");
    int status = 1;
    while (cluster_.programs().runs(program, &status)) meanwhile(program);
    return status == exit_done;
  }
  bool bench(std::string const& seconds) {
    return runs_well({"bench", "--seconds", seconds}, [](pid_t) { pause_ms(20); });
  }

  // One thing goes wrong, for a while.
  void trouble(std::mt19937& dice) {
    auto const below = [&](unsigned n) { return static_cast<unsigned>(dice() % n); };
    unsigned const id = 1 + below(cluster_.size());
    unsigned const other = 1 + (id + below(cluster_.size() - 1)) % cluster_.size();
    int const lasts_ms = 200 + static_cast<int>(below(1500));
    bool const is_up = cluster_.is_up(id);
    switch (below(9)) {
      case 0:
      case 1:
        if (is_up) kill(id);
        pause_ms(lasts_ms);
        restart(id);
        break;
      case 2:
        freeze(id, true);
        pause_ms(lasts_ms);
        freeze(id, false);
        break;
      case 3: partition(id); break;
      case 4: cluster_.wires().set(id, other, {true}); break;
      case 5: everywhere({false, static_cast<int>(below(30)), 0}); break;
      case 6: everywhere({false, 0, 1 + static_cast<int>(below(3))}); break;
      case 7: reset(); break;
      default: {
        for (unsigned at = 1; at <= cluster_.size(); ++at) {
          if (at != id) kill(at);
        }
        pause_ms(lasts_ms);
        for (unsigned at = 1; at <= cluster_.size(); ++at) {
          if (!cluster_.is_up(at)) restart(at);
        }
      }
    }
    pause_ms(lasts_ms);
    cluster_.wires().heal();
    pause_ms(300);
  }
  bool storm(std::string const& seconds, std::string const& seed) {
    double lasts = 0;
    unsigned drawn = 0;
    if (!read_number(seconds, lasts) || !read_number(seed, drawn)) {
      return complain("storm for how long? say `storm 30` or `storm 30 7`");
    }
    std::string const history = cluster_.with().data + "/history.jsonl";
    std::mt19937 dice(drawn);
    say("trouble of seed " + seed);
    auto const begun = clock::now();
    bool const loaded = runs_well({"bench", "--seconds", seconds, "--clients", "6", "--keys", "6",
                                   "--timeout", "3", "--history", history},
                                  [&](pid_t) {
                                    if (ms_since(begun) < lasts * 1000 - 2000) return trouble(dice);
                                    pause_ms(20);
                                  });
    bool const well = restart_all();
    bool const checked = runs_well({"check", history}, [](pid_t) { pause_ms(20); });
    return loaded && well && checked;
  }

  // Clients that repeat an increment until they know its fate, while one leader after the other is
  // killed, or one node after the other: each must have counted once.
  bool count_once(std::string const& kills) {
    unsigned wanted = 0;
    if (!read_number(kills, wanted)) return complain("how many kills? say `count 10`");
    unsigned done = 0;
    bool stopped = false;
    bool const good =
        runs_well({"bench", "--count", "--clients", "4", "--seconds", "3600", "--timeout", "120"},
                  [&](pid_t program) {
                    if (done == wanted) {
                      if (!std::exchange(stopped, true))
                        cluster_.programs().signal(program, SIGINT);
                      return pause_ms(20);
                    }
                    pause_ms(300);
                    bool const masterless = cluster_.with().masterless;
                    std::optional<std::uint64_t> const victim =
                        masterless ? 1 + done % cluster_.size() : cluster_.leader(patience_ms);
                    if (!victim) return;
                    cluster_.kill(*victim);
                    ++done;
                    if (!masterless) cluster_.leader(patience_ms);
                    restart(static_cast<unsigned>(*victim));
                  });
    char const* const whom = cluster_.with().masterless ? " nodes" : " leaders";
    return good ? say(std::to_string(done) + whom + " were killed, and each increment counted once")
                : complain("the total is not what was acknowledged");
  }

  cluster& cluster_;
  unsigned probes_ = 0;
};

}  // namespace

int try_it(settings const& with) {
  cluster here(with);
  auto const begun = clock::now();
  std::cout << with.nodes << " replicas as processes of this machine, data in " << with.data
            << std::endl;
  if (auto const why = here.begin(); !why.empty()) {
    std::cerr << "kv: " << why << std::endl;
    return exit_refused;
  }
  if (with.masterless) {
    std::cout << "all nodes serve";
  } else {
    std::cout << "node " << here.leader(patience_ms).value_or(0) << " leads";
  }
  std::cout << " after " << in_ms(ms_since(begun))
            << "; status page http://127.0.0.1:" << here.with().port + 41 << "/" << std::endl;
  prompt one(here);
  bool good = true;
  if (!with.script.empty()) {
    std::istringstream lines(with.script);
    for (std::string line; std::getline(lines, line, ';');) {
      std::size_t const first = line.find_first_not_of(' ');
      if (first == std::string::npos) continue;
      line.erase(0, first);
      line.erase(line.find_last_not_of(' ') + 1);
      if (line == "quit") break;
      good = one.run(line) && good;
    }
    return good ? exit_done : exit_not_found;
  }
  bool const person = ::isatty(0) == 1;
  if (person) std::cout << commands;
  for (std::string line;;) {
    if (person) std::cout << "> " << std::flush;
    if (!std::getline(std::cin, line) || line == "quit" || line == "exit") break;
    good = one.run(line) && good;
  }
  return good || person ? exit_done : exit_not_found;
}

}  // namespace store
