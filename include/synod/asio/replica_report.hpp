// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/replica_state.hpp>

// What a replica says of itself: a part of replica_state.hpp.

namespace synod::asio {

// The quorum that takes least: of all voters, those are left out first that can be spared and are
// furthest from accepting.
template <class P, class M, class S, class T, class C, class O>
std::vector<node_id> replica_state<P, M, S, T, C, O>::nearest_quorum(open_slot const& of) const {
  std::vector<node_id> all;
  if constexpr (requires { typename P::quorum_family; }) {
    membership const& members = node_->core().members();
    auto const bound = P::quorum_family::bind(members);
    if (!bound.system.has_value()) return all;
    node_set chosen = members.voters();
    for (auto const* const list : {&of.unlinked, &of.silent}) {
      for (std::size_t i = list->size(); i-- > 0;) {
        node_set fewer = chosen;
        fewer.erase(members.find((*list)[i])->index);
        if (bound.system->phase2(fewer)) chosen = fewer;
      }
    }
    for (member const& one : members.members()) {
      if (chosen.contains(one.index)) all.push_back(one.id);
    }
  }
  return all;
}

// The first slots that were proposed here and are not decided, and who has not accepted them.
template <class P, class M, class S, class T, class C, class O>
std::vector<open_slot> replica_state<P, M, S, T, C, O>::open_slots() const {
  constexpr std::size_t shown_max = 8;
  std::vector<open_slot> all;
  core_type const& core = node_->core();
  if constexpr (requires(slot at) { core.votes(at).contains(node_index()); }) {
    for (slot at = core.chosen_upto().next(); at <= core.last_proposed() && all.size() < shown_max;
         at = at.next()) {
      open_slot one;
      one.at = at;
      node_set const voted = core.votes(at);
      for (member const& other : core.members().members()) {
        if (other.role != member_role::voter) continue;
        bool const here = other.id == node_->self() || links_.linked(other.id);
        auto& list = voted.contains(other.index) ? one.voted : here ? one.silent : one.unlinked;
        list.push_back(other.id);
      }
      one.would_do = nearest_quorum(one);
      all.push_back(std::move(one));
    }
  }
  return all;
}

template <class P, class M, class S, class T, class C, class O>
replica_status replica_state<P, M, S, T, C, O>::status() const {
  if (ended_) {
    replica_status made = last_;
    made.phase = phase_;
    made.why = why_;
    made.leads = made.preparing = false;
    return made;
  }
  replica_status made;
  made.phase = phase_;
  made.self = node_id(options_.id);
  made.protocol = P::name();
  made.elects_leader = P::elects_leader;
  made.operations = book_.size();
  made.read_only = short_of_space_;
  made.data = options_.data;
  if (node_ == nullptr) return made;
  made.store = log_->store();
  made.life = log_->life();
  made.cluster = node_->boot().cluster();
  made.links = links_.status();
  made.frames_received = links_.frames_received();
  made.frames_refused = links_.refused().total() + node_->rejected().total();
  if (!node_->running()) return made;
  core_type const& core = node_->core();
  made.leader = core.hint();
  made.leads = core.leads();
  if constexpr (requires { core.phase(); }) {
    made.preparing = core.phase() == leading_phase::preparing;
  }
  made.highest_seen = core.highest_seen();
  made.members = core.members();
  made.applied = node_->execution().applied();
  made.chosen_upto = core.chosen_upto();
  made.last_proposed = core.last_proposed();
  made.floor = core.floor();
  made.open = open_slots();
  made.sessions = node_->execution().clients().sessions();
  return made;
}

}  // namespace synod::asio
