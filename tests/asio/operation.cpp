// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/clock.hpp>
#include <synod/asio/operation.hpp>
#include <synod/asio/run.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/allocations.hpp"

namespace {

using synod::error;
using synod::error_code;
using synod::outcome;
using synod::asio::operation;
using synod::asio::operation_book;
using synod::asio::operation_memory;
using synod::asio::waiting_operation;
using executor = boost::asio::io_context::executor_type;

struct fixture {
  boost::asio::io_context io;
  operation_memory memory;
  operation_book book;

  template <class R, class Handler>
  std::uint64_t add(Handler handler) {
    operation& made = waiting_operation<R, Handler, executor>::make(memory, std::move(handler),
                                                                    io.get_executor());
    return book.add(made, 1);
  }
};

TEST(operation, calls_its_handler_once_and_only_when_run) {
  fixture of;
  int calls = 0;
  int value = 0;
  auto const token = of.add<int>([&](outcome<int> got) {
    ++calls;
    value = *got;
  });
  EXPECT_NE(of.book.complete(token, outcome<int>(42)), nullptr);
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(of.book.wants_run());
  EXPECT_EQ(of.book.complete(token, outcome<int>(43)), nullptr);
  of.book.run(of.memory);
  of.book.run(of.memory);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(value, 42);
  EXPECT_EQ(of.book.size(), 0U);
}

TEST(operation, a_token_is_never_used_again) {
  fixture of;
  auto const first = of.add<int>([](outcome<int>) {});
  of.book.fail(first, error{error_code::busy, 0, "", ""});
  of.book.run(of.memory);
  auto const second = of.add<int>([](outcome<int>) {});
  EXPECT_NE(first, second);
  EXPECT_EQ(of.book.find(first), nullptr);
  EXPECT_NE(of.book.find(second), nullptr);
  of.book.drop_all(of.memory);
}

TEST(operation, refused_and_unknown_are_told_apart) {
  fixture of;
  std::string said;
  auto const note = [&](outcome<std::string> got) {
    said += got.refused() != nullptr ? "refused " : got.unknown() != nullptr ? "unknown " : "done ";
  };
  auto const one = of.add<std::string>(note);
  auto const two = of.add<std::string>(note);
  auto const three = of.add<std::string>(note);
  of.book.fail(one, error{error_code::busy, 0, "", ""});
  of.book.find(two)->harmless = false;
  of.book.fail(two, error{error_code::timed_out, 0, "", ""});
  of.book.complete(three, outcome<std::string>(std::string("value")));
  of.book.run(of.memory);
  EXPECT_EQ(said, "refused unknown done ");
}

TEST(operation, a_handler_may_begin_the_next_and_end_the_others) {
  fixture of;
  int ended = 0;
  std::uint64_t other = 0;
  auto const first = of.add<int>([&](outcome<int>) {
    ++ended;
    of.book.fail(other, error{error_code::shutting_down, 0, "", ""});
    auto const next = of.add<int>([&](outcome<int>) { ++ended; });
    of.book.complete(next, outcome<int>(1));
  });
  other = of.add<int>([&](outcome<int>) { ++ended; });
  of.book.complete(first, outcome<int>(1));
  of.book.run(of.memory);
  EXPECT_EQ(ended, 1);
  of.book.run(of.memory);
  EXPECT_EQ(ended, 3);
}

TEST(operation, so_many_handlers_at_once_in_the_order_of_their_ends) {
  fixture of;
  std::string said;
  std::uint64_t last = 0;
  for (char const name : {'a', 'b', 'c', 'd', 'e'}) {
    auto const token = of.add<int>([&said, &of, &last, name](outcome<int>) {
      said += name;
      if (name == 'b') of.book.complete(last, outcome<int>(1));
      if (name == 'd') of.book.run(of.memory);  // as of a handler that runs the loop itself
    });
    of.book.complete(token, outcome<int>(1));
  }
  last = of.add<int>([&](outcome<int>) { said += 'f'; });
  of.book.run(of.memory, 2);
  EXPECT_EQ(said, "ab");
  EXPECT_TRUE(of.book.wants_run());
  of.book.run(of.memory, 2);
  EXPECT_EQ(said, "abcdef");
  EXPECT_FALSE(of.book.wants_run());
  of.book.run(of.memory, 2);
  EXPECT_EQ(said, "abcdef");
}

TEST(operation, of_many_that_end_together_three_quarters_are_called_first) {
  fixture of;
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < 80; ++i) tokens.push_back(of.add<int>([](outcome<int>) {}));
  EXPECT_EQ(of.book.wanted_now(), 0U);
  for (std::size_t i = 0; i < 40; ++i) of.book.complete(tokens[i], outcome<int>(1));
  EXPECT_EQ(of.book.wanted_now(), 40U);  // forty others are under way
  for (std::size_t i = 40; i < 80; ++i) of.book.complete(tokens[i], outcome<int>(1));
  EXPECT_EQ(of.book.wanted_now(), 60U);
  of.book.run(of.memory, 40);
  EXPECT_EQ(of.book.wanted_now(), 30U);
  of.book.run(of.memory, 9);
  EXPECT_EQ(of.book.wanted_now(), 31U);  // of fewer than 32, all
  of.book.run(of.memory);
  of.book.complete(of.add<int>([](outcome<int>) {}), outcome<int>(1));
  EXPECT_EQ(of.book.wanted_now(), 1U);
  of.book.run(of.memory);
}

