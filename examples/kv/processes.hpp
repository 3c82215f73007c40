// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

namespace store {

// Processes of this program that this process started, and nothing else: they end with it, however
// it ends.
class processes {
 public:
  processes() = default;
  processes(processes const&) = delete;
  processes& operator=(processes const&) = delete;
  ~processes() { end_all(); }

  // Effects: runs this very program with these words; what it says goes to that file, or to where
  // this process writes if there is no name. Returns its number, or -1.
  pid_t start(std::vector<std::string> const& words, std::string const& says_to);
  // Effects: that signal to that process, if it is one of ours and still there.
  bool signal(pid_t which, int what) const;
  // Effects: ends it at once, and returns when it is gone.
  void kill(pid_t which);
  // Whether it still runs; what it ended with is then in `status`.
  bool runs(pid_t which, int* status = nullptr);
  void end_all();

 private:
  std::vector<pid_t> ours_;
};

// Whether all those ports of this machine are free.
bool are_free(std::vector<std::uint16_t> const& ports);

}  // namespace store
