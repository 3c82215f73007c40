// SPDX-License-Identifier: BSL-1.0
#include <synod/core/generator.hpp>
#include <synod/machine/kv.hpp>

#include <gtest/gtest.h>

#include "support/archive_codec.hpp"

#include <map>
#include <string>

using namespace synod;

static_assert(machine<kv> && streaming_machine<kv>);
static_assert(has_several_commands<kv> && command_of<kv::put, kv> && command_of<kv::command, kv>);
static_assert(!command_of<int, kv>);
static_assert(std::same_as<result_of<kv, kv::put>, kv::written>);
static_assert(std::same_as<result_of<kv, kv::range>, kv::slice>);

namespace {

applied_at at(std::uint64_t number) { return {slot(number), 0, 0, {}}; }
std::uint64_t version(std::uint64_t number) { return number << 16; }

std::vector<std::byte> snapshot(kv const& store, std::size_t piece = 7) {
  std::vector<std::byte> all;
  kv::reader from = store.freeze();
  std::vector<std::byte> room(piece);
  while (std::size_t const some = from.read(room)) {
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(some));
  }
  return all;
}

bool thaw(kv& into, std::span<std::byte const> all, std::size_t piece = 5) {
  kv::writer to;
  for (std::size_t from = 0; from < all.size(); from += piece) {
    if (!to.write(all.subspan(from, std::min(piece, all.size() - from)))) return false;
  }
  return into.thaw(std::move(to));
}

}  // namespace

TEST(kv, puts_gets_and_deletes) {
  kv store;
  EXPECT_FALSE(store.apply(kv::get("a")));
  EXPECT_EQ(store.apply(kv::put("a", "1"), at(3)), (kv::written{true, version(3)}));
  EXPECT_EQ(store.apply(kv::get("a")), (kv::found{version(3), "1"}));
  EXPECT_EQ(store.apply(kv::exists("a")), kv::presence{version(3)});
  EXPECT_TRUE(store.apply(kv::del("a")).changed);
  EXPECT_FALSE(store.apply(kv::del("a")).changed);
  EXPECT_FALSE(store.apply(kv::exists("a")));
}

TEST(kv, compares_the_version_and_swaps) {
  kv store;
  EXPECT_TRUE(store.apply(kv::cas("a", 0, "1"), at(1)));
  EXPECT_EQ(store.apply(kv::cas("a", 0, "2"), at(2)), (kv::written{false, version(1)}));
  EXPECT_EQ(store.apply(kv::cas("a", version(1), "2"), at(3)), (kv::written{true, version(3)}));
  EXPECT_EQ(store.apply(kv::get("a")).value, "2");
}

TEST(kv, increments_numbers_and_nothing_else) {
  kv store;
  EXPECT_EQ(store.apply(kv::incr("n"), at(1)), (kv::number{true, 1, version(1)}));
  EXPECT_EQ(store.apply(kv::incr("n", -43), at(2)).value, -42);
  EXPECT_EQ(store.apply(kv::get("n")).value, "-42");
  store.apply(kv::put("t", "12x"), at(3));
  EXPECT_EQ(store.apply(kv::incr("t"), at(4)), (kv::number{false, 0, version(3)}));
  store.apply(kv::put("m", "9223372036854775807"), at(5));
  EXPECT_FALSE(store.apply(kv::incr("m"), at(6)));
  EXPECT_TRUE(store.apply(kv::incr("m", -1), at(7)));
  store.apply(kv::put("l", "-9223372036854775808"), at(8));
  EXPECT_EQ(store.apply(kv::incr("l", 0), at(9)).value, INT64_MIN);
  for (char const* text : {"", "-", "+1", "9223372036854775808", "99999999999999999999"}) {
    store.apply(kv::put("b", text), at(10));
    EXPECT_FALSE(store.apply(kv::incr("b"), at(11))) << text;
  }
}

