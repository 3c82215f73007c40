// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/vocabulary.hpp>
#include <synod/core/generator.hpp>
#include <synod/log/client_table.hpp>

#include <gtest/gtest.h>

#include "support/allocations.hpp"
#include "support/client_twin.hpp"

#include <vector>

using namespace synod;

namespace {

constexpr cluster_constants small{
    .alpha = 4, .session_capacity = 3, .replies_kept = 3, .in_flight_max = 5};

std::vector<std::byte> text(std::uint64_t value, std::size_t length = 8) {
  std::vector<std::byte> made(length);
  for (std::size_t i = 0; i < length; ++i) made[i] = static_cast<std::byte>(value >> (8 * (i % 8)));
  return made;
}

std::vector<std::byte> encoded(client_table const& table) {
  std::vector<std::byte> bytes;
  wire_writer to(bytes);
  table.encode(to);
  return bytes;
}

bool decoded(client_table& into, std::span<std::byte const> from) {
  wire_reader reader(from);
  return into.decode(reader) && reader.finished();
}

// A table and a place in the log.
struct bench {
  client_table table{small};
  std::uint64_t next = 1;

  session_id open(bool ordered = false) { return table.open(slot(next++), ordered); }
  client_verdict apply(session_id session, std::uint64_t number, std::uint64_t acked = 0) {
    std::uint64_t const position = position_of(slot(next++), 0);
    client_decision const found = table.decide(session, sequence(number), sequence(acked));
    table.touch(position, session, sequence(acked));
    if (found.verdict == client_verdict::execute) {
      table.keep(position, session, sequence(number), text(number));
    }
    return found.verdict;
  }
};

}  // namespace

TEST(client_table, a_session_is_named_by_the_position_that_opened_it) {
  bench b;
  b.next = 7;
  EXPECT_EQ(b.open(), session_id(std::uint64_t{7} << 16));
  EXPECT_TRUE(b.table.knows(session_id(std::uint64_t{7} << 16)));
  EXPECT_FALSE(b.table.knows(session_id()));
}

TEST(client_table, a_retry_gets_the_reply_of_the_first_time) {
  bench b;
  session_id const s = b.open();
  ASSERT_EQ(b.apply(s, 1), client_verdict::execute);
  client_decision const again = b.table.decide(s, sequence(1), sequence(0));
  ASSERT_EQ(again.verdict, client_verdict::cached);
  EXPECT_EQ(again.version, position_of(slot(2), 0));
  EXPECT_EQ(std::vector(again.reply.begin(), again.reply.end()), text(1));
}

TEST(client_table, a_pipeline_may_be_applied_in_any_order) {
  bench b;
  session_id const s = b.open();
  EXPECT_EQ(b.apply(s, 3), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 1), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 2), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 3), client_verdict::cached);
}

TEST(client_table, a_session_that_wants_order_applies_in_the_order_of_the_numbers) {
  bench b;
  session_id const s = b.open(true);
  EXPECT_TRUE(wants_order(s));
  EXPECT_FALSE(wants_order(b.open()));
  EXPECT_EQ(b.apply(s, 3), client_verdict::early);
  EXPECT_EQ(b.apply(s, 2), client_verdict::early);
  EXPECT_EQ(b.apply(s, 1), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 3), client_verdict::early);
  EXPECT_EQ(b.apply(s, 2), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 3), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 2), client_verdict::cached);
}

TEST(client_table, what_a_client_gave_up_is_waited_for_by_nobody_and_never_applied) {
  bench b;
  session_id const s = b.open(true);
  EXPECT_EQ(b.apply(s, 1), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 4, 1), client_verdict::early);
  EXPECT_EQ(b.apply(s, 4, 2), client_verdict::early);
  EXPECT_EQ(b.apply(s, 4, 3), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 2), client_verdict::expired);
  EXPECT_EQ(b.apply(s, 3), client_verdict::expired);
}

TEST(client_table, nothing_is_kept_of_what_comes_early) {
  bench b;
  session_id const s = b.open(true);
  b.apply(s, 1);
  std::size_t const before = encoded(b.table).size();
  for (std::uint64_t number : {5U, 4U, 3U, 5U}) b.apply(s, number);
  EXPECT_EQ(encoded(b.table).size(), before);
}

