// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace bench {

// What the replicas of a run tell the others, in a file that all of them have mapped: it costs them
// no message and no turn.
struct shared_page {
  struct replica {
    std::atomic<std::uint64_t> moved;  // bytes that its links wrote and read
    std::atomic<std::uint64_t> applied;
    std::atomic<std::uint32_t> started;
    std::atomic<std::uint32_t> leads;
  };
  std::array<replica, 16> at;  // by id

  // Null if that does not work. It is never unmapped: the process ends before.
  static shared_page* map(std::string const& folder) {
    int const file = ::open((folder + "/page").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ::ftruncate(file, sizeof(shared_page)) != 0) return nullptr;
    void* const where =
        ::mmap(nullptr, sizeof(shared_page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    return where == MAP_FAILED ? nullptr : static_cast<shared_page*>(where);
  }
};

}  // namespace bench
