// SPDX-License-Identifier: BSL-1.0
#include <synod/runtime/founding.hpp>

#include <gtest/gtest.h>

#include "support/founding_world.hpp"
#include "support/mutated.hpp"

using namespace synod;
using support::founding_world;
using support::mutated;

namespace {

// What random histories with lost disks did wrong.
std::set<std::string> wrongs_of_boots() {
  std::set<std::string> all;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    founding_world world(seed);
    for (auto& one : world.boxes) world.boot(one);
    for (int i = 0; i < 600; ++i) world.step(true, 2);
    for (auto& one : world.boxes) {
      if (!one.runs) world.boot(one);
    }
    world.settle();
    all.insert(world.wrongs.begin(), world.wrongs.end());
  }
  return all;
}

// Histories of a founded cluster in which disks are set back to earlier images.
std::set<std::string> wrongs_of_disks_set_back() {
  std::set<std::string> all;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    founding_world world(seed);
    for (auto& one : world.boxes) world.boot(one);
    world.settle(10);
    auto image = world.at(3).disk_now;
    for (int i = 0; i < 400; ++i) {
      world.step(false, 0);
      if (world.dice.below(40) == 0) image = world.at(3).disk_now;
      if (world.dice.below(40) != 0) continue;
      world.crash(world.at(3));
      world.at(3).disk_now = image;
    }
    all.insert(world.wrongs.begin(), world.wrongs.end());
  }
  return all;
}

// Whether a disk that was set back, or copied, is believed or votes.
bool set_back_is_believed(bool copied) {
  founding_world world(10);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  auto const image = world.at(3).disk_now;
  for (int i = 0; i < (copied ? 1 : 2); ++i) {
    world.crash(world.at(3));
    world.boot(world.at(3));
    world.settle();
  }
  world.crash(world.at(3));
  world.at(3).disk_now = image;
  world.boot(world.at(3));
  world.settle();
  if (world.at(1).runs->verified(node_id(3), world.at(3).life)) return true;
  world.crash(world.at(3));
  world.boot(world.at(3));
  world.crash(world.at(3));
  world.boot(world.at(3));
  world.settle();
  return world.at(3).runs->may_vote(world.at(3).runs->record().members);
}

}  // namespace

TEST(founding_mutations, nothing_is_caught_without_one) {
  EXPECT_EQ(wrongs_of_boots(), std::set<std::string>());
  EXPECT_EQ(wrongs_of_disks_set_back(), std::set<std::string>());
  EXPECT_FALSE(set_back_is_believed(false));
  EXPECT_FALSE(set_back_is_believed(true));
}

TEST(founding_mutations, each_rule_of_the_first_boot_is_needed) {
  for (char const* rule : {"founding_without_everybody", "founding_promised_twice",
                           "founding_not_waited_for", "h15_any_store_is_the_member"}) {
    mutated on(rule);
    EXPECT_FALSE(wrongs_of_boots().empty()) << rule;
  }
}

TEST(founding_mutations, refusing_older_lives_is_needed) {
  mutated on("h16_older_life_accepted");
  EXPECT_FALSE(wrongs_of_disks_set_back().empty());
}

// A member that says "empty" before it has made durable to whom may say it to another founder
// after a crash: by then it is the only one who could know that a cluster has begun.
TEST(founding_mutations, an_answer_must_wait_for_the_disk) {
  auto const begins_twice = [] {
    founding_world world(15);
    for (auto& one : world.boxes) world.boot(one);
    for (int i = 0; i < 20; ++i) {
      world.now += 200;
      for (auto& one : world.boxes) world.tick(one);
      for (auto const& one : std::exchange(world.letters, {})) {
        bool const offer = one.what.is<founding_offer>();
        if (!(offer && one.to == node_id(2))) world.deliver(one);
      }
      world.sync(world.at(1));
      world.sync(world.at(3));
    }
    world.crash(world.at(2));
    for (std::uint64_t lost : {1U, 3U}) world.wipe(world.at(lost));
    world.letters.clear();
    for (auto& one : world.boxes) world.boot(one);
    world.settle();
    return world.wrongs.count("two clusters began") != 0;
  };
  EXPECT_FALSE(begins_twice());
  mutated on("founding_answer_before_durable");
  EXPECT_TRUE(begins_twice());
}

// An answer to the store that the founder had before it was wiped says nothing to the one it has
// now: by then the member may belong to the cluster of the other.
TEST(founding_mutations, an_answer_to_another_store_must_not_count) {
  auto const founds_again = [] {
    founding_world world(14);
    for (auto& one : world.boxes) world.boot(one);
    world.settle(1);
    std::vector<founding_world::letter> late;
    for (std::uint64_t id : {2U, 3U}) {
      late.push_back({node_id(id), node_id(1),
                      founding_empty{world.at(1).disk_now.store, world.at(id).disk_now.store}});
    }
    world.settle();
    world.wipe(world.at(1));
    world.boot(world.at(1));
    for (auto const& one : late) world.deliver(one);
    world.sync(world.at(1));
    return world.at(1).runs->is_founded() &&
           world.at(1).runs->may_vote(world.at(1).runs->record().members);
  };
  EXPECT_FALSE(founds_again());
  mutated on("founding_answer_to_another_store");
  EXPECT_TRUE(founds_again());
}

TEST(founding_mutations, what_peers_remember_of_a_store_is_needed) {
  {
    mutated on("h16_older_life_accepted");
    EXPECT_TRUE(set_back_is_believed(false));
  }
  {
    mutated on("h16_cloned_life_accepted");
    EXPECT_TRUE(set_back_is_believed(true));
  }
  mutated on("h16_amnesia_forgotten");
  EXPECT_TRUE(set_back_is_believed(false));
}