TEST(client_table, what_exceeds_the_flight_is_refused_and_never_applied) {
  bench b;
  session_id const s = b.open();
  EXPECT_EQ(b.apply(s, 0), client_verdict::refused);
  EXPECT_EQ(b.apply(s, 6), client_verdict::refused);
  EXPECT_EQ(b.apply(s, 5), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 6, 1), client_verdict::execute);
}

TEST(client_table, what_was_acknowledged_is_never_executed) {
  bench b;
  session_id const s = b.open();
  EXPECT_EQ(b.apply(s, 1), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 4, 3), client_verdict::execute);
  EXPECT_EQ(b.table.replies(), 1U);
  EXPECT_EQ(b.apply(s, 1), client_verdict::expired);
  // 2 and 3 were given up by the client before they arrived.
  EXPECT_EQ(b.apply(s, 2), client_verdict::expired);
  EXPECT_EQ(b.apply(s, 3, 3), client_verdict::expired);
  EXPECT_EQ(b.apply(s, 9, 9), client_verdict::expired);
}

TEST(client_table, a_reply_that_is_not_kept_any_more_leaves_expired_behind) {
  bench b;
  session_id const s = b.open();
  for (std::uint64_t number : {4U, 3U, 2U, 1U})
    EXPECT_EQ(b.apply(s, number), client_verdict::execute);
  EXPECT_EQ(b.apply(s, 4), client_verdict::expired);  // applied first, so dropped first
  EXPECT_EQ(b.apply(s, 3), client_verdict::cached);
}

TEST(client_table, a_reply_too_large_to_keep_leaves_expired_behind) {
  bench b;
  session_id const s = b.open();
  b.table.keep(position_of(slot(9), 0), s, sequence(1), text(1, client_table::reply_bytes_max + 1));
  EXPECT_EQ(b.table.decide(s, sequence(1), sequence(0)).verdict, client_verdict::expired);
  EXPECT_EQ(b.table.reply_bytes(), 0U);
}

TEST(client_table, the_session_applied_longest_ago_makes_room) {
  bench b;
  session_id const first = b.open();
  session_id const second = b.open();
  session_id const third = b.open();
  EXPECT_EQ(b.apply(first, 1), client_verdict::execute);
  session_id const fourth = b.open();
  EXPECT_TRUE(b.table.knows(first));
  EXPECT_FALSE(b.table.knows(second));
  EXPECT_TRUE(b.table.knows(third) && b.table.knows(fourth));
  // A late retry is told so, and never runs again.
  EXPECT_EQ(b.apply(second, 1), client_verdict::expired);
  EXPECT_EQ(b.apply(session_id(), 1), client_verdict::expired);
}

// Random histories of several clients that pipeline, retry, reorder, acknowledge and give up,
// beside a twin that looks everything up; at every turn also a round trip through the encoding.
class client_table_history : public testing::TestWithParam<std::uint64_t> {};

