// SPDX-License-Identifier: BSL-1.0
#include <synod/machine/append_log.hpp>
#include <synod/machine/commands.hpp>
#include <synod/machine/counter.hpp>
#include <synod/machine/high_water.hpp>
#include <synod/machine/value_register.hpp>

#include <gtest/gtest.h>

#include "support/archive_codec.hpp"

using namespace synod;

namespace {

applied_at at(std::uint64_t number) { return {slot(number), 0, 0, {}}; }

template <class T>
T copied(T const& from) {
  support::archive_codec coder;
  std::vector<std::byte> bytes;
  coder.encode(from, bytes);
  T to;
  EXPECT_TRUE(coder.decode(std::span<std::byte const>(bytes), to));
  return to;
}

}  // namespace

static_assert(machine<counter> && machine<high_water>);
static_assert(machine<value_register<int>> && machine<append_log<int>>);
static_assert(!has_several_commands<counter>);
static_assert(std::same_as<result_of<counter, std::int64_t>, std::int64_t>);
static_assert(
    std::same_as<result_of<append_log<int>, append_log<int>::append>, append_log<int>::appended>);

TEST(counter, adds_and_wraps) {
  counter one;
  EXPECT_EQ(one.apply(5), 5);
  EXPECT_EQ(one.apply(-7), -2);
  EXPECT_EQ(copied(one).total, -2);
  one.apply(INT64_MIN);
  EXPECT_EQ(one.apply(-1), INT64_MAX - 2);
}

TEST(value_register, writes_where_nobody_wrote_since) {
  using cell = value_register<std::int64_t>;
  cell one;
  EXPECT_EQ(one.apply(cell::read()), cell::state());
  EXPECT_EQ(one.apply(cell::write(7), at(1)), (cell::written{true, 1U << 16}));
  EXPECT_FALSE(one.apply(cell::compare_and_set(0, 8), at(2)).done);
  EXPECT_TRUE(one.apply(cell::compare_and_set(1U << 16, 8), at(3)).done);
  EXPECT_EQ(copied(one).apply(cell::read()), (cell::state{3U << 16, 8}));
}

TEST(append_log, numbers_what_is_appended_for_ever) {
  using journal = append_log<std::int64_t>;
  journal one;
  for (int i = 1; i <= 5; ++i) {
    EXPECT_EQ(one.apply(journal::append(i * 10)).number, static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(one.apply(journal::read(2, 2)), (journal::slice{2, 5, {20, 30}}));
  EXPECT_EQ(one.apply(journal::trim(3)).upto, 3U);
  EXPECT_EQ(one.apply(journal::trim(2)).upto, 3U);
  EXPECT_EQ(one.apply(journal::read(1, 9)), (journal::slice{4, 5, {40, 50}}));
  EXPECT_EQ(one.apply(journal::trim(99)).upto, 5U);
  EXPECT_EQ(one.apply(journal::append(60)).number, 6U);
  EXPECT_EQ(copied(one).apply(journal::read(1, 9)), (journal::slice{6, 6, {60}}));
}

TEST(high_water, rises_only_and_fences_lower_ballots) {
  high_water one;
  auto const under = [](std::uint32_t round, std::uint64_t owner) {
    return pack(ballot{1, round, node_id(owner)});
  };
  EXPECT_EQ(one.apply({100, under(2, 1)}), (high_water::advanced{false, 100, under(2, 1)}));
  EXPECT_EQ(one.apply({50, under(2, 1)}).mark, 100U);
  EXPECT_FALSE(one.apply({200, under(3, 0)}).fenced);
  EXPECT_EQ(one.apply({900, under(2, 9)}), (high_water::advanced{true, 200, under(3, 0)}));
  EXPECT_EQ(copied(one).apply({0, under(3, 0)}).mark, 200U);
}

namespace {

// One `apply` gives nothing, one is told where, and both are found at compile time.
struct mixed {
  class say {
   public:
    say() = default;
    explicit say(int given) : what(given) {}
    int what = 0;
  };
  class ask {
   public:
    ask() {}
  };
  using command = std::variant<say, ask>;

  void apply(say const& one) { said = one.what; }
  std::uint64_t apply(ask const&, applied_at const& where) const {
    return where.version() + static_cast<std::uint64_t>(said);
  }
  int said = 0;
};

static_assert(std::same_as<result_of<mixed, mixed::say>, done>);
static_assert(std::same_as<result_of<mixed, mixed::ask>, std::uint64_t>);

}  // namespace

TEST(commands, each_alternative_gives_its_own_result) {
  mixed one;
  int nothings = 0;
  std::uint64_t number = 0;
  auto const take = [&](auto const& result) {
    if constexpr (std::same_as<decltype(result), done const&>) {
      ++nothings;
    } else {
      number = result;
    }
  };
  apply_command(one, mixed::command(mixed::say(3)), at(1), take);
  apply_command(one, mixed::command(mixed::ask()), at(2), take);
  EXPECT_EQ(nothings, 1);
  EXPECT_EQ(number, (2U << 16) + 3);
}