TEST(kv, reads_ranges) {
  kv store;
  for (char const* key : {"b", "a", "d", "c"}) store.apply(kv::put(key, key), at(1));
  kv::slice const some = store.apply(kv::range("b", "d"));
  ASSERT_EQ(some.items.size(), 2U);
  EXPECT_EQ(some.items[0].key, "b");
  EXPECT_EQ(some.items[1].key, "c");
  EXPECT_FALSE(some.more);
  EXPECT_EQ(store.apply(kv::range("", "")).items.size(), 4U);
  EXPECT_TRUE(store.apply(kv::range("", "", 3)).more);
  EXPECT_TRUE(store.apply(kv::range("x", "")).items.empty());
}

// Beside std::map, with frozen copies that must stay what they were.
TEST(kv, agrees_with_a_map_and_a_frozen_state_does_not_move) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    generator random(seed);
    kv store;
    std::map<std::string, std::string> twin;
    std::vector<std::byte> frozen_as;
    kv::reader frozen = store.freeze();
    for (std::uint64_t step = 1; step <= 6000; ++step) {
      std::string const key = std::to_string(random.below(seed % 2 == 0 ? 40 : 2000));
      if (random.below(3) == 0) {
        ASSERT_EQ(store.apply(kv::del(key)).changed, twin.erase(key) == 1);
      } else {
        store.apply(kv::put(key, std::to_string(step)), at(step));
        twin[key] = std::to_string(step);
      }
      ASSERT_EQ(store.size(), twin.size());
      if (step % 1000 == 500) {
        frozen = store.freeze();
        frozen_as = snapshot(store, 1000);
      }
    }
    kv::slice const all = store.apply(kv::range("", "", UINT32_MAX));
    ASSERT_EQ(all.items.size(), twin.size());
    auto expected = twin.begin();
    for (kv::item const& one : all.items) {
      ASSERT_EQ(one.key, expected->first);
      ASSERT_EQ(one.value, (expected++)->second);
    }
    std::vector<std::byte> read(frozen_as.size() + 1);
    EXPECT_EQ(frozen.read(read), frozen_as.size());
    read.pop_back();
    EXPECT_EQ(read, frozen_as);
    kv copy;
    ASSERT_TRUE(thaw(copy, snapshot(store)));
    EXPECT_EQ(copy.apply(kv::range("", "", UINT32_MAX)), all);
  }
}

TEST(kv, thaws_whole_snapshots_only) {
  kv store;
  store.apply(kv::put("", ""), at(1));
  store.apply(kv::put("a", "1"), at(2));
  store.apply(kv::put("b", std::string(300, 'x')), at(3));
  auto const whole = snapshot(store);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    kv into;
    into.apply(kv::put("kept", ""), at(1));
    EXPECT_FALSE(thaw(into, std::span(whole).first(length)));
    EXPECT_TRUE(into.apply(kv::exists("kept")));
  }
  auto longer = whole;
  longer.push_back({});
  kv into;
  EXPECT_FALSE(thaw(into, longer));
  EXPECT_TRUE(thaw(into, whole));
  generator random(3);
  for (int i = 0; i < 5000; ++i) {
    auto bytes = whole;
    bytes[random.below(bytes.size())] = static_cast<std::byte>(random.next());
    kv hostile;
    if (thaw(hostile, bytes)) {
      EXPECT_EQ(snapshot(hostile), bytes);
    }
  }
}

TEST(kv, commands_and_results_survive_a_codec) {
  support::archive_codec coder;
  std::vector<std::byte> bytes;
  coder.encode(kv::command(kv::cas("k", 7, "v")), bytes);
  kv::command read;
  ASSERT_TRUE(coder.decode(std::span<std::byte const>(bytes), read));
  EXPECT_EQ(std::get<kv::cas>(read).version, 7U);
  bytes.clear();
  kv::slice const slice{{{"a", "b", 3}}, true};
  coder.encode(slice, bytes);
  kv::slice back;
  ASSERT_TRUE(coder.decode(std::span<std::byte const>(bytes), back));
  EXPECT_EQ(back, slice);
}
