// SPDX-License-Identifier: BSL-1.0
#include <synod/runtime/session.hpp>

#include <gtest/gtest.h>

#include <algorithm>

using namespace synod;

namespace {

constexpr time_ns second = 1'000'000'000;

membership three(std::uint32_t number = 1, std::uint64_t last = 3) {
  return *membership::make(config_number(number), {{.id = node_id(1), .index = node_index(0)},
                                                   {.id = node_id(2), .index = node_index(1)},
                                                   {.id = node_id(last), .index = node_index(2)}});
}

leader_hint hint(std::uint32_t round, std::uint64_t leader) {
  return {ballot{1, round, node_id(leader)}, node_id(leader)};
}

error because(error_code code) { return {code, 0, "test", ""}; }

struct bench {
  explicit bench(session_options options = {}) : client(options, three(), generator(7)) {}

  client_session<int> client;
  session_output out;
  time_ns now = 0;

  std::uint64_t submit(int what, time_ns patience = 10 * second) {
    auto const handle = client.submit(now, what, now + patience, out);
    EXPECT_TRUE(handle);
    return handle ? *handle : 0;
  }
  session_request take() {
    EXPECT_FALSE(out.send.empty());
    if (out.send.empty()) return {};
    session_request const first = out.send.front();
    out.send.erase(out.send.begin());
    return first;
  }
  static session_answer reply(session_request const& to, session_answer_kind kind,
                              error_code why = error_code::none, leader_hint where = {}) {
    session_answer made;
    made.kind = kind;
    made.session = to.session;
    made.number = to.number;
    made.attempt = to.attempt;
    made.handle = to.handle;
    made.why = because(why);
    made.hint = where;
    made.token_high = to.token_high;
    made.token_low = to.token_low;
    return made;
  }
  void answer(session_request const& to, session_answer_kind kind,
              error_code why = error_code::none, leader_hint where = {}) {
    client.answered(now, to.to, reply(to, kind, why, where), out);
  }
  void refuse(session_request const& to, error_code why, leader_hint where = {}) {
    answer(to, session_answer_kind::refused, why, where);
  }
  void early(session_request const& to) {
    answer(to, session_answer_kind::uncertain, error_code::out_of_order);
  }
  void done(session_request const& to, std::uint64_t version) {
    session_answer made = reply(to, session_answer_kind::done);
    made.version = version;
    client.answered(now, to.to, made, out);
  }
  void open(std::uint64_t id = 1 << 16) {
    session_request const asked = take();
    EXPECT_EQ(asked.handle, 0U);
    session_answer made = reply(asked, session_answer_kind::opened);
    made.session = session_id(id);
    client.answered(now, asked.to, made, out);
  }
  void advance(time_ns by) {
    now += by;
    client.tick(now, out);
  }
  // Sends the next attempt that is due, whenever that is.
  session_request next() {
    while (out.send.empty() && client.next_deadline() != never) {
      now = std::max(now, client.next_deadline());
      client.tick(now, out);
      if (!out.finished.empty()) return {};
    }
    return take();
  }
  session_finished finished() {
    EXPECT_EQ(out.finished.size(), 1U);
    if (out.finished.empty()) return {0, unknown_fate{}};
    session_finished const one = out.finished.front();
    out.finished.clear();
    return one;
  }
};

session_options once() {
  session_options made;
  made.links_deliver_once = true;
  return made;
}

}  // namespace

TEST(session, opens_before_the_first_command_and_numbers_from_one) {
  bench b;
  b.submit(10);
  b.submit(20);
  EXPECT_EQ(b.out.send.size(), 1U);
  b.open(5 << 16);
  EXPECT_EQ(b.client.id(), session_id(5 << 16));
  session_request const first = b.take();
  session_request const second_one = b.take();
  EXPECT_EQ(first.number, sequence(1));
  EXPECT_EQ(second_one.number, sequence(2));
  EXPECT_EQ(*b.client.payload(second_one.handle), 20);
  b.done(second_one, 99);
  EXPECT_EQ(*b.finished().fate, 99U);
  EXPECT_EQ(b.client.seen(), 99U);
  b.submit(30);
  session_request const third = b.take();
  EXPECT_EQ(third.number, sequence(3));
  EXPECT_EQ(third.acked_upto, sequence(0));  // 1 is not answered yet
  b.done(first, 98);
  b.submit(40);
  EXPECT_EQ(b.take().acked_upto, sequence(2));
}

