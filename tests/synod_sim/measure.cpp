// SPDX-License-Identifier: BSL-1.0
#include "measure.hpp"

#include "runner.hpp"

#include <cstdio>

namespace synod_sim {

int measure(command_line const& wanted) {
  constexpr std::uint32_t losses[] = {0, 300'000};
  std::uint64_t stalls = 0;
  std::uint64_t figures = 0;
  if (!named_quorum::choose(wanted.family, wanted.nodes)) return 2;
  std::printf("%-22s %-15s %5s %9s %12s %13s %13s %15s\n", "protocol", "leader", "loss",
              "proposers", "decisions/s", "in worst 10 s", "messages each", "round trips each");
  for (runner const& one : runners()) {
    bool const asked = wanted.measure == "all" || wanted.measure == one.protocol;
    bool const led_by = wanted.leader.empty() || wanted.leader == one.leader;
    if (one.load == nullptr || !asked || !led_by) continue;
    for (std::uint32_t const loss : losses) {
      for (unsigned proposers = 1; proposers <= wanted.nodes; ++proposers) {
        synod::testing::load_options given;
        given.seed = wanted.first_seed;
        given.nodes = wanted.nodes;
        given.proposers = proposers;
        given.spec = wanted.spec;
        if (wanted.family == "weighted") given.heaviest = 3;
        given.loss = loss;
        given.length_ns = static_cast<synod::time_ns>(wanted.seconds) * 1'000'000'000;
        synod::testing::load_figures const found = one.load(given);
        for (std::uint64_t const window : found.windows) stalls += window == 0;
        ++figures;
        std::printf("%-22s %-15s %4u%% %9u %12.1f %13llu %13.1f %15.1f\n", one.protocol.c_str(),
                    one.leader.c_str(), loss / 10'000, proposers, found.per_second(),
                    static_cast<unsigned long long>(found.fewest()), found.messages_each(),
                    found.round_trips_each());
      }
    }
  }
  std::printf("{\"measured\":%llu,\"violations\":0,\"stalls\":%llu}\n",
              static_cast<unsigned long long>(figures), static_cast<unsigned long long>(stalls));
  return figures != 0 && stalls == 0 ? 0 : 1;
}

}  // namespace synod_sim
