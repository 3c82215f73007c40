// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/storage/faulty.hpp>
#include <synod/storage/memory.hpp>
#include <synod/testing/simulate.hpp>
#include <synod/testing/single_decree.hpp>
#include <synod/testing/subject_disk.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

namespace {

using namespace synod::testing;
using synod::single_decree;

struct number_machine {
  using command = std::uint64_t;
  std::uint64_t last = 0;
  void apply(command const& by) { last = by; }
};
using numbers = cluster<single_decree<>, number_machine>;

simulation_options seed(std::uint64_t number) {
  simulation_options made;
  made.seed = number;
  made.length = 5'000'000'000;
  return made;
}

TEST(cluster, a_seed_is_one_run_and_another_seed_another) {
  simulation_report const first = simulate<numbers>(seed(1));
  simulation_report const again = simulate<numbers>(seed(1));
  EXPECT_EQ(first.trace_hash, again.trace_hash);
  EXPECT_EQ(first.events, again.events);
  EXPECT_NE(first.trace_hash, simulate<numbers>(seed(2)).trace_hash);
}

TEST(cluster, recording_changes_nothing_but_the_trace) {
  simulation_options wanted = seed(3);
  simulation_report const silent = simulate<numbers>(wanted);
  wanted.record = true;
  simulation_report const recorded = simulate<numbers>(wanted);
  EXPECT_EQ(silent.trace_hash, recorded.trace_hash);
  EXPECT_TRUE(silent.trace.empty());
  EXPECT_NE(recorded.trace.find("decides"), std::string::npos);
}

TEST(cluster, good_seeds_are_good_and_not_idle) {
  std::uint64_t operations = 0;
  for (std::uint64_t number = 1; number <= 20; ++number) {
    simulation_report const one = simulate<numbers>(seed(number));
    ASSERT_TRUE(one.good()) << "seed " << number << ": " << one.violations.front().text;
    operations += one.operations;
  }
  EXPECT_GT(operations, 1000U);
}

TEST(cluster, without_faults_nothing_goes_wrong_and_little_happens) {
  simulation_options wanted = seed(4);
  wanted.faults = fault_families::none();
  wanted.record = true;
  simulation_report const one = simulate<numbers>(wanted);
  EXPECT_TRUE(one.good());
  EXPECT_EQ(one.trace.find("is down"), std::string::npos);
}

// A core that forgets its votes at a restart.
template <class Command>
class forgetful_core : public synod::single_decree_core<Command, synod::majority> {
 public:
  using inner = synod::single_decree_core<Command, synod::majority>;
  using inner::inner;

  void restore(synod::record<Command> const& saved) {
    if (saved.kind != synod::record_kind::vote) inner::restore(saved);
  }
};
struct forgetful {
  template <class Machine>
  using core = forgetful_core<typename Machine::command>;
  template <class Machine, class Coder>
  using wire = synod::single_decree_wire<typename Machine::command, Coder>;
};

}  // namespace

template <>
struct synod::testing::protocol_setup<forgetful>
    : synod::testing::protocol_setup<synod::single_decree<>> {};

namespace {

TEST(cluster, a_protocol_that_forgets_is_caught_and_the_schedule_shrinks_and_replays) {
  using broken = cluster<forgetful, number_machine>;
  simulation_report failed;
  for (std::uint64_t number = 1; number <= 50 && failed.good(); ++number) {
    failed = simulate<broken>(seed(number));
  }
  ASSERT_FALSE(failed.good());
  EXPECT_FALSE(failed.stalled);
  minimal_failure const least = shrink<broken>(failed.failed);
  EXPECT_FALSE(least.report.good());
  EXPECT_LE(least.kept.size(), 12U);
  EXPECT_LT(least.kept.size(), least.planned);
  EXPECT_NE(least.report.trace.find("!! "), std::string::npos);

  cluster_options again = failed.failed;
  again.kept = &least.kept;
  broken once_more(again);
  EXPECT_EQ(once_more.run().trace_hash, least.report.trace_hash);
}

// A storage of a user's own, which may say that something is durable before it is.
struct owned_memory {
  using storage_type = synod::faulty<synod::memory>;

  explicit owned_memory(std::uint64_t number) : name(number) { wipe(); }

