// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/linearizability.hpp>
#include <synod/testing/models.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace {

using namespace synod::testing;
using synod::never;
using synod::time_ns;

using reg = operation<register_model>;
using kv = operation<kv_model>;
using decree = operation<consensus_model>;

reg write(std::uint32_t client, time_ns from, time_ns to, std::uint64_t value) {
  return {0, client, from, to, {true, value}, {}};
}
reg read(std::uint32_t client, time_ns from, time_ns to, cell seen) {
  return {0, client, from, to, {false, 0}, seen};
}
history_verdict judge(std::vector<reg> history) {
  return check_history<register_model>(std::move(history)).verdict;
}

TEST(linearizability, an_empty_history_is_an_error) {
  EXPECT_EQ(judge({}), history_verdict::empty);
  EXPECT_EQ(judge({write(1, 0, never, 1)}), history_verdict::empty);
  EXPECT_FALSE(check_history<register_model>({}).good());
}

TEST(linearizability, a_history_that_goes_backwards_in_time_is_an_error) {
  EXPECT_EQ(judge({write(1, 10, 5, 1)}), history_verdict::malformed);
}

TEST(linearizability, sequential_histories_are_judged_by_the_model) {
  EXPECT_EQ(judge({write(1, 0, 1, 1), read(1, 2, 3, 1)}), history_verdict::linearizable);
  EXPECT_EQ(judge({read(1, 0, 1, std::nullopt)}), history_verdict::linearizable);
  EXPECT_EQ(judge({write(1, 0, 1, 1), read(1, 2, 3, std::nullopt)}),
            history_verdict::not_linearizable);
  EXPECT_EQ(judge({write(1, 0, 1, 1), read(1, 2, 3, 2)}), history_verdict::not_linearizable);
}

TEST(linearizability, a_stale_read_is_rejected) {
  EXPECT_EQ(judge({write(1, 0, 1, 1), write(1, 2, 3, 2), read(2, 4, 5, 1)}),
            history_verdict::not_linearizable);
}

TEST(linearizability, a_read_beside_a_write_may_see_either_value_but_time_stays_forward) {
  EXPECT_EQ(judge({write(1, 0, 1, 1), write(1, 2, 9, 2), read(2, 3, 4, 1), read(3, 5, 6, 2)}),
            history_verdict::linearizable);
  EXPECT_EQ(judge({write(1, 0, 1, 1), write(1, 2, 9, 2), read(2, 3, 4, 2), read(3, 5, 6, 1)}),
            history_verdict::not_linearizable);
}

TEST(linearizability, operations_that_touch_in_time_count_as_overlapping) {
  EXPECT_EQ(judge({write(1, 0, 5, 1), read(2, 5, 8, std::nullopt)}), history_verdict::linearizable);
}

TEST(linearizability, an_unknown_write_may_take_effect_late_or_never_but_once) {
  EXPECT_EQ(judge({write(1, 0, never, 1), read(2, 10, 11, std::nullopt), read(2, 20, 21, 1)}),
            history_verdict::linearizable);
  EXPECT_EQ(judge({write(1, 0, never, 1), read(2, 10, 11, std::nullopt)}),
            history_verdict::linearizable);
  EXPECT_EQ(judge({write(1, 0, never, 1), read(2, 10, 11, 1), read(2, 20, 21, std::nullopt)}),
            history_verdict::not_linearizable);
  EXPECT_EQ(judge({write(1, 0, never, 1), read(2, 1, 2, 1), write(2, 3, 4, 2), read(2, 5, 6, 1)}),
            history_verdict::not_linearizable);
}

TEST(linearizability, keys_are_judged_apart_and_the_guilty_one_is_named) {
  std::vector<reg> history{write(1, 0, 1, 1), read(1, 2, 3, 1)};
  reg other = read(2, 2, 3, 1);
  other.key = 7;
  history.push_back(other);
  history_report const report = check_history<register_model>(history);
  EXPECT_EQ(report.verdict, history_verdict::not_linearizable);
  EXPECT_EQ(report.key, 7U);
}

kv swap(std::uint32_t client, time_ns from, time_ns to, cell expected, std::uint64_t value,
        bool done, cell found) {
  return {0, client, from, to, {kv_model::kind::compare_and_swap, expected, value}, {done, found}};
}

TEST(linearizability, a_lost_update_is_rejected) {
  EXPECT_EQ(check_history<kv_model>({swap(1, 0, 5, std::nullopt, 1, true, std::nullopt),
                                     swap(2, 0, 5, std::nullopt, 2, true, std::nullopt)})
                .verdict,
            history_verdict::not_linearizable);
  EXPECT_EQ(check_history<kv_model>({swap(1, 0, 5, std::nullopt, 1, true, std::nullopt),
                                     swap(2, 0, 5, std::nullopt, 2, false, 1)})
                .verdict,
            history_verdict::linearizable);
}

TEST(linearizability, an_operation_executed_twice_is_rejected) {
  auto const add = [](time_ns from, std::uint64_t by, std::uint64_t total) {
    return kv{0, 1, from, from + 1, {kv_model::kind::add, {}, by}, {true, total}};
  };
  EXPECT_TRUE(check_history<kv_model>({add(0, 5, 5), add(2, 1, 6)}).good());
  EXPECT_FALSE(check_history<kv_model>({add(0, 5, 5), add(2, 1, 11)}).good());
}

