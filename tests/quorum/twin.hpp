// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <vector>

#include <synod/core/membership.hpp>

// A deliberately dumb twin of the quorum families: it keeps members in a vector and counts with
// loops, and shares no line with what it checks.
namespace twin {

using group = std::vector<bool>;  // by position in the membership

inline group members_of(synod::membership const& all, synod::node_set set) {
  group made;
  for (synod::member const& one : all.members()) made.push_back(set.contains(one.index));
  return made;
}

inline int voters_in(synod::membership const& all, group const& some) {
  int count = 0;
  for (std::size_t i = 0; i < some.size(); ++i) {
    if (some[i] && all.members()[i].role == synod::member_role::voter) ++count;
  }
  return count;
}

inline bool share_a_voter(synod::membership const& all, group const& a, group const& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] && b[i] && all.members()[i].role == synod::member_role::voter) return true;
  }
  return false;
}

// The position of the member with the nth lowest index among the voters.
inline std::size_t nth_voter(synod::membership const& all, int nth) {
  for (int index = 0; index < 64; ++index) {
    for (std::size_t i = 0; i < all.members().size(); ++i) {
      synod::member const& one = all.members()[i];
      if (one.index.value == index && one.role == synod::member_role::voter && nth-- == 0) return i;
    }
  }
  return SIZE_MAX;
}

inline bool one_of_every_row(synod::membership const& all, group const& some, int columns) {
  int const voters = voters_in(all, group(all.members().size(), true));
  for (int first = 0; first < voters; first += columns) {
    bool hit = false;
    for (int at = first; at < first + columns && at < voters; ++at) {
      if (some[nth_voter(all, at)]) hit = true;
    }
    if (!hit) return false;
  }
  return true;
}

inline bool all_of_one_row(synod::membership const& all, group const& some, int columns) {
  int const voters = voters_in(all, group(all.members().size(), true));
  for (int first = 0; first < voters; first += columns) {
    bool complete = true;
    for (int at = first; at < first + columns && at < voters; ++at) {
      if (!some[nth_voter(all, at)]) complete = false;
    }
    if (complete) return true;
  }
  return false;
}

}  // namespace twin

namespace fixture {

// `voters` voters and `learners` learners. Indexes leave gaps and fall as ids rise, so that nothing
// works by the accident that position, id and index are the same.
inline synod::membership members(unsigned voters, unsigned learners = 0,
                                 synod::quorum_spec spec = {}) {
  std::vector<synod::member> all;
  unsigned const count = voters + learners;
  unsigned voting = 0;
  for (unsigned i = 0; i < count; ++i) {
    // Voters and learners take turns until one kind is used up.
    bool const votes = voting < voters && (i % 2 == 0 || i - voting == learners);
    if (votes) ++voting;
    synod::member one;
    one.id = synod::node_id(100 + i);
    one.index = synod::node_index(static_cast<std::uint8_t>(3 * (count - i) - (i % 2)));
    one.role = votes ? synod::member_role::voter : synod::member_role::learner;
    all.push_back(one);
  }
  auto made = synod::membership::make(synod::config_number(1), all, spec);
  return made ? *made : synod::membership();
}

// Every subset of a set, itself and the empty one included.
inline std::vector<synod::node_set> subsets(synod::node_set of) {
  std::vector<synod::node_set> all;
  std::uint64_t part = of.bits();
  for (;; part = (part - 1) & of.bits()) {
    all.push_back(synod::node_set(part));
    if (part == 0) return all;
  }
}

}  // namespace fixture
