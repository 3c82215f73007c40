// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/quorum/counted.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/quorum/grid.hpp>
#include <synod/quorum/majority.hpp>
#include <synod/quorum/weighted.hpp>
#include <synod/testing/invariants/quorum_rule.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace synod_sim {

// The family that --quorum names, chosen when the program runs: a cluster is a lot to compile, and
// which of these counts the votes is the least part of it. Each family stands behind it unchanged.
struct named_quorum {
  // flexible<N - 1, 2> for the number of nodes N that the run has.
  template <std::uint32_t N>
  using nearly_all = synod::flexible<N - 1, 2>;

  static constexpr unsigned flexible_from = 3;
  static constexpr unsigned flexible_to = 7;
  static constexpr char const* families[] = {"majority", "flexible", "counted", "grid", "weighted"};

  // What binds from here on. Returns: whether there is such a family for so many nodes.
  static bool choose(std::string const& family, unsigned nodes) {
    family_ = family;
    nodes_ = nodes;
    return with_chosen([](auto) { return true; }, [] { return false; });
  }

  class system {
   public:
    [[nodiscard]] bool phase1(synod::node_set members) const {
      return std::visit([&](auto const& one) { return one.phase1(members); }, one_);
    }
    [[nodiscard]] bool phase2(synod::node_set members) const {
      return std::visit([&](auto const& one) { return one.phase2(members); }, one_);
    }

   private:
    friend named_quorum;
    using any = std::variant<synod::count_system, synod::grid_system, synod::weighted_system>;
    explicit system(any one) : one_(std::move(one)) {}
    any one_;
  };

  static char const* name() { return family_.c_str(); }

  static synod::bound_quorums<system> bind(synod::membership const& members) {
    using bound = synod::bound_quorums<system>;
    return with_chosen(
        [&](auto family) -> bound {
          auto made = decltype(family)::bind(members);
          if (!made.system) return {{}, made.conflict};
          return {system(*std::move(made.system)), {}};
        },
        [] { return bound(); });
  }

  // The table that checkers go by, which shares no line with the family.
  static synod::testing::quorum_rule rule(synod::membership const& members) {
    return with_chosen(
        [&](auto family) { return synod::testing::rule_of<decltype(family)>::with(members); },
        [] { return synod::testing::quorum_rule(); });
  }

 private:
  template <class Use, class Otherwise>
  static std::invoke_result_t<Otherwise> with_chosen(Use use, Otherwise otherwise) {
    if (family_ == "majority") return use(synod::majority());
    if (family_ == "counted") return use(synod::counted());
    if (family_ == "grid") return use(synod::grid<>());
    if (family_ == "weighted") return use(synod::weighted());
    if (family_ != "flexible") return otherwise();
    switch (nodes_) {
      case 3: return use(nearly_all<3>());
      case 4: return use(nearly_all<4>());
      case 5: return use(nearly_all<5>());
      case 6: return use(nearly_all<6>());
      case 7: return use(nearly_all<7>());
      default: return otherwise();
    }
  }

  static inline std::string family_ = "majority";
  static inline unsigned nodes_ = 0;
};

}  // namespace synod_sim

template <>
struct synod::testing::rule_of<synod_sim::named_quorum> {
  static quorum_rule with(membership const& members) {
    return synod_sim::named_quorum::rule(members);
  }
};
