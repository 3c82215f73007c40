// SPDX-License-Identifier: BSL-1.0
#include <synod/core/generator.hpp>
#include <synod/log/window.hpp>
#include <synod/roles/acceptor.hpp>
#include <synod/roles/promises.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "support/hand_run.hpp"

// The slots, the promised ranges and the acceptor, each beside a twin that is too simple to be
// wrong.

namespace {

using synod::ballot;
using synod::generator;
using synod::node_id;
using synod::slot;
using synod::slot_max;

TEST(window, is_a_map_with_a_floor) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    generator dice(seed);
    synod::window<std::uint64_t> tried;
    std::map<std::uint64_t, std::uint64_t> twin;
    std::uint64_t floor = 0;
    std::uint64_t last = 0;
    for (int step = 0; step < 3000; ++step) {
      std::uint64_t const reach = seed % 3 == 0 ? 20'000 : seed % 3 == 1 ? 600 : 5;
      std::uint64_t const at = floor + 1 + dice.below(reach);
      std::uint64_t const what = dice.below(10);
      if (what < 6) {
        tried.at(slot(at)) = step + 1U;
        twin[at] = step + 1U;
        if (at > last) last = at;
      } else if (what < 7) {
        std::uint64_t const upto = floor + dice.below(reach / 2 + 2);
        std::uint64_t seen = 0;
        tried.trim(slot(upto), [&](std::uint64_t one) { seen += one; });
        std::uint64_t expected = 0;
        for (auto one = twin.begin(); one != twin.end() && one->first <= upto;) {
          expected += one->second;
          one = twin.erase(one);
        }
        EXPECT_EQ(seen, expected);
        if (upto > floor) floor = upto;
        if (last < floor) last = floor;
      }
      ASSERT_EQ(tried.last(), slot(last));
      ASSERT_EQ(tried.trimmed_upto(), slot(floor));
      for (int look = 0; look < 4; ++look) {
        std::uint64_t const one = dice.below(last + 300);
        auto const* const found = tried.find(slot(one));
        auto const known = twin.find(one);
        ASSERT_EQ(found == nullptr ? 0 : *found, known == twin.end() ? 0 : known->second);
        if (one <= floor || one > last) {
          ASSERT_EQ(found, nullptr);
        }
      }
    }
  }
}

// A log that has been running for years begins somewhere high, and needs no room for what was.
TEST(window, begins_where_it_was_trimmed) {
  synod::window<std::uint64_t> tried;
  tried.trim(slot(std::uint64_t{1} << 50));
  tried.at(slot((std::uint64_t{1} << 50) + 3)) = 7;
  EXPECT_EQ(*tried.find(slot((std::uint64_t{1} << 50) + 3)), 7U);
  EXPECT_EQ(tried.find(slot(std::uint64_t{1} << 50)), nullptr);
}

constexpr std::uint64_t slots = 12;  // and everything above, which is one more

ballot at_round(std::uint64_t round) {
  return {1, static_cast<std::uint32_t>(round), node_id(round % 3)};
}

struct promise_twin {
  std::array<ballot, slots + 2> at{};

  ballot strongest(std::uint64_t first, std::uint64_t last) const {
    ballot most;
    for (std::uint64_t i = first; i <= last; ++i) {
      if (at[i] > most) most = at[i];
    }
    return most;
  }
  void raise(std::uint64_t first, std::uint64_t last, ballot to) {
    for (std::uint64_t i = first; i <= last; ++i) {
      if (to > at[i]) at[i] = to;
    }
  }
};
slot end_of(std::uint64_t last) { return last > slots ? slot_max : slot(last); }

TEST(range_promises, are_one_promise_per_slot) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    generator dice(seed);
    synod::range_promises tried;
    promise_twin twin;
    for (int step = 0; step < 120; ++step) {
      std::uint64_t const first = 1 + dice.below(slots);
      std::uint64_t const last =
          dice.below(3) == 0 ? slots + 1 : first + dice.below(slots - first + 1);
      ballot const to = at_round(1 + dice.below(20));
      switch (dice.below(4)) {
        case 0:
          if (twin.strongest(first, last) > to) break;
          tried.set(slot(first), end_of(last), to);
          twin.raise(first, last, to);
          break;
        case 1:
          tried.raise(slot(first), end_of(last), to);
          twin.raise(first, last, to);
          break;
        case 2:
          tried.restore(
              {{slot(first), end_of(last), to}, {slot(5), slot(4), to}, {slot(1), slot(2), {}}});
          twin.raise(first, last, to);
          break;
        case 3:
          if (dice.below(8) != 0 || last > slots) break;
          tried.merge(slot(last));
          twin.raise(1, last, twin.strongest(1, last));
          ASSERT_LE(tried.ranges()->empty() ? 0U : tried.ranges()->front().first.value, 1U);
          break;
      }
      for (std::uint64_t i = 1; i <= slots + 1; ++i) {
        ASSERT_EQ(tried.of(slot(i)), twin.at[i]) << "seed " << seed << " step " << step;
      }
      ASSERT_EQ(tried.of(slot(1'000'000)), twin.at[slots + 1]);
      ASSERT_EQ(tried.strongest(slot(first), end_of(last)), twin.strongest(first, last));
      slot before;
      for (synod::promised_range const& one : *tried.ranges()) {
        ASSERT_LE(one.first, one.last);
        ASSERT_GT(one.first, before) << "ranges overlap or are out of order";
        before = one.last;
      }
    }
  }
}

