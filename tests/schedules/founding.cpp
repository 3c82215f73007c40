// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <string>
#include <vector>

#include "support/founding_world.hpp"
#include "support/schedules.hpp"

// What of first boot, and of disks that are set back, chance meets too seldom in whole nodes.

namespace {

using synod::node_id;

struct outcome {
  std::vector<std::string> violations;
  std::vector<std::string> unmet;

  static std::string joined(std::vector<std::string> const& lines) {
    std::string all;
    for (std::string const& one : lines) all += one + "\n";
    return all;
  }
};

outcome outcome_of(support::founding_world const& after, bool came_to_its_point) {
  outcome made;
  made.violations.assign(after.wrongs.begin(), after.wrongs.end());
  if (!came_to_its_point) made.unmet.push_back("the schedule did not come to its point");
  return made;
}

// Node 1 counts a new life of node 3 and crashes before that is on its disk. Then the disk of node
// 3 is set back to an earlier image.
outcome a_life_that_was_counted_too_early() {
  support::founding_world world(16);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  auto const image = world.at(3).disk_now;
  for (int i = 0; i < 3; ++i) {
    world.crash(world.at(3));
    world.boot(world.at(3));
  }
  world.letters.clear();
  world.deliver({node_id(3), node_id(1), world.at(3).runs->hello()});
  world.crash(world.at(1));
  world.crash(world.at(3));
  world.at(3).disk_now = image;
  world.boot(world.at(3));
  world.boot(world.at(1));
  world.settle();
  return outcome_of(world, world.at(1).runs->is_founded());
}

// Everybody has answered the founder, whose disk is slow.
outcome a_record_that_is_not_written_yet() {
  support::founding_world world(17);
  for (auto& one : world.boxes) world.boot(one);
  for (int i = 0; i < 10 && world.at(1).unsynced.empty(); ++i) {
    world.now += 200;
    for (auto& one : world.boxes) world.tick(one);
    while (!world.letters.empty()) {
      auto const next = world.letters.front();
      world.letters.erase(world.letters.begin());
      world.deliver(next);
      for (std::uint64_t other : {2U, 3U}) world.sync(world.at(other));
      auto const& open = world.at(1).unsynced;
      bool const writes = std::any_of(open.begin(), open.end(), [](auto const& one) {
        return one.what.kind == synod::host_kind::founding;
      });
      if (writes) return outcome_of(world, true);
      world.sync(world.at(1));
    }
  }
  return outcome_of(world, false);
}

support::guarded const all[] = {
    {"multi_paxos", "peer_counted_before_durable", a_life_that_was_counted_too_early},
    {"multi_paxos", "founding_not_waited_for", a_record_that_is_not_written_yet},
};

}  // namespace