TEST_P(client_table_history, agrees_with_its_twin) {
  generator random(GetParam());
  bool const large = GetParam() % 10 == 0;
  cluster_constants const limits{
      .session_capacity = static_cast<std::uint32_t>(large ? 40U : 1 + random.below(6)),
      .replies_kept = static_cast<std::uint32_t>(large ? 20 : random.below(6)),
      .in_flight_max = static_cast<std::uint32_t>(large ? 20 : 1 + random.below(8))};
  client_table table(limits);
  support::client_twin twin(limits, client_table::replies_bytes_max);
  std::vector<std::uint64_t> opened{12345};
  std::size_t most = 0;
  for (std::uint64_t at = 1; at < 3000U; ++at) {
    if (opened.size() == 1 || random.below(large ? 30 : 25) == 0) {
      session_id const made = table.open(slot(at), !large && random.below(2) == 0);
      ASSERT_EQ(twin.open(made.value), made.value);
      opened.push_back(made.value);
      continue;
    }
    std::size_t const back = random.below(std::min<std::size_t>(opened.size(), large ? 40 : 8));
    std::uint64_t const id = opened[opened.size() - 1 - back];
    auto const known = twin.sessions.find(id);
    std::uint64_t const floor = known == twin.sessions.end() ? 0 : known->second.acked;
    std::uint64_t const acked =
        random.below(large ? 400 : 4) == 0 ? floor + random.below(4) : floor;
    std::uint64_t const number = acked + random.below(limits.in_flight_max + 3);
    std::uint64_t const position = position_of(slot(at), static_cast<std::uint16_t>(at % 7));
    client_decision const found = table.decide(session_id(id), sequence(number), sequence(acked));
    ASSERT_EQ(found.verdict, twin.decide(id, number, acked));
    if (found.verdict == client_verdict::cached) {
      auto const& reply = twin.sessions.at(id).replies.at(number);
      ASSERT_EQ(found.version, reply.version);
      ASSERT_EQ(std::vector(found.reply.begin(), found.reply.end()), reply.bytes);
    }
    table.touch(position, session_id(id), sequence(acked));
    twin.touch(position, id, acked);
    if (found.verdict == client_verdict::execute) {
      std::size_t const length = large ? 50'000 + random.below(16'000) : random.below(40);
      auto const reply = text(random.next(), length);
      table.keep(position, session_id(id), sequence(number), reply);
      twin.keep(position, id, number, reply);
    }
    ASSERT_EQ(table.sessions(), twin.sessions.size());
    most = std::max(most, table.reply_bytes());
    if (at % (large ? 500 : 50) != 0) continue;
    auto const bytes = encoded(table);
    client_table copy(limits);
    ASSERT_TRUE(decoded(copy, bytes));
    ASSERT_EQ(encoded(copy), bytes);
    table = std::move(copy);  // from here on, the history of a node that installed a snapshot
  }
  if (large) {
    EXPECT_GT(most, client_table::replies_bytes_max - (1U << 17));
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, client_table_history, testing::Range<std::uint64_t>(1, 41));

TEST(client_table, replicas_that_applied_the_same_encode_the_same) {
  bench one;
  bench other;
  for (bench* b : {&one, &other}) {
    session_id const s = b->open();
    session_id const t = b->open();
    for (std::uint64_t n : {2U, 1U, 3U}) b->apply(s, n);
    b->apply(t, 1);
    b->apply(s, 4, 2);
  }
  EXPECT_EQ(encoded(one.table), encoded(other.table));
}

TEST(client_table, changes_carry_one_session_each_to_a_table_that_stays_equal) {
  generator random(5);
  bench b;
  b.table.track_changes(true);
  std::map<std::uint64_t, std::vector<std::byte>> kept;
  std::vector<session_id> opened{b.open()};
  for (int i = 0; i < 2000; ++i) {
    if (random.below(20) == 0) {
      opened.push_back(b.open());
    } else {
      b.apply(opened[opened.size() - 1 - random.below(std::min<std::size_t>(opened.size(), 4))],
              1 + random.below(8), random.below(4));
    }
    b.table.take_changes([&](session_id session, bool exists) {
      if (!exists) {
        kept.erase(session.value);
        return;
      }
      kept[session.value].clear();
      wire_writer to(kept[session.value]);
      b.table.encode_session(session, to);
    });
    client_table copy(small);
    for (auto const& [unused, bytes] : kept) {
      wire_reader from{std::span<std::byte const>(bytes)};
      ASSERT_TRUE(copy.decode_session(from));
    }
    ASSERT_TRUE(copy.put_in_order());
    ASSERT_EQ(encoded(copy), encoded(b.table));
  }
}

TEST(client_table, the_steady_state_allocates_nothing) {
  client_table table;
  std::vector<session_id> sessions;
  for (std::uint64_t i = 1; i <= 8; ++i) sessions.push_back(table.open(slot(i)));
  auto const reply = text(1, 40);
  std::uint64_t position = position_of(slot(9), 0);
  auto const round = [&](std::uint64_t number) {
    for (session_id const s : sessions) {
      sequence const acked(number > 16 ? number - 16 : 0);
      ASSERT_EQ(table.decide(s, sequence(number), acked).verdict, client_verdict::execute);
      table.touch(++position, s, acked);
      table.keep(position, s, sequence(number), reply);
    }
  };
  for (std::uint64_t number = 1; number <= 1000; ++number) round(number);
  support::allocations counted;
  for (std::uint64_t number = 1001; number <= 5000; ++number) round(number);
  EXPECT_EQ(counted.calls(), 0U);
}

