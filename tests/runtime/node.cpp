// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/machine/counter.hpp>
#include <synod/machine/kv.hpp>
#include <synod/protocol/masterless_multi_paxos.hpp>
#include <synod/protocol/multi_paxos.hpp>
#include <synod/runtime/memory_cluster.hpp>

#include <gtest/gtest.h>

#include "support/archive_codec.hpp"
#include "support/counter_storm.hpp"

#include <cstdio>

using namespace synod;

namespace {

constexpr time_ns second = 1'000'000'000;

using support::counting;
using storing = memory_cluster<multi_paxos<>, kv, support::archive_codec>;

template <class Cluster>
std::size_t leader_of(Cluster& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all.up(i) && all.at(i)->running() && all.at(i)->core().leads()) return i;
  }
  return all.size();
}

}  // namespace

TEST(node, a_command_may_be_submitted_anywhere) {
  counting all;
  std::int64_t sum = 0;
  for (std::int64_t i = 1; i <= 30; ++i) {
    auto const total = all.submit(i, static_cast<std::size_t>(i) % 3);
    ASSERT_TRUE(total) << name_of(total.error().code);
    EXPECT_EQ(*total, sum += i);
  }
  all.run_for(second);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(all.at(i)->state().total, sum);
}

TEST(node, a_slow_disk_is_not_waited_for_in_place) {
  for (std::size_t nodes : {1U, 3U}) {
    counting all({.nodes = nodes, .disk_ns = 5'000'000});
    for (std::int64_t i = 1; i <= 10; ++i) ASSERT_EQ(*all.submit(i, 0), i * (i + 1) / 2);
    all.restart(0);
    EXPECT_EQ(*all.submit(std::int64_t{0}, 0), 55);
  }
}

TEST(node, one_alone_is_a_cluster) {
  counting all({.nodes = 1});
  EXPECT_EQ(*all.submit(std::int64_t{4}), 4);
  all.restart(0);
  EXPECT_EQ(*all.submit(std::int64_t{5}), 9);
}

TEST(node, results_have_the_type_of_their_command) {
  storing all;
  outcome<kv::written> const put = all.submit(kv::put("a", "1"), 1);
  ASSERT_TRUE(put) << name_of(put.error().code);
  outcome<kv::found> const got = all.submit(kv::get("a"), 2);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, (kv::found{put->version, "1"}));
  EXPECT_EQ(all.submit(kv::incr("n", 5))->value, 5);
  EXPECT_EQ(all.submit(kv::range("", ""))->items.size(), 2U);
}

TEST(node, a_crashed_leader_is_replaced_and_comes_back) {
  counting all;
  ASSERT_TRUE(all.submit(std::int64_t{1}));
  std::size_t const first = leader_of(all);
  ASSERT_LT(first, 3U);
  all.crash(first);
  std::size_t const other = (first + 1) % 3;
  auto const total = all.submit(std::int64_t{2}, other);
  ASSERT_TRUE(total) << name_of(total.error().code);
  EXPECT_EQ(*total, 3);
  all.restart(first);
  EXPECT_EQ(*all.submit(std::int64_t{3}, first), 6);
}

TEST(node, without_a_quorum_the_fate_is_unknown_or_refused_and_later_known) {
  counting all;
  ASSERT_TRUE(all.submit(std::int64_t{1}));
  std::size_t const first = leader_of(all);
  // Its own session must be open, or the command would wait for that and be refused for certain.
  ASSERT_TRUE(all.submit(std::int64_t{1}, first));
  for (std::size_t i = 0; i < 3; ++i) {
    if (i != first) all.crash(i);
  }
  auto const lost = all.submit(std::int64_t{10}, first, second);
  ASSERT_FALSE(lost);
  EXPECT_NE(lost.unknown(), nullptr);
  for (std::size_t i = 0; i < 3; ++i) {
    if (i != first) all.restart(i);
  }
  auto const total = all.submit(std::int64_t{100}, first);
  ASSERT_TRUE(total);
  EXPECT_TRUE(*total == 102 || *total == 112);
}

