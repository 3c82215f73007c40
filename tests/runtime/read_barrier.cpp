// SPDX-License-Identifier: BSL-1.0
#include <synod/runtime/read_barrier.hpp>

#include <gtest/gtest.h>

#include "support/read_world.hpp"

using namespace synod;

namespace {

struct bench {
  read_barrier reads;
  std::vector<std::uint64_t> questions;
  std::vector<sequence> barriers;

  bool begin(std::uint64_t handle, read::level const& level, time_ns now = 0, bool leads = true) {
    return !reads.begin(handle, level, now, now + 1000, leads);
  }
  void flush(time_ns now = 0) {
    reads.flush(
        now,
        [&](std::uint64_t one) -> std::optional<error> {
          questions.push_back(one);
          return std::nullopt;
        },
        [&](sequence one) -> std::optional<error> {
          barriers.push_back(one);
          return std::nullopt;
        });
  }
  std::vector<std::uint64_t> served() {
    std::vector<std::uint64_t> handles;
    for (read_finished const& one : reads.finished()) {
      if (!one.why) handles.push_back(one.handle);
    }
    reads.finished().clear();
    return handles;
  }
};

using handles = std::vector<std::uint64_t>;

}  // namespace

TEST(read_barrier, local_needs_nothing) {
  bench b;
  EXPECT_TRUE(b.begin(1, read::local()));
  EXPECT_EQ(b.served(), handles{1});
  EXPECT_FALSE(b.reads.wants_flush());
}

TEST(read_barrier, the_reads_of_one_turn_share_one_question_and_wait_for_its_slot) {
  bench b;
  b.begin(1, read::linearizable_index());
  b.begin(2, read::linearizable_follower());
  b.flush();
  ASSERT_EQ(b.questions.size(), 1U);
  b.begin(3, read::linearizable_index());  // after the question left
  b.reads.answered(b.questions[0], slot(5), {});
  EXPECT_TRUE(b.served().empty());
  b.reads.applied(slot(4));
  EXPECT_TRUE(b.served().empty());
  b.reads.applied(slot(5));
  EXPECT_EQ(b.served(), (handles{1, 2}));
  b.flush();
  ASSERT_EQ(b.questions.size(), 2U);
  b.reads.answered(b.questions[1], slot(5), {});
  EXPECT_EQ(b.served(), handles{3});
}

TEST(read_barrier, an_index_read_is_for_the_leader_and_a_follower_read_for_anybody) {
  bench b;
  EXPECT_FALSE(b.begin(1, read::linearizable_index(), 0, false));
  EXPECT_TRUE(b.begin(2, read::linearizable_follower(), 0, false));
}

TEST(read_barrier, a_quorum_read_has_a_question_of_its_own) {
  bench b;
  b.begin(1, read::linearizable_quorum(), 0, false);
  b.begin(2, read::linearizable_follower(), 0, false);
  b.flush();
  ASSERT_EQ(b.questions.size(), 2U);
  EXPECT_FALSE(read_barrier::by_quorum(b.questions[0]));
  EXPECT_TRUE(read_barrier::by_quorum(b.questions[1]));
  b.reads.answered(b.questions[0], slot(), {error_code::not_leader, 0, "test", ""});
  b.reads.finished().clear();
  b.reads.answered(b.questions[1], slot(4), {});
  EXPECT_TRUE(b.served().empty());
  b.reads.applied(slot(4));
  EXPECT_EQ(b.served(), handles{1});
}

TEST(read_barrier, a_log_read_waits_for_its_own_barrier) {
  bench b;
  b.begin(1, read::linearizable_log());
  b.begin(2, read::linearizable_log());
  b.flush();
  ASSERT_EQ(b.barriers.size(), 1U);
  b.begin(3, read::linearizable_log());
  b.flush();
  ASSERT_EQ(b.barriers.size(), 2U);
  EXPECT_NE(b.barriers[0], b.barriers[1]);
  b.reads.barrier_applied(b.barriers[0], slot(8));
  b.reads.applied(slot(8));
  EXPECT_EQ(b.served(), (handles{1, 2}));
  b.reads.barrier_refused(b.barriers[1], {error_code::not_leader, 0, "test", ""});
  ASSERT_EQ(b.reads.finished().size(), 1U);
  EXPECT_EQ(b.reads.finished()[0].why.code, error_code::not_leader);
}

