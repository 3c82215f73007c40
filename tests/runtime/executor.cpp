// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/core/generator.hpp>
#include <synod/machine/counter.hpp>
#include <synod/machine/kv.hpp>
#include <synod/quorum/flexible.hpp>
#include <synod/runtime/executor.hpp>

#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/archive_codec.hpp"
#include "support/executions.hpp"

#include <map>

using namespace synod;
using support::batch_of;
using support::members;
using support::opening;
using support::written_sink;
using lines = std::vector<std::string>;

namespace {

using counting = executor<counter, fixed_codec>;
using long_command = std::int64_t;

executor_options small() {
  return {
      {.alpha = 4, .session_capacity = 2, .replies_kept = 4, .in_flight_max = 4}, members(1), true};
}

struct bench {
  explicit bench(executor_options given = small()) : on({}, {}, given) {}

  counting on;
  written_sink sink;

  lines apply(slot_value<long_command> const& value) {
    on.apply(on.applied().next(), value, sink);
    return sink.take();
  }
  session_id open() {
    apply(opening<long_command>());
    return sink.last_opened;
  }
};

}  // namespace

TEST(executor, applies_each_command_once_however_often_it_is_decided) {
  bench b;
  session_id const s = b.open();
  EXPECT_EQ(b.apply(batch_of<long_command>(s, 1, {5, 6})),
            (lines{"done 1/1 @2.0 = 5", "done 1/2 @2.1 = 11"}));
  EXPECT_EQ(b.apply(batch_of<long_command>(s, 2, {6, 7})),
            (lines{"cached 1/2 @2.1 = 8", "done 1/3 @3.1 = 18"}));
  EXPECT_EQ(b.on.state().total, 18);
  EXPECT_EQ(b.on.applied(), slot(3));
}

TEST(executor, two_in_one_batch_of_which_one_is_a_duplicate) {
  bench b;
  session_id const s = b.open();
  batch<long_command> twice;
  twice.add(s, sequence(1), sequence(), 5);
  twice.add(s, sequence(1), sequence(), 5);
  EXPECT_EQ(b.apply(std::move(twice)), (lines{"done 1/1 @2.0 = 5", "cached 1/1 @2.0 = 8"}));
}

// Without a leader, two commands of one client may be decided the wrong way round. Where a session
// may have one under way, the later one does not take effect before its client knows of the
// earlier.
TEST(executor, with_one_under_way_the_commands_of_a_client_keep_their_order) {
  executor_options given = small();
  given.limits.in_flight_max = 1;
  bench b(given);
  session_id const s = b.open();
  EXPECT_EQ(b.apply(batch_of<long_command>(s, 2, {6})), (lines{"refused 1/2 @2.0"}));
  EXPECT_EQ(b.apply(batch_of<long_command>(s, 1, {5})), (lines{"done 1/1 @3.0 = 5"}));
  EXPECT_EQ(b.on.state().total, 5);
}

// Where it may have several, its session asks for order: a later one waits nowhere, but is put into
// another slot by its client.
TEST(executor, a_session_that_wants_order_has_it_through_snapshots_too) {
  bench b;
  b.apply(slot_value<long_command>::of(session_change{session_change::order_bit, 1}, 0));
  session_id const s = b.sink.last_opened;
  EXPECT_EQ(b.apply(batch_of<long_command>(s, 2, {6, 7})),
            (lines{"early 1/2 @2.0", "early 1/3 @2.1"}));
  bench other;
  ASSERT_FALSE(support::install(other.on, support::snapshot_of(b.on)));
  for (bench* each : {&b, &other}) {
    EXPECT_EQ(each->apply(batch_of<long_command>(s, 1, {5})), (lines{"done 1/1 @3.0 = 5"}));
    EXPECT_EQ(each->apply(batch_of<long_command>(s, 3, {7})), (lines{"early 1/3 @4.0"}));
    EXPECT_EQ(each->apply(batch_of<long_command>(s, 1, {5, 6, 7})),
              (lines{"cached 1/1 @3.0 = 8", "done 1/2 @5.1 = 11", "done 1/3 @5.2 = 18"}));
  }
  EXPECT_EQ(b.on.digest(), other.on.digest());
}

