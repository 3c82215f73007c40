// SPDX-License-Identifier: BSL-1.0
#include <synod/storage/address_table.hpp>
#include <synod/storage/place_map.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace {

using synod::address_table;
using synod::record_address;

// Small ranges, so that addresses collide, are replaced, erased and come back.
record_address draw(std::mt19937_64& from) {
  return {synod::group_id(static_cast<std::uint32_t>(from() % 2)), synod::lane_id(from() % 5),
          synod::slot(from() % 40), static_cast<synod::record_kind>(1 + from() % 4)};
}

TEST(address_table, agrees_with_a_map_under_any_mix_of_operations) {
  std::mt19937_64 random(4);
  address_table table;
  std::map<record_address, std::uint64_t> twin;
  auto const known = [&](record_address const& at) {
    return twin.contains(at) ? twin.at(at) : address_table::absent;
  };
  for (std::uint64_t i = 0; i < 200000; ++i) {
    record_address const at = draw(random);
    ASSERT_EQ(table.find(at), known(at));
    if (random() % 2 == 0) {
      ASSERT_EQ(table.put(at, i), known(at));
      twin[at] = i;
    } else {
      ASSERT_EQ(table.erase(at), known(at));
      twin.erase(at);
    }
    ASSERT_EQ(table.size(), twin.size());
  }
  std::map<record_address, std::uint64_t> seen;
  table.each([&](record_address const& at, std::uint64_t place) { seen[at] = place; });
  EXPECT_EQ(seen, twin);
  auto const odd = [](record_address const&, std::uint64_t place) { return place % 2 == 1; };
  table.erase_if(odd);
  std::erase_if(twin, [](auto const& one) { return one.second % 2 == 1; });
  EXPECT_EQ(table.size(), twin.size());
  for (auto const& [at, place] : twin) EXPECT_EQ(table.find(at), place);
}

// The same with long lanes that move upwards, stray slots, and trims.
TEST(place_map, agrees_with_a_map_under_any_mix_of_operations) {
  std::mt19937_64 random(5);
  synod::place_map places;
  std::map<record_address, std::uint64_t> twin;
  std::uint64_t floor[3] = {0, 0, 0};
  for (std::uint64_t i = 0; i < 300000; ++i) {
    std::uint64_t const lane = random() % 3;
    std::uint64_t const reach = random() % 200 == 0 ? 100000 : 60;
    record_address at{synod::group_id(0), synod::lane_id(lane),
                      synod::slot(floor[lane] + 1 + random() % reach),
                      static_cast<synod::record_kind>(3 + random() % 3)};
    if (random() % 10 == 0) at.at = synod::slot(0);
    std::uint64_t const known = twin.contains(at) ? twin.at(at) : address_table::absent;
    ASSERT_EQ(places.find(at), known);
    if (random() % 300 == 0) {
      std::uint64_t const upto = floor[lane] + random() % 50;
      std::uint64_t gone = 0;
      places.trim(at.group, at.lane, synod::slot(floor[lane]), synod::slot(upto),
                  [&](synod::record_kind, std::uint64_t) { ++gone; });
      std::uint64_t const erased = std::erase_if(twin, [&](auto const& one) {
        return one.first.lane == at.lane && one.first.at != synod::slot(0) &&
               one.first.at <= synod::slot(upto);
      });
      ASSERT_EQ(gone, erased);
      floor[lane] = upto;
    } else if (random() % 5 != 0) {
      ASSERT_EQ(places.put(at, i), known);
      twin[at] = i;
    } else {
      ASSERT_EQ(places.erase(at), known);
      twin.erase(at);
    }
    ASSERT_EQ(places.size(), twin.size());
  }
  std::map<record_address, std::uint64_t> seen;
  places.each([&](record_address const& at, std::uint64_t place) { seen[at] = place; });
  EXPECT_EQ(seen, twin);
}

// A window that shrinks from below while its last slot stays must not take that slot for a stray.
TEST(place_map, a_slot_that_has_its_place_keeps_it) {
  synod::place_map places;
  auto const vote = [](std::uint64_t at) {
    return record_address{synod::group_id(0), synod::lane_id(1), synod::slot(at),
                          synod::record_kind::vote};
  };
  for (std::uint64_t at = 20; at < 1020; ++at) places.put(vote(at), at);
  places.put(vote(3000), 1);
  for (std::uint64_t at = 100; at < 1020; ++at) places.erase(vote(at));
  places.trim(synod::group_id(0), synod::lane_id(1), synod::slot(0), synod::slot(90),
              [](synod::record_kind, std::uint64_t) {});
  EXPECT_EQ(places.size(), 10U);
  EXPECT_EQ(places.put(vote(3000), 2), 1U);
  EXPECT_EQ(places.find(vote(3000)), 2U);
  EXPECT_EQ(places.erase(vote(3000)), 2U);
  EXPECT_EQ(places.find(vote(3000)), address_table::absent);
}

// What a store holds is believed only as far as memory goes: few records, far apart, cost little.
TEST(place_map, slots_far_apart_do_not_cost_what_lies_between) {
  synod::slot_strip strip;
  strip.put(20, 1);
  EXPECT_TRUE(strip.takes(21));
  EXPECT_FALSE(strip.takes(19));
  EXPECT_FALSE(strip.takes(20 + 1000));
}

TEST(address_table, an_empty_one_has_nothing) {
  address_table table;
  EXPECT_EQ(table.find({}), address_table::absent);
  EXPECT_EQ(table.erase({}), address_table::absent);
}

}  // namespace
