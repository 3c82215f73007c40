// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

// Counts what the calling thread allocates while it lives. Whoever includes this is linked with
// allocations.cpp, which replaces operator new and delete. Counters may be nested.
//
//   support::allocations counted;
//   decode(hostile_bytes);
//   EXPECT_LE(counted.peak(), 4 * hostile_bytes.size() + 65536);

namespace support {

struct allocation_totals {
  std::size_t calls = 0;  // of operator new
  std::size_t bytes = 0;  // asked for, summed
  std::size_t live = 0;   // held now; wraps below zero when older memory is freed
  std::size_t peak = 0;   // the most that was live
};

// The totals of this thread since it began.
allocation_totals& thread_allocations() noexcept;

class allocations {
 public:
  allocations() noexcept : before_(thread_allocations()) {
    thread_allocations().live = 0;
    thread_allocations().peak = 0;
  }
  allocations(allocations const&) = delete;
  allocations& operator=(allocations const&) = delete;
  ~allocations() {
    allocation_totals& now = thread_allocations();
    std::size_t const inner_peak = before_.live + now.peak;
    now.live += before_.live;
    now.peak = before_.peak > inner_peak ? before_.peak : inner_peak;
  }

  [[nodiscard]] std::size_t calls() const { return thread_allocations().calls - before_.calls; }
  [[nodiscard]] std::size_t bytes() const { return thread_allocations().bytes - before_.bytes; }
  // The most bytes that were held at one time beyond what was held at the start.
  [[nodiscard]] std::size_t peak() const { return thread_allocations().peak; }

 private:
  allocation_totals before_;
};

}  // namespace support
