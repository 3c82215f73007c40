// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/membership.hpp>
#include <synod/core/node_set.hpp>
#include <synod/quorum/counted.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/quorum/grid.hpp>
#include <synod/quorum/majority.hpp>
#include <synod/quorum/weighted.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/random.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace synod::testing {

// Who is a quorum, written down as a table of all sets of voters: the checkers look it up there and
// so share no line with the tallies that they check. The tables of the families of the library are
// filled by counting on fingers; one of a user's own family is filled from its predicates, which
// I11 then checks for every pair.
class quorum_rule {
 public:
  static constexpr unsigned voters_max = 16;

  quorum_rule() = default;

  // Requires: at most 16 voters. Calls phase1(chosen) and phase2(chosen), which are given one flag
  // for each voter in rising order of its index.
  template <class Phase1, class Phase2>
  quorum_rule(node_set voters, Phase1&& phase1, Phase2&& phase2) : voters_(voters) {
    std::size_t const count = std::size_t{1} << voters.size();
    table_.clear();
    for (std::size_t set = 0; set < count; ++set) {
      std::vector<bool> chosen;
      for (unsigned i = 0; i < voters.size(); ++i) chosen.push_back((set >> i & 1U) != 0);
      table_.push_back(
          static_cast<std::uint8_t>((phase1(chosen) ? 1 : 0) | (phase2(chosen) ? 2 : 0)));
    }
  }

  static quorum_rule counting(node_set voters, unsigned first, unsigned second) {
    auto const at_least = [](unsigned wanted) {
      return [wanted](std::vector<bool> const& chosen) {
        unsigned count = 0;
        for (bool const one : chosen) count += one ? 1 : 0;
        return count >= wanted;
      };
    };
    return {voters, at_least(first), at_least(second)};
  }
  static quorum_rule gridded(node_set voters, unsigned columns) {
    auto const phase1 = [columns](std::vector<bool> const& chosen) {
      for (std::size_t row = 0; row < chosen.size(); row += columns) {
        bool any = false;
        for (std::size_t i = row; i < row + columns && i < chosen.size(); ++i) {
          any = any || chosen[i];
        }
        if (!any) return false;
      }
      return true;
    };
    auto const phase2 = [columns](std::vector<bool> const& chosen) {
      for (std::size_t row = 0; row < chosen.size(); row += columns) {
        bool all = true;
        for (std::size_t i = row; i < row + columns && i < chosen.size(); ++i) {
          all = all && chosen[i];
        }
        if (all) return true;
      }
      return false;
    };
    return {voters, phase1, phase2};
  }

  [[nodiscard]] node_set voters() const { return voters_; }
  [[nodiscard]] bool phase1(node_set members) const { return (table_[row_of(members)] & 1U) != 0; }
  [[nodiscard]] bool phase2(node_set members) const { return (table_[row_of(members)] & 2U) != 0; }

  // I11: every phase-1 quorum meets every phase-2 quorum, and somebody can form both.
  void check(violations& found) const {
    std::size_t const all = table_.size() - 1;
    for (std::size_t set = 0; set < table_.size(); ++set) {
      if ((table_[set] & 1U) != 0 && (table_[all - set] & 2U) != 0) {
        found.add("I11", "the phase-1 quorum %llx and the phase-2 quorum %llx do not meet",
                  wide(set), wide(all - set));
        return;
      }
    }
    if (table_[all] != 3) found.add("I11", "not even all %u voters are a quorum", voters_.size());
  }

  // Whether the voters that are left can still form a quorum of either kind.
  [[nodiscard]] bool works_without(node_set missing) const {
    return phase1(voters_ - missing) && phase2(voters_ - missing);
  }

 private:
  [[nodiscard]] std::size_t row_of(node_set members) const {
    std::size_t row = 0;
    unsigned place = 0;
    voters_.for_each([&](node_index at) {
      if (members.contains(at)) row |= std::size_t{1} << place;
      ++place;
    });
    return row;
  }

  node_set voters_;
  std::vector<std::uint8_t> table_{0};
};