TEST(node, every_read_level_is_served) {
  storing all;
  auto const put = all.submit(kv::put("a", "1"), 0);
  ASSERT_TRUE(put);
  std::size_t const leads = leader_of(all);
  std::size_t const follows = (leads + 1) % 3;
  for (read::level const& level :
       {read::level(read::linearizable_log()), read::level(read::linearizable_follower()),
        read::level(read::session{put->version}), read::level(read::bounded_stale{second})}) {
    for (std::size_t at : {leads, follows}) {
      auto const state = all.read(level, at);
      ASSERT_TRUE(state) << level.index() << " at " << at << ": " << name_of(state.error().code);
      EXPECT_EQ((*state)->apply(kv::get("a")).value, "1") << level.index();
    }
  }
  EXPECT_TRUE(all.read(read::linearizable_index(), leads));
  EXPECT_EQ(all.read(read::linearizable_index(), follows).error().code, error_code::not_leader);
  EXPECT_TRUE(all.read(read::local(), follows));
}

TEST(node, a_leader_that_was_cut_off_serves_no_linearizable_read) {
  storing all;
  ASSERT_TRUE(all.submit(kv::put("a", "old")));
  std::size_t const old = leader_of(all);
  for (std::size_t i = 0; i < 3; ++i) {
    if (i != old) all.link(old, i, false);
  }
  ASSERT_TRUE(all.submit(kv::put("a", "new"), (old + 1) % 3));
  for (read::level const& level :
       {read::level(read::linearizable_index()), read::level(read::linearizable_follower()),
        read::level(read::linearizable_log())}) {
    EXPECT_FALSE(all.read(level, old, second)) << level.index();
  }
  auto const state = all.read(read::local(), old);
  ASSERT_TRUE(state);
  EXPECT_EQ((*state)->apply(kv::get("a")).value, "old");
}

TEST(node, whoever_was_away_for_long_comes_back_by_a_snapshot) {
  counting all({.snapshot_slots = 20, .digests = true});
  ASSERT_TRUE(all.submit(std::int64_t{1}));
  std::size_t const away = (leader_of(all) + 1) % 3;
  std::size_t const here = leader_of(all);
  all.crash(away);
  for (std::int64_t i = 0; i < 200; ++i) ASSERT_TRUE(all.submit(i, here));
  EXPECT_GT(all.at(here)->core().floor(), slot(100));
  all.restart(away);
  all.run_for(5 * second);
  EXPECT_EQ(all.at(away)->execution().applied(), all.at(here)->execution().applied());
  EXPECT_EQ(all.at(away)->state().total, all.at(here)->state().total);
  EXPECT_EQ(all.at(away)->execution().digest(), all.at(here)->execution().digest());
  EXPECT_GE(all.at(away)->core().floor(), slot(100));
  ASSERT_TRUE(all.submit(std::int64_t{1}, away));
}

TEST(node, a_restart_begins_at_its_snapshot_and_applies_the_log_behind_it) {
  counting all({.snapshot_slots = 16, .digests = true});
  for (std::int64_t i = 1; i <= 100; ++i) ASSERT_TRUE(all.submit(i, 0));
  all.run_for(second);
  auto const total = all.at(1)->state().total;
  for (std::size_t i = 0; i < 3; ++i) all.restart(i);
  all.run_for(5 * second);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(all.at(i)->state().total, total);
    EXPECT_EQ(all.at(i)->execution().digest(), all.at(0)->execution().digest());
  }
}

TEST(node, a_wiped_disk_is_another_store_and_has_no_vote) {
  counting all;
  ASSERT_TRUE(all.submit(std::int64_t{1}));
  all.wipe(2);
  all.restart(2);
  ASSERT_TRUE(all.submit(std::int64_t{2}, 0));
  all.run_for(3 * second);
  ASSERT_TRUE(all.at(2)->running());
  EXPECT_FALSE(all.at(2)->boot().may_vote(all.at(0)->boot().record().members));
  // With one of the two others gone, its answer would be needed, and must not count.
  all.crash(1);
  EXPECT_FALSE(all.submit(std::int64_t{4}, 0, 3 * second));
}

