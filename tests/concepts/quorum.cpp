// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <synod/core/concepts.hpp>
#include <synod/quorum/counted.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/quorum/grid.hpp>
#include <synod/quorum/majority.hpp>

#include <string_view>

namespace {

using synod::membership;
using synod::node_set;

enum class part { none, phase1, phase2, copies, bind, name };

template <part Without>
struct least_system {
  least_system() = default;
  least_system(least_system const&) requires(Without != part::copies) = default;
  least_system& operator=(least_system const&) requires(Without != part::copies) = default;
  bool phase1(node_set) const requires(Without != part::phase1);
  bool phase2(node_set) const requires(Without != part::phase2);
};

static_assert(synod::quorum_system<least_system<part::none>>);
static_assert(!synod::quorum_system<least_system<part::phase1>>);
static_assert(!synod::quorum_system<least_system<part::phase2>>);
static_assert(!synod::quorum_system<least_system<part::copies>>);

struct counts_instead_of_deciding {
  int phase1(node_set) const;
  int phase2(node_set) const;
};
static_assert(!synod::quorum_system<counts_instead_of_deciding>);

template <part Without>
struct least_quorum {
  using system = least_system<Without>;
  static synod::bound_quorums<system> bind(membership const&) requires(Without != part::bind);
  static char const* name() requires(Without != part::name);
};

static_assert(synod::quorum<least_quorum<part::none>>);
static_assert(!synod::quorum<least_quorum<part::phase1>>);
static_assert(!synod::quorum<least_quorum<part::phase2>>);
static_assert(!synod::quorum<least_quorum<part::bind>>);
static_assert(!synod::quorum<least_quorum<part::name>>);

struct without_system {
  static int bind(membership const&);
  static char const* name();
};
static_assert(!synod::quorum<without_system>);

struct without_conflict {
  using system = least_system<part::none>;
  static system bind(membership const&);
  static char const* name();
};
static_assert(!synod::quorum<without_conflict>);

static_assert(synod::quorum<synod::majority>);
static_assert(synod::quorum<synod::counted>);
static_assert(synod::quorum<synod::flexible<4, 2>>);
static_assert(synod::quorum<synod::grid<3>>);

}  // namespace

TEST(quorum_concept, models_have_names_of_their_own) {
  EXPECT_NE(std::string_view(synod::majority::name()), std::string_view(synod::counted::name()));
  EXPECT_NE(std::string_view(synod::majority::name()), std::string_view(synod::grid<3>::name()));
}
