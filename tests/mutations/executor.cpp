// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/machine/counter.hpp>
#include <synod/runtime/executor.hpp>

#include <gtest/gtest.h>

#include "support/executions.hpp"
#include "support/mutated.hpp"

using namespace synod;
using support::batch_of;
using support::members;
using support::mutated;

namespace {

using counting = executor<counter, fixed_codec>;
using long_command = std::int64_t;

executor_options small() { return {{.alpha = 4}, members(1), true}; }

void decide(counting& on, slot_value<long_command> const& value) {
  null_sink nobody;
  on.apply(on.applied().next(), value, nobody);
}

// Opens session 1, adds 5, and decides a configuration.
void begin(counting& on) {
  decide(on, support::opening<long_command>());
  decide(on, batch_of<long_command>(session_id(1 << 16), 1, {5}));
  decide(on, slot_value<long_command>::of(members(2, 4)));
}

// A node that installed a snapshot must go on like one that applied everything (I3, I7).
bool installed_goes_on_like_applied() {
  counting whole({}, {}, small());
  begin(whole);
  counting installed({}, {}, small());
  EXPECT_FALSE(support::install(installed, support::snapshot_of(whole)));
  for (counting* on : {&whole, &installed}) {
    decide(*on, batch_of<long_command>(session_id(1 << 16), 1, {5}));
    decide(*on, slot_value<long_command>::of(members(3, 5)));
  }
  return support::snapshot_of(whole) == support::snapshot_of(installed) &&
         whole.configurations().size() == installed.configurations().size();
}

bool a_retry_counts_once() {
  counting on({}, {}, small());
  begin(on);
  decide(on, batch_of<long_command>(session_id(1 << 16), 1, {5}));
  return on.state().total == 5;
}

bool applied_never_goes_back() {
  counting on({}, {}, small());
  decide(on, support::opening<long_command>());
  auto const early = support::snapshot_of(on);
  decide(on, batch_of<long_command>(session_id(1 << 16), 1, {5}));
  slot const before = on.applied();
  (void)support::install(on, early);
  return on.applied() >= before;
}

}  // namespace

TEST(executor_mutations, nothing_is_caught_without_one) {
  EXPECT_TRUE(installed_goes_on_like_applied());
  EXPECT_TRUE(a_retry_counts_once());
  EXPECT_TRUE(applied_never_goes_back());
}

TEST(executor_mutations, applying_without_the_table_is_caught) {
  mutated on("h23_apply_without_the_table");
  EXPECT_FALSE(a_retry_counts_once());
}

TEST(executor_mutations, a_snapshot_without_sessions_is_caught) {
  mutated on("h22c_snapshot_without_sessions");
  EXPECT_FALSE(installed_goes_on_like_applied());
}

TEST(executor_mutations, installing_what_is_older_is_caught) {
  mutated on("h22d_install_what_is_older");
  EXPECT_FALSE(applied_never_goes_back());
}
