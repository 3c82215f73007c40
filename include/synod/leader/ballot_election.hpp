// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/leader/policy.hpp>

#include <array>
#include <cstdint>
#include <utility>

namespace synod {

struct ballot_election_options {
  time_ns heartbeat_ns = 50'000'000;  // above the slowest round trip between two members
  // Unhappy heartbeats endured before campaigning, besides the first: a preference for nodes with
  // less, never a part of how ballots compare.
  std::uint32_t patience = 0;
};

// One question or answer of a heartbeat round.
struct election_message {
  bool reply = false;
  bool happy = false;
  std::uint64_t round = 0;
  ballot mine;    // the ballot the sender campaigned with last
  ballot leader;  // the best ballot the sender believes in
};

// Election by quorum connectivity: every node asks every other, once per heartbeat, "with which
// ballot, under whom, and are you happy?" A node is happy when it leads and reaches a quorum, or
// hears a happy leader. It campaigns only when it is unhappy, everybody it hears is unhappy, and
// they form a phase-1 quorum. So one quorum-connected node is enough for progress, however the
// other links have failed (hazard H24), and a node that merely lost its leader's link does not
// disturb the others.
//
// Under load, questions and answers wait behind Accepts and come a few heartbeats late. A leader
// must not look lost for that, so what the core hears and does in a heartbeat counts as well.
class ballot_election {
 public:
  using message = election_message;
  using options = ballot_election_options;

  static constexpr bool progresses_when_partially_connected = true;
  static constexpr char const* name() { return "ballot_election"; }

  explicit ballot_election(options given = {}, std::uint64_t = 0) : options_(given) {}

  template <class System>
  leader_advice tick(time_ns now, leader_situation<System> const& seen,
                     list<policy_send<message>>& out) {
    if (now < beat_at_) return leader_advice::none;
    if (overslept(now)) return leader_advice::none;
    leader_advice const advice = beat_at_ == 0 ? leader_advice::none : judge(seen);
    idle_ = seen.phase == leading_phase::following && advice == leader_advice::none;
    fresh_ = false;
    if (!late_came_ && late_rounds_ > 0) --late_rounds_;
    late_came_ = false;
    began_at_ = now;
    began_upto_ = seen.chosen_upto;
    beat_at_ = now + options_.heartbeat_ns;
    ++round_;
    replied_ = {};
    node_set const others = seen.members.voters() - seen.members.only(seen.self);
    if (!others.empty()) out.push_back({others, {false, happy_, round_, mine_, leader_}});
    return advice;
  }

  template <class System>
  void step(time_ns, node_id from, message const& got, leader_situation<System> const& seen,
            list<policy_send<message>>& out) {
    node_set const who = seen.members.only(from);
    if (who.empty()) return;
    if (!got.reply) {
      // Who has no vote to give must not look like a part of anybody's quorum.
      if (!seen.eligible && !SYNOD_MUTATION(amnesiac_supports)) return;
      out.push_back({who, {true, happy_, got.round, mine_, leader_}});
    } else if (got.round == round_ && seen.members.voters().contains(who)) {
      // Kept by member, not in a list: a duplicate replaces itself.
      who.for_each([&](node_index at) { replies_[at.value] = got; });
      replied_ = replied_ | who;
    } else if (got.round < round_) {
      note_late(round_ - got.round);
    }
  }

  // A ballot that the core obeyed: whoever owns it may be leading.
  void heard(node_id, ballot at, time_ns) {
    if (at > leader_) {
      leader_ = at;
      happy_ = true;
      fresh_ = true;
      unhappy_beats_ = 0;
    }
  }
  void campaigned(ballot at, time_ns) {
    mine_ = at;
    leader_ = at;
    happy_ = true;
    unhappy_beats_ = 0;
  }

  [[nodiscard]] bool may_promise(ballot, time_ns) const { return true; }
  [[nodiscard]] bool lease_valid(time_ns) const { return false; }
  [[nodiscard]] time_ns next_deadline() const { return beat_at_; }

 private:
  // Answers that come so many rounds late say that a silence of so many rounds says nothing.
  void note_late(std::uint64_t rounds) {
    late_came_ = true;
    if (rounds > late_rounds_max) rounds = late_rounds_max;
    if (rounds > late_rounds_) late_rounds_ = static_cast<std::uint32_t>(rounds);
  }

