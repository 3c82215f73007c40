// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// What one run of a cluster is: given on the command line, and handed on to its processes on
// theirs.
struct settings {
  std::size_t payload = 16;  // bytes of a command: 16, 256 or 4096
  unsigned outstanding = 1;  // operations under way at once, of all callers together
  double seconds = 3;        // measured, after `warm`
  double warm = 1;
  bool durable = false;
  unsigned replicas = 3;
  unsigned clients = 0;  // in a process of their own; 0: the callers are in the leader's process
  double rate = 0;       // operations per second of an open loop; 0: a closed loop
  bool failover = false;
  std::string read;  // a level of reads, instead of commands
  bool at_follower = false;
  bool awake = false;   // replicas poll instead of sleeping
  bool asleep = false;  // and these sleep at once, instead of staying awake for a moment
  bool eager = false;   // the leader spares no follower the haste
  bool pin = false;     // the first replica to the first core, all others to the second
  bool json = false;
  std::string folder = "bench.tmp";

  // Between a process and those that it starts.
  std::string as;  // "replica", "clients", "fill", "recover"
  unsigned id = 0;
  std::uint64_t count = 0;
  std::vector<std::uint16_t> ports;  // of each replica for its peers, and then for clients
};

// Returns: whether all words were understood; says on the standard error what was not.
bool read_settings(int count, char** words, settings& into);
std::vector<std::string> words_of(settings const& from);

inline std::string address_of(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

}  // namespace bench
