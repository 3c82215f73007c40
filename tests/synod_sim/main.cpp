// SPDX-License-Identifier: BSL-1.0
#include "command_line.hpp"
#include "measure.hpp"
#include "mutations.hpp"
#include "runner.hpp"

#include <synod/testing/script.hpp>

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "support/schedules.hpp"

namespace synod_sim {
namespace {

using synod::testing::fault_families;
using synod::testing::minimal_failure;
using synod::testing::simulation_options;
using synod::testing::simulation_report;
using synod::testing::wide;

// What runs it, with that family of quorums in force: for each kind of host that there is, and that
// is wanted, the first that fits.
std::vector<runner const*> find_runners(command_line const& wanted) {
  std::vector<runner const*> found;
  if (!named_quorum::choose(wanted.family, wanted.nodes)) return found;
  for (runner const& one : runners()) {
    bool const fits = one.protocol == wanted.protocol &&
                      (wanted.leader.empty() || one.leader == wanted.leader) &&
                      (wanted.host == "all" || one.host == wanted.host);
    bool const there = std::any_of(found.begin(), found.end(),
                                   [&](runner const* other) { return other->host == one.host; });
    if (fits && !there) found.push_back(&one);
  }
  return found;
}

class progress {
 public:
  progress() : terminal_(isatty(2) != 0) {}
  void show(std::string const& text) {
    if (terminal_) std::fprintf(stderr, "\r\033[K%s", text.c_str());
  }
  void clear() {
    if (terminal_) std::fprintf(stderr, "\r\033[K");
  }