TEST(executor, says_what_was_not_applied) {
  bench b;
  session_id const s = b.open();
  EXPECT_EQ(b.apply(batch_of<long_command>(s, 9, {1})), (lines{"refused 1/9 @2.0"}));
  EXPECT_EQ(b.apply(batch_of<long_command>(session_id(77 << 16), 1, {1})),
            (lines{"expired 77/1 @3.0"}));
  EXPECT_EQ(b.apply(batch_of<long_command>(session_id(), 1, {1})), (lines{"expired 0/1 @4.0"}));
  EXPECT_EQ(b.on.state().total, 0);
}

TEST(executor, a_late_retry_after_eviction_is_not_executed) {
  bench b;
  session_id const s = b.open();
  b.apply(batch_of<long_command>(s, 1, {5}));
  b.open();
  b.open();
  EXPECT_EQ(b.apply(batch_of<long_command>(s, 1, {5})), (lines{"expired 1/1 @5.0"}));
  EXPECT_EQ(b.on.state().total, 5);
}

TEST(executor, a_noop_changes_nothing_and_a_barrier_is_told_its_slot) {
  bench b;
  session_id const s = b.open();
  EXPECT_TRUE(b.apply({}).empty());
  batch<long_command> with_barrier;
  with_barrier.add(s, sequence(1), sequence(), 5);
  with_barrier.origins().push_back({s, sequence(9), sequence(), 1, 0});
  EXPECT_EQ(b.apply(std::move(with_barrier)), (lines{"done 1/1 @3.0 = 5", "barrier 1/9 at 3"}));
}

TEST(executor, a_membership_governs_alpha_slots_later_and_only_if_it_builds_on_the_newest) {
  executor<counter, fixed_codec, bound_by<flexible<3, 2>>> on({}, {}, small());
  written_sink sink;
  auto const decide = [&](membership const& what) {
    on.apply(on.applied().next(), slot_value<long_command>::of(what), sink);
    return sink.take();
  };
  EXPECT_EQ(on.configurations().size(), 1U);
  EXPECT_EQ(decide(members(2, 4)), (lines{"configuration 2 from 5"}));
  EXPECT_TRUE(decide(members(2, 3)).empty());
  EXPECT_TRUE(decide(members(4, 3)).empty());
  EXPECT_TRUE(decide(members(3, 5)).empty()) << "five voters under a rule for four";
  EXPECT_EQ(on.configurations().size(), 1U) << "slot 5 is next, so the founders govern no more";
  EXPECT_EQ(on.prefix().configurations[0].members.number(), config_number(2));
}

TEST(executor, the_stamp_never_falls) {
  struct clocked {
    using command = long_command;
    std::vector<time_ns> stamps;
    void apply(command const&, applied_at const& where) { stamps.push_back(where.stamp); }
  };
  executor<clocked, fixed_codec> on({}, {}, small());
  null_sink nobody;
  on.apply(slot(1), opening<long_command>(1, 100), nobody);
  session_id const s(1 << 16);
  on.apply(slot(2), batch_of<long_command>(s, 1, {0}, 0, 90), nobody);
  on.apply(slot(3), batch_of<long_command>(s, 2, {0}, 1, 110), nobody);
  on.apply(slot(4), batch_of<long_command>(s, 3, {0}, 2, -5), nobody);
  EXPECT_EQ(on.state().stamps, (std::vector<time_ns>{100, 110, 110}));
}

