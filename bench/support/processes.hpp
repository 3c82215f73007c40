// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "support/settings.hpp"

namespace bench {

// A process of this program with other settings, until this goes out of scope.
class child {
 public:
  explicit child(settings const& with);
  child(child&& other) noexcept;
  child& operator=(child&&) = delete;
  ~child() { kill(); }

  void kill();
  [[nodiscard]] bool lives() const { return pid_ > 0; }
  // The next line that it says; empty once it has ended, or if it takes too long.
  std::string line(double seconds);
  // Waits until it ends by itself. Returns whether it ended well.
  bool ends(double seconds);
  // Whether it has ended by itself already, and not well.
  bool failed();

  // So far, or what was known last.
  struct usage {
    double cpu_seconds = 0;
    std::uint64_t disk_bytes = 0;
    std::uint64_t memory_peak_bytes = 0;
  };
  usage used();

 private:
  pid_t pid_ = -1;
  int said_ = -1;
  std::string rest_;
  usage last_;
};

// Ports of this machine that nobody has.
std::vector<std::uint16_t> free_ports(std::size_t count);

}  // namespace bench
