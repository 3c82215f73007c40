// SPDX-License-Identifier: BSL-1.0
#include <synod/runtime/founding.hpp>

#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/founding_world.hpp"

using namespace synod;
using support::founding_world;

namespace {

bool voting(founding_world::box const& one) {
  return one.runs && one.runs->is_founded() && one.runs->may_vote(one.runs->record().members);
}

template <class Event>
bool told(founding_world::box const& one) {
  for (founding_event const& event : one.events) {
    if (event.template is<Event>()) return true;
  }
  return false;
}

founding_options alone(start how) {
  founding_options made;
  made.cluster = "one";
  made.self = node_id(7);
  made.store = {1, 2};
  made.how = how;
  if (how == start::bootstrap) made.members = {{.id = node_id(7)}};
  return made;
}

}  // namespace

TEST(founding, three_empty_machines_become_one_cluster) {
  founding_world world(1);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  for (auto& one : world.boxes) {
    ASSERT_TRUE(voting(one));
    EXPECT_EQ(one.runs->cluster(), world.at(1).runs->cluster());
    EXPECT_TRUE(told<founded>(one));
    for (auto& other : world.boxes) {
      if (&one == &other) continue;
      EXPECT_TRUE(one.runs->counts(other.id, other.life, one.runs->record().members));
      EXPECT_FALSE(
          one.runs->counts(other.id, {other.life.counter + 1, 0}, one.runs->record().members));
    }
  }
  EXPECT_TRUE(world.wrongs.empty());
}

TEST(founding, nothing_is_founded_before_everybody_answered) {
  founding_world world(2);
  world.boot(world.at(1));
  world.boot(world.at(2));
  world.settle();
  EXPECT_FALSE(world.at(1).runs->is_founded());
  EXPECT_EQ(world.at(1).runs->cluster(), cluster_id());
  world.boot(world.at(3));
  world.settle();
  EXPECT_TRUE(voting(world.at(1)) && voting(world.at(2)) && voting(world.at(3)));
}

TEST(founding, a_restart_finds_everything_as_it_was) {
  founding_world world(3);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  cluster_id const cluster = world.at(2).runs->cluster();
  for (auto& one : world.boxes) world.crash(one);
  world.boot(world.at(2));
  EXPECT_TRUE(voting(world.at(2)));
  EXPECT_EQ(world.at(2).runs->cluster(), cluster);
  EXPECT_FALSE(world.at(2).runs->verified(node_id(1), world.at(1).life));
}

TEST(founding, a_wiped_machine_learns_the_cluster_and_never_votes) {
  founding_world world(4);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  for (std::uint64_t lost : {1U, 3U}) {
    world.wipe(world.at(lost));
    world.boot(world.at(lost));
    world.settle();
    auto const& again = world.at(lost);
    ASSERT_TRUE(again.runs->is_founded());
    EXPECT_EQ(again.runs->cluster(), world.at(2).runs->cluster());
    EXPECT_FALSE(voting(again));
    EXPECT_TRUE(world.at(2).runs->verified(again.id, again.life));
    EXPECT_FALSE(
        world.at(2).runs->counts(again.id, again.life, world.at(2).runs->record().members));
    // A decided membership that names the new store lets it vote.
    membership const named =
        *membership::make(config_number(2), {{.id = again.id, .store = again.disk_now.store}});
    EXPECT_TRUE(again.runs->may_vote(named));
    EXPECT_TRUE(world.at(2).runs->counts(again.id, again.life, named));
  }
}

TEST(founding, when_the_founder_is_wiped_in_between_it_stops_and_says_so) {
  founding_world world(5);
  world.boot(world.at(1));
  world.boot(world.at(2));
  world.settle();  // node 2 has promised itself to the store of node 1
  world.wipe(world.at(1));
  world.boot(world.at(1));
  world.boot(world.at(3));
  world.settle();
  EXPECT_FALSE(world.at(1).runs->is_founded());
  EXPECT_TRUE(told<founding_blocked>(world.at(1)));
}

TEST(founding, the_record_spreads_although_its_founder_is_gone) {
  founding_world world(6);
  for (auto& one : world.boxes) world.boot(one);
  // Let it run until node 2 has the record and node 3 has not.
  for (int i = 0; i < 2000 && !world.at(2).runs->is_founded(); ++i) {
    world.now += 50;
    for (auto& one : world.boxes) world.tick(one);
    auto const letters = std::exchange(world.letters, {});
    for (auto const& one : letters) {
      bool const offer = one.what.is<founding_offer>();
      if (!(offer && one.to == node_id(3))) world.deliver(one);
    }
    for (auto& one : world.boxes) world.sync(one);
  }
  ASSERT_TRUE(voting(world.at(2)));
  ASSERT_FALSE(world.at(3).runs->is_founded());
  world.crash(world.at(1));
  world.settle();
  EXPECT_TRUE(voting(world.at(3)));
}