  storage_type* open() {
    log->inner().reopen();
    heal();
    return log.get();
  }
  void crash() {
    if (forgets) wipe_records();
    log->inner().crash();
  }
  void wipe() {
    ++stores;
    wipe_records();
  }
  void wipe_records() {
    log = std::make_unique<storage_type>(synod::memory({name, stores}), UINT64_MAX);
  }
  void fail_after(std::uint64_t calls) { log->rearm(calls); }
  void heal() { log->rearm(UINT64_MAX); }
  bool struck() const { return log->struck(); }

  static inline bool forgets = false;
  std::uint64_t name;
  std::uint64_t stores = 0;
  std::unique_ptr<storage_type> log;
};

TEST(cluster, a_storage_of_a_users_own_is_simulated_and_a_forgetful_one_is_caught) {
  using owned =
      cluster<single_decree<>, number_machine, synod::fixed_codec, subject_disk<owned_memory>>;
  std::uint64_t operations = 0;
  for (std::uint64_t number = 1; number <= 10; ++number) {
    simulation_report const one = simulate<owned>(seed(number));
    ASSERT_TRUE(one.good()) << "seed " << number << ": " << one.violations.front().text;
    operations += one.operations;
  }
  EXPECT_GT(operations, 500U);
  owned_memory::forgets = true;
  bool caught = false;
  for (std::uint64_t number = 1; number <= 10; ++number) {
    caught = caught || !simulate<owned>(seed(number)).good();
  }
  owned_memory::forgets = false;
  EXPECT_TRUE(caught);
}

// A command of a user's own, with a codec of a user's own.
struct order {
  std::uint32_t item = 0;
  std::string buyer;

  static order sample(random_source& random, std::uint64_t number) {
    return {static_cast<std::uint32_t>(number), "buyer " + std::to_string(random.below(5))};
  }
};
struct order_codec {
  void encode(order const& from, std::vector<std::byte>& into) const {
    synod::wire_writer out(into);
    out(from.item);
    out.bytes(std::as_bytes(std::span(from.buyer)));
  }
  [[nodiscard]] bool decode(std::span<std::byte const> bytes, order& to) const {
    synod::wire_reader in(bytes);
    in(to.item);
    auto const rest = in.bytes(in.remaining());
    to.buyer.assign(reinterpret_cast<char const*>(rest.data()), rest.size());
    return in.finished();
  }
};
struct shop {
  using command = order;
  std::uint64_t sold = 0;
  void apply(order const&) { ++sold; }
};

TEST(cluster, runs_a_machine_and_a_codec_of_ones_own) {
  for (std::uint64_t number = 1; number <= 5; ++number) {
    simulation_report const one =
        simulate<cluster<single_decree<>, shop, order_codec>>(seed(number));
    EXPECT_TRUE(one.good()) << one.violations.front().text;
  }
}

TEST(fault_families, are_read_and_written) {
  fault_families some;
  ASSERT_TRUE(fault_families::parse("network,disk", some));
  EXPECT_EQ(some.text(), "network,disk");
  ASSERT_TRUE(fault_families::parse("all", some));
  EXPECT_EQ(some, fault_families::all());
  ASSERT_TRUE(fault_families::parse("none", some));
  EXPECT_TRUE(some.empty());
  EXPECT_EQ(some.text(), "none");
  EXPECT_FALSE(fault_families::parse("weather", some));
}

TEST(swarm, plans_within_its_ground_and_uses_every_kind_somewhere) {
  fault_ground ground;
  ground.until = 10'000'000'000;
  ground.families = fault_families::all();
  std::vector<int> used(fault_kind_count, 0);
  for (std::uint64_t number = 0; number < 300; ++number) {
    fault_plan const plan = swarm(random_source(number)).plan(ground);
    synod::time_ns before = 0;
    for (fault const& one : plan) {
      ASSERT_GE(one.at, before);
      ASSERT_GE(one.until, one.at);
      ASSERT_LE(one.until, ground.until);
      ASSERT_LT(one.node.value, ground.nodes);
      before = one.at;
      ++used[static_cast<std::size_t>(one.kind)];
    }
  }
  for (std::size_t i = 0; i < fault_kind_count; ++i) {
    EXPECT_GT(used[i], 0) << name_of(static_cast<fault_kind>(i));
  }
  ground.families = fault_families().with(fault_family::clock);
  for (fault const& one : swarm(random_source(1)).plan(ground)) {
    EXPECT_EQ(describe(one.kind).family, fault_family::clock);
  }
}

}  // namespace