// A peer remembers a later life of this store: its disk is an old copy.
TEST(node, a_store_that_forgot_stops_and_does_not_start_again) {
  counting all;
  ASSERT_TRUE(all.submit(std::int64_t{1}));
  founding_hello const self = all.at(2)->boot().hello();
  std::vector<std::byte> written;
  std::size_t const begin = begin_frame(written);
  wire_writer out(written);
  out(founding_message(founding_outlived{self.store, {self.life.counter + 3, 1}}));
  end_frame(written, begin, frame_family::peer,
            {.kind = frame_kind::founding, .from = all.at(0)->self()});
  bytes_pool pool;
  all.at(2)->receive(all.now(), pool.seal(written));
  all.at(2)->turn(all.now());
  EXPECT_EQ(all.at(2)->why_stopped().code, error_code::amnesia);
  for (int again = 0; again < 2; ++again) {
    all.restart(2);
    all.run_for(second);
    EXPECT_EQ(all.at(2)->why_stopped().code, error_code::amnesia) << again;
  }
  EXPECT_TRUE(all.submit(std::int64_t{2}));
}

// A disk is full, so its node is behind; then the leader crashes. Whoever campaigns comes to lead,
// and says what it can do and what it cannot.
TEST(node, a_full_disk_keeps_nobody_from_leading) {
  counting all({.nodes = 5});
  ASSERT_TRUE(all.submit(std::int64_t{1}));
  std::size_t const first = leader_of(all);
  std::size_t const full = (first + 1) % 5;
  all.at(full)->read_only(true);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(all.submit(std::int64_t{1}, first));
  ASSERT_LT(all.at(full)->core().chosen_upto(), all.at(first)->core().chosen_upto());
  all.crash(first);
  all.run_for(5 * second);
  EXPECT_LT(leader_of(all), all.size());
  std::size_t const other = (first + 2) % 5;
  auto const found = all.read(read::linearizable_follower(), other, 5 * second);
  ASSERT_TRUE(found) << name_of(found.error().code);
  EXPECT_EQ((*found)->total, 21);
  auto const more = all.submit(std::int64_t{1}, other, 5 * second);
  EXPECT_TRUE(more || more.error().code == error_code::disk_full) << name_of(more.error().code);
}

TEST(node, without_a_leader_by_protocol_everybody_proposes) {
  memory_cluster<masterless_multi_paxos<>, counter, fixed_codec> all;
  std::int64_t sum = 0;
  for (std::int64_t i = 1; i <= 30; ++i) {
    auto const total = all.submit(i, static_cast<std::size_t>(i) % 3);
    ASSERT_TRUE(total) << name_of(total.error().code);
    EXPECT_EQ(*total, sum += i);
  }
}

namespace {

void heal(counting& all) {
  for (std::size_t a = 0; a < 3; ++a) {
    if (!all.up(a)) all.restart(a);
    for (std::size_t b = 0; b < a; ++b) all.link(a, b, true);
  }
  all.run_for(10 * second);
}

// A client that is no node: it tries each command until it knows what became of it, and its session
// outlives the nodes that it talks to. Requests and answers are lost at times.
struct remote_client {
  remote_client(counting& of, std::uint64_t seed)
      : all(of), session({.in_flight_max = 8, .links_deliver_once = true},
                         of.at(0)->boot().record().members, generator(seed)),
        dice(seed) {}

  // Null if its fate is unknown, or it was refused.
  std::optional<std::int64_t> submit(std::int64_t what) {
    auto const handle = session.submit(all.now(), what, never, out);
    EXPECT_TRUE(handle);
    if (!handle) return std::nullopt;
    for (int i = 0; i < 1'000'000; ++i) {
      for (session_request const& one : std::exchange(out.send, {})) deliver(one);
      for (auto const& one : std::exchange(all.answers(), {})) {
        if (dice.below(10) == 0) continue;
        session.answered(all.now(), one.from, one.what, out);
        std::int64_t total = 0;
        if (one.what.kind == session_answer_kind::done &&
            fixed_codec().decode(std::span<std::byte const>(one.reply), total)) {
          newest = total;
        }
      }
      for (session_finished const& one : std::exchange(out.finished, {})) {
        if (one.handle != *handle) continue;
        return one.fate ? std::optional(newest) : std::nullopt;
      }
      all.run_for(1'000'000);
      session.tick(all.now(), out);
      if (i % 20'000 == 19'999) heal(all);  // no quorum was left, and trouble ends at some time
    }
    ADD_FAILURE() << "nothing is known after a million tries";
    return std::nullopt;
  }

  void deliver(session_request const& asked) {
    if (dice.below(10) == 0) return;
    auto const to = static_cast<std::size_t>(asked.to.value) - 1;
    if (!all.up(to)) return session.connection_lost(all.now(), asked.to, out);
    if (asked.handle == 0) {
      all.at(to)->serve_opening(all.now(), 1, asked);
    } else if (auto const* const what = session.payload(asked.handle)) {
      all.at(to)->serve(all.now(), 1, asked, *what);
    }
    all.at(to)->turn(all.now());
  }