TEST(founding, one_machine_founds_alone_and_fresh_only_alone) {
  for (start how : {start::bootstrap, start::fresh}) {
    founding one(alone(how));
    EXPECT_FALSE(one.check());
    founding_output out;
    one.start(0, out);
    EXPECT_FALSE(one.is_founded());
    ASSERT_EQ(out.persist.size(), 1U);
    one.persisted(1, out);
    EXPECT_TRUE(one.may_vote(one.record().members));
  }
  founding_options two = alone(start::fresh);
  two.members = {{.id = node_id(7)}, {.id = node_id(8)}};
  EXPECT_EQ(founding(two).check().code, error_code::bad_option);
}

TEST(founding, options_that_found_nothing_are_told) {
  founding_options nameless = alone(start::bootstrap);
  nameless.cluster = "";
  EXPECT_TRUE(founding(nameless).check());
  founding_options stranger = alone(start::bootstrap);
  stranger.members = {{.id = node_id(8)}};
  EXPECT_EQ(founding(stranger).check().code, error_code::unknown_member);
  founding_options constants = alone(start::bootstrap);
  constants.constants.alpha = 0;
  EXPECT_EQ(founding(constants).check().code, error_code::bad_option);
  founding_options twice = alone(start::bootstrap);
  twice.members.push_back(twice.members[0]);
  EXPECT_EQ(founding(twice).check().code, error_code::duplicate_member);
}

TEST(founding, a_store_of_another_cluster_is_told) {
  founding first(alone(start::fresh));
  founding_output out;
  first.start(0, out);
  founding_options other = alone(start::fresh);
  other.cluster = "two";
  founding again(other);
  ASSERT_TRUE(again.restore(out.persist[0].what.kind, out.persist[0].what.body));
  EXPECT_EQ(again.check().code, error_code::wrong_cluster);
}

TEST(founding, a_joining_machine_founds_nothing_and_learns_the_cluster) {
  founding_world world(7);
  world.boxes.push_back({node_id(4), world.fresh_disk(), {}, {}, {}, {}, 0, {}});
  world.modes[4] = start::join;
  world.boot(world.at(4));
  world.settle();
  EXPECT_FALSE(world.at(4).runs->is_founded());
  for (auto& one : world.boxes) {
    if (!one.runs) world.boot(one);
  }
  world.settle();
  EXPECT_TRUE(world.at(4).runs->is_founded());
  EXPECT_FALSE(voting(world.at(4)));
  EXPECT_EQ(world.at(4).runs->cluster(), world.at(1).runs->cluster());
}

TEST(founding, another_cluster_with_the_same_name_is_another_cluster) {
  founding_world one(8);
  founding_world other(9);
  other.stores = 1000;
  for (auto& box : other.boxes) box.disk_now = other.fresh_disk();
  for (founding_world* world : {&one, &other}) {
    for (auto& box : world->boxes) world->boot(box);
    world->settle();
  }
  EXPECT_NE(one.at(1).runs->cluster(), other.at(1).runs->cluster());
  // Nobody is taken over, and nobody from there is believed.
  founding_output out;
  one.at(1).runs->step(0, node_id(2), founding_offer{other.at(2).runs->record()}, out);
  one.at(1).runs->step(0, node_id(2), other.at(2).runs->hello(), out);
  EXPECT_TRUE(out.persist.empty() && out.send_now.empty() && out.send_after.empty());
}

TEST(founding, a_disk_set_back_is_refused_and_remembers_for_ever_that_it_forgot) {
  founding_world world(10);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  auto const image = world.at(3).disk_now;
  world.crash(world.at(3));
  world.boot(world.at(3));
  world.settle();
  world.crash(world.at(3));
  world.at(3).disk_now = image;
  world.boot(world.at(3));
  world.settle();
  EXPECT_TRUE(world.at(3).runs->amnesiac());
  EXPECT_TRUE(told<store_amnesiac>(world.at(3)));
  EXPECT_FALSE(world.at(1).runs->verified(node_id(3), world.at(3).life));
  // Even after as many restarts as it takes to overtake what the others remember.
  for (int i = 0; i < 5; ++i) {
    world.crash(world.at(3));
    world.boot(world.at(3));
    world.settle();
    EXPECT_FALSE(voting(world.at(3)));
    EXPECT_FALSE(world.at(1).runs->verified(node_id(3), world.at(3).life));
  }
}

