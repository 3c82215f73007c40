// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/send_queue.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "support/allocations.hpp"

namespace {

using synod::shared_bytes;
using synod::asio::send_queue;
using synod::asio::send_queue_options;

shared_bytes bytes_of(std::string const& text) {
  auto const from = std::as_bytes(std::span(text.data(), text.size()));
  return shared_bytes(std::vector<std::byte>(from.begin(), from.end()));
}

bool push(send_queue& to, std::string const& frame) {
  return to.push(bytes_of(frame), 0, frame.size());
}

// Writes up to `most` bytes of what is in front.
std::string write(send_queue& from, std::size_t most = SIZE_MAX) {
  std::string text;
  from.front([&](std::span<std::byte const> part) {
    std::size_t const some = std::min(part.size(), most - text.size());
    text.append(reinterpret_cast<char const*>(part.data()), some);
    return text.size() < most;
  });
  from.written(text.size());
  return text;
}

TEST(send_queue, keeps_the_order_however_it_is_cut) {
  for (std::size_t piece = 1; piece < 12; ++piece) {
    send_queue queue;
    EXPECT_TRUE(queue.empty());
    EXPECT_TRUE(push(queue, "one "));
    EXPECT_TRUE(push(queue, "two "));
    EXPECT_TRUE(push(queue, "three"));
    EXPECT_EQ(queue.bytes(), 13U);
    std::string text;
    while (!queue.empty()) text += write(queue, piece);
    EXPECT_EQ(text, "one two three");
    EXPECT_EQ(queue.bytes(), 0U);
  }
}

TEST(send_queue, neighbours_in_one_buffer_become_one_piece) {
  send_queue queue;
  shared_bytes const all = bytes_of("abcdef");
  queue.push(all, 0, 2);
  queue.push(all, 2, 2);
  queue.push(all, 5, 1);
  int pieces = 0;
  queue.front([&](auto) { return ++pieces > 0; });
  EXPECT_EQ(pieces, 2);
  EXPECT_EQ(write(queue), "abcdf");
}

TEST(send_queue, a_heartbeat_overtakes_a_backlog_but_no_half_frame) {
  send_queue queue({.backlog_bytes = 8, .prompt_frame_bytes_max = 4});
  push(queue, "AAAAAA");
  push(queue, "small");  // more than a heartbeat
  push(queue, "BBBBBB");
  push(queue, "h1");
  push(queue, "h2");
  EXPECT_EQ(write(queue, 3), "h1h");
  EXPECT_EQ(write(queue, 4), "2AAA");
  push(queue, "h3");
  EXPECT_EQ(write(queue), "AAAh3smallBBBBBB");
}

// However much bulk waits and however the socket takes it, what is written between the moment in
// which a heartbeat is queued and the heartbeat is bounded: the rest of the frame that has begun,
// the small frames queued before, and at most a backlog from when there was none yet.
TEST(send_queue, a_heartbeat_never_waits_for_bulk) {
  std::size_t heartbeats = 0;
  std::size_t longest = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 dice(seed);
    send_queue_options const limits{.backlog_bytes = 1000, .prompt_frame_bytes_max = 8};
    constexpr std::size_t bulk = 5000;
    send_queue queue(limits);
    std::size_t written = 0;
    std::size_t small = 0;  // bytes of heartbeats in the queue
    std::vector<std::size_t> due;
    std::string all;
    for (int step = 0; step < 400; ++step) {
      switch (dice() % 4) {
        case 0: push(queue, std::string(1 + dice() % bulk, 'b')); break;
        case 1:
          push(queue, "<beat>");
          small += 6;
          due.push_back(written + limits.backlog_bytes + bulk + small);
          break;
        default: {
          std::string const some = write(queue, 1 + dice() % 700);
          written += some.size();
          all += some;
        }
      }
      // Those that have arrived do not stand before others.
      std::size_t arrived = 0;
      for (std::size_t at = all.find('>'); at != std::string::npos; at = all.find('>', at + 1)) {
        ++arrived;
      }
      small = (due.size() - arrived) * 6;
    }
    written += queue.bytes();
    while (!queue.empty()) all += write(queue);
    std::size_t number = 0;
    for (std::size_t at = all.find('<'); at != std::string::npos; at = all.find('<', at + 1)) {
      ASSERT_LE(at, due[number]) << "seed " << seed << ", heartbeat " << number;
      longest = std::max(longest, limits.backlog_bytes + bulk - std::min(due[number] - at, bulk));
      ++number;
    }
    ASSERT_EQ(number, due.size());
    heartbeats += number;
  }
  EXPECT_GT(heartbeats, 3000U);
  EXPECT_GT(longest, 1000U) << "the bound is never approached: nothing was tested";
}