// However many leaders there were, what is decided keeps one range.
TEST(range_promises, do_not_pile_up_below_what_is_decided) {
  synod::range_promises tried;
  for (std::uint64_t round = 1; round <= 10'000; ++round) {
    tried.set(slot(round), slot_max, at_round(round));
    tried.merge(slot(round - 1));
    ASSERT_LE(tried.ranges()->size(), 2U);
  }
}

struct acceptor_twin {
  promise_twin promised;
  std::array<ballot, slots + 2> voted{};
  std::array<std::uint64_t, slots + 2> value{};

  ballot standing(std::uint64_t first, std::uint64_t last) const {
    ballot most = promised.strongest(first, last);
    for (std::uint64_t i = first; i <= last; ++i) {
      if (voted[i] > most) most = voted[i];
    }
    return most;
  }
};

// A1 and A2, against one promise and one vote per slot.
TEST(acceptor, keeps_its_two_rules) {
  std::map<std::uint64_t, synod::slot_value<std::uint64_t>> values;
  for (std::uint64_t one = 1; one <= 25; ++one) {
    values.emplace(one, synod::slot_value<std::uint64_t>(support::batch_of(one)));
  }
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    generator dice(seed);
    synod::acceptor<std::uint64_t> tried;
    acceptor_twin twin;
    for (int step = 0; step < 150; ++step) {
      std::uint64_t const round = 1 + dice.below(24);
      ballot const at = at_round(round);
      std::uint64_t const first = 1 + dice.below(slots);
      if (dice.below(2) == 0) {
        std::uint64_t const last = dice.below(2) == 0 ? slots + 1 : first;
        auto const rule = tried.on_prepare(at, slot(first), end_of(last));
        ballot const standing = twin.standing(first, last);
        ASSERT_EQ(rule.is == synod::verdict::refused, at < standing);
        if (rule.is == synod::verdict::refused) {
          ASSERT_EQ(rule.promised, standing);
        } else {
          twin.promised.raise(first, last, at);
        }
      } else {
        // One value per ballot, so the round names it.
        auto const rule = tried.on_accept(at, slot(first), values.at(round));
        ballot const standing = twin.standing(first, first);
        ASSERT_EQ(rule.is == synod::verdict::refused, at < standing);
        if (rule.is != synod::verdict::refused) {
          ASSERT_EQ(rule.is == synod::verdict::repeated, twin.voted[first] == at);
          twin.voted[first] = at;
          twin.value[first] = round;
        }
      }
      for (std::uint64_t i = 1; i <= slots; ++i) {
        auto const* const here = tried.cells().find(slot(i));
        ASSERT_EQ(here == nullptr ? ballot() : here->voted, twin.voted[i]);
        if (here != nullptr && !here->voted.empty()) {
          ASSERT_EQ(support::content_of(here->value), support::commands{twin.value[i]});
        }
      }
    }
  }
}

// What trimmed votes implied is still promised, so no lower ballot gets a word there (I4).
TEST(acceptor, trimming_keeps_what_votes_implied) {
  synod::acceptor<std::uint64_t> tried;
  synod::slot_value<std::uint64_t> const value(support::batch_of(7));
  ASSERT_EQ(tried.on_accept(at_round(9), slot(3), value).is, synod::verdict::granted);
  tried.trim(slot(4));
  EXPECT_EQ(tried.promises().of(slot(3)), at_round(9));
  EXPECT_EQ(tried.on_prepare(at_round(8), slot(2), slot_max).is, synod::verdict::refused);
  EXPECT_EQ(tried.on_prepare(at_round(8), slot(5), slot_max).is, synod::verdict::granted);
}

// A refused Accept far above makes no room for it.
TEST(acceptor, a_refusal_leaves_nothing_behind) {
  synod::acceptor<std::uint64_t> tried;
  ASSERT_EQ(tried.on_prepare(at_round(9), slot(1), slot_max).is, synod::verdict::granted);
  synod::slot_value<std::uint64_t> const value(support::batch_of(7));
  EXPECT_EQ(tried.on_accept(at_round(8), slot(5000), value).is, synod::verdict::refused);
  EXPECT_EQ(tried.cells().last(), slot());
}

// Records come back in any order: the higher ballot stays.
TEST(acceptor, restores_in_any_order) {
  synod::record<std::uint64_t> low;
  low.kind = synod::record_kind::vote;
  low.at_slot = slot(2);
  low.at = at_round(3);
  low.value = support::batch_of(3);
  synod::record<std::uint64_t> high = low;
  high.at = at_round(4);
  high.value = support::batch_of(4);
  synod::record<std::uint64_t> chosen = low;
  chosen.kind = synod::record_kind::chosen;
  chosen.at = {};
  chosen.value = support::batch_of(5);
  std::array<synod::record<std::uint64_t> const*, 3> order{&low, &high, &chosen};
  std::sort(order.begin(), order.end());
  do {
    synod::acceptor<std::uint64_t> tried;
    for (auto const* one : order) tried.restore(*one);
    auto const* const here = tried.cells().find(slot(2));
    ASSERT_NE(here, nullptr);
    EXPECT_EQ(here->voted, at_round(4));
    EXPECT_TRUE(here->chosen);
    EXPECT_EQ(support::content_of(here->value), support::commands{5});
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
