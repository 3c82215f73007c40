// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/log/client_table.hpp>
#include <synod/machine/counter.hpp>
#include <synod/runtime/executor.hpp>
#include <synod/runtime/snapshot_work.hpp>
#include <synod/storage/memory_snapshots.hpp>

#include <string>
#include <vector>

#include "support/executions.hpp"
#include "support/schedules.hpp"

// What a snapshot must carry and when it may be told, and what the table of clients must know:
// schedules of one executor, where chance in whole nodes needs a change of members or a crash
// between two turns.

namespace {

using synod::client_verdict;
using synod::sequence;
using synod::slot;
using counting = synod::executor<synod::counter, synod::fixed_codec>;

struct outcome {
  std::vector<std::string> violations;
  std::vector<std::string> unmet;

  void expect(bool holds, char const* what) {
    if (!holds) violations.push_back(what);
  }
  void must(bool happened, char const* what) {
    if (!happened) unmet.push_back(what);
  }
  static std::string joined(std::vector<std::string> const& lines) {
    std::string all;
    for (std::string const& one : lines) all += one + "\n";
    return all;
  }
};

counting founded() { return counting({}, {}, {{.alpha = 4}, support::members(1), true}); }

void decide(counting& on, synod::slot_value<std::int64_t> const& value) {
  synod::null_sink nobody;
  on.apply(on.applied().next(), value, nobody);
}

// A configuration is decided, and a node that missed that gets a snapshot of what came of it. Then
// somebody builds on that configuration (H22b).
outcome a_configuration_in_a_snapshot() {
  outcome made;
  counting whole = founded();
  decide(whole, support::opening<std::int64_t>());
  decide(whole, synod::slot_value<std::int64_t>::of(support::members(2, 4)));
  counting installed = founded();
  made.must(!support::install(installed, support::snapshot_of(whole)), "it is installed");
  for (counting* on : {&whole, &installed}) {
    decide(*on, synod::slot_value<std::int64_t>::of(support::members(3, 5)));
  }
  made.expect(support::snapshot_of(whole) == support::snapshot_of(installed),
              "one slot, and two opinions on who governs it");
  return made;
}

// A log is trimmed up to what a snapshot is said to hold; the power fails at any moment (H22f).
outcome a_crash_while_a_snapshot_is_written() {
  outcome made;
  bool whole = false;
  for (int crash_at = 0; crash_at < 12; ++crash_at) {
    counting on = founded();
    decide(on, support::opening<std::int64_t>());
    synod::memory_snapshots store;
    slot trimmed;
    synod::snapshot_taking taking(on, store);
    for (int i = 0; i < crash_at && !whole; ++i) {
      auto const now = taking.advance(store, 20);
      if (now.durable_upto.has_value()) trimmed = *now.durable_upto;
      whole = now.ended;
    }
    store.crash();
    slot const kept = store.newest().has_value() ? store.newest()->upto : slot();
    made.expect(kept >= trimmed, "a slot is neither in the log nor in a snapshot");
    made.expect(whole || kept == slot(), "half a snapshot is one");
  }
  made.must(whole, "the snapshot is written");
  return made;
}

// The second of two commands under way is decided first (H23).
outcome a_command_that_was_overtaken() {
  outcome made;
  synod::client_table table({.session_capacity = 2, .replies_kept = 4, .in_flight_max = 4});
  synod::session_id const mine = table.open(slot(1));
  made.must(table.decide(mine, sequence(2), {}).verdict == client_verdict::execute, "it runs");
  table.touch(synod::position_of(slot(2), 0), mine, {});
  table.keep(synod::position_of(slot(2), 0), mine, sequence(2), {});
  made.expect(table.decide(mine, sequence(1), {}).verdict == client_verdict::execute,
              "a command that never ran is taken for one that did");
  return made;
}

support::guarded const all[] = {
    {"multi_paxos", "h22b_snapshot_without_configurations", a_configuration_in_a_snapshot},
    {"multi_paxos", "h22f_snapshot_told_before_durable", a_crash_while_a_snapshot_is_written},
    {"multi_paxos", "h23_only_the_highest_sequence", a_command_that_was_overtaken},
};

}  // namespace