TEST(session, every_attempt_carries_the_same_number) {
  bench b;
  std::uint64_t const handle = b.submit(1);
  b.open();
  session_request const first = b.take();
  b.advance(second);
  session_request const again = b.take();
  EXPECT_EQ(again.handle, handle);
  EXPECT_EQ(again.number, first.number);
  EXPECT_EQ(again.attempt, 2U);
  EXPECT_NE(again.to, first.to);
  b.done(first, 7);  // the first was only slow
  EXPECT_TRUE(b.finished().fate);
  b.done(again, 7);
  EXPECT_TRUE(b.out.finished.empty());
}

TEST(session, follows_a_hint_at_once_and_a_stale_one_never) {
  bench b;
  b.submit(1);
  b.open();
  session_request const first = b.take();
  b.refuse(first, error_code::not_leader, hint(5, 3));
  session_request const hop = b.take();
  EXPECT_EQ(hop.to, node_id(3));
  b.refuse(hop, error_code::not_leader, hint(4, 2));  // older: node 2 led before node 3
  EXPECT_TRUE(b.out.send.empty());
  EXPECT_FALSE(b.client.leader().has_value());
  b.refuse(b.next(), error_code::not_leader, hint(6, 2));
  EXPECT_EQ(b.take().to, node_id(2));
}

TEST(session, pauses_after_a_bounded_number_of_hops) {
  bench b;
  b.submit(1);
  b.open();
  session_request asked = b.take();
  std::uint32_t hops = 0;
  for (std::uint32_t round = 10; round < 40; ++round) {
    b.refuse(asked, error_code::not_leader, hint(round, 1 + round % 3));
    if (b.out.send.empty()) break;
    asked = b.take();
    ++hops;
  }
  EXPECT_LE(hops, session_options().hops_max);
  time_ns const before = b.now;
  asked = b.next();
  EXPECT_GT(b.now, before);
}