 private:
  bool terminal_;
};

// Prints the trace, or writes it where it was asked for.
void give_trace(command_line const& wanted, std::string const& text) {
  if (wanted.trace_file.empty()) {
    std::fputs(text.c_str(), stdout);
  } else if (synod::testing::write_text(wanted.trace_file, text)) {
    std::printf("the trace is in %s\n", wanted.trace_file.c_str());
  } else {
    std::printf("cannot write %s\n", wanted.trace_file.c_str());
  }
}

std::string replay_command(command_line const& wanted, runner const& with, std::uint64_t seed) {
  std::string text = "synod_sim --protocol " + wanted.protocol + " --host " + with.host +
                     " --leader " + with.leader + " --quorum " + wanted.quorum + " --nodes " +
                     std::to_string(wanted.nodes) + " --seconds " + std::to_string(wanted.seconds) +
                     " --storage " + name_of(wanted.storage) + " --faults " + wanted.faults;
  if (!wanted.mutation.empty()) text += " --mutation " + wanted.mutation;
  return text + " --replay " + std::to_string(seed);
}

void explain(command_line const& wanted, runner const& with, simulation_report const& failed) {
  std::printf("seed %llu: %s: %s\n", wide(failed.seed), failed.violations.front().invariant,
              failed.violations.front().text.c_str());
  minimal_failure const least = with.shrink(failed.failed);
  std::printf("%zu of %zu events of the schedule are enough:\n", least.kept.size(), least.planned);
  give_trace(wanted, least.report.trace);
  std::printf("again: %s\n", replay_command(wanted, with, failed.seed).c_str());
}

simulation_options options_of(command_line const& wanted, std::uint64_t seed) {
  simulation_options made;
  made.seed = seed;
  made.length = static_cast<synod::time_ns>(wanted.seconds) * 1'000'000'000;
  made.nodes = wanted.nodes;
  made.spec = wanted.spec;
  if (wanted.family == "weighted") made.heaviest = 3;
  fault_families::parse(wanted.faults, made.faults);
  made.storage = wanted.storage;
  made.record = wanted.replay;
  return made;
}

int run_seeds(command_line const& wanted, std::vector<runner const*> const& all) {
  progress bar;
  std::uint64_t events = 0;
  std::uint64_t violations = 0;
  std::uint64_t stalls = 0;
  std::uint64_t hash = 0;
  auto const began = std::chrono::steady_clock::now();
  for (std::uint64_t seed = wanted.first_seed; seed <= wanted.last_seed; ++seed) {
    bar.show("seed " + std::to_string(seed) + " of " + std::to_string(wanted.last_seed) + ", " +
             std::to_string(events) + " events, " + std::to_string(violations) + " violations");
    for (runner const* const with : all) {
      simulation_report const one = with->run(options_of(wanted, seed));
      events += one.events;
      hash = synod::testing::scramble(hash ^ one.trace_hash);
      if (wanted.replay) give_trace(wanted, one.trace);
      if (one.good()) continue;
      bar.clear();
      (one.stalled ? stalls : violations) += 1;
      if (violations + stalls == 1) {
        explain(wanted, *with, one);
      } else {
        std::printf("seed %llu: %s: %s\n", wide(seed), one.violations.front().invariant,
                    one.violations.front().text.c_str());
      }
    }
  }
  bar.clear();
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
  fault_families asked;
  fault_families::parse(wanted.faults, asked);
  runner const& with = *all.front();
  std::printf("trace hash %016llx\n", wide(hash));
  std::printf(
      "{\"protocol\":\"%s\",\"quorum\":\"%s\",\"leader\":\"%s\",\"faults\":\"%s\",\"seeds\":%llu,"
      "\"events\":%llu,\"violations\":%llu,\"stalls\":%llu,\"events_per_s\":%.0f}\n",
      with.protocol.c_str(), wanted.quorum.c_str(), with.leader.c_str(),
      (asked & with.faults).text().c_str(), wide(wanted.last_seed - wanted.first_seed + 1),
      wide(events), wide(violations), wide(stalls), static_cast<double>(events) / took.count());
  return violations + stalls == 0 ? 0 : 1;
}

// The seed, counted from the first of a range, at which a mutation is caught; 0 where it is not.
constexpr std::uint64_t seeds_max = 2000;

struct catch_of {
  std::vector<std::uint64_t> seeds;  // one for each range, sorted
  std::string how;
  bool all = true;
};

catch_of hunt(command_line wanted, planted const& one, runner const& with) {
  catch_of found;
  switch_on(one.name);
  for (std::uint64_t range = 0; range < wanted.ranges; ++range) {
    std::uint64_t const before = range * 100'000;
    std::uint64_t at = 1;
    for (; at <= seeds_max; ++at) {
      simulation_report const report = with.run(options_of(wanted, before + at));
      if (report.good()) continue;
      if (found.how.empty()) {
        found.how = std::string(report.violations.front().invariant) + ": " +
                    report.violations.front().text;
      }
      break;
    }
    found.seeds.push_back(at);
    if (at > seeds_max) found.all = false;
    if (!found.all) break;
  }
  switch_all_off();
  std::sort(found.seeds.begin(), found.seeds.end());
  return found;
}

// Plays the schedules that are written for a mutation: each must end well, and badly with it.
// Effects: prints the line of the table.
bool play_schedules(planted const& one) {
  bool good = true;
  std::string how;
  for (support::guarded const& each : support::guarded::list()) {
    if (one.protocol != each.protocol || one.name != each.mutation) continue;
    support::schedule_outcome const with = each.play();
    switch_on(one.name);
    support::schedule_outcome const without = each.play();
    switch_all_off();
    good = good && with.violations.empty() && with.unmet.empty() && !without.violations.empty();
    if (how.empty()) how = without.violations.substr(0, without.violations.find('\n'));
  }
  good = good && !how.empty();
  std::printf("%-30s %-12s %6s %6s  %.70s\n", one.name.c_str(), "by schedule", "", "",
              good ? how.c_str() : "NOT CAUGHT");
  return good;
}

bool has_schedule(planted const& one) {
  for (support::guarded const& each : support::guarded::list()) {
    if (one.protocol == each.protocol && one.name == each.mutation) return true;
  }
  return false;
}

int hunt_all(command_line const& wanted) {
  progress bar;
  bool good = true;
  std::printf("%-30s %-12s %6s %6s  %s\n", "mutation", "quorum", "median", "worst", "caught by");
  for (planted const& one : planted_in(wanted.protocol)) {
    bar.show(one.name);
    bool const elsewhere =
        !one.leader.empty() && !wanted.leader.empty() && one.leader != wanted.leader;
    if (one.by_schedule || elsewhere) {
      bar.clear();
      good = play_schedules(one) && good;
      continue;
    }
    command_line with_numbers = wanted;
    with_numbers.nodes = one.nodes;
    parse_quorum(one.quorum, one.nodes, with_numbers.family, with_numbers.spec);
    with_numbers.protocol = one.protocol;
    with_numbers.host = one.host;
    // What these guard does not depend on the disk below, and without bytes a seed costs less.
    if (one.host == "nodes") with_numbers.storage = synod::testing::storage_kind::memory;
    std::vector<runner const*> const with = find_runners(with_numbers);
    if (with.empty() && one.host != "cores" && !wanted.leader.empty()) {
      std::printf("%-30s is for whole nodes, which do not run with leader %s\n", one.name.c_str(),
                  wanted.leader.c_str());
      continue;
    }
    if (with.empty() || !switch_on(one.name)) {
      std::printf("%-30s is not in this program\n", one.name.c_str());
      good = false;
      continue;
    }
    catch_of const found = hunt(with_numbers, one, *with.front());
    bar.clear();
    // Chance depends on who leads and when: what it does not meet under another policy, a schedule
    // shows, where one is written out.
    if (!found.all && !wanted.leader.empty() && has_schedule(one)) {
      good = play_schedules(one) && good;
      continue;
    }
    good = good && found.all;
    if (found.all) {
      std::printf("%-30s %-12s %6llu %6llu  %.70s\n", one.name.c_str(), one.quorum.c_str(),
                  wide(found.seeds[found.seeds.size() / 2]), wide(found.seeds.back()),
                  found.how.c_str());
    } else {
      std::printf("%-30s %-12s NOT CAUGHT within %llu seeds\n", one.name.c_str(),
                  one.quorum.c_str(), wide(seeds_max));
    }
    std::fflush(stdout);
  }
  for (std::string const& name : unwatched()) {
    std::printf("%-30s is watched by nobody: list it in tests/synod_sim/mutations.cpp\n",
                name.c_str());
    good = false;
  }
  std::printf("%s\n", good ? "all caught" : "not all caught");
  return good ? 0 : 1;
}

int list() {
  for (runner const& one : runners()) {
    std::printf("--protocol %s --leader %s --host %s, faults %s\n", one.protocol.c_str(),
                one.leader.c_str(), one.host.c_str(), one.faults.text().c_str());
  }
  std::printf("--quorum");
  for (char const* const family : named_quorum::families) std::printf(" %s", family);
  std::printf(" (flexible for %u to %u nodes)\n", named_quorum::flexible_from,
              named_quorum::flexible_to);
  for (planted const& one : planted_in("")) {
    std::printf("--protocol %s --mutation %s\n", one.protocol.c_str(), one.name.c_str());
  }
  return 0;
}

int run(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    std::string const option = arguments[i];
    if (option == "--help" || option == "-h") {
      std::fputs(usage, stdout);
      return 0;
    }
  }
  command_line wanted;
  if (std::string const wrong = parse(count, arguments, wanted); !wrong.empty()) {
    std::fprintf(stderr, "synod_sim: %s\n", wrong.c_str());
    return 2;
  }
  std::stable_sort(runners().begin(), runners().end(), [](runner const& a, runner const& b) {
    if (a.protocol != b.protocol) return a.protocol < b.protocol;
    return a.leader != b.leader ? a.leader < b.leader : a.host < b.host;
  });
  if (wanted.list) return list();
  if (wanted.mutation == "all") return hunt_all(wanted);
  if (!wanted.measure.empty()) return measure(wanted);
  std::vector<runner const*> const with = find_runners(wanted);
  if (with.empty()) {
    std::fprintf(
        stderr, "synod_sim: no %s with quorum %s%s for %u nodes: --list says what there is\n",
        wanted.protocol.c_str(), wanted.quorum.c_str(),
        wanted.leader.empty() ? "" : (" and leader " + wanted.leader).c_str(), wanted.nodes);
    return 2;
  }
  if (!wanted.mutation.empty() && !switch_on(wanted.mutation)) {
    std::fprintf(stderr, "synod_sim: there is no mutation %s: --list says which there are\n",
                 wanted.mutation.c_str());
    return 2;
  }
  return run_seeds(wanted, with);
}

}  // namespace
}  // namespace synod_sim

int main(int count, char** arguments) { return synod_sim::run(count, arguments); }
