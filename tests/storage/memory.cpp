// SPDX-License-Identifier: BSL-1.0
#include <synod/storage/memory.hpp>

#include <gtest/gtest.h>

#include <synod/codec/crc32c.hpp>
#include <synod/core/concepts.hpp>
#include <synod/storage/faulty.hpp>
#include <synod/storage/none.hpp>
#include <synod/testing/storage_suite.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace {

using synod::ballot;
using synod::damage;
using synod::group_id;
using synod::lane_id;
using synod::record_kind;
using synod::record_view;
using synod::slot;
using synod::ticket;

static_assert(synod::storage<synod::memory>);
static_assert(synod::storage<synod::none>);
static_assert(synod::storage<synod::faulty<synod::memory>>);

// Memory that is asked to fail: the whole suite runs over faulty<memory>, in both durability modes.
struct faulty_memory {
  using storage_type = synod::faulty<synod::memory>;

  explicit faulty_memory(synod::durability with) : mode(with) { wipe(); }

  storage_type* open() {
    log->inner().reopen();
    log->rearm(left);
    return log.get();
  }
  void crash() { log->inner().crash(); }
  void wipe() { log = std::make_unique<storage_type>(synod::memory({7, ++stores}, mode), left); }
  void fail_after(std::uint64_t calls) { log->rearm(calls); }
  void heal() {
    if (log) log->rearm(UINT64_MAX);
  }
  bool struck() const { return log->struck(); }

  synod::durability mode;
  std::unique_ptr<storage_type> log;
  std::uint64_t left = UINT64_MAX;
  std::uint64_t stores = 0;
};

void run_suite(synod::durability mode) {
  faulty_memory subject(mode);
  std::size_t sentences = 0;
  auto expect = [&](bool ok, char const* sentence, char const* when) {
    ++sentences;
    EXPECT_TRUE(ok) << sentence << " (" << when << ")";
  };
  synod::testing::storage_suite suite(subject, expect);
  suite.all();
  EXPECT_GT(sentences, 500U);
}

TEST(memory, passes_the_suite_when_durable_at_once) { run_suite(synod::durability::at_once); }
TEST(memory, passes_the_suite_when_durable_as_told) { run_suite(synod::durability::when_told); }

record_view vote(std::uint64_t where, std::uint32_t round, std::span<std::byte const> body) {
  return {{group_id(0), lane_id(1), slot(where), record_kind::vote},
          {0, round, synod::node_id(1)},
          body,
          synod::crc32c(body)};
}

std::vector<std::pair<std::uint64_t, std::uint32_t>> contents(synod::memory& of) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> found;
  of.replay(
      [&](record_view const& one) { found.emplace_back(one.address.at.value, one.at.round); });
  std::sort(found.begin(), found.end());
  return found;
}

TEST(memory, a_crash_forgets_exactly_what_was_not_called_durable) {
  synod::memory log({0, 9}, synod::durability::when_told);
  std::array<std::byte, 3> const body{};
  for (std::uint32_t i = 1; i <= 4; ++i) {
    record_view const one = vote(i % 3, i, body);
    log.append(std::span(&one, 1), ticket(i));
  }
  EXPECT_EQ(log.durable(), ticket(0));
  EXPECT_EQ(contents(log),
            (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{0, 3}, {1, 4}, {2, 2}}));
  log.make_durable(ticket(2));
  EXPECT_EQ(log.durable(), ticket(2));
  log.crash();
  log.reopen();
  EXPECT_EQ(log.durable(), ticket(0));
  EXPECT_EQ(contents(log), (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{1, 1}, {2, 2}}));
}

TEST(memory, what_is_told_beyond_the_last_append_is_not_believed) {
  synod::memory log({0, 9}, synod::durability::when_told);
  log.append({}, ticket(3));
  log.make_durable(ticket(7));
  EXPECT_EQ(log.durable(), ticket(3));
}

TEST(memory, a_failure_is_final_until_the_next_life) {
  synod::memory log({0, 9}, synod::durability::when_told);
  std::array<std::byte, 3> const body{};
  record_view const one = vote(1, 1, body);
  log.append(std::span(&one, 1), ticket(1));
  log.fail({synod::error_code::io_failure, 5, "test", ""});
  log.wait();
  EXPECT_EQ(log.durable(), ticket(0));
  EXPECT_EQ(log.failed().code, synod::error_code::io_failure);
  log.crash();
  log.reopen();
  EXPECT_FALSE(log.failed());
  EXPECT_TRUE(contents(log).empty());
}

TEST(memory, reports_the_damage_it_is_told_of) {
  synod::memory log;
  log.harm({false, {{group_id(0), lane_id(1), slot(4), slot(6)}}});
  damage const harm = log.replay([](record_view const&) {});
  EXPECT_FALSE(harm.everything);
  ASSERT_EQ(harm.ranges.size(), 1U);
  EXPECT_TRUE(harm.covers(slot(5)));
}

TEST(none, keeps_nothing_and_calls_it_durable) {
  synod::none log({1, 2});
  std::array<std::byte, 3> const body{};
  record_view const one = vote(1, 1, body);
  log.append(std::span(&one, 1), ticket(5));
  EXPECT_EQ(log.durable(), ticket(5));
  int records = 0;
  EXPECT_TRUE(log.replay([&](record_view const&) { ++records; }).none());
  EXPECT_EQ(records, 0);
}

TEST(faulty, fails_on_the_call_it_was_asked_to_and_stays_so) {
  synod::faulty<synod::memory> log(synod::memory(), 2);
  log.append({}, ticket(1));
  EXPECT_EQ(log.durable(), ticket(1));
  EXPECT_FALSE(log.struck());
  log.append({}, ticket(2));
  EXPECT_TRUE(log.struck());
  EXPECT_EQ(log.failed().code, synod::error_code::io_failure);
  EXPECT_EQ(log.durable(), ticket(1));
  EXPECT_TRUE(log.replay([](record_view const&) {}).everything);
}

}  // namespace