TEST(session, backs_off_with_jitter_within_bounds) {
  backoff_delay const delay{.first_ns = 1000, .most_ns = 16'000};
  generator dice(3);
  for (std::uint32_t attempts = 0; attempts < 80; ++attempts) {
    time_ns const limit = attempts < 4 ? 1000 << attempts : 16'000;
    time_ns const drawn = delay.draw(attempts, dice.next());
    EXPECT_GE(drawn, limit / 2);
    EXPECT_LE(drawn, limit);
  }
}

TEST(session, what_never_left_is_refused) {
  bench b;
  b.submit(1, second);
  b.next();  // the opening
  b.now = 2 * second;
  b.client.tick(b.now, b.out);
  ASSERT_NE(b.finished().fate.refused(), nullptr);
}

TEST(session, what_left_and_was_not_answered_is_unknown) {
  for (bool delivers_once : {false, true}) {
    bench b(delivers_once ? once() : session_options());
    b.submit(1, second);
    b.open();
    b.take();
    b.advance(2 * second);
    session_finished const end = b.finished();
    ASSERT_NE(end.fate.unknown(), nullptr);
    EXPECT_EQ(end.fate.error().code, error_code::timed_out);
  }
}

// A refusal is final only where every attempt was refused, over a link that delivers once.
TEST(session, refused_by_everybody_is_refused_only_over_links_that_deliver_once) {
  for (bool delivers_once : {false, true}) {
    bench b(delivers_once ? once() : session_options());
    b.submit(1, second);
    b.open();
    session_request asked = b.take();
    while (b.out.finished.empty() && asked.handle != 0) {
      b.refuse(asked, error_code::busy);
      asked = b.next();
    }
    session_finished const end = b.finished();
    EXPECT_EQ(end.fate.refused() != nullptr, delivers_once);
    EXPECT_EQ(end.fate.unknown() != nullptr, !delivers_once);
  }
}

TEST(session, one_silent_attempt_makes_later_refusals_unknown) {
  bench b(once());
  b.submit(1, 2 * second);
  b.open();
  b.take();
  b.advance(second);  // the first attempt may still be under way
  session_request asked = b.take();
  while (b.out.finished.empty() && asked.handle != 0) {
    b.refuse(asked, error_code::busy);
    b.refuse(asked, error_code::busy);  // duplicated answers do not count for the first attempt
    asked = b.next();
  }
  EXPECT_NE(b.finished().fate.unknown(), nullptr);
}

TEST(session, uncertain_is_tried_again_and_never_called_refused) {
  bench b(once());
  b.submit(1);
  b.open();
  session_request const first = b.take();
  b.answer(first, session_answer_kind::uncertain, error_code::leadership_lost);
  session_request const again = b.next();
  EXPECT_EQ(again.number, first.number);
  b.refuse(again, error_code::too_large);
  EXPECT_NE(b.finished().fate.unknown(), nullptr);
}

TEST(session, a_command_too_large_ends_at_once) {
  bench b(once());
  b.submit(1);
  b.open();
  b.refuse(b.take(), error_code::too_large);
  EXPECT_NE(b.finished().fate.refused(), nullptr);
}

TEST(session, expired_on_a_retry_is_unknown) {
  bench b(once());
  b.submit(1);
  b.open();
  b.take();
  b.advance(second);
  b.answer(b.take(), session_answer_kind::expired);
  session_finished const end = b.finished();
  ASSERT_NE(end.fate.unknown(), nullptr);
  EXPECT_EQ(end.fate.error().code, error_code::session_expired);
}

TEST(session, expired_at_the_first_attempt_goes_into_the_next_session) {
  bench b(once());
  b.submit(1);
  b.open(1 << 16);
  session_request const first = b.take();
  b.answer(first, session_answer_kind::expired);
  EXPECT_TRUE(b.out.finished.empty());
  b.open(9 << 16);
  session_request const again = b.take();
  EXPECT_EQ(again.session, session_id(9 << 16));
  EXPECT_EQ(again.number, sequence(1));
  b.answer(first, session_answer_kind::expired);  // about the session of before
  EXPECT_EQ(b.client.id(), session_id(9 << 16));
  b.done(again, 3);
  EXPECT_TRUE(b.finished().fate);
}

TEST(session, expired_at_the_first_attempt_is_unknown_where_links_duplicate) {
  bench b;
  b.submit(1);
  b.open();
  b.answer(b.take(), session_answer_kind::expired);
  EXPECT_NE(b.finished().fate.unknown(), nullptr);
}

TEST(session, with_the_session_everything_under_way_becomes_unknown) {
  bench b(once());
  b.submit(1);
  b.submit(2);
  b.open();
  session_request const first = b.take();
  b.take();
  b.answer(first, session_answer_kind::expired);
  EXPECT_NE(b.finished().fate.unknown(), nullptr);  // the second; the first was not done
  EXPECT_EQ(b.client.in_flight(), 1U);
}

TEST(session, a_forgotten_reply_is_unknown_and_the_session_lives) {
  bench b(once());
  b.submit(1);
  b.open();
  b.answer(b.take(), session_answer_kind::forgotten);
  EXPECT_NE(b.finished().fate.unknown(), nullptr);
  EXPECT_NE(b.client.id(), session_id());
}

TEST(session, an_answer_to_an_earlier_opening_is_ignored) {
  bench b(once());
  b.submit(1);
  session_request const opening = b.out.send.front();
  b.open(1 << 16);
  b.answer(b.take(), session_answer_kind::expired);
  session_answer late = bench::reply(opening, session_answer_kind::opened);
  late.session = session_id(1 << 16);
  b.client.answered(b.now, opening.to, late, b.out);
  EXPECT_EQ(b.client.id(), session_id());
}

TEST(session, keeps_within_its_flight_even_when_one_command_is_stuck) {
  session_options options;
  options.in_flight_max = 3;
  bench b(options);
  b.submit(1);
  b.open();
  session_request const stuck = b.take();
  for (int i = 0; i < 2; ++i) {
    b.submit(2);
    b.done(b.take(), 1);
    b.finished();
  }
  b.submit(3);  // would be number 4 with nothing acknowledged
  EXPECT_TRUE(b.out.send.empty());
  b.done(stuck, 2);
  EXPECT_EQ(b.take().number, sequence(4));
  b.submit(4);
  b.submit(5);
  auto const refused = b.client.submit(b.now, 6, never, b.out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, error_code::busy);
}

TEST(session, a_lost_connection_sends_again_after_a_pause) {
  bench b;
  b.submit(1);
  b.open();
  session_request const first = b.take();
  b.client.connection_lost(b.now, first.to, b.out);
  EXPECT_TRUE(b.out.send.empty());
  session_request const again = b.next();
  EXPECT_EQ(again.number, first.number);
  EXPECT_LT(b.now, session_options().attempt_timeout_ns);
}

TEST(session, learns_newer_members_only) {
  bench b;
  b.client.learn(three(3, 9));
  b.client.learn(three(2, 8));
  EXPECT_EQ(b.client.members().number(), config_number(3));
  EXPECT_NE(b.client.members().find(node_id(9)), nullptr);
}

TEST(session, reads_need_no_session_and_carry_what_was_seen) {
  bench b;
  b.submit(1);
  b.open();
  b.done(b.take(), 77);
  b.finished();
  auto const handle = b.client.submit_read(b.now, 2, second, node_id(2), b.out);
  ASSERT_TRUE(handle);
  session_request const asked = b.take();
  EXPECT_TRUE(asked.read);
  EXPECT_EQ(asked.to, node_id(2));
  EXPECT_EQ(asked.floor, 77U);
  b.now = 2 * second;
  b.client.tick(b.now, b.out);
  EXPECT_NE(b.finished().fate.refused(), nullptr);  // a read that fails was not done
}

namespace {

// A client that wants order, with three commands under way.
struct ordered_bench : bench {
  session_request sent[3];

  ordered_bench() : bench(in_order()) {
    for (int what : {1, 2, 3}) submit(what);
    EXPECT_NE(out.send.front().token_high & session_change::order_bit, 0U);
    open((5 << 16) + 1);
    for (session_request& one : sent) one = take();
  }
  static session_options in_order() {
    session_options made;
    made.ordered = true;
    return made;
  }
};

}  // namespace

TEST(session, asks_for_order_only_where_it_is_wanted) {
  bench b;
  b.submit(1);
  EXPECT_EQ(b.take().token_high & session_change::order_bit, 0U);
}

TEST(session, what_is_to_keep_its_order_goes_to_one_node_until_that_fails) {
  ordered_bench b;
  EXPECT_EQ(b.sent[0].to, b.sent[1].to);
  EXPECT_EQ(b.sent[0].to, b.sent[2].to);
  EXPECT_NE(b.next().to, b.sent[0].to);
}

TEST(session, what_came_early_goes_again_in_order_once_the_one_before_it_is_done) {
  ordered_bench b;
  b.early(b.sent[2]);
  b.early(b.sent[1]);
  b.submit(4);
  EXPECT_TRUE(b.out.send.empty());  // it would come early as well
  b.done(b.sent[0], 1);
  for (std::uint64_t number = 2; number <= 4; ++number) {
    session_request const again = b.take();
    EXPECT_EQ(again.number, sequence(number));
    EXPECT_EQ(again.acked_upto, sequence(1));
    EXPECT_EQ(again.attempt, number == 4 ? 1U : 2U);
    EXPECT_EQ(again.to, b.sent[0].to);
  }
  EXPECT_TRUE(b.out.send.empty());
}

TEST(session, what_came_early_need_not_wait_for_what_is_given_up) {
  ordered_bench b;
  b.early(b.sent[1]);
  b.done(b.sent[2], 3);  // only a server that is wrong says so
  b.now = 9 * second;
  b.submit(4);
  b.out.send.clear();
  b.out.finished.clear();
  b.now = 10 * second;
  b.client.tick(b.now, b.out);
  ASSERT_EQ(b.out.finished.size(), 2U);  // the first two had their time
  EXPECT_NE(b.out.finished[0].fate.unknown(), nullptr);
  EXPECT_NE(b.out.finished[1].fate.unknown(), nullptr);
  EXPECT_EQ(b.take().acked_upto, sequence(3));
}

TEST(session, what_came_early_may_have_been_done_by_another_attempt) {
  ordered_bench b;
  b.advance(second);  // all three are sent again
  b.out.send.clear();
  b.early(b.sent[1]);
  b.advance(10 * second);
  for (session_finished const& one : b.out.finished) EXPECT_NE(one.fate.unknown(), nullptr);
  EXPECT_EQ(b.out.finished.size(), 3U);
}

TEST(session, whose_time_is_over_before_it_leaves_does_not_give_its_turn_to_a_later_one) {
  bench b;
  b.submit(1, second);
  b.submit(2);
  b.now = second;
  b.client.tick(b.now, b.out);
  b.finished();
  b.submit(3);  // takes the place that the first had
  b.out.send.erase(b.out.send.begin(), b.out.send.end() - 1);
  b.open();
  EXPECT_EQ(*b.client.payload(b.take().handle), 2);
  EXPECT_EQ(*b.client.payload(b.take().handle), 3);
}