  // Whoever sleeps through a good part of a round, as when its disk or its machine stands still,
  // cannot take the silence of that time for the others': it hears once what waits for it.
  [[nodiscard]] bool overslept(time_ns now) {
    bool const late = beat_at_ != 0 && now - beat_at_ >= options_.heartbeat_ns / 4;
    excused_ = late && !excused_;
    if (excused_) beat_at_ = now + options_.heartbeat_ns / 2;
    return excused_;
  }

  template <class System>
  leader_advice judge(leader_situation<System> const& seen) {
    if (seen.promised > leader_) leader_ = seen.promised;
    replied_.for_each([&](node_index at) {
      if (replies_[at.value].mine > leader_) leader_ = replies_[at.value].mine;
    });
    bool const i_lead = !mine_.empty() && leader_ == mine_;
    bool some_happy = false;
    bool larger_happy_leader = false;
    bool leader_answered = false;
    bool leader_is_happy = false;
    node_set supporters = seen.members.only(seen.self);
    replied_.for_each([&](node_index at) {
      message const& one = replies_[at.value];
      some_happy = some_happy || one.happy;
      larger_happy_leader = larger_happy_leader || (one.leader > mine_ && one.happy);
      if (one.leader <= mine_) supporters.insert(at);
      // Two that know of no leader must not take each other for one.
      if (leader_.empty() || one.mine != leader_) return;
      leader_answered = true;
      leader_is_happy = leader_is_happy || one.happy;
    });
    bool const preparing = seen.phase == leading_phase::preparing;
    bool const answered = preparing ? seen.quorums.phase1(supporters & seen.members.voters())
                                    : seen.quorums.phase2(supporters & seen.members.voters());
    // Whoever leads and decides is answered by a quorum, whatever became of its questions.
    bool const decides = seen.phase == leading_phase::leading && seen.chosen_upto > began_upto_;
    bool const supported = answered || decides;
    // Whoever leads stops soon once it is not happy, so its silence about that is no news.
    bool const leader_heard = !leader_answered && !leader_.empty() && seen.followed == leader_ &&
                              seen.heard_at > began_at_;
    // The answers of the round in which a leader was first heard may be older than it is. Whoever
    // is unhappy for that invites those who do not hear the leader to depose it.
    happy_ = i_lead ? supported || larger_happy_leader : leader_is_happy || leader_heard || fresh_;
    unhappy_beats_ = happy_ ? 0 : unhappy_beats_ + 1;
    if (!seen.eligible) {
      bool const idle = seen.phase == leading_phase::following;
      return idle ? leader_advice::none : leader_advice::step_down;
    }
    if (i_lead && seen.phase == leading_phase::leading) {
      bool const silent = !supported && unhappy_beats_ >= 2 + late_rounds_;
      return silent ? leader_advice::step_down : leader_advice::none;
    }
    // We believe in ourselves and are supported, but stopped leading (for want of a quorum, or
    // because somebody who then vanished refused us): lead again. Only answers given since then say
    // so: two ends of a chain that trust older ones would depose each other for ever.
    if (i_lead && supported && idle_ && seen.phase == leading_phase::following) {
      return leader_advice::campaign;
    }
    node_set const reached = (replied_ | seen.members.only(seen.self)) & seen.members.voters();
    bool const take_over = !happy_ && !some_happy &&
                           unhappy_beats_ > options_.patience + late_rounds_ &&
                           seen.quorums.phase1(reached);
    return take_over && seen.phase != leading_phase::leading ? leader_advice::campaign
                                                             : leader_advice::none;
  }

  static constexpr std::uint32_t late_rounds_max = 20;

  options options_;
  time_ns beat_at_ = 0;
  time_ns began_at_ = 0;  // the present round, and how far everything was chosen then
  slot began_upto_;
  std::uint64_t round_ = 0;
  ballot mine_;
  ballot leader_;
  std::uint32_t late_rounds_ = 0;  // by how many answers came too late, one less with each round
  bool late_came_ = false;
  bool excused_ = false;  // the present round was made longer
  bool happy_ = false;
  bool fresh_ = false;  // the leader was first heard in the present round
  bool idle_ = false;   // did not lead, nor campaign, when the present round of questions left
  std::uint32_t unhappy_beats_ = 0;
  node_set replied_;
  std::array<message, node_set::capacity> replies_{};
};

}  // namespace synod