// What is looked ahead for belongs to some of a batch at a time, and it says nothing on what they
// do.
TEST(executor, a_batch_of_many_sessions_is_applied_like_each_of_them_alone) {
  constexpr std::size_t sessions = 70;
  executor_options options{{}, members(1), true};
  bench b(options);
  std::vector<session_id> ids;
  for (std::size_t i = 0; i < sessions; ++i) ids.push_back(b.open());
  for (std::uint64_t round = 1; round <= 3; ++round) {
    batch<long_command> all;
    lines expected;
    std::string const at = std::to_string(b.on.applied().value + 1) + ".";
    std::int64_t total = b.on.state().total;
    auto const add = [&](session_id id, std::string const& what) {
      expected.push_back(what + " = " + std::to_string(total));
      all.add(id, sequence(round), sequence(round - 1), 1);
    };
    for (std::size_t i = 0; i < sessions; ++i) {
      std::string const place = std::to_string(ids[i].value >> 16) + "/" + std::to_string(round);
      std::string const here = " @" + at + std::to_string(all.size());
      ++total;
      add(ids[i], "done " + place + here);
      if (i % 7 != 3) continue;
      session_id const gone(ids[i].value + 1);
      all.add(gone, sequence(round), sequence(), 1);
      expected.push_back("gone");
    }
    lines got = b.apply(std::move(all));
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (expected[i] == "gone") {
        EXPECT_EQ(got[i].substr(0, 7), "expired") << got[i];
      } else {
        EXPECT_EQ(got[i], expected[i]);
      }
    }
  }
  EXPECT_EQ(b.on.state().total, 3 * std::int64_t{sessions});
  EXPECT_EQ(b.on.clients().replies(), sessions);
}

TEST(executor, digests_tell_histories_apart) {
  bench one;
  bench same;
  bench other;
  for (bench* b : {&one, &same, &other}) {
    session_id const s = b->open();
    b->apply(batch_of<long_command>(s, 1, {b == &other ? 6 : 5}));
    b->apply({});
  }
  EXPECT_EQ(one.on.digest(), same.on.digest());
  EXPECT_NE(one.on.digest(), other.on.digest());
  EXPECT_NE(one.on.digest(), 0U);
}

TEST(executor, typed_results_by_the_alternative) {
  struct typed_sink : null_sink {
    std::vector<kv::found> found;
    std::vector<kv::written> written;
    using null_sink::done;
    void done(applied_origin const&, kv::found const& value) { found.push_back(value); }
    void done(applied_origin const&, kv::written const& value) { written.push_back(value); }
  };
  executor<kv, support::archive_codec> on({}, {}, small());
  typed_sink sink;
  on.apply(slot(1), opening<kv::command>(), sink);
  on.apply(slot(2),
           batch_of<kv::command>(session_id(1 << 16), 1, {kv::put("a", "1"), kv::get("a")}), sink);
  ASSERT_EQ(sink.found.size(), 1U);
  EXPECT_EQ(sink.found[0], (kv::found{2 << 16, "1"}));
  EXPECT_EQ(sink.written.size(), 1U);
}

TEST(executor, the_steady_state_allocates_nothing) {
  executor_options options{{}, members(1)};
  counting on({}, {}, options);
  null_sink nobody;
  on.apply(slot(1), opening<long_command>(), nobody);
  batch_pool<long_command> pool;
  std::uint64_t next = 1;
  auto const decide = [&] {
    batch<long_command> some = pool.take();
    for (int i = 0; i < 16; ++i, ++next) {
      some.add(session_id(1 << 16), sequence(next), sequence(next > 16 ? next - 16 : 0), 1);
    }
    on.apply(on.applied().next(), std::move(some), nobody);
  };
  for (int i = 0; i < 100; ++i) decide();
  support::allocations counted;
  for (int i = 0; i < 1000; ++i) decide();
  EXPECT_EQ(counted.calls(), 0U);
  EXPECT_EQ(on.state().total, 1100 * 16);
}

// --- snapshots