  counting& all;
  client_session<std::int64_t> session;
  generator dice;
  session_output out;
  std::int64_t newest = 0;
};

void trouble(counting& all, generator& dice, int& crashes) {
  if (dice.below(40) == 0) {
    auto const victim = static_cast<std::size_t>(dice.below(3));
    if (all.up(victim)) {
      all.crash(victim);
      ++crashes;
    }
    for (std::size_t other = 0; other < 3; ++other) {
      if (other != victim && !all.up(other)) all.restart(other);
    }
  }
  if (dice.below(60) == 0) all.link(dice.below(3), dice.below(3), false);
  if (dice.below(40) == 0) {
    for (std::size_t a = 0; a < 3; ++a) {
      if (!all.up(a)) all.restart(a);
      for (std::size_t b = 0; b < a; ++b) all.link(a, b, true);
    }
  }
}

}  // namespace

// A client that retries under one number until it knows: its sum is the total, whatever crashed.
// With a disk that takes its time, a crash also loses what was not synced.
class node_history : public testing::TestWithParam<time_ns> {};

TEST_P(node_history, a_total_equals_the_acknowledged_sum_after_crashes_and_cuts) {
  std::uint64_t const seed = 20'261;
  generator dice(seed);
  counting all(
      {.nodes = 3, .seed = seed, .snapshot_slots = 300, .disk_ns = GetParam(), .digests = true});
  ASSERT_TRUE(all.submit(std::int64_t{0}));
  remote_client client(all, seed);
  std::int64_t acknowledged = 0;
  int crashes = 0;
  for (std::int64_t i = 1; i <= 10'000; ++i) {
    trouble(all, dice, crashes);
    auto const total = client.submit(i);
    ASSERT_TRUE(total.has_value()) << "command " << i;
    ASSERT_EQ(*total, acknowledged += i) << "command " << i;
  }
  heal(all);
  std::printf("seed %llu: acknowledged %lld after %d crashes\n",
              static_cast<unsigned long long>(seed), static_cast<long long>(acknowledged), crashes);
  EXPECT_GE(crashes, 200);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(all.at(i)->state().total, acknowledged);
    EXPECT_EQ(all.at(i)->execution().digest(), all.at(0)->execution().digest());
  }
}

INSTANTIATE_TEST_SUITE_P(disks, node_history, testing::Values(0, 300'000, 20'000'000));

// The session of a node dies with its process, so what was under way then is unknown: it happened
// once or not at all.
TEST(node, what_a_crashed_node_had_under_way_happened_once_or_never) {
  std::uint64_t const seed = 7;
  generator dice(seed);
  counting all({.nodes = 3, .seed = seed, .snapshot_slots = 300, .digests = true});
  std::int64_t acknowledged = 0;
  int unknown = 0;
  int refused = 0;
  int crashes = 0;
  for (int i = 0; i < 3'000; ++i) {
    trouble(all, dice, crashes);
    auto at = static_cast<std::size_t>(dice.below(3));
    if (!all.up(at)) at = (at + 1) % 3;
    auto const total = all.submit(std::int64_t{1}, at, 5 * second);
    if (total) {
      ++acknowledged;
      ASSERT_GE(*total, acknowledged);
      ASSERT_LE(*total, acknowledged + unknown);
    } else {
      ++(total.unknown() != nullptr ? unknown : refused);
    }
  }
  heal(all);
  std::int64_t const total = all.at(0)->state().total;
  EXPECT_GE(total, acknowledged);
  EXPECT_LE(total, acknowledged + unknown);
  EXPECT_GT(acknowledged, 2'000);
  EXPECT_GT(unknown, 0);
}

TEST(node, the_total_is_the_acknowledged_sum_after_200_crashes) {
  constexpr std::uint64_t seed = 1;
  support::counter_storm storm(seed);
  EXPECT_TRUE(storm.run(14'000, 200));
  EXPECT_GE(storm.crashes(), 200);
  EXPECT_GE(storm.retried(), 10'000);
  std::printf("seed %d: %d commands retried, %d crashes, total %lld\n", static_cast<int>(seed),
              storm.retried(), storm.crashes(), static_cast<long long>(storm.sum()));
}
