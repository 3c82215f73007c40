// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/machine/counter.hpp>
#include <synod/runtime/submissions.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "support/counter_storm.hpp"
#include "support/mutated.hpp"

using support::mutated;
using synod::broken_invariant_error;

namespace {

bool ever_goes_wrong(int seeds) {
  for (int seed = 1; seed <= seeds; ++seed) {
    try {
      if (!support::counter_storm(static_cast<std::uint64_t>(seed)).run(150, 8)) return true;
    } catch (broken_invariant_error const&) {
      return true;
    }
  }
  return false;
}

// What a node is for its submissions, and who is told what became of them.
struct small_node {
  synod::client_table sessions{{.alpha = 4, .session_capacity = 3, .in_flight_max = 4}};
  std::vector<synod::session_answer_kind> told;

  std::optional<synod::node_id> leader() const { return std::nullopt; }
  std::size_t room() const { return 9; }
  synod::leader_hint hint() const { return {}; }
  synod::client_table const& table() const { return sessions; }
  synod::slot applied() const { return synod::slot(50); }
  std::optional<synod::error> open(synod::session_change const&) { return std::nullopt; }
  void forward(synod::node_id, synod::forward_message const&) {}
  void barrier_refused(synod::session_id, synod::sequence, synod::error const&) {}

  template <class Result>
  void completed(std::uint64_t, synod::outcome<Result> const&) {}
  void answer(std::uint64_t, synod::time_ns, synod::session_answer const& what,
              std::span<std::byte const>) {
    told.push_back(what.kind);
  }
};

// A command waits for its slot, and a snapshot is installed that does not have it yet. It will be
// decided, so nobody may be told anything of it.
std::vector<synod::session_answer_kind> told_after_an_install() {
  small_node all;
  synod::submissions<synod::counter, synod::fixed_codec, small_node> here(
      {}, synod::node_id(1),
      *synod::membership::make(synod::config_number(1), {{synod::node_id(1)}}), synod::generator(1),
      {}, all);
  synod::session_request asked;
  asked.handle = 1;
  asked.attempt = 1;
  asked.session = all.sessions.open(synod::slot(1));
  asked.number = synod::sequence(9);
  asked.acked_upto = synod::sequence(8);
  here.serve(1, 7, asked, synod::counter::command{}, all);
  EXPECT_EQ(here.waiting(), 1U);
  here.installed(2, all);
  return all.told;
}

}  // namespace

TEST(node_mutations, an_installed_snapshot_does_not_refuse_what_waits) {
  EXPECT_TRUE(told_after_an_install().empty());
  mutated on("install_refuses_what_waits");
  EXPECT_EQ(told_after_an_install(), std::vector{synod::session_answer_kind::refused});
}

TEST(node_mutations, nothing_is_caught_without_one) { EXPECT_FALSE(ever_goes_wrong(20)); }

TEST(node_mutations, what_the_executor_must_do_is_caught) {
  for (char const* rule : {"h23_apply_without_the_table", "h22c_snapshot_without_sessions"}) {
    mutated on(rule);
    EXPECT_TRUE(ever_goes_wrong(40)) << rule;
  }
}