// The rule of a family for some members. A family of one's own may specialise this.
template <class Quorum>
struct rule_of {
  static quorum_rule with(membership const& members) {
    auto const bound = Quorum::bind(members);
    if (!bound.system) return {};
    auto const set_of = [&members](std::vector<bool> const& chosen) {
      node_set set;
      std::size_t next = 0;
      members.voters().for_each([&](node_index at) {
        if (chosen[next++]) set.insert(at);
      });
      return set;
    };
    return {members.voters(),
            [&](std::vector<bool> const& chosen) { return bound.system->phase1(set_of(chosen)); },
            [&](std::vector<bool> const& chosen) { return bound.system->phase2(set_of(chosen)); }};
  }
};
template <>
struct rule_of<majority> {
  static quorum_rule with(membership const& members) {
    unsigned most = 1;
    while (most * 2 <= members.voters().size()) ++most;
    return quorum_rule::counting(members.voters(), most, most);
  }
};
template <std::uint32_t Q1, std::uint32_t Q2, std::uint32_t N>
struct rule_of<flexible<Q1, Q2, N>> {
  static quorum_rule with(membership const& members) {
    return quorum_rule::counting(members.voters(), Q1, Q2);
  }
};
template <>
struct rule_of<counted> {
  static quorum_rule with(membership const& members) {
    return quorum_rule::counting(members.voters(), members.spec().phase1, members.spec().phase2);
  }
};
template <std::uint32_t Columns>
struct rule_of<grid<Columns>> {
  static quorum_rule with(membership const& members) {
    return quorum_rule::gridded(members.voters(), Columns != 0 ? Columns : members.spec().columns);
  }
};
template <>
struct rule_of<weighted> {
  static quorum_rule with(membership const& members) {
    std::vector<unsigned> weights;  // by rising index, as the flags come
    unsigned whole = 0;
    members.voters().for_each([&](node_index at) {
      for (member const& one : members.members()) {
        if (one.index == at) weights.push_back(one.weight);
      }
      whole += weights.back();
    });
    auto const heavier = [&weights](unsigned than) {
      return [&weights, than](std::vector<bool> const& chosen) {
        unsigned sum = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) sum += chosen[i] ? weights[i] : 0;
        return sum > than;
      };
    };
    auto const least = [whole](unsigned named) { return named != 0 ? named - 1 : whole / 2; };
    return {members.voters(), heavier(least(members.spec().phase1)),
            heavier(least(members.spec().phase2))};
  }
};

// What the family itself says, with every set of voters asked alone and together with everybody who
// has no vote: it must say what the rule says, and learners must not count (hazards H11, H12).
template <class Quorum>
void check_system(membership const& members, violations& found) {
  auto const bound = Quorum::bind(members);
  if (!bound.system) {
    found.add("I11", "these members have no quorums, but the run was given them");
    return;
  }
  quorum_rule const rule = rule_of<Quorum>::with(members);
  node_set const bystanders = members.everybody() - members.voters();
  std::uint64_t const all = members.voters().bits();
  for (std::uint64_t set = all;; set = (set - 1) & all) {
    for (node_set const asked : {node_set(set), node_set(set) | bystanders}) {
      bool const same = bound.system->phase1(asked) == rule.phase1(asked) &&
                        bound.system->phase2(asked) == rule.phase2(asked);
      if (same) continue;
      found.add("I11", "the set %llx is a quorum for one and not for the other",
                wide(asked.bits()));
      return;
    }
    if (set == 0) return;
  }
}

// Members and numbers at random: what the family accepts has quorums that meet, whatever it was
// given.
template <class Quorum>
void probe_family(random_source random, violations& found) {
  auto const count = static_cast<std::uint8_t>(1 + random.below(6));
  std::vector<member> everybody;
  for (std::uint8_t i = 0; i < count; ++i) {
    member one;
    one.id = node_id(i);
    one.index = node_index(i);
    everybody.push_back(one);
  }
  quorum_spec spec;
  spec.phase1 = static_cast<std::uint32_t>(random.below(7));
  spec.phase2 = static_cast<std::uint32_t>(random.below(7));
  spec.columns = static_cast<std::uint32_t>(random.below(4));
  auto const made = membership::make(config_number(), std::move(everybody), spec);
  if (!made) return;
  auto const bound = Quorum::bind(*made);
  if (!bound.system) return;
  std::uint64_t const all = made->voters().bits();
  for (std::uint64_t set = all;; set = (set - 1) & all) {
    node_set const inside(set);
    if (bound.system->phase1(inside) && bound.system->phase2(made->voters() - inside)) {
      found.add("I11", "of %u voters %llx is accepted for phase 1 and the rest for phase 2",
                made->voters().size(), wide(set));
      return;
    }
    if (set == 0) return;
  }
}

}  // namespace synod::testing
