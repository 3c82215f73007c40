// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/settings.hpp"

namespace bench {

// Another implementation of consensus under the load that bench_cluster gives ours: three servers
// in processes of their own, joined by TCP over loopback.
struct peer {
  char const* name;
  // What the process of a server does until it is killed: with.id is 1, 2 or 3, its folder is
  // with.folder/<id>, and with.ports[id - 1] is for its peers, with.ports[id + 2] for clients.
  int (*serve)(settings const& with);
  // What the process of the callers does: it says "begin" and "end {...}" as bench::load does.
  // Null if the callers are in the process of the first server, which says it then.
  int (*call)(settings const& with);
};

// The whole program: reads its options, starts the processes, prints one line of JSON. Also what
// those processes begin with.
int run_peer(peer const& what, int count, char** words);

}  // namespace bench