TEST(read_barrier, a_barrier_that_was_lost_is_put_again_and_a_later_one_serves_as_well) {
  bench b;
  b.reads = read_barrier({.barrier_again_ns = 300});
  b.begin(1, read::linearizable_log(), 0);
  b.flush();
  b.begin(2, read::linearizable_log(), 200);
  b.flush(200);
  b.reads.tick(299);
  EXPECT_FALSE(b.reads.wants_flush());
  EXPECT_EQ(b.reads.next_deadline(), 300);
  b.reads.tick(300);
  b.flush(300);
  ASSERT_EQ(b.barriers.size(), 3U);
  EXPECT_EQ(b.reads.next_deadline(), 600);
  b.reads.barrier_applied(b.barriers[0], slot(3));
  b.reads.applied(slot(3));
  EXPECT_EQ(b.served(), handles{1}) << "the second began after this one was put";
  b.reads.barrier_applied(b.barriers[2], slot(4));
  b.reads.applied(slot(4));
  EXPECT_EQ(b.served(), handles{2});
  b.reads.tick(2000);
  EXPECT_FALSE(b.reads.wants_flush());
}

TEST(read_barrier, a_session_read_waits_for_what_its_client_saw) {
  bench b;
  b.begin(1, read::session{3 << 16 | 7});
  b.begin(2, read::session{});
  EXPECT_EQ(b.served(), handles{2});
  b.reads.applied(slot(2));
  EXPECT_TRUE(b.served().empty());
  b.reads.applied(slot(3));
  EXPECT_EQ(b.served(), handles{1});
}

TEST(read_barrier, a_bounded_read_asks_only_when_the_last_answer_is_too_old) {
  bench b;
  b.begin(1, read::bounded_stale{100}, 0);
  b.flush(10);
  ASSERT_EQ(b.questions.size(), 1U);
  b.reads.answered(b.questions[0], slot(4), {});
  EXPECT_TRUE(b.served().empty());
  b.begin(2, read::bounded_stale{100}, 20);  // the answer is not applied yet
  EXPECT_TRUE(b.served().empty());
  b.reads.applied(slot(4));
  EXPECT_EQ(b.served(), handles{1});
  b.begin(3, read::bounded_stale{100}, 110);  // as old as the question, not as the answer
  EXPECT_EQ(b.served(), handles{3});
  b.begin(4, read::bounded_stale{100}, 111);
  EXPECT_TRUE(b.served().empty());
}

TEST(read_barrier, every_read_ends_at_its_deadline) {
  bench b;
  b.begin(1, read::linearizable_index());
  b.begin(2, read::session{9 << 16});
  EXPECT_EQ(b.reads.next_deadline(), 1000);
  b.reads.tick(1000);
  EXPECT_EQ(b.reads.finished().size(), 2U);
  EXPECT_EQ(b.reads.finished()[0].why.code, error_code::timed_out);
  EXPECT_EQ(b.reads.waiting(), 0U);
}

TEST(read_barrier, is_bounded) {
  read_barrier reads(read_barrier::limits{2});
  EXPECT_FALSE(reads.begin(1, read::linearizable_log(), 0, 9, true));
  EXPECT_FALSE(reads.begin(2, read::linearizable_log(), 0, 9, true));
  EXPECT_EQ(reads.begin(3, read::linearizable_log(), 0, 9, true)->code, error_code::busy);
}

TEST(read_barrier, every_level_keeps_its_promise_in_random_histories) {
  int served[7] = {};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    support::read_world world(seed);
    world.run(400);
    for (int level = 0; level < 7; ++level) {
      ASSERT_EQ(world.broken[level], 0) << "level " << level << " seed " << seed;
      served[level] += world.served[level];
    }
    ASSERT_EQ(world.stuck, 0);
    ASSERT_EQ(world.ended_twice, 0);
  }
  for (int one : served) EXPECT_GT(one, 1000);
}
