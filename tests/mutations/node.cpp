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

// Takes whatever is proposed.
struct counting_core {
  struct output_type {};
  std::size_t batches = 0;
  std::optional<synod::refusal> propose(synod::time_ns, synod::batch<synod::counter::command>&&,
                                        output_type&) {
    ++batches;
    return std::nullopt;
  }
};

// A command waits for its slot, and a snapshot is installed that does not have it yet.
struct waiting_through_an_install {
  small_node all;
  synod::submissions<synod::counter, synod::fixed_codec, small_node> here{
      {},
      synod::node_id(1),
      *synod::membership::make(synod::config_number(1), {{synod::node_id(1)}}),
      synod::generator(1),
      {},
      all};
  counting_core core;
  counting_core::output_type out;
  synod::session_request asked;

  waiting_through_an_install() {
    asked.handle = 1;
    asked.session = all.sessions.open(synod::slot(1));
    asked.number = synod::sequence(9);
    asked.acked_upto = synod::sequence(8);
    attempt();
    EXPECT_EQ(here.waiting(), 1U);
    attempt();
    EXPECT_EQ(core.batches, 1U);
    here.installed(2, all);
  }
  void attempt() {
    ++asked.attempt;
    here.serve(1, 7, asked, synod::counter::command{}, all);
    here.seal(1, 1, all, core, out);
  }
};

}  // namespace

// It will be decided, so nobody may be told anything of it.
TEST(node_mutations, an_installed_snapshot_does_not_refuse_what_waits) {
  EXPECT_TRUE(waiting_through_an_install().all.told.empty());
  mutated on("install_refuses_what_waits");
  EXPECT_EQ(waiting_through_an_install().all.told,
            std::vector{synod::session_answer_kind::refused});
}

// Or it will not, since its batch waited for a slot below the snapshot.
TEST(node_mutations, what_waited_for_slots_below_a_snapshot_can_be_proposed_again) {
  auto const batches = [] {
    waiting_through_an_install one;
    one.attempt();
    return one.core.batches;
  };
  EXPECT_EQ(batches(), 2U);
  mutated on("install_forgets_what_waits");
  EXPECT_EQ(batches(), 1U);
}

TEST(node_mutations, nothing_is_caught_without_one) { EXPECT_FALSE(ever_goes_wrong(20)); }

TEST(node_mutations, what_the_executor_must_do_is_caught) {
  for (char const* rule : {"h23_apply_without_the_table", "h22c_snapshot_without_sessions"}) {
    mutated on(rule);
    EXPECT_TRUE(ever_goes_wrong(40)) << rule;
  }
}
