// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace synod_sim {

// A guard that can be switched off, and the cluster in which the checkers must notice.
struct planted {
  std::string name;
  std::string protocol;
  std::string quorum = "majority";
  unsigned nodes = 3;
  std::string host = "cores";
  // Random search would have to be lucky: a schedule written out (tests/schedules) shows it.
  bool by_schedule = false;
  // Chance shows it under this policy; for others there is a schedule. Empty where that is all the
  // same.
  std::string leader{};
};

// Of one protocol, or of all where it is empty.
std::vector<planted> planted_in(std::string const& protocol);

// The mutations compiled into this program that no protocol lists and no other test is known to
// catch: a guard that nobody watches.
std::vector<std::string> unwatched();

// Effects: switches one on, and all others off. Returns: whether there is one of this name.
bool switch_on(std::string const& name);
void switch_all_off();

}  // namespace synod_sim