TEST(operation, a_handler_may_drop_all_that_is_left) {
  fixture of;
  int called = 0;
  for (int i = 0; i < 4; ++i) {
    auto const token = of.add<int>([&](outcome<int>) {
      if (++called == 2) of.book.drop_all(of.memory);
    });
    of.book.complete(token, outcome<int>(1));
  }
  of.book.run(of.memory, 3);
  EXPECT_EQ(called, 2);
  EXPECT_FALSE(of.book.wants_run());
}

template <class Shown>
void however_it_waits(Shown shown) {
  shown(synod::asio::wait_asleep{});
  for (std::int64_t const ns : {std::int64_t{0}, std::int64_t{200'000}, synod::never}) {
    shown(synod::asio::wait_awake{ns});
    shown(synod::asio::wait_briefly{ns});
  }
  shown(synod::asio::wait_briefly{});
}

// A timer that is due later than whoever is awake gives up asking, and what it posts in turn.
TEST(run, ends_when_there_is_no_more_work_however_it_waits) {
  however_it_waits([](auto how) {
    boost::asio::io_context io;
    int called = 0;
    boost::asio::steady_timer timer(io, std::chrono::milliseconds(2));
    timer.async_wait([&](boost::system::error_code) {
      ++called;
      boost::asio::post(io, [&] { ++called; });
    });
    EXPECT_EQ(synod::asio::run(io, how), 2U);
    EXPECT_EQ(called, 2);
  });
}

TEST(run, ends_when_it_is_stopped_however_it_waits) {
  however_it_waits([](auto how) {
    boost::asio::io_context io;
    auto const guard = boost::asio::make_work_guard(io);
    boost::asio::post(io, [&] { io.stop(); });
    EXPECT_EQ(synod::asio::run(io, how), 1U);
    EXPECT_EQ(synod::asio::run(io, how), 0U);
  });
}

TEST(run, lets_exceptions_out_and_can_go_on_however_it_waits) {
  however_it_waits([](auto how) {
    boost::asio::io_context io;
    std::string called;
    boost::asio::post(io, [&] { called += 'a'; });
    boost::asio::post(io, [] { throw std::runtime_error("of a handler"); });
    boost::asio::post(io, [&] { called += 'c'; });
    EXPECT_THROW(synod::asio::run(io, how), std::runtime_error);
    EXPECT_EQ(called, "a");
    EXPECT_EQ(synod::asio::run(io, how), 1U);
    EXPECT_EQ(called, "ac");
  });
}

// Who waits from one to the next, as if asleep or awake, misses none.
TEST(run, hears_whatever_comes_from_elsewhere_however_it_waits) {
  however_it_waits([](auto how) {
    boost::asio::io_context io;
    auto guard = boost::asio::make_work_guard(io);
    std::size_t ran = 0;
    std::thread waiting([&] { ran = synod::asio::run(io, how); });
    for (int i = 0; i < 20; ++i) {
      std::promise<void> heard;
      boost::asio::post(io, [&] { heard.set_value(); });
      heard.get_future().get();
      if (i % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    boost::asio::post(io, [&] { guard.reset(); });
    waiting.join();
    EXPECT_EQ(ran, 21U);
  });
}

// Whether a thread is asleep, each time that one looks for some milliseconds: one that asks again
// and again runs or wants to.
bool stays_asleep(pid_t thread) {
  std::string const status = "/proc/self/task/" + std::to_string(thread) + "/stat";
  for (int looks = 0; looks < 10; ++looks) {
    std::ifstream from(status);
    std::string const text(std::istreambuf_iterator<char>(from), {});
    if (text.find(") S ") == std::string::npos) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

template <class How>
void sleeps_once_nothing_comes(How how) {
  boost::asio::io_context io;
  auto guard = boost::asio::make_work_guard(io);
  std::promise<pid_t> started;
  std::size_t ran = 0;
  std::thread waiting([&] {
    started.set_value(::gettid());
    ran = synod::asio::run(io, how);
  });
  pid_t const thread = started.get_future().get();
  bool asleep = false;
  for (int i = 0; i < 1'000 && !asleep; ++i) {
    asleep = stays_asleep(thread);
    if (!asleep) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(asleep);
  boost::asio::post(io, [&] { guard.reset(); });  // and is woken by what comes then
  waiting.join();
  EXPECT_EQ(ran, 1U);
}

TEST(run, sleeps_once_nothing_comes_however_it_waits) {
  sleeps_once_nothing_comes(synod::asio::wait_asleep{});
  sleeps_once_nothing_comes(synod::asio::wait_awake{1'000});
  sleeps_once_nothing_comes(synod::asio::wait_briefly{});
  sleeps_once_nothing_comes(synod::asio::wait_briefly{1'000});
}

TEST(operation, a_handler_is_called_where_it_wants_to_be) {
  fixture of;
  boost::asio::thread_pool elsewhere(1);
  std::promise<std::thread::id> where;
  auto const token =
      of.add<int>(boost::asio::bind_executor(elsewhere.get_executor(), [&](outcome<int>) {
        where.set_value(std::this_thread::get_id());
      }));
  of.book.complete(token, outcome<int>(1));
  of.book.run(of.memory);
  EXPECT_TRUE(where.get_future().get() != std::this_thread::get_id());
}

TEST(operation, move_only_results_and_handlers_will_do) {
  fixture of;
  std::unique_ptr<int> got;
  auto const token = of.add<std::unique_ptr<int>>(
      [&, kept = std::make_unique<int>(1)](outcome<std::unique_ptr<int>> one) {
        got = std::move(*one);
        *got += *kept;
      });
  of.book.complete(token, outcome<std::unique_ptr<int>>(std::make_unique<int>(6)));
  of.book.run(of.memory);
  EXPECT_EQ(*got, 7);
}

TEST(operation, what_is_dropped_is_destroyed_and_not_called) {
  fixture of;
  auto const kept = std::make_shared<int>(0);
  auto const waiting = of.add<int>([kept](outcome<int>) { ++*kept; });
  auto const ended = of.add<int>([kept](outcome<int>) { ++*kept; });
  of.book.complete(ended, outcome<int>(1));
  EXPECT_NE(of.book.find(waiting), nullptr);
  EXPECT_EQ(kept.use_count(), 3);
  of.book.drop_all(of.memory);
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(*kept, 0);
}

TEST(operation, allocates_nothing_once_it_is_warm) {
  fixture of;
  int done = 0;
  auto const some = [&] {
    for (int i = 0; i < 100; ++i) {
      auto const token = of.add<int>([&done](outcome<int> got) { done += *got; });
      of.book.complete(token, outcome<int>(1));
    }
    of.book.run(of.memory);
  };
  some();
  some();
  support::allocations const counted;
  for (int i = 0; i < 100; ++i) some();
  EXPECT_EQ(counted.calls(), 0U);
  EXPECT_EQ(done, 10'200);
}

}  // namespace
