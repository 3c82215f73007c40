// SPDX-License-Identifier: BSL-1.0
#include "mutations.hpp"

#include <synod/core/assert.hpp>

#include <algorithm>
#include <array>

#include "support/schedules.hpp"

namespace synod_sim {

namespace {

// What every protocol with the roles of Paxos shares: acceptor, rounds, drain, frames.
std::vector<planted> shared_by_all(std::string const& protocol) {
  std::vector<planted> all;
  for (char const* const name :
       {// H1, what a restart must keep, and what must be durable before it is said
        "promise_forgotten", "vote_forgotten", "reply_before_sync",
        // H2, a ballot is used once
        "ballot_reuse", "round_used_before_durable", "second_value_per_ballot",
        // H4, the value of the highest vote
        "any_vote_adopted", "vote_ignored",
        // H5, the two rules of an acceptor
        "accept_below_promise", "promise_below_promise", "promise_not_recorded",
        "vote_is_no_promise", "prepare_ignores_votes",
        // H6, answers of another round; H7, one answer twice
        "stale_promise_counted", "stale_vote_counted", "duplicate_vote_counted",
        // whose frames are believed
        "body_checksum_ignored", "foreign_cluster_accepted", "dead_incarnation_accepted"}) {
    all.push_back({name, protocol});
  }
  // H11, quorums that do not meet
  all.push_back({"majority_is_half", protocol, "majority", 4});
  all.push_back({"learners_count", protocol});
  all.push_back({"quorums_need_not_meet", protocol, "counted:3,2", 4});
  all.push_back({"grid_skips_last_row", protocol, "grid", 5});
  return all;
}

std::vector<planted> of_single_decree() {
  std::vector<planted> all = shared_by_all("single_decree");
  for (char const* const name :
       {"own_evidence_before_durable", "amnesiac_votes", "votes_counted_across_ballots",
        "value_left_forgotten", "foreign_ballot_accepted", "implausible_round_accepted",
        "vote_above_ballot_adopted", "foreign_slot_counted",
        // H16, H20, H21: what is durable, and what a log may cut
        "sync_skipped", "directory_sync_skipped", "failed_sync_retried",
        "tail_cut_at_corruption"}) {
    all.push_back({name, "single_decree"});
  }
  return all;
}

// Adds what a schedule is written for and nothing else is said to catch.
void add_schedules(std::string const& protocol, std::vector<planted>& all) {
  for (support::guarded const& each : support::guarded::list()) {
    bool const known = std::any_of(all.begin(), all.end(),
                                   [&](planted const& one) { return one.name == each.mutation; });
    if (each.protocol == protocol && !known) {
      all.push_back({.name = each.mutation, .protocol = protocol, .by_schedule = true});
    }
  }
}

std::vector<planted> of_multi_paxos() {
  std::vector<planted> all = shared_by_all("multi_paxos");
  // What chance meets too seldom here: a schedule shows it, see tests/schedules.
  std::erase_if(all, [](planted const& one) {
    return one.name == "prepare_ignores_votes" || one.name == "stale_vote_counted";
  });
  for (char const* const name :
       {// H3, H8, H9: what a promise must tell, and what a new leader must do with it
        "promise_omits_chosen", "holes_left", "promise_truncated", "accept_below_floor",
        // N5: what a notice decides
        "notice_ignores_ballot",
        // H18: what confirms a read
        "read_before_barrier", "read_without_quorum", "deposed_leader_acknowledged"}) {
    all.push_back({name, "multi_paxos"});
  }
  // Of five, since one that forgot must be able to make a quorum look whole. It is a guard of
  // progress, and runs with links cut for good end only where the policy promises any (H24).
  all.push_back({.name = "amnesiac_supports",
                 .protocol = "multi_paxos",
                 .nodes = 5,
                 .leader = "ballot_election"});
  add_schedules("multi_paxos", all);
  return all;
}

std::vector<planted> of_masterless() {
  std::vector<planted> all;
  for (char const* const name :
       {"accept_below_promise", "any_vote_adopted", "vote_ignored", "duplicate_vote_counted",
        "promise_omits_chosen", "read_without_quorum",
        // H21, in a log that is long enough for laps
        "recycled_lap_accepted"}) {
    all.push_back({name, "masterless_multi_paxos", "majority", 5});
  }
  // Several commands of one client under way, which slots decide in any order.
  all.push_back({"order_of_a_client_ignored", "masterless_multi_paxos", "majority", 5, "nodes"});
  add_schedules("masterless_multi_paxos", all);
  return all;
}

// What whole nodes add: executor, sessions, reads, snapshots and first boot.
std::vector<planted> of_nodes() {
  std::vector<planted> all;
  for (char const* const name :
       {// H10, H23: what a client is told, and what a retry may do
        "h10_unknown_called_refused", "h23_apply_without_the_table", "h23_run_what_was_evicted",
        "h23_run_what_was_acknowledged", "client_resends_what_expired",
        // H18 and what each level of reads promises
        "read_index_unconfirmed", "read_quorum_unasked", "read_log_when_proposed",
        "h18d_read_before_applied", "read_ignores_floor", "read_ignores_age",
        // H22: what a snapshot must carry, and must leave
        "h22a_trim_what_is_applied", "h22c_snapshot_without_sessions", "h22d_install_what_is_older",
        "install_drops_votes",
        // H15, H16 and first boot: whose disk it is
        "h15_any_store_is_the_member", "h16_older_life_accepted", "h16_cloned_life_accepted",
        "h16_amnesia_forgotten", "h16_stopped_before_durable", "founding_answer_before_durable",
        "founding_answer_to_another_store", "founding_promised_twice",
        "founding_without_everybody"}) {
    all.push_back({name, "multi_paxos", "majority", 3, "nodes"});
  }
  return all;
}

// Caught by tests of their own, since they need bytes that get past a checksum, a disk, a change of
// members, or a schedule that chance hardly ever finds.
constexpr std::array caught_elsewhere{
    "counts_unbounded",         // tests/mutations/frame.cpp
    "duplicates_count",         // tests/mutations/quorum.cpp
    "copies_not_awaited",       // tests/mutations/storage.cpp
    "late_writes_not_awaited",  // tests/mutations/storage.cpp
    "unwritten_segment_freed",  // tests/mutations/storage.cpp
    "living_segment_dropped",   // tests/mutations/storage.cpp
    "going_on_without_disk",    // tests/mutations/storage.cpp
    "origins_unchecked",        // tests/codec
    "value_checksum_ignored",   // tests/codec
    "record_checksum_ignored",  // tests/codec
    // tests/mutations/multi_paxos_*.cpp
    "accept_any_distance",
    "amnesiac_promises",
    "blocked_promise_kept",
    "chosen_prefix_proposed",
    "configuration_at_once",
    "configuration_not_prepared",
    "damaged_slot_marked",
    "index_taken_for_member",
    "life_not_told_apart",
    "older_snapshot_installed",
    "pipeline_past_alpha",
    "reads_without_end",
    "stale_ack_counted",
    "transfer_admits",
    "parts_of_two_answers",
    "read_across_boundary",
    "removed_member_obeyed",
    "snapshot_beyond_chosen",
    "stale_nack_obeyed",
    "trim_before_durable",
    // tests/mutations/masterless_multi_paxos.cpp
    "batches_without_end",
    "gap_beyond_alpha",
    "lost_batch_moves",
    "read_ignores_unknown_configuration",
    "commands_released_without_bytes",  // tests/mutations/values.cpp
    // tests/mutations: founding, session, client_table, executor, snapshots, cereal, node
    "client_follows_every_hint",
    "install_forgets_what_waits",
    "install_refuses_what_waits",
    "h23_evicted_below_a_snapshot_not_done",
    "h23_unseen_session_called_expired",
    "h22g_donor_reads_the_newest",
    "snapshot_parts_in_any_order",
    "archive_counts_unbounded",
    "keys_may_repeat",
};

}  // namespace

std::vector<planted> planted_in(std::string const& protocol) {
  std::vector<planted> all;
  if (protocol.empty() || protocol == "single_decree") {
    for (planted& one : of_single_decree()) all.push_back(std::move(one));
  }
  if (protocol.empty() || protocol == "multi_paxos") {
    for (planted& one : of_multi_paxos()) all.push_back(std::move(one));
    for (planted& one : of_nodes()) all.push_back(std::move(one));
  }
  if (protocol.empty() || protocol == "masterless_multi_paxos") {
    for (planted& one : of_masterless()) all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> unwatched() {
  std::vector<std::string> found;
  std::vector<planted> const known = planted_in("");
  for (auto const* one = synod::mutation_switch::first(); one != nullptr; one = one->next) {
    std::string const name = one->name;
    bool const listed = std::any_of(known.begin(), known.end(),
                                    [&](planted const& each) { return each.name == name; });
    bool const elsewhere =
        std::find(caught_elsewhere.begin(), caught_elsewhere.end(), name) != caught_elsewhere.end();
    if (!listed && !elsewhere) found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void switch_all_off() {
  for (auto* one = synod::mutation_switch::first(); one != nullptr; one = one->next) {
    one->on = false;
  }
}

bool switch_on(std::string const& name) {
  bool found = false;
  for (auto* one = synod::mutation_switch::first(); one != nullptr; one = one->next) {
    one->on = name == one->name;
    found = found || one->on;
  }
  return found;
}

}  // namespace synod_sim
