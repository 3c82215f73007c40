// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <synod/core/concepts.hpp>

// The least model of each concept models it, and lacks it as soon as one requirement is taken away.
// The pattern is the same in all files of this folder: a template whose members each require that
// they are not the one left out.

namespace {

enum class part { none, apply };

template <part Without>
struct least_machine {
  struct command {};
  void apply(command const&) requires(Without != part::apply);
};

static_assert(synod::machine<least_machine<part::none>>);
static_assert(!synod::machine<least_machine<part::apply>>);

struct without_command {
  void apply(int);
};
static_assert(!synod::machine<without_command>);

struct with_command_that_cannot_be_copied {
  struct command {
    command(command const&) = delete;
  };
  void apply(command const&);
};
static_assert(!synod::machine<with_command_that_cannot_be_copied>);

struct with_command_taken_for_writing {
  struct command {};
  void apply(command&);
};
static_assert(!synod::machine<with_command_taken_for_writing>);

// A model as people write it.
struct counter {
  using command = long;
  long total = 0;
  long apply(command const& by) { return total += by; }
};
static_assert(synod::machine<counter>);

}  // namespace

TEST(machine_concept, a_model_runs) { EXPECT_EQ(counter{}.apply(3), 3); }