TEST(linearizability, consensus_is_one_value_for_everybody) {
  auto const propose = [](std::uint32_t client, time_ns from, time_ns to, cell value, cell told) {
    return decree{0, client, from, to, value, told};
  };
  EXPECT_TRUE(
      check_history<consensus_model>({propose(1, 0, 5, 1, 2), propose(2, 0, 5, 2, 2)}).good());
  EXPECT_FALSE(
      check_history<consensus_model>({propose(1, 0, 5, 1, 1), propose(2, 0, 5, 2, 2)}).good());
  EXPECT_FALSE(check_history<consensus_model>({propose(1, 0, 5, 1, 3)}).good());
  EXPECT_TRUE(
      check_history<consensus_model>({propose(1, 0, never, 1, {}), propose(2, 6, 7, 2, 1)}).good());
  EXPECT_FALSE(
      check_history<consensus_model>({propose(2, 6, 7, 2, 1), propose(1, 8, 9, 1, 1)}).good());
}

// The dumb twin: tries every order of all operations.
bool some_order_explains(std::vector<reg> const& history) {
  std::vector<std::size_t> order(history.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  do {
    // Operations of unknown outcome that come after the last known one may have never happened.
    cell now;
    std::size_t known = 0;
    bool good = true;
    for (std::size_t i = 0; i < order.size() && good; ++i) {
      reg const& one = history[order[i]];
      for (std::size_t j = i + 1; j < order.size() && good; ++j) {
        good = history[order[j]].returned >= one.invoked;
      }
      if (!good) break;
      good = register_model::step(now, one.asked, one.unknown() ? nullptr : &one.answered);
      known += one.unknown() ? 0 : 1;
      if (good && known == static_cast<std::size_t>(
                               std::count_if(history.begin(), history.end(),
                                             [](reg const& each) { return !each.unknown(); }))) {
        return true;
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

TEST(linearizability, agrees_with_a_search_through_all_orders) {
  random_source dice(11);
  int good = 0;
  int bad = 0;
  for (int run = 0; run < 3000; ++run) {
    std::vector<reg> history;
    std::uint64_t const count = 2 + dice.below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      time_ns const from = dice.between(0, 12);
      time_ns const to = dice.one_in(5) ? never : from + dice.between(0, 8);
      auto const client = static_cast<std::uint32_t>(i);
      if (dice.one_in(2)) {
        history.push_back(write(client, from, to, 1 + dice.below(3)));
      } else {
        std::uint64_t const seen = dice.below(4);
        history.push_back(read(client, from, to, seen == 0 ? cell() : cell(seen)));
      }
    }
    bool const anybody =
        std::any_of(history.begin(), history.end(), [](reg const& one) { return !one.unknown(); });
    if (!anybody) continue;
    bool const expected = some_order_explains(history);
    ASSERT_EQ(judge(history) == history_verdict::linearizable, expected) << "run " << run;
    (expected ? good : bad) += 1;
  }
  EXPECT_GT(good, 300);
  EXPECT_GT(bad, 300);
}

// A history of eight clients made from a real register, so that it is linearizable.
std::vector<reg> long_history(std::uint64_t seed, int count) {
  random_source dice(seed);
  std::vector<reg> history;
  std::vector<time_ns> free_at(8, 0);
  cell value;
  time_ns now = 0;
  for (int i = 0; i < count; ++i) {
    now += dice.between(1, 5);
    auto const client = static_cast<std::uint32_t>(dice.below(8));
    time_ns const from = std::max(free_at[client], now - dice.between(0, 20));
    if (from > now) continue;
    time_ns const to = now + dice.between(0, 20);
    free_at[client] = to + 1;
    if (dice.one_in(2)) {
      bool const lost = dice.one_in(10);
      if (!lost || dice.one_in(2)) value = static_cast<std::uint64_t>(i);
      history.push_back(write(client, from, lost ? never : to, static_cast<std::uint64_t>(i)));
    } else {
      history.push_back(read(client, from, to, value));
    }
  }
  return history;
}

TEST(linearizability, long_histories_of_eight_clients_are_judged_in_few_steps) {
  std::vector<reg> history = long_history(5, 20'000);
  std::size_t const count = history.size();
  history_report const report = check_history<register_model>(history);
  EXPECT_EQ(report.verdict, history_verdict::linearizable);
  EXPECT_LT(report.steps, count * 60);

  // One stale read in the middle.
  std::vector<reg> reads;
  for (reg& one : history) {
    if (!one.asked.write && one.invoked > 20'000 && one.answered.has_value()) {
      one.answered = *one.answered > 2000 ? *one.answered - 2000 : 0;
      break;
    }
  }
  EXPECT_EQ(check_history<register_model>(history).verdict, history_verdict::not_linearizable);
}

TEST(linearizability, a_search_that_is_cut_off_does_not_pass) {
  EXPECT_EQ(check_history<register_model>(long_history(5, 2000), 100).verdict,
            history_verdict::out_of_budget);
}

}  // namespace
