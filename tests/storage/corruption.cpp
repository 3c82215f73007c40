// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <support/rot_sweep.hpp>

#include <array>
#include <string>
#include <vector>

namespace {

using support::log_over_disk;
using synod::file_name;
using synod::record_kind;
using synod::slot;
using synod::ticket;

TEST(corruption, no_rotten_bit_or_sector_of_a_marked_log_goes_unnoticed) {
  support::traced_log const whole = support::marked_log({4096, 1 << 24}, 40);
  support::rot_outcome const outcome = support::sweep_rot(whole, 97);
  EXPECT_EQ(outcome.silent, 0U) << outcome.first;
  EXPECT_EQ(outcome.forgotten, 0U) << outcome.first;
  EXPECT_GT(outcome.named, 50U);
  EXPECT_GT(outcome.refused, 20U);
  EXPECT_GT(outcome.healed, 50U);
  std::printf("%llu damages: %llu named, %llu everything, %llu harmless\n",
              static_cast<unsigned long long>(outcome.cases),
              static_cast<unsigned long long>(outcome.named),
              static_cast<unsigned long long>(outcome.refused),
              static_cast<unsigned long long>(outcome.healed));
}

// Five votes, each in a write and so in a block of its own, and a mark behind them.
class five_votes : public testing::Test {
 protected:
  void SetUp() override {
    world.disk.weather = {};
    ASSERT_TRUE(world.open());
    for (std::uint64_t i = 1; i <= 5; ++i) put(i, record_kind::vote, i);
    world.vouch();
    stop();
  }
  void put(std::uint64_t where, record_kind kind, std::uint64_t round) {
    ++world.number;
    world.append({{}, synod::lane_id(1), slot(where), kind},
                 {0, static_cast<std::uint32_t>(round), synod::node_id(1)}, 200);
    world.log->wait();
    world.acknowledge();
  }
  void stop() {
    world.disk.kill();
    world.log.reset();
    world.number = 0;
  }
  support::contents reopen() {
    EXPECT_TRUE(world.open()) << world.why;
    return support::read_all(*world.log);
  }
  // The vote for slot i stands behind the record that opened the life.
  static std::uint64_t block_of(std::uint64_t i) { return (2 + i) * synod::block_bytes; }
  static std::vector<std::uint64_t> slots(support::contents const& of) {
    std::vector<std::uint64_t> found;
    for (auto const& one : of.records) found.push_back(one.address.at.value);
    return found;
  }

