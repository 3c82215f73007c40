// SPDX-License-Identifier: BSL-1.0
//
// Replicas in processes of their own, joined by TCP over loopback, each with the whole of what a
// user would run: asio::replica with multi_paxos. What bench/floor/floor_tcp does without any of it
// is the floor.
//
//   bench_cluster --json --payload 16 --outstanding 256 --seconds 3 --durable 0
//
//   --payload B       bytes of a command: 16, 256 or 4096
//   --outstanding N   commands under way at once, of all callers together
//   --seconds S       measured, after --warm 1
//   --durable 0|1     1: acknowledged by a quorum once synced; 0: nothing is kept
//   --replicas R
//   --clients C       clients with a session and a connection each, in a process of their own;
//                     without it the callers are in the process of the leader
//   --rate R          an open loop of so many a second: latency counts from when a command was due
//   --failover        with clients: the leader is killed half-way, and the longest gap between two
//                     acknowledgements is its price
//   --read LEVEL      reads of that level instead of commands: see bench_reads
//   --awake           replicas poll for input instead of sleeping: for a core each
//   --asleep          replicas sleep as soon as there is no input, instead of staying awake for a
//                     moment where that turns out to pay
//   --eager           Accepts leave for all followers at once, also for whom no decision needs
//   --pin             the first replica on the first core and all others on the second, as the
//                     floor does when told to
//   --folder F        of the logs, on the disk that is to be measured; removed afterwards
//
// An operation is a command from its submission until its callback has the result: replicated,
// applied and answered. Processor time and bytes are those of all processes together.

#include <cstdio>
#include <string>

#include "support/cluster.hpp"
#include "support/run.hpp"
#include "support/settings.hpp"

int main(int count, char** words) {
  bench::settings with;
  if (!bench::read_settings(count, words, with)) return 2;
  if (!with.as.empty()) return bench::run_child(with);
  if (with.failover && with.clients == 0) {
    std::fprintf(stderr,
                 "bench_cluster: who is to notice a fail-over must survive it: give "
                 "--clients\n");
    return 2;
  }
  std::string const figures = bench::run_cluster(with);
  if (figures.empty()) {
    std::fprintf(stderr, "bench_cluster: the cluster did not come about, or did not end well\n");
    return 1;
  }
  std::puts(figures.c_str());
}
