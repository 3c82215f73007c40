// SPDX-License-Identifier: BSL-1.0
#include "allocations.hpp"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace support {

// Never destroyed and never constructed at run time, so it may be used by whatever allocates first.
static constinit thread_local allocation_totals totals;

allocation_totals& thread_allocations() noexcept { return totals; }

static void* counted(std::size_t size, std::size_t alignment) noexcept {
  // No machine has this much; a sanitizer would end the program instead of saying so.
  if (size > std::size_t{1} << 40) return nullptr;
  void* const memory =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size == 0 ? 1 : size)
          : std::aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1));
  if (memory != nullptr) {
    totals.calls += 1;
    totals.bytes += size;
    totals.live += malloc_usable_size(memory);
    // What was held before the count began may be freed during it, which leaves less than nothing.
    bool const below_start = totals.live > static_cast<std::size_t>(-1) / 2;
    if (!below_start && totals.live > totals.peak) totals.peak = totals.live;
  }
  return memory;
}

static void* counted_or_throw(std::size_t size, std::size_t alignment) {
  void* const memory = counted(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

static void released(void* memory) noexcept {
  if (memory == nullptr) return;
  totals.live -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace support

using support::counted;
using support::counted_or_throw;
using support::released;

void* operator new(std::size_t size) { return counted_or_throw(size, 1); }
void* operator new[](std::size_t size) { return counted_or_throw(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept { return counted(size, 1); }
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept { return counted(size, 1); }
void operator delete(void* memory) noexcept { released(memory); }
void operator delete[](void* memory) noexcept { released(memory); }
void operator delete(void* memory, std::size_t) noexcept { released(memory); }
void operator delete[](void* memory, std::size_t) noexcept { released(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { released(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { released(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { released(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { released(memory); }