  static constexpr file_name first{"segment-", 1};
  support::traced_log world{{4096, 1 << 24}};
};

using numbers = std::vector<std::uint64_t>;

// Hazard H20: bit rot in e3 must neither cut e4 and e5 nor look as if slot 3 had never held
// anything.
TEST_F(five_votes, rot_in_the_middle_keeps_what_follows_and_names_the_slot) {
  world.disk.flip_bit(first, (block_of(3) + 150) * 8);
  support::contents const found = reopen();
  EXPECT_EQ(slots(found), (numbers{1, 2, 4, 5}));
  EXPECT_FALSE(found.harm.everything);
  ASSERT_EQ(found.harm.ranges.size(), 1U);
  EXPECT_EQ(found.harm.ranges[0].first, slot(3));
  EXPECT_EQ(found.harm.ranges[0].last, slot(3));
  ASSERT_EQ(world.log->damages().size(), 1U);
  char text[200];
  world.log->damages()[0].render(text);
  EXPECT_EQ(
      std::string(text),
      "segment-0000000000000001 offset 20480: record 4 (group 0, lane 1, slot 3, kind 4) has a "
      "damaged body");
}

TEST_F(five_votes, a_record_of_unknown_address_may_have_been_anything) {
  world.disk.flip_bit(first, (block_of(3) + 60) * 8);
  support::contents const found = reopen();
  EXPECT_EQ(slots(found), (numbers{1, 2, 4, 5}));
  EXPECT_TRUE(found.harm.everything);
  stop();
  EXPECT_TRUE(reopen().harm.everything) << "what was lost once stays lost";
}

TEST_F(five_votes, damaged_lane_state_is_damage_to_everything) {
  EXPECT_TRUE(reopen().harm.none());
  put(0, record_kind::promise, 1);
  world.vouch();
  stop();
  world.disk.flip_bit(first, (block_of(8) + 150) * 8);
  EXPECT_TRUE(reopen().harm.everything);
}

TEST_F(five_votes, what_was_lost_is_remembered_until_it_is_known_again) {
  world.disk.flip_bit(first, (block_of(3) + 150) * 8);
  reopen();
  stop();
  EXPECT_EQ(reopen().harm.ranges.size(), 1U) << "it is still lost";
  put(3, record_kind::chosen, 0);
  EXPECT_TRUE(support::read_all(*world.log).harm.none()) << "the value is known from others now";
  stop();
  support::contents const found = reopen();
  EXPECT_TRUE(found.harm.none());
  EXPECT_EQ(slots(found), (numbers{1, 2, 4, 5, 3}));
}

TEST_F(five_votes, what_was_lost_is_forgotten_when_it_is_trimmed) {
  world.disk.flip_bit(first, (block_of(3) + 150) * 8);
  reopen();
  world.log->trim({}, synod::lane_id(1), slot(4));
  world.log->wait();
  EXPECT_TRUE(support::read_all(*world.log).harm.none());
  stop();
  support::contents const found = reopen();
  EXPECT_TRUE(found.harm.none());
  EXPECT_EQ(slots(found), (numbers{5}));
}

TEST_F(five_votes, a_lost_record_that_was_replaced_is_no_loss) {
  reopen();
  put(3, record_kind::vote, 9);
  world.vouch();
  stop();
  world.disk.flip_bit(first, (block_of(3) + 150) * 8);
  support::contents const found = reopen();
  EXPECT_TRUE(found.harm.none());
  EXPECT_EQ(slots(found), (numbers{1, 2, 4, 5, 3}));
}

TEST_F(five_votes, a_lost_vote_below_a_chosen_value_is_no_loss_wherever_that_stands) {
  reopen();
  put(3, record_kind::chosen, 0);
  put(6, record_kind::chosen, 0);
  put(6, record_kind::vote, 1);
  world.vouch();
  stop();
  world.disk.flip_bit(first, (block_of(3) + 150) * 8);
  world.disk.flip_bit(first, (block_of(10) + 150) * 8);
  support::contents const found = reopen();
  EXPECT_TRUE(found.harm.none());
  EXPECT_EQ(slots(found), (numbers{1, 2, 4, 5, 3, 6}));
}

// What was chosen is not known from a vote, and a vote that a reclaimed segment makes the log
// append again knows nothing of what was lost.
TEST_F(five_votes, a_lost_chosen_value_is_named_although_there_is_a_vote) {
  reopen();
  put(3, record_kind::chosen, 0);
  put(3, record_kind::vote, 7);
  world.vouch();
  stop();
  world.disk.flip_bit(first, (block_of(8) + 150) * 8);
  for (int life = 0; life < 2; ++life) {
    support::contents const found = reopen();
    ASSERT_EQ(found.harm.ranges.size(), 1U) << life;
    EXPECT_EQ(found.harm.ranges[0].first, slot(3));
    put(3, record_kind::vote, 8);
    EXPECT_EQ(support::read_all(*world.log).harm.ranges.size(), 1U);
    stop();
  }
}

// Nothing above the highest mark was acknowledged by a process that wrote one, so a hole there is
// an interrupted write, and what is behind it goes too.
TEST_F(five_votes, above_the_mark_everything_from_the_first_hole_is_cut) {
  reopen();
  while (world.log->busy()) world.log->durable();
  world.disk.weather.latency_least = 1000;
  std::array<synod::record_view, 1> one{};
  for (std::uint64_t i = 6; i <= 8; ++i) {
    one[0] = world.oracle.note({{}, synod::lane_id(1), slot(i), record_kind::vote},
                               {0, 1, synod::node_id(1)}, 5000, ticket(i));
    world.log->append(one, ticket(i));
    if (i < 8) world.log->durable();  // two writes under way at once, the third behind them
  }
  world.disk.kill();
  world.log.reset();
  ASSERT_EQ(world.disk.unsynced(), 4U);
  world.disk.crash(
      [](std::size_t which) {
        return which == 0 ? synod::testing::sector_fate::lost : synod::testing::sector_fate::kept;
      },
      0);
  support::contents const found = reopen();
  EXPECT_TRUE(found.harm.none());
  EXPECT_EQ(slots(found), (numbers{1, 2, 3, 4, 5}));
}

// A disk that lost its last writes leaves no record behind that could say so; the manifest does.
TEST_F(five_votes, a_lost_end_below_the_mark_of_the_manifest_is_noticed) {
  reopen();
  stop();
  std::vector<std::byte> file = world.disk.contents(first);
  std::fill(file.begin() + static_cast<std::ptrdiff_t>(block_of(4)), file.end(), std::byte{0});
  world.disk.plant(first, file);
  for (int life = 0; life < 3; ++life) {
    support::contents const found = reopen();
    EXPECT_EQ(slots(found), (numbers{1, 2, 3}));
    EXPECT_TRUE(found.harm.everything);
    ASSERT_EQ(world.log->damages().size(), 1U);
    EXPECT_EQ(world.log->damages()[0].first_sequence, 5U);
    EXPECT_EQ(world.log->damages()[0].last_sequence, 7U);
    stop();
  }
}

TEST_F(five_votes, a_lost_segment_is_damage_to_everything) {
  auto disk = world.disk.mount();
  ASSERT_FALSE(disk.remove(first));
  ASSERT_FALSE(disk.sync_directory());
  world.disk.kill();
  EXPECT_TRUE(reopen().harm.everything);
  char text[200];
  world.log->damages().at(0).render(text);
  EXPECT_EQ(std::string(text), "segment-0000000000000001: the file is lost");
  put(9, record_kind::vote, 1);
  EXPECT_FALSE(world.log->failed())
      << world.log->failed() << ": it can still take what a host has to say";
  stop();
  support::contents const found = reopen();
  EXPECT_EQ(slots(found), (numbers{9}));
  EXPECT_TRUE(found.harm.everything);
}

TEST_F(five_votes, one_copy_of_the_manifest_is_enough_and_none_is_too_few) {
  world.disk.flip_bit(synod::manifest::name, 30 * 8);
  EXPECT_EQ(slots(reopen()), (numbers{1, 2, 3, 4, 5}));
  stop();
  world.disk.lose_sector(synod::manifest::name, synod::block_bytes);
  EXPECT_EQ(slots(reopen()), (numbers{1, 2, 3, 4, 5})) << "the first open repaired the first copy";
  stop();
  world.disk.flip_bit(synod::manifest::name, 30 * 8);
  world.disk.lose_sector(synod::manifest::name, synod::block_bytes);
  EXPECT_FALSE(world.open());
  EXPECT_EQ(world.why.code, synod::error_code::corruption);
}

TEST_F(five_votes, segments_without_a_manifest_are_not_taken_for_an_empty_store) {
  auto disk = world.disk.mount();
  ASSERT_FALSE(disk.remove(synod::manifest::name));
  world.disk.kill();
  EXPECT_FALSE(world.open());
  EXPECT_EQ(world.why.code, synod::error_code::corruption);
}

TEST_F(five_votes, one_copy_of_a_segment_header_is_enough_and_is_repaired) {
  for (std::uint64_t copy : {0U, 1U, 0U}) {
    world.disk.flip_bit(first, (copy * synod::block_bytes + 25) * 8);
    support::contents const found = reopen();
    EXPECT_TRUE(found.harm.none());
    EXPECT_EQ(slots(found), (numbers{1, 2, 3, 4, 5}));
    stop();
  }
}

}  // namespace