TEST(founding, of_two_copies_of_a_disk_the_second_counts_for_nothing) {
  founding_world world(11);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  world.crash(world.at(3));
  auto const copy = world.at(3).disk_now;
  world.boot(world.at(3));
  incarnation const original = world.at(3).life;
  world.settle();
  world.crash(world.at(3));
  world.at(3).disk_now = copy;  // the same number of lives, another nonce
  world.boot(world.at(3));
  EXPECT_EQ(world.at(3).life.counter, original.counter);
  world.settle();
  EXPECT_FALSE(voting(world.at(3)));
  EXPECT_TRUE(world.at(1).runs->verified(node_id(3), original));
}

TEST(founding, a_late_word_about_an_earlier_life_is_ignored) {
  founding_world world(12);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  auto& one = world.at(3);
  world.deliver({node_id(1), node_id(3), founding_outlived{one.disk_now.store, one.life}});
  world.deliver(
      {node_id(1), node_id(3), founding_outlived{one.disk_now.store, {one.life.counter - 1, 77}}});
  world.deliver({node_id(1), node_id(3), founding_outlived{{9, 9}, {one.life.counter + 5, 1}}});
  EXPECT_FALSE(one.runs->amnesiac());
}

// A lost or delayed hello of an earlier life makes nobody forget the later one.
TEST(founding, random_histories_begin_at_most_one_cluster) {
  int begun = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    founding_world world(seed);
    bool const wipes = seed % 2 == 0;
    for (auto& one : world.boxes) world.boot(one);
    for (int i = 0; i < 600; ++i) world.step(wipes, 2);
    for (auto& one : world.boxes) {
      if (!one.runs) world.boot(one);
    }
    world.settle();
    ASSERT_TRUE(world.wrongs.empty()) << "seed " << seed << ": " << *world.wrongs.begin();
    int voters = 0;
    bool blocked = false;
    for (auto& one : world.boxes) {
      voters += voting(one) ? 1 : 0;
      blocked = blocked || told<founding_blocked>(one);
      ASSERT_FALSE(one.runs->amnesiac());
    }
    if (!wipes) {
      ASSERT_EQ(voters, 3) << "seed " << seed;
    }
    ASSERT_TRUE(voters == 3 || wipes);
    begun += voters >= 2 ? 1 : 0;
  }
  EXPECT_GT(begun, 250);
}

// --- bytes

namespace {

std::vector<founding_message> messages() {
  founding_world world(13);
  for (auto& one : world.boxes) world.boot(one);
  world.settle();
  return {world.at(1).runs->hello(),
          founding_outlived{{1, 2}, {3, 4}},
          founding_inquiry{"demo", {1, 2}},
          founding_empty{{1, 2}, {3, 4}},
          founding_declined{{1, 2}, error_code::amnesia},
          founding_lookout{"demo", {1, 2}},
          founding_offer{world.at(1).runs->record()},
          founding_adopted{{1, 2}, {3, 4}}};
}

}  // namespace

TEST(founding, messages_survive_the_wire_and_hostile_ones_are_refused) {
  generator random(3);
  for (founding_message const& one : messages()) {
    std::vector<std::byte> bytes;
    wire_writer out(bytes);
    out(one);
    founding_message read;
    wire_reader in{std::span<std::byte const>(bytes)};
    in(read);
    ASSERT_TRUE(in.finished());
    std::vector<std::byte> again;
    wire_writer second(again);
    second(read);
    EXPECT_EQ(again, bytes);
    EXPECT_EQ(read.index(), one.index());
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      wire_reader cut{std::span<std::byte const>(bytes).first(length)};
      cut(read);
      EXPECT_FALSE(cut.finished());
    }
    for (int i = 0; i < 2000; ++i) {
      auto hostile = bytes;
      hostile[random.below(hostile.size())] = static_cast<std::byte>(random.next());
      wire_reader from{std::span<std::byte const>(hostile)};
      support::allocations counted;
      founding_message any;
      from(any);
      ASSERT_LE(counted.peak(), 4 * hostile.size() + 65536);
    }
  }
}

TEST(founding, forged_messages_break_no_rule) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    founding_world world(seed);
    auto const forged = messages();
    for (auto& one : world.boxes) world.boot(one);
    for (int i = 0; i < 400; ++i) {
      world.step(false, 0);
      auto const& what = forged[1 + world.dice.below(forged.size() - 1)];
      if (what.is<founding_outlived>()) continue;
      world.letters.push_back(
          {node_id(1 + world.dice.below(3)), node_id(1 + world.dice.below(3)), what});
    }
    EXPECT_TRUE(world.wrongs.empty()) << *world.wrongs.begin();
  }
}
