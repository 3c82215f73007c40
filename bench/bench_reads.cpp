// SPDX-License-Identifier: BSL-1.0
//
// What a read costs at each level of consistency: replicas in processes of their own as in
// bench_cluster, the readers in the process of the leader, or of a follower where a level is for
// those.
//
//   bench_reads --json
//
//   --read LEVEL     only this one: log, index, quorum, follower, session, bounded or local
//   --at-follower    the readers of every level are in the process of a follower
//
// and --outstanding, --seconds, --warm, --replicas, --payload, --durable and --folder as in
// bench_cluster. One line of JSON per level; an operation is a read from its beginning until its
// callback has the value.

#include <array>
#include <cstdio>
#include <string>

#include "support/cluster.hpp"
#include "support/run.hpp"
#include "support/settings.hpp"

namespace {

struct level {
  char const* name;
  bool at_follower;
};

constexpr std::array<level, 11> levels{{{"log", false},
                                        {"index", false},
                                        {"quorum", false},
                                        {"session", false},
                                        {"bounded", false},
                                        {"local", false},
                                        {"follower", true},
                                        {"quorum", true},
                                        {"session", true},
                                        {"bounded", true},
                                        {"local", true}}};

bool measure(bench::settings with, level const& one) {
  with.read = one.name;
  with.at_follower = one.at_follower;
  std::string const figures = bench::run_cluster(with);
  if (figures.empty()) {
    std::fprintf(stderr, "bench_reads: `%s` did not come about, or did not end well\n", one.name);
    return false;
  }
  std::puts(figures.c_str());
  return std::fflush(stdout) == 0;
}

}  // namespace

int main(int count, char** words) {
  bench::settings with;
  with.outstanding = 16;
  if (!bench::read_settings(count, words, with)) return 2;
  if (!with.as.empty()) return bench::run_child(with);
  bool good = true;
  bool found = false;
  for (level const& one : levels) {
    if (!with.read.empty() && with.read != one.name) continue;
    if (with.at_follower && !one.at_follower) continue;
    found = true;
    good = measure(with, one) && good;
  }
  if (!found) {
    std::fprintf(stderr, "bench_reads: `%s` is no level that is read there\n", with.read.c_str());
    return 2;
  }
  return good ? 0 : 1;
}
