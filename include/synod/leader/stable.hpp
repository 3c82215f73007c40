// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/generator.hpp>
#include <synod/core/list.hpp>
#include <synod/leader/policy.hpp>

#include <cstdint>
#include <utility>

namespace synod {

struct stable_options {
  time_ns heartbeat_ns = 50'000'000;
  // Silence after which a follower asks to be leader: drawn anew from this to twice this.
  time_ns election_min_ns = 500'000'000;
};

enum class stable_kind : std::uint8_t {
  pre_vote = 0,
  grant = 1,
  refuse = 2,
  beat = 3,
  beat_ack = 4
};

struct stable_message {
  stable_kind kind = stable_kind::beat;
  std::uint64_t attempt = 0;  // of a pre-vote, echoed by its answers
  ballot at;                  // of the leader that beats, or the strongest the answerer knows
};

// Election by silence: who has not heard a leader for a while asks the others whether they have not
// either (a pre-vote, which changes nothing and is not written down), and campaigns once a phase-1
// quorum agrees. A leader that no longer hears a phase-2 quorum stops. A sitting leader is never
// disturbed by a node that merely lost it, which is why a node that alone reaches a quorum may not
// get to lead while others still hear the old leader: no promise of progress under partial
// connectivity (hazard H24).
class stable {
 public:
  using message = stable_message;
  using options = stable_options;

  static constexpr bool progresses_when_partially_connected = false;
  static constexpr char const* name() { return "stable"; }

  explicit stable(options given = {}, std::uint64_t seed = 1) : options_(given), dice_(seed) {}

  template <class System>
  leader_advice tick(time_ns now, leader_situation<System> const& seen,
                     list<policy_send<message>>& out) {
    if (now < due_at_) return leader_advice::none;
    if (started_at_ == never) return begin(now);
    listen(seen);
    if (seen.phase == leading_phase::leading) return lead(now, seen, out);
    leading_since_ = never;
    checked_upto_ = seen.chosen_upto;
    if (now < election_at_) {
      due_at_ = election_at_;
      return leader_advice::none;
    }
    // Whoever slept through the end of the silence hears once what waits for it.
    excused_ = now - election_at_ >= options_.heartbeat_ns / 4 && !excused_;
    if (excused_) {
      due_at_ = election_at_ = now + options_.heartbeat_ns / 2;
      return leader_advice::none;
    }
    rest(now);
    if (std::exchange(wants_to_lead_, false)) return leader_advice::campaign;
    node_set const self = seen.members.only(seen.self) & seen.members.voters();
    if (!seen.eligible || self.empty()) return leader_advice::none;
    ++attempt_;
    granted_ = self;
    if (seen.quorums.phase1(granted_)) return leader_advice::campaign;
    out.push_back({seen.members.voters() - self, {stable_kind::pre_vote, attempt_, seen.promised}});
    return leader_advice::none;
  }

  template <class System>
  void step(time_ns now, node_id from, message const& got, leader_situation<System> const& seen,
            list<policy_send<message>>& out) {
    node_set const who = seen.members.only(from) & seen.members.voters();
    if (who.empty()) return;
    // Who has no vote to give must not look like a part of anybody's quorum.
    bool const votes = seen.eligible || SYNOD_MUTATION(amnesiac_supports);
    switch (got.kind) {
      case stable_kind::pre_vote: {
        // Granted only in silence: whoever leads, or heard a leader just now, sees no reason.
        listen(seen);
        bool const leads = seen.phase == leading_phase::leading;
        bool const heard = now - heard_at_ < options_.election_min_ns && heard_at_ != never;
        stable_kind const answer = leads || heard ? stable_kind::refuse : stable_kind::grant;
        if (votes) out.push_back({who, {answer, got.attempt, seen.promised}});
        break;
      }
      case stable_kind::grant:
        if (got.attempt != attempt_ || seen.phase != leading_phase::following) break;
        granted_ = granted_ | who;
        if (!seen.quorums.phase1(granted_)) break;
        granted_ = {};
        wants_to_lead_ = true;
        due_at_ = now;
        election_at_ = now;
        break;
      case stable_kind::refuse: break;
      case stable_kind::beat:
        // A leader below what this node has promised is answered too, so that it learns of it.
        if (got.at >= seen.promised) heard(from, got.at, now);
        if (votes) out.push_back({who, {stable_kind::beat_ack, 0, seen.promised}});
        break;
      case stable_kind::beat_ack:
        if (got.at <= seen.mine) acked_ = acked_ | who;
        break;
    }
  }

  // The silence is over, and what was granted in it with it.
  void heard(node_id, ballot, time_ns now) {
    heard_at_ = now;
    if (!SYNOD_MUTATION(grant_outlives_silence)) {
      wants_to_lead_ = false;
      ++attempt_;
    }
    rest(now);
  }
  void campaigned(ballot, time_ns now) {
    wants_to_lead_ = false;
    leading_since_ = now;
    acked_ = {};
    rest(now);
  }

  [[nodiscard]] bool may_promise(ballot, time_ns) const { return true; }
  [[nodiscard]] bool lease_valid(time_ns) const { return false; }
  [[nodiscard]] time_ns next_deadline() const { return due_at_; }

 private:
  // Under load, beats wait behind Accepts: whatever else its leader sends a follower ends the
  // silence as well.
  template <class System>
  void listen(leader_situation<System> const& seen) {
    bool const news = heard_at_ != never && seen.heard_at > heard_at_;
    if (news && !seen.followed.empty()) heard(seen.self, seen.followed, seen.heard_at);
  }

  // No campaign before one silence has passed since the start.
  leader_advice begin(time_ns now) {
    started_at_ = now;
    rest(now);
    return leader_advice::none;
  }

  template <class System>
  leader_advice lead(time_ns now, leader_situation<System> const& seen,
                     list<policy_send<message>>& out) {
    node_set const self = seen.members.only(seen.self);
    due_at_ = now + options_.heartbeat_ns;
    if (leading_since_ == never) leading_since_ = now;
    if (now - leading_since_ >= options_.election_min_ns) {
      node_set const heard = (acked_ | self) & seen.members.voters();
      // Whoever decides is answered by a quorum, even if the acknowledgements of its beats wait.
      bool const decides = seen.chosen_upto > std::exchange(checked_upto_, seen.chosen_upto);
      leading_since_ = now;
      acked_ = {};
      if (!decides && !seen.quorums.phase2(heard)) {
        rest(now);
        return leader_advice::step_down;
      }
    }
    out.push_back({seen.members.everybody() - self, {stable_kind::beat, 0, seen.mine}});
    return leader_advice::none;
  }

  // Waits for a silence of random length, so that two rarely wake together.
  void rest(time_ns now) {
    auto const span = static_cast<std::uint64_t>(options_.election_min_ns);
    election_at_ = now + options_.election_min_ns + static_cast<time_ns>(dice_.below(span));
    due_at_ = now + options_.heartbeat_ns;
  }

  options options_;
  generator dice_;
  time_ns started_at_ = never;
  time_ns due_at_ = 0;
  time_ns election_at_ = 0;
  time_ns heard_at_ = never;
  time_ns leading_since_ = never;
  slot checked_upto_;
  std::uint64_t attempt_ = 0;
  node_set granted_;
  node_set acked_;
  bool excused_ = false;  // the present silence was made longer
  bool wants_to_lead_ = false;
};

}  // namespace synod
