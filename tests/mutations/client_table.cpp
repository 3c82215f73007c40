// SPDX-License-Identifier: BSL-1.0
// Every file of this folder is compiled with the mutations in, so that the binary has one meaning.
#define SYNOD_MUTATIONS 1
#include <synod/core/generator.hpp>
#include <synod/log/client_table.hpp>

#include <gtest/gtest.h>

#include "support/mutated.hpp"

#include <map>
#include <set>

using namespace synod;

namespace {

// A client that pipelines and retries over a network that reorders and duplicates, and stays silent
// at times while others open sessions. Counts commands that ran twice or, although the client was
// not told that they expired, never (I7, I8).
int wrongs_of(std::uint64_t seed) {
  generator random(seed);
  client_table table({.session_capacity = 2, .replies_kept = 4, .in_flight_max = 4});
  std::set<std::pair<std::uint64_t, std::uint64_t>> executed;
  int wrongs = 0;
  session_id mine = table.open(slot(1));
  for (std::uint64_t at = 2; at < 400; ++at) {
    if (random.below(10) == 0) {
      session_id const made = table.open(slot(at));
      if (random.below(2) == 0) mine = made;
      continue;
    }
    sequence const number(1 + random.below(4));
    std::uint64_t const position = position_of(slot(at), 0);
    client_decision const found = table.decide(mine, number, sequence(0));
    bool const ran = executed.count({mine.value, number.value}) != 0;
    if (found.verdict == client_verdict::execute) {
      wrongs += ran ? 1 : 0;
      executed.insert({mine.value, number.value});
      table.touch(position, mine, sequence(0));
      table.keep(position, mine, number, {});
    } else if (table.knows(mine)) {
      wrongs += ran ? 0 : 1;
    }
  }
  return wrongs;
}

int wrongs() {
  int sum = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) sum += wrongs_of(seed);
  return sum;
}

}  // namespace

TEST(client_table_mutations, none_of_them_on_nothing_is_wrong) { EXPECT_EQ(wrongs(), 0); }

TEST(client_table_mutations, running_what_was_evicted_is_caught) {
  support::mutated on("h23_run_what_was_evicted");
  EXPECT_GT(wrongs(), 0);
}
