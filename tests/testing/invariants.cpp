// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/invariants/acknowledged.hpp>
#include <synod/testing/invariants/agreement.hpp>
#include <synod/testing/invariants/bounds.hpp>
#include <synod/testing/invariants/client_order.hpp>
#include <synod/testing/invariants/durable_evidence.hpp>
#include <synod/testing/invariants/exactly_once.hpp>
#include <synod/testing/invariants/lease.hpp>
#include <synod/testing/invariants/one_value.hpp>
#include <synod/testing/invariants/prefix.hpp>
#include <synod/testing/invariants/promises_kept.hpp>
#include <synod/testing/invariants/safe_choice.hpp>
#include <synod/testing/invariants/trimming.hpp>
#include <synod/testing/invariants/validity.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

// Each checker is shown a history that is right and one that is wrong.

namespace {

using namespace synod;
using namespace synod::testing;

node_index at(unsigned number) { return node_index(static_cast<std::uint8_t>(number)); }
ballot b(std::uint32_t round, std::uint64_t owner) { return {0, round, node_id(owner)}; }
quorum_rule two_of_three() { return quorum_rule::counting(node_set::first(3), 2, 2); }
constexpr lane_id lane{};
constexpr slot one_slot{1};

bool broken(violations const& found, char const* invariant) {
  return found.any() && std::string(found.all().front().invariant) == invariant;
}

TEST(invariants, i1_a_second_value_is_not_chosen) {
  violations found;
  agreement check;
  check.governed(slot(1), two_of_three());
  check.durable_vote(at(0), lane, one_slot, b(1, 1), 10, found);
  check.durable_vote(at(0), lane, one_slot, b(1, 1), 10, found);
  EXPECT_EQ(check.chosen(lane, one_slot), nullptr);
  check.durable_vote(at(1), lane, one_slot, b(1, 1), 10, found);
  ASSERT_NE(check.chosen(lane, one_slot), nullptr);
  check.decided(at(2), lane, one_slot, 10, found);
  EXPECT_FALSE(found.any());
  check.proposed(at(1), {lane, b(2, 2), one_slot, 11}, found);
  EXPECT_TRUE(broken(found, "I1"));
  found.clear();
  check.durable_vote(at(1), lane, one_slot, b(2, 2), 11, found);
  check.durable_vote(at(2), lane, one_slot, b(2, 2), 11, found);
  EXPECT_TRUE(broken(found, "I1"));
}

TEST(invariants, i1_votes_of_two_ballots_do_not_add_up) {
  violations found;
  agreement check;
  check.governed(slot(1), two_of_three());
  check.durable_vote(at(0), lane, one_slot, b(1, 1), 10, found);
  check.durable_vote(at(1), lane, one_slot, b(2, 2), 10, found);
  check.decided(at(1), lane, one_slot, 10, found);
  EXPECT_TRUE(broken(found, "I1"));
}

TEST(invariants, i1_a_proposal_respects_the_highest_vote_that_was_promised) {
  std::vector<reported_fact> const low{{one_slot, b(1, 1), 10, false}};
  std::vector<reported_fact> const high{{one_slot, b(2, 2), 20, false}};
  safe_choice check;
  check.promised(at(0), {lane, b(3, 3), one_slot, one_slot, {}, 1, 0, true, low});
  check.promised(at(1), {lane, b(3, 3), one_slot, one_slot, {}, 1, 0, true, high});
  violations found;
  check.proposed(at(2), {lane, b(3, 3), one_slot, 20}, nullptr, two_of_three(), found);
  EXPECT_FALSE(found.any());
  check.proposed(at(2), {lane, b(3, 3), one_slot, 10}, nullptr, two_of_three(), found);
  EXPECT_TRUE(broken(found, "I1"));
  found.clear();
  check.proposed(at(2), {lane, b(4, 3), one_slot, 20}, nullptr, two_of_three(), found);
  EXPECT_TRUE(broken(found, "I1"));
}

TEST(invariants, i1_a_promise_in_parts_counts_when_all_are_there) {
  safe_choice check;
  reported_fact const own{one_slot, {}, 0, false};
  violations found;
  check.promised(at(1), {lane, b(3, 1), slot(1), slot_max, {}, 9, 0, false, {}});
  check.proposed(at(0), {lane, b(3, 1), one_slot, 5}, &own, two_of_three(), found);
  EXPECT_TRUE(broken(found, "I1"));
  found.clear();
  check.promised(at(1), {lane, b(3, 1), slot(1), slot_max, {}, 9, 1, true, {}});
  check.proposed(at(0), {lane, b(3, 1), one_slot, 5}, &own, two_of_three(), found);
  EXPECT_FALSE(found.any());
}

TEST(invariants, i2_only_what_was_submitted_and_not_refused_is_decided) {
  violations found;
  validity check;
  check.submitted(1);
  check.decided(1, found);
  EXPECT_FALSE(found.any());
  check.decided(2, found);
  EXPECT_TRUE(broken(found, "I2"));
  found.clear();
  check.submitted(3);
  check.refused(3, found);
  check.decided(3, found);
  EXPECT_TRUE(broken(found, "I2"));
  found.clear();
  check.refused(1, found);
  EXPECT_TRUE(broken(found, "I2"));
  found.clear();
  check.sent(4);
  check.never_sent(4, found);
  EXPECT_TRUE(broken(found, "I2"));
}

TEST(invariants, i3_everybody_applies_the_same_without_holes) {
  violations found;
  same_prefix check;
  check.applied(at(0), 1, 10, 100, found);
  check.applied(at(1), 1, 10, 100, found);
  check.applied(at(0), 2, 11, 101, found);
  EXPECT_FALSE(found.any());
  check.applied(at(1), 2, 12, 101, found);
  EXPECT_TRUE(broken(found, "I3"));
  found.clear();
  check.applied(at(2), 1, 10, 999, found);
  EXPECT_TRUE(broken(found, "I3"));
  found.clear();
  check.applied(at(0), 4, 13, 103, found);
  EXPECT_TRUE(broken(found, "I3"));
}

TEST(invariants, i4_promises_are_kept) {
  violations found;
  promises_kept check;
  check.promised(at(0), {lane, b(3, 1), slot(1), slot_max, {}, 1, 0, true, {}}, found);
  EXPECT_FALSE(found.any());
  check.promised(at(0), {lane, b(2, 1), slot(5), slot(6), {}, 1, 0, true, {}}, found);
  EXPECT_TRUE(broken(found, "I4"));
  found.clear();
  check.voted(at(0), {lane, b(2, 1), slot(9)}, found);
  EXPECT_TRUE(broken(found, "I4"));
  found.clear();
  check.voted(at(0), {lane, b(4, 1), slot(9)}, found);
  EXPECT_FALSE(found.any());
  check.voted(at(0), {lane, b(3, 1), slot(9)}, found);
  EXPECT_TRUE(broken(found, "I4"));
  found.clear();
  // It voted at slot 9 and says nothing of it.
  check.promised(at(0), {lane, b(5, 1), slot(9), slot(9), {}, 1, 0, true, {}}, found);
  EXPECT_TRUE(broken(found, "I4"));
}

TEST(invariants, i5_one_value_one_owner_one_life) {
  violations found;
  one_value check;
  EXPECT_TRUE(check.proposed(node_id(1), 1, {lane, b(1, 1), one_slot, 10}, found));
  EXPECT_FALSE(check.proposed(node_id(1), 1, {lane, b(1, 1), one_slot, 10}, found));
  EXPECT_FALSE(found.any());
  check.proposed(node_id(1), 1, {lane, b(1, 1), one_slot, 11}, found);
  EXPECT_TRUE(broken(found, "I5"));
  found.clear();
  check.campaigned(node_id(1), 2, {lane, b(1, 1), one_slot, one_slot}, found);
  EXPECT_TRUE(broken(found, "I5"));
  found.clear();
  check.campaigned(node_id(2), 1, {lane, b(2, 1), one_slot, one_slot}, found);
  EXPECT_TRUE(broken(found, "I5"));
  found.clear();
  check.voted(node_id(2), lane, one_slot, b(1, 1), 10, found);
  EXPECT_FALSE(found.any());
  check.voted(node_id(2), lane, one_slot, b(9, 1), 10, found);
  EXPECT_TRUE(broken(found, "I5"));
  found.clear();
  check.promised(node_id(2), {lane, b(9, 3), one_slot, one_slot, {}, 1, 0, true, {}}, found);
  EXPECT_TRUE(broken(found, "I5"));
}

TEST(invariants, i7_a_command_is_executed_once_with_one_reply) {
  violations found;
  exactly_once check;
  check.executed(session_id(1), sequence(1), 65536, 5, found);
  check.executed(session_id(1), sequence(1), 65536, 5, found);
  check.answered(session_id(1), sequence(1), 5, found);
  EXPECT_FALSE(found.any());
  check.executed(session_id(1), sequence(1), 131072, 5, found);
  EXPECT_TRUE(broken(found, "I7"));
  found.clear();
  check.executed(session_id(1), sequence(1), 65536, 6, found);
  EXPECT_TRUE(broken(found, "I7"));
  found.clear();
  check.answered(session_id(1), sequence(2), 5, found);
  EXPECT_TRUE(broken(found, "I7"));
}

TEST(invariants, i8_what_was_acknowledged_is_there) {
  violations found;
  acknowledged check;
  check.done({lane, one_slot}, 7);
  check.settled(
      at(0), [](place) { return value_digest{7}; }, found);
  EXPECT_FALSE(found.any());
  check.settled(
      at(1), [](place) { return value_digest{0}; }, found);
  EXPECT_TRUE(broken(found, "I8"));
}

record_fact vote_record(std::uint32_t round, value_digest value) {
  record_fact made;
  made.at_slot = one_slot;
  made.at = b(round, 1);
  made.value = value;
  made.content = round * 1000 + value;
  return made;
}
record_fact promise_record(std::uint32_t round) {
  record_fact made;
  made.kind = record_kind::promise;
  made.promises = {{slot(1), slot_max, b(round, 1)}};
  made.content = round;
  return made;
}

TEST(invariants, i10_nothing_is_said_before_it_is_durable) {
  violations found;
  durable_evidence check;
  auto const ignore = [](record_fact const&) {};
  check.appended(at(0), ticket(1), promise_record(3));
  check.promised(at(0), {lane, b(3, 1), slot(1), slot_max, {}, 1, 0, true, {}}, found);
  EXPECT_TRUE(broken(found, "I10"));
  found.clear();
  check.confirmed(at(0), ticket(1), ignore);
  check.promised(at(0), {lane, b(3, 1), slot(1), slot_max, {}, 1, 0, true, {}}, found);
  EXPECT_FALSE(found.any());
  check.voted(at(0), {lane, b(3, 1), one_slot}, found);
  EXPECT_TRUE(broken(found, "I10"));
  found.clear();
  check.appended(at(0), ticket(2), vote_record(3, 9));
  check.confirmed(at(0), ticket(2), ignore);
  check.voted(at(0), {lane, b(3, 1), one_slot}, found);
  EXPECT_FALSE(found.any());
  // A later promise must tell of the vote.
  check.appended(at(0), ticket(3), promise_record(5));
  check.confirmed(at(0), ticket(3), ignore);
  check.promised(at(0), {lane, b(5, 1), slot(1), slot_max, {}, 1, 0, true, {}}, found);
  EXPECT_TRUE(broken(found, "I10"));
}

TEST(invariants, i10_what_was_durable_is_read_back) {
  violations found;
  durable_evidence check;
  auto const ignore = [](record_fact const&) {};
  check.appended(at(0), ticket(1), vote_record(1, 9));
  check.appended(at(0), ticket(2), vote_record(2, 9));
  check.confirmed(at(0), ticket(1), ignore);
  check.restarted(at(0), {vote_record(2, 9)}, {}, found, ignore);  // kept although not confirmed
  EXPECT_FALSE(found.any());
  check.restarted(at(0), {vote_record(1, 9)}, {}, found, ignore);  // an older one came back
  EXPECT_TRUE(broken(found, "I10"));
  found.clear();
  check.restarted(at(0), {}, {}, found, ignore);
  EXPECT_TRUE(broken(found, "I10"));
}

TEST(invariants, i10_what_one_life_could_not_read_the_next_may_read) {
  violations found;
  auto const ignore = [](record_fact const&) {};
  damage nothing_is_sure;
  nothing_is_sure.everything = true;
  for (damage const& harm : {nothing_is_sure, damage{}}) {
    durable_evidence check;
    check.appended(at(0), ticket(1), vote_record(1, 9));
    check.confirmed(at(0), ticket(1), ignore);
    check.appended(at(0), ticket(2), promise_record(5));
    check.restarted(at(0), {}, harm, found, ignore);
    EXPECT_EQ(found.any(), !harm.everything);
    found.clear();
    durable_evidence other = check;
    check.restarted(at(0), {vote_record(1, 9), promise_record(5)}, {}, found, ignore);
    EXPECT_EQ(found.any(), !harm.everything);
    found.clear();
    other.restarted(at(0), {vote_record(2, 9)}, {}, found, ignore);  // but nothing else
    EXPECT_TRUE(broken(found, "I10"));
    found.clear();
  }
}

TEST(invariants, i10_a_vote_below_a_chosen_value_may_be_gone_but_not_the_other_way_round) {
  violations found;
  durable_evidence check;
  auto const ignore = [](record_fact const&) {};
  record_fact known = vote_record(0, 9);
  known.kind = record_kind::chosen;
  check.appended(at(0), ticket(1), vote_record(1, 9));
  check.appended(at(0), ticket(2), known);
  check.confirmed(at(0), ticket(2), ignore);
  durable_evidence other = check;
  check.restarted(at(0), {known}, {}, found, ignore);
  EXPECT_FALSE(found.any());
  other.restarted(at(0), {vote_record(1, 9)}, {}, found, ignore);
  EXPECT_TRUE(broken(found, "I10"));
}

TEST(invariants, i10_who_was_wiped_does_not_speak) {
  violations found;
  durable_evidence check;
  check.wiped(at(0));
  check.voted(at(0), {lane, b(3, 1), one_slot}, found);
  EXPECT_TRUE(broken(found, "I10"));
}

TEST(invariants, i11_quorums_meet) {
  violations found;
  two_of_three().check(found);
  quorum_rule::counting(node_set::first(5), 4, 2).check(found);
  quorum_rule::gridded(node_set::first(5), 2).check(found);
  quorum_rule::gridded(node_set::first(7), 3).check(found);
  EXPECT_FALSE(found.any());
  quorum_rule::counting(node_set::first(4), 2, 2).check(found);
  EXPECT_TRUE(broken(found, "I11"));
  found.clear();
  quorum_rule::counting(node_set::first(3), 4, 1).check(found);
  EXPECT_TRUE(broken(found, "I11"));
}

TEST(invariants, i12_marks_are_in_order_and_do_not_go_back) {
  violations found;
  trimming check;
  check.check(at(0), {slot(1), slot(2), slot(3), slot(4), slot(5)}, found);
  EXPECT_FALSE(found.any());
  check.check(at(0), {slot(3), slot(2), slot(3), slot(4), slot(5)}, found);
  EXPECT_TRUE(broken(found, "I12"));
  found.clear();
  check.check(at(0), {slot(1), slot(2), slot(2), slot(4), slot(5)}, found);
  EXPECT_TRUE(broken(found, "I12"));
}

TEST(invariants, i13_nothing_grows_without_bound) {
  violations found;
  bounds().check(at(0), "a queue", 10, 10, found);
  EXPECT_FALSE(found.any());
  bounds().check(at(0), "a queue", 11, 10, found);
  EXPECT_TRUE(broken(found, "I13"));
}

TEST(invariants, i14_one_lease_at_a_time) {
  violations found;
  lease_exclusion check;
  check.holds(at(0), b(1, 1), true, found);
  check.chosen(b(1, 1), found);
  check.holds(at(0), b(1, 1), false, found);
  check.holds(at(1), b(2, 2), true, found);
  EXPECT_FALSE(found.any());
  check.chosen(b(3, 3), found);
  EXPECT_TRUE(broken(found, "I14"));
  found.clear();
  check.holds(at(0), b(3, 1), true, found);
  EXPECT_TRUE(broken(found, "I14"));
}

TEST(invariants, i15_a_client_that_asked_for_order_has_it) {
  violations found;
  client_order check;
  check.done(2, 20, found);
  check.done(5, 50, found);
  check.done(1, 10, found);
  check.done(4, 30, found);
  EXPECT_FALSE(found.any());
  check.done(3, 35, found);
  EXPECT_TRUE(broken(found, "I15"));
  found.clear();
  check.done(6, 40, found);
  EXPECT_TRUE(broken(found, "I15"));
  found.clear();
  client_order unasked(false);
  unasked.done(1, 20, found);
  unasked.done(2, 10, found);
  EXPECT_FALSE(found.any());
}

}  // namespace
