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
  void proposed(std::size_t) {}

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

// A command waits for its slot.
struct waiting {
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

  explicit waiting(synod::slot opened = synod::slot(1)) {
    asked.handle = 1;
    asked.session = opened > all.applied() ? synod::session_id(synod::position_of(opened, 0))
                                           : all.sessions.open(opened);
    asked.number = synod::sequence(9);
    asked.acked_upto = synod::sequence(8);
    attempt();
  }
  void attempt() {
    ++asked.attempt;
    here.serve(1, 7, asked, synod::counter::command{}, all);
    here.seal(1, 1, all, core, out);
  }
};

using answers = std::vector<synod::session_answer_kind>;

// A snapshot is installed that does not have the command yet.
struct waiting_through_an_install : waiting {
  waiting_through_an_install() {
    EXPECT_EQ(here.waiting(), 1U);
    attempt();
    EXPECT_EQ(core.batches, 1U);
    here.installed(2, all);
  }
};

// One is installed below whose end so many others opened sessions that this one is gone. The
// command may have been applied before that: only another attempt would surely not be.
answers told_after_an_install_without_the_session() {
  waiting one;
  for (std::uint64_t at : {10U, 20U, 30U}) (void)one.all.sessions.open(synod::slot(at));
  one.here.installed(2, one.all);
  EXPECT_EQ(one.here.waiting(), 0U);
  return one.all.told;
}

// The session was opened in a slot that this node has not applied yet.
answers told_in_a_session_to_come() { return waiting(synod::slot(60)).all.told; }

}  // namespace

// It will be decided, so nobody may be told anything of it.
TEST(node_mutations, an_installed_snapshot_does_not_refuse_what_waits) {
  EXPECT_TRUE(waiting_through_an_install().all.told.empty());
  mutated on("install_refuses_what_waits");
  EXPECT_EQ(waiting_through_an_install().all.told, answers{synod::session_answer_kind::refused});
}

TEST(node_mutations, an_installed_snapshot_without_the_session_leaves_the_fate_open) {
  EXPECT_EQ(told_after_an_install_without_the_session(),
            answers{synod::session_answer_kind::forgotten});
  mutated on("h23_evicted_below_a_snapshot_not_done");
  EXPECT_EQ(told_after_an_install_without_the_session(),
            answers{synod::session_answer_kind::expired});
}

TEST(node_mutations, a_session_that_was_not_seen_yet_is_not_gone) {
  EXPECT_TRUE(told_in_a_session_to_come().empty());
  mutated on("h23_unseen_session_called_expired");
  EXPECT_EQ(told_in_a_session_to_come(), answers{synod::session_answer_kind::expired});
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
