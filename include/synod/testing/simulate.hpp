// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/cluster_types.hpp>
#include <synod/testing/minimize.hpp>
#include <synod/testing/random.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace synod::testing {

struct simulation_options {
  std::uint64_t seed = 1;
  time_ns length = 60'000'000'000;  // of simulated time
  unsigned nodes = 3;
  quorum_spec spec{};
  std::uint32_t heaviest = 1;  // weights of the members are 1 to this, and from the start again
  fault_families faults = fault_families::all();
  storage_kind storage = storage_kind::file_log;
  bool record = false;
};

struct simulation_report {
  std::uint64_t seed = 0;
  std::uint64_t events = 0;
  std::uint64_t operations = 0;
  std::uint64_t trace_hash = 0;
  time_ns length = 0;
  std::vector<violation> violations;
  bool stalled = false;
  cluster_options failed;  // what to run again, where something is wrong
  std::string trace;       // where it was asked for

  [[nodiscard]] bool good() const { return violations.empty(); }
};

// Runs one seed for a length of simulated time: one cluster after another, each founded anew, since
// a cluster that has decided all there is to decide has nothing more to show. The first that goes
// wrong ends it.
template <class Cluster>
simulation_report simulate(simulation_options const& wanted) {
  simulation_report made;
  made.seed = wanted.seed;
  random_source random(wanted.seed);
  for (std::uint64_t chapter = 0; made.length < wanted.length && made.good(); ++chapter) {
    random_source chance = random.split(chapter);
    cluster_options options;
    options.seed = chance.next();
    options.nodes = wanted.nodes;
    options.spec = wanted.spec;
    options.heaviest = wanted.heaviest;
    options.faults = wanted.faults;
    options.storage = wanted.storage;
    options.learners = chance.one_in(2) ? static_cast<unsigned>(chance.between(1, 2)) : 0;
    time_ns const left = wanted.length - made.length;
    time_ns const drawn = Cluster::setup::storm(chance);
    options.storm = drawn < left ? drawn : left;
    options.record = wanted.record;
    Cluster cluster(options);
    cluster_report one = cluster.run();
    made.events += one.events;
    made.operations += one.operations;
    made.length += one.ended_at;
    made.trace_hash = scramble(made.trace_hash ^ one.trace_hash);
    made.trace += one.trace;
    if (one.good()) continue;
    made.stalled = one.stalled();
    made.violations = std::move(one.violations);
    made.failed = options;
  }
  return made;
}

// What remains of a failing run once everything was left out that it does not need.
struct minimal_failure {
  kept_events kept;
  std::size_t planned = 0;
  cluster_report report;  // with its trace
};

// Requires: `failed` is the options of a cluster that goes wrong.
template <class Cluster>
minimal_failure shrink(cluster_options failed, std::size_t runs_max = 300) {
  failed.record = false;
  auto const run = [&failed](kept_events const* kept, bool record) {
    cluster_options options = failed;
    options.kept = kept;
    options.record = record;
    Cluster cluster(options);
    return cluster.run();
  };
  minimal_failure made;
  cluster_report const whole = run(nullptr, false);
  made.planned = whole.planned;
  std::string const wanted = whole.good() ? "" : whole.violations.front().invariant;
  made.kept = minimize(
      whole.planned,
      [&](kept_events const& kept) {
        cluster_report const one = run(&kept, false);
        return !one.good() && one.violations.front().invariant == wanted;
      },
      runs_max);
  made.report = run(&made.kept, true);
  return made;
}

}  // namespace synod::testing