TEST(executor, a_snapshot_carries_machine_sessions_configurations_and_stamp) {
  bench b;
  session_id const s = b.open();
  b.apply(batch_of<long_command>(s, 1, {5}, 0, 50));
  b.apply(slot_value<long_command>::of(members(2, 4)));
  auto const bytes = support::snapshot_of(b.on);
  bench other;
  EXPECT_FALSE(support::install(other.on, bytes));
  EXPECT_EQ(other.on.applied(), slot(3));
  EXPECT_EQ(other.on.stamp(), 50);
  EXPECT_EQ(other.on.digest(), b.on.digest());
  EXPECT_EQ(other.on.configurations().size(), 2U);
  EXPECT_EQ(other.apply(batch_of<long_command>(s, 1, {5})), (lines{"cached 1/1 @2.0 = 8"}));
  EXPECT_EQ(other.apply(batch_of<long_command>(s, 2, {2})), (lines{"done 1/2 @5.0 = 7"}));
  EXPECT_TRUE(other.apply(slot_value<long_command>::of(members(2, 5))).empty());
}

TEST(executor, an_older_snapshot_is_not_installed) {
  bench b;
  session_id const s = b.open();
  auto const early = support::snapshot_of(b.on);
  b.apply(batch_of<long_command>(s, 1, {5}));
  EXPECT_EQ(support::install(b.on, early).code, error_code::superseded);
  EXPECT_EQ(support::install(b.on, support::snapshot_of(b.on)).code, error_code::superseded);
  EXPECT_EQ(b.on.state().total, 5);
}

TEST(executor, a_frozen_state_stays_what_it_was_while_the_machine_goes_on) {
  executor<kv, support::archive_codec> on({}, {}, small());
  null_sink nobody;
  on.apply(slot(1), opening<kv::command>(), nobody);
  session_id const s(1 << 16);
  std::uint64_t number = 1;
  auto const put = [&](std::string key, std::string value) {
    std::vector<kv::command> one;
    one.emplace_back(kv::put(std::move(key), std::move(value)));
    on.apply(on.applied().next(), batch_of<kv::command>(s, number, std::move(one), number - 1),
             nobody);
    ++number;
  };
  for (int i = 0; i < 300; ++i) put(std::to_string(i), "before");
  frozen_state frozen(on);
  for (int i = 0; i < 300; ++i) put(std::to_string(i), "after");
  std::vector<std::byte> bytes(1 << 20);
  bytes.resize(frozen.read(bytes));
  executor<kv, support::archive_codec> other({}, {}, small());
  ASSERT_FALSE(support::install(other, bytes));
  EXPECT_EQ(other.applied(), slot(301));
  for (kv::item const& one : other.state().apply(kv::range("", "", 999)).items) {
    EXPECT_EQ(one.value, "before");
  }
}

TEST(executor, broken_snapshots_change_nothing) {
  bench b;
  session_id const s = b.open();
  b.apply(batch_of<long_command>(s, 1, {5, 6, 7}));
  auto const whole = support::snapshot_of(b.on);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    bench other;
    EXPECT_EQ(support::install(other.on, std::span(whole).first(length)).code,
              error_code::malformed);
    EXPECT_EQ(other.on.applied(), slot());
  }
  generator random(4);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = whole;
    bytes[random.below(bytes.size())] = static_cast<std::byte>(random.next());
    bench other;
    support::allocations counted;
    (void)support::install(other.on, bytes);
    ASSERT_LE(counted.peak(), 4 * bytes.size() + 65536);
  }
}

// --- machines that are durable by themselves

namespace {

// Keeps everything in one "disk" that survives it, and commits atomically.
struct durable_counter {
  using command = long_command;
  struct disk {
    std::int64_t total = 0;
    slot at;
    std::map<std::uint64_t, std::vector<std::byte>> host;
    int commits = 0;
  };

  explicit durable_counter(disk* where) : on(where), total(where->total) {}

  std::int64_t apply(command const& by) { return total += by; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(total);
  }
  void commit(slot position, std::span<std::byte const> host_delta) {
    ++on->commits;
    on->total = total;
    on->at = position;
    EXPECT_TRUE(for_each_host_entry(
        host_delta, [&](std::uint64_t key, std::span<std::byte const> bytes, bool removed) {
          if (removed) {
            on->host.erase(key);
          } else {
            on->host[key].assign(bytes.begin(), bytes.end());
          }
        }));
  }
  template <class Sink>
  void host_state(Sink&& sink) const {
    for (auto const& [key, bytes] : on->host) sink(key, std::span<std::byte const>(bytes));
  }

