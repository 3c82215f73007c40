// SPDX-License-Identifier: BSL-1.0
#include <synod/runtime/session.hpp>

#include <gtest/gtest.h>

#include "support/mutated.hpp"

#include <deque>
#include <set>

using namespace synod;
using support::mutated;

namespace {

// A cluster as a client sees it: node 3 leads under round 9, the others hint, one of them at a
// leader of long ago. Requests and answers are lost, and what was lost may arrive later.
struct cluster {
  explicit cluster(std::uint64_t seed) : dice(seed) {}

  generator dice;
  std::set<std::uint64_t> applied;  // what the commands said
  std::deque<session_request> late;
  bool session_gone = false;
  int useless_hops = 0;

  std::optional<session_answer> serve(session_request const& asked, int what) {
    session_answer made;
    made.session = asked.session;
    made.number = asked.number;
    made.attempt = asked.attempt;
    made.handle = asked.handle;
    made.token_high = asked.token_high;
    made.token_low = asked.token_low;
    if (asked.to != node_id(3)) {
      ++useless_hops;
      made.kind = session_answer_kind::refused;
      made.why.code = error_code::not_leader;
      node_id const wrong(asked.to == node_id(1) ? 2 : 1);
      made.hint = {ballot{1, 5, wrong}, wrong};
      if (dice.below(3) == 0) made.hint = {ballot{1, 9, node_id(3)}, node_id(3)};
      return made;
    }
    if (asked.handle == 0) {
      made.kind = session_answer_kind::opened;
      made.session = session_id((session_gone ? 2U : 1U) << 16);
      return made;
    }
    if (dice.below(3) == 0) return std::nullopt;  // lost before it arrived
    bool const expired = session_gone && asked.session == session_id(1 << 16);
    if (!expired) applied.insert(static_cast<std::uint64_t>(what));
    made.kind = expired ? session_answer_kind::expired : session_answer_kind::done;
    if (dice.below(3) == 0) return std::nullopt;  // applied, and the answer lost
    return made;
  }
};

struct history {
  int called_refused_but_applied = 0;  // H10
  int applied_twice = 0;               // H23
  int useless_hops = 0;
};

history run(std::uint64_t seed, bool expire) {
  history sum;
  cluster nodes(seed);
  membership const three =
      *membership::make(config_number(1), {{.id = node_id(1)},
                                           {.id = node_id(2), .index = node_index(1)},
                                           {.id = node_id(3), .index = node_index(2)}});
  session_options options;
  options.links_deliver_once = true;
  client_session<int> client(options, three, generator(seed));
  session_output out;
  time_ns now = 0;
  auto const begun = client.submit(now, 1, 1'500'000'000, out);
  EXPECT_TRUE(begun);
  std::multiset<int> applications;
  for (int steps = 0; out.finished.empty() && steps < 200; ++steps) {
    while (!out.send.empty()) {
      session_request const asked = out.send.front();
      out.send.erase(out.send.begin());
      std::set<std::uint64_t> const before = std::exchange(nodes.applied, {});
      auto const got = nodes.serve(asked, 1);
      if (!nodes.applied.empty()) {
        // The table of the cluster: one command per number of one session.
        if (applications.count(static_cast<int>(asked.session.value >> 16)) == 0) {
          applications.insert(static_cast<int>(asked.session.value >> 16));
        }
        if (expire) nodes.session_gone = true;
      }
      if (got) client.answered(now, asked.to, *got, out);
    }
    if (!out.finished.empty()) break;
    now = std::max(now + 1, client.next_deadline());
    client.tick(now, out);
  }
  sum.applied_twice = applications.size() > 1 ? 1 : 0;
  sum.useless_hops = nodes.useless_hops;
  if (!out.finished.empty() && out.finished[0].fate.refused() != nullptr) {
    sum.called_refused_but_applied = applications.empty() ? 0 : 1;
  }
  return sum;
}

history runs(bool expire) {
  history sum;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    history const one = run(seed, expire);
    sum.called_refused_but_applied += one.called_refused_but_applied;
    sum.applied_twice += one.applied_twice;
    sum.useless_hops += one.useless_hops;
  }
  return sum;
}

}  // namespace

TEST(session_mutations, nothing_is_caught_without_one) {
  for (bool expire : {false, true}) {
    history const sum = runs(expire);
    EXPECT_EQ(sum.called_refused_but_applied, 0);
    EXPECT_EQ(sum.applied_twice, 0);
  }
}

TEST(session_mutations, calling_the_unknown_refused_is_caught) {
  mutated on("h10_unknown_called_refused");
  EXPECT_GT(runs(false).called_refused_but_applied, 0);
}

TEST(session_mutations, sending_again_what_expired_is_caught) {
  mutated on("client_resends_what_expired");
  EXPECT_GT(runs(true).applied_twice, 0);
}

TEST(session_mutations, following_stale_hints_is_caught) {
  int const steady = runs(false).useless_hops;
  mutated on("client_follows_every_hint");
  EXPECT_GT(runs(false).useless_hops, steady + 100);
}