TEST(send_queue, without_a_backlog_nothing_is_reordered) {
  send_queue queue({.backlog_bytes = 100, .prompt_frame_bytes_max = 4});
  push(queue, std::string(50, 'A'));
  push(queue, "h1");
  std::string expected(50, 'A');
  expected += "h1";
  EXPECT_EQ(write(queue), expected);
}

TEST(send_queue, drops_what_does_not_fit_and_counts_it) {
  send_queue queue(
      {.bytes_max = 100, .backlog_bytes = 50, .prompt_frame_bytes_max = 4, .prompt_bytes_max = 6});
  EXPECT_TRUE(push(queue, std::string(500, 'A')));  // one always fits, or it could never be sent
  EXPECT_FALSE(push(queue, std::string(10, 'B')));
  EXPECT_TRUE(push(queue, "h1"));
  EXPECT_TRUE(push(queue, "h2"));
  EXPECT_TRUE(push(queue, "h3"));
  EXPECT_FALSE(push(queue, "h4"));
  EXPECT_EQ(queue.dropped(), 2U);
  EXPECT_EQ(write(queue).size(), 506U);
  EXPECT_TRUE(push(queue, std::string(10, 'B')));
}

// A short slice may keep a long buffer alive: what counts is memory.
TEST(send_queue, counts_what_a_slice_keeps_alive) {
  send_queue queue({.bytes_max = 10'000, .backlog_bytes = 1U << 20});
  int taken = 0;
  while (taken < 1000 && queue.push(bytes_of(std::string(1000, 'x')), 10, 1)) ++taken;
  EXPECT_EQ(taken, 10);
}

TEST(send_queue, equals_a_plain_list_of_frames_in_any_schedule) {
  std::minstd_rand dice(7);
  for (int round = 0; round < 200; ++round) {
    send_queue queue({.backlog_bytes = 1U << 30});
    std::string pushed;
    std::string written;
    for (int step = 0; step < 300; ++step) {
      if (dice() % 2 == 0) {
        std::string const text(1 + dice() % 40, static_cast<char>('a' + dice() % 26));
        shared_bytes const whole = bytes_of(text + text);
        queue.push(whole, 0, text.size());
        queue.push(whole, text.size(), text.size());
        pushed += text + text;
      } else {
        written += write(queue, 1 + dice() % 100);
      }
    }
    written += write(queue);
    ASSERT_EQ(written, pushed);
    ASSERT_TRUE(queue.empty());
  }
}

TEST(send_queue, allocates_nothing_once_it_is_warm) {
  send_queue queue;
  shared_bytes const frame = bytes_of(std::string(200, 'f'));
  auto const some = [&] {
    for (int i = 0; i < 100; ++i) queue.push(frame, 0, 200);
    while (!queue.empty()) {
      std::size_t bytes = 0;
      queue.front([&](auto part) {
        bytes += part.size();
        return bytes < 1000;
      });
      queue.written(bytes);
    }
  };
  some();
  support::allocations const counted;
  for (int i = 0; i < 100; ++i) some();
  EXPECT_EQ(counted.calls(), 0U);
}

}  // namespace
