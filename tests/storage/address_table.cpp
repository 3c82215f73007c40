// SPDX-License-Identifier: BSL-1.0
#include <synod/storage/address_table.hpp>

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

TEST(address_table, an_empty_one_has_nothing) {
  address_table table;
  EXPECT_EQ(table.find({}), address_table::absent);
  EXPECT_EQ(table.erase({}), address_table::absent);
}

}  // namespace