TEST(client_table, hostile_bytes_are_refused_or_read_within_bounds) {
  generator random(17);
  bench b;
  for (int i = 0; i < 3; ++i) {
    session_id const s = b.open();
    for (std::uint64_t n = 1; n <= 4; ++n) b.apply(s, n);
  }
  auto const whole = encoded(b.table);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    client_table into(small);
    EXPECT_FALSE(decoded(into, std::span(whole).first(length)));
    EXPECT_EQ(into.sessions(), 0U);
  }
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = whole;
    for (std::uint64_t flips = 1 + random.below(3); flips > 0; --flips) {
      bytes[random.below(bytes.size())] = static_cast<std::byte>(random.next());
    }
    client_table into(small);
    support::allocations counted;
    if (decoded(into, bytes)) {
      EXPECT_EQ(encoded(into).size(), bytes.size());
    }
    ASSERT_LE(counted.peak(), 4 * bytes.size() + 65536);
  }
}

TEST(client_table, a_claim_of_many_sessions_allocates_only_what_the_bytes_bring) {
  cluster_constants wide;
  wide.session_capacity = 1U << 20;
  wide.in_flight_max = 1U << 20;
  for (std::uint32_t claimed : {1U << 20, 1000U}) {
    std::vector<std::byte> bytes;
    wire_writer to(bytes);
    to(claimed);
    for (std::uint64_t i = 1; i <= 10'000; ++i) {
      to(i << 16, i << 16, std::uint64_t{0}, i == 10'000 ? 1U << 20 : 0U);
    }
    client_table into(wide);
    support::allocations counted;
    EXPECT_FALSE(decoded(into, bytes));
    EXPECT_LE(counted.peak(), 4 * bytes.size() + 65536);
  }
}

TEST(client_table, foreseen_places_are_those_that_touching_finds) {
  generator dice(5);
  cluster_constants limits = small;
  limits.session_capacity = 50;
  client_table table(limits);
  client_table twin(limits);
  struct run {
    session_id session;
  };
  std::vector<session_id> ids{session_id(77)};
  std::uint64_t next = 1;
  for (int round = 0; round < 300; ++round) {
    if (round % 2 == 0) {
      ids.push_back(table.open(slot(next)));
      twin.open(slot(next++));
    }
    std::vector<run> runs;
    for (int i = 0; i < 9; ++i) runs.push_back({ids[dice.below(ids.size())]});
    std::vector<client_table::place> places(runs.size());
    table.foresee(runs, places.data());
    for (std::size_t i = 0; i < runs.size(); ++i) {
      std::uint64_t const at = position_of(slot(next++), 0);
      sequence const number(static_cast<std::uint64_t>(round) + 1);
      sequence const before(number.value - 1);
      auto const other = twin.touch(at, runs[i].session, before);
      ASSERT_EQ(table.touch(at, places[i], before), other);
      if (twin.decide(other, number, before).verdict != client_verdict::execute) continue;
      table.keep(at, places[i], number, text(at));
      twin.keep(at, other, number, text(at));
    }
    ASSERT_EQ(encoded(table), encoded(twin)) << round;
  }
  EXPECT_EQ(table.sessions(), 50U);
}

// Few hashes are many collisions, and these move places about when one goes.
TEST(id_index, finds_what_is_stored_and_nothing_else) {
  generator dice(7);
  std::vector<std::uint64_t> ids(200);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = i % 2 == 0 ? i : i << 40;
  std::vector<char> stored(ids.size());
  auto const id_at = [&](std::uint32_t place) { return ids[place]; };
  id_index index;
  std::size_t count = 0;
  for (int step = 0; step < 20'000; ++step) {
    auto const place = static_cast<std::uint32_t>(dice.below(ids.size()));
    std::uint32_t const there = stored[place] != 0 ? place : id_index::none;
    ASSERT_EQ(index.find(ids[place], id_at), there);
    if (there == place) {
      ASSERT_EQ(index.likely(ids[place]), place);
    }
    if (dice.below(2) == 0) {
      ASSERT_EQ(index.erase(ids[place], id_at), there);
      count -= there == place ? 1 : 0;
      stored[place] = 0;
    } else if (there == id_index::none) {
      index.insert(ids[place], place);
      ++count;
      stored[place] = 1;
    }
    ASSERT_EQ(index.size(), count);
  }
}