  disk* on;
  std::int64_t total;
};
static_assert(durable_machine<durable_counter>);

using durable = executor<durable_counter, support::archive_codec>;

}  // namespace

// Slots between the last commit and the crash are applied again, and give the same.
TEST(executor, a_durable_machine_comes_back_with_its_sessions_wherever_it_crashed) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    generator random(seed);
    std::vector<slot_value<long_command>> log(1);
    std::uint64_t next = 1;
    session_id s;
    for (std::uint64_t at = 1; at <= 60; ++at) {
      if (s.value == 0 || random.below(9) == 0) {
        log.push_back(opening<long_command>(at, static_cast<time_ns>(at)));
        s = session_id(at << 16);
        next = 1;
      } else if (random.below(12) == 0) {
        log.push_back(slot_value<long_command>::of(
            members(1 + static_cast<std::uint32_t>(random.below(4)), 1 + random.below(5))));
      } else {
        std::uint64_t const number = 1 + random.below(next);
        log.push_back(batch_of<long_command>(s, number, {static_cast<long_command>(at)},
                                             number > 3 ? number - 3 : 0));
        ++next;
      }
    }
    durable_counter::disk never_crashed;
    durable steady(durable_counter(&never_crashed), {}, small());
    written_sink sink;
    std::vector<lines> outcomes(1);
    for (std::uint64_t at = 1; at < log.size(); ++at) {
      steady.apply(slot(at), log[at], sink);
      outcomes.push_back(sink.take());
      if (random.below(3) == 0) steady.commit();
    }
    durable_counter::disk disk;
    slot reached;
    while (reached < slot(60)) {
      durable life(durable_counter(&disk), {}, small());
      ASSERT_FALSE(life.damaged());
      ASSERT_EQ(life.applied(), disk.at);
      ASSERT_EQ(life.committed(), disk.at);
      for (std::uint64_t left = random.below(20); left > 0 && life.applied() < slot(60); --left) {
        slot const at = life.applied().next();
        life.apply(at, log[at.value], sink);
        ASSERT_EQ(sink.take(), outcomes[at.value]);
        if (random.below(3) == 0) life.commit();
      }
      reached = life.applied();
    }
    durable end(durable_counter(&disk), {}, small());
    for (std::uint64_t at = disk.at.value + 1; at <= 60; ++at) end.apply(slot(at), log[at], sink);
    EXPECT_EQ(end.state().total, steady.state().total);
    EXPECT_EQ(end.digest(), steady.digest());
    EXPECT_EQ(support::snapshot_of(end), support::snapshot_of(steady));
  }
}

TEST(executor, a_durable_machine_that_installed_a_snapshot_forgets_the_sessions_of_before) {
  durable_counter::disk donor_disk;
  durable donor(durable_counter(&donor_disk), {}, small());
  null_sink nobody;
  for (std::uint64_t at = 1; at <= 3; ++at)
    donor.apply(slot(at), opening<long_command>(at), nobody);
  durable_counter::disk disk;
  {
    durable life(durable_counter(&disk), {}, small());
    life.apply(slot(1), opening<long_command>(1), nobody);
    life.commit();
    auto const bytes = support::snapshot_of(donor);
    thawing_state thawing(life);
    ASSERT_TRUE(thawing.write(bytes));
    EXPECT_FALSE(thawing.finish());
    life.commit();
  }
  durable again(durable_counter(&disk), {}, small());
  EXPECT_EQ(again.applied(), slot(3));
  EXPECT_FALSE(again.clients().knows(session_id(1 << 16)));
  EXPECT_TRUE(again.clients().knows(session_id(3 << 16)));
}

TEST(executor, a_durable_machine_that_gives_back_nonsense_is_damaged) {
  durable_counter::disk disk;
  disk.host[0] = {std::byte{1}};
  durable life(durable_counter(&disk), {}, small());
  EXPECT_TRUE(life.damaged());
}
