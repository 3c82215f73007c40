// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <new>
#include <thread>
#include <utility>

#include "support/allocations.hpp"

// The counter that other tests rely on counts.

namespace {

// Asks operator new by name, since a compiler may leave out what a new-expression would allocate.
struct memory {
  explicit memory(std::size_t size) : start(::operator new(size)) {}
  memory(memory const&) = delete;
  memory& operator=(memory const&) = delete;
  ~memory() { ::operator delete(start); }

  void release() { ::operator delete(std::exchange(start, nullptr)); }

  void* start;
};

}  // namespace

TEST(allocations, nothing_allocated_counts_nothing) {
  support::allocations const counted;
  EXPECT_EQ(counted.calls(), 0U);
  EXPECT_EQ(counted.bytes(), 0U);
  EXPECT_EQ(counted.peak(), 0U);
}

TEST(allocations, calls_bytes_and_peak) {
  support::allocations const counted;
  {
    memory const first(1000);
    memory const second(500);
  }
  memory const third(200);
  EXPECT_EQ(counted.calls(), 3U);
  EXPECT_EQ(counted.bytes(), 1700U);
  EXPECT_GE(counted.peak(), 1500U);
  EXPECT_LT(counted.peak(), 1700U);
}

TEST(allocations, older_memory_freed_meanwhile_does_not_wrap_the_peak) {
  memory older(5000);
  support::allocations const counted;
  older.release();
  memory const newer(100);
  EXPECT_LT(counted.peak(), 5000U);
}

TEST(allocations, an_inner_counter_leaves_the_outer_one_right) {
  support::allocations const outer;
  memory const first(1000);
  {
    support::allocations const inner;
    memory const second(500);
    EXPECT_EQ(inner.bytes(), 500U);
    EXPECT_LT(inner.peak(), 1000U);
  }
  EXPECT_EQ(outer.calls(), 2U);
  EXPECT_EQ(outer.bytes(), 1500U);
  EXPECT_GE(outer.peak(), 1500U);
}

TEST(allocations, over_aligned_and_failing_requests) {
  support::allocations const counted;
  ::operator delete (::operator new (64, std::align_val_t{64}), std::align_val_t{64});
  EXPECT_EQ(counted.calls(), 1U);
  EXPECT_THROW(static_cast<void>(::operator new(static_cast<std::size_t>(-1) / 2)), std::bad_alloc);
}

TEST(allocations, other_threads_are_not_counted) {
  std::thread other;
  std::size_t inside = 0;
  other = std::thread([&inside] {
    support::allocations const counted;
    memory const held(4096);
    inside = counted.bytes();
  });
  support::allocations const counted;
  other.join();
  EXPECT_EQ(inside, 4096U);
  EXPECT_LT(counted.bytes(), 4096U);
}
