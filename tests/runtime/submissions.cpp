// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/machine/counter.hpp>
#include <synod/runtime/submissions.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

using namespace synod;

namespace {

// A node that leads, as its submissions see it, and who is told what became of them.
struct leading_node {
  client_table sessions{{.alpha = 4, .session_capacity = 3, .in_flight_max = 16}};
  std::optional<session_change> asked;
  std::vector<std::uint64_t> ended;
  std::function<void()> when_one_ends;

  std::optional<node_id> leader() const { return std::nullopt; }
  std::size_t room() const { return 9; }
  leader_hint hint() const { return {}; }
  client_table const& table() const { return sessions; }
  slot applied() const { return slot(50); }
  std::optional<error> open(session_change const& change) {
    asked = change;
    return std::nullopt;
  }
  void forward(node_id, forward_message const&) {}
  void barrier_refused(session_id, sequence, error const&) {}
  void proposed(std::size_t) {}

  template <class Result>
  void completed(std::uint64_t token, outcome<Result> const&) {
    ended.push_back(token);
    if (when_one_ends) when_one_ends();
  }
  void answer(std::uint64_t, time_ns, session_answer const&, std::span<std::byte const>) {}
};

// Notes what is proposed, in its order.
struct noting_core {
  struct output_type {};
  std::vector<std::int64_t> proposed;
  std::optional<refusal> propose(time_ns, batch<std::int64_t>&& what, output_type&) {
    for (std::int64_t const one : what.commands()) proposed.push_back(one);
    return std::nullopt;
  }
};

struct fixture {
  leading_node all;
  submissions<counter, fixed_codec, leading_node> here{
      {}, node_id(1), *membership::make(config_number(1), {{node_id(1)}}), generator(1), {}, all};
  noting_core core;
  noting_core::output_type out;

  // What callers submit is what it is known by.
  void submit(std::int64_t what, time_ns now = 1) {
    auto const refused =
        here.submit(now, what, static_cast<std::uint64_t>(what), 60'000'000'000, all);
    EXPECT_FALSE(refused.has_value());
  }
  void turn(time_ns now = 1, bool read_only = false) {
    here.begin_turn(now, read_only);
    here.flush(now, all);
    here.seal(now, now, all, core, out);
  }
  session_id open() {
    session_id const made = all.sessions.open(slot(1));
    here.opened(*all.asked, made);
    return made;
  }
  session_id begin() {
    submit(1);
    turn();
    session_id const made = open();
    turn();
    return made;
  }
};

using commands = std::vector<std::int64_t>;

}  // namespace

TEST(submissions, what_waits_to_leave_goes_before_what_comes_later) {
  fixture one;
  one.submit(1);
  one.submit(2);
  one.turn();
  one.open();
  one.submit(3);
  one.turn();
  EXPECT_EQ(one.core.proposed, (commands{1, 2, 3}));
}

TEST(submissions, a_full_disk_refuses_in_the_turn_that_finds_it_full) {
  fixture one;
  one.begin();
  one.turn(2, true);
  one.submit(2, 3);
  one.turn(3);
  EXPECT_EQ(one.core.proposed, (commands{1, 2}));
  EXPECT_TRUE(one.all.ended.empty());
  one.turn(4, true);
  one.submit(3, 5);
  one.turn(5, true);
  EXPECT_EQ(one.core.proposed, (commands{1, 2}));
}

TEST(submissions, whoever_is_told_while_others_leave_comes_behind_them) {
  fixture one;
  session_id const session = one.begin();
  // It is applied, and nobody here hears of it but from the table, once it is asked for again.
  std::array<std::byte, 8> const reply{};
  one.all.sessions.touch(position_of(slot(2), 0), session, sequence());
  one.all.sessions.keep(position_of(slot(2), 0), session, sequence(1), reply);
  one.all.when_one_ends = [&] { one.submit(3, 600'000'000); };
  one.here.tick(600'000'000);
  one.submit(2, 600'000'000);
  one.turn(600'000'000);
  EXPECT_EQ(one.all.ended, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(one.core.proposed, (commands{1, 2, 3}));
}
