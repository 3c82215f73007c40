// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/file_store.hpp>
#include <synod/protocol/masterless_multi_paxos.hpp>

#include <gtest/gtest.h>

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "asio/replicas.hpp"
#include "synod_sim/named_quorum.hpp"

// What tests/protocol does with cores over simulated links and disks, with replicas over real ones:
// TCP, and files. Those of multi_paxos are in replica.cpp; here nobody leads, under every family of
// quorums, so one instantiation serves for all of them.

namespace {

using namespace synod;
using synod_sim::named_quorum;
using leaderless = support::replicas<counter, masterless_multi_paxos<named_quorum>, file_log<>>;

struct combination {
  char const* family;
  quorum_spec spec{};
};

class every_combination : public ::testing::TestWithParam<combination> {
 protected:
  every_combination() {
    std::filesystem::create_directories(folder_);
    EXPECT_TRUE(named_quorum::choose(GetParam().family, 5));
    for (std::size_t i = 0; i < 5 && GetParam().family == std::string("weighted"); ++i) {
      cluster_.members[i].weight = static_cast<std::uint32_t>(1 + i % 3);
    }
  }
  ~every_combination() override {
    named_quorum::choose("majority", 5);
    cluster_.nodes.clear();
    std::filesystem::remove_all(folder_);
  }

  void start(std::size_t at) {
    auto given = cluster_.options_of(at);
    given.data = folder_ + "/" + std::to_string(at + 1);
    given.quorums = GetParam().spec;
    given.disk.log.segment_bytes = std::uint64_t{1} << 20;
    given.commands.session.ordered = true;
    cluster_.start(at, std::move(given));
  }
  bool all_reach(std::int64_t total) {
    return support::run_until(cluster_.io, [&] {
      for (auto const& one : cluster_.nodes) {
        if (one->local() == nullptr || one->local()->total != total) return false;
      }
      return true;
    });
  }

  // Opening five stores anew takes seconds on a disk that others use.
  std::string folder_ = (::access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : ::testing::TempDir()) +
                        "synod_combination_" + std::to_string(::getpid());
  leaderless cluster_{5};
};

TEST_P(every_combination, decides_in_order_crashes_and_recovers) {
  for (std::size_t at = 0; at < 5; ++at) start(at);
  ASSERT_TRUE(support::run_until(cluster_.io, [&] { return cluster_.all_started(); }));

  // Two nodes propose at once, each with many under way, which slots decide in any order.
  for (std::size_t at : {0U, 1U}) ASSERT_TRUE(cluster_.submit(at, std::int64_t{0}));
  std::vector<std::int64_t> applied[2];
  std::size_t ended = 0;
  constexpr std::int64_t each = 60;
  for (std::int64_t i = 1; i <= each; ++i) {
    for (std::size_t at : {0U, 1U}) {
      cluster_.nodes[at]->async_submit(i, [&, at, i](outcome<std::int64_t> const& got) {
        ++ended;
        if (got) applied[at].push_back(i);
      });
    }
    cluster_.io.run_for(std::chrono::microseconds(200));
  }
  ASSERT_TRUE(support::run_until(cluster_.io, [&] { return ended == 2 * each; }));
  for (auto const& numbers : applied) {
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(each));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
  std::int64_t const sum = each * (each + 1);
  EXPECT_TRUE(all_reach(sum));

  cluster_.kill(3);
  ASSERT_TRUE(cluster_.submit(2, std::int64_t{1000}));
  start(3);
  EXPECT_TRUE(all_reach(sum + 1000));
  auto const read_at = [&](std::size_t at, read::level const& level) {
    return cluster_.wait_for<std::int64_t>([&](auto handler) {
      cluster_.nodes[at]->async_read([](counter const& state) { return state.total; }, level,
                                     std::move(handler));
    });
  };
  for (auto const& level :
       {read::level(read::linearizable_log{}), read::level(read::linearizable_quorum{}),
        read::level(read::linearizable_follower{})}) {
    auto const got = read_at(3, level);
    ASSERT_TRUE(got) << level.index() << ": " << got.error();
    EXPECT_EQ(*got, sum + 1000);
  }
  EXPECT_EQ(read_at(0, read::linearizable_index{}).error().code, error_code::nobody_leads);
}

INSTANTIATE_TEST_SUITE_P(quorums, every_combination,
                         ::testing::Values(combination{"majority"}, combination{"flexible"},
                                           combination{"counted", {.phase1 = 4, .phase2 = 2}},
                                           combination{"grid", {.columns = 2}},
                                           combination{"weighted"}),
                         [](auto const& made) { return std::string(made.param.family); });

}  // namespace
