// SPDX-License-Identifier: BSL-1.0
#include "processes.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace store {

pid_t processes::start(std::vector<std::string> const& words, std::string const& says_to) {
  // By its own name, for those who look at what runs.
  char program[4096] = {};
  if (::readlink("/proc/self/exe", program, sizeof program - 1) <= 0) return -1;
  pid_t const parent = ::getpid();
  pid_t const made = ::fork();
  if (made != 0) {
    if (made > 0) ours_.push_back(made);
    return made;
  }
  // Its end is ours, and a Ctrl-C at the terminal is for us alone.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::setpgid(0, 0);
  if (!says_to.empty()) {
    int const file = ::open(says_to.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, 1);
    ::dup2(file, 2);
  }
  int const nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  std::vector<char*> given;
  std::string name = "kv";
  given.push_back(name.data());
  std::vector<std::string> copies = words;
  for (std::string& one : copies) given.push_back(one.data());
  given.push_back(nullptr);
  ::execv(program, given.data());
  ::_exit(127);
}

bool processes::signal(pid_t which, int what) const {
  bool const ours = std::find(ours_.begin(), ours_.end(), which) != ours_.end();
  return ours && ::kill(which, what) == 0;
}

void processes::kill(pid_t which) {
  if (!signal(which, SIGKILL)) return;
  ::waitpid(which, nullptr, 0);
  std::erase(ours_, which);
}

bool processes::runs(pid_t which, int* status) {
  if (std::find(ours_.begin(), ours_.end(), which) == ours_.end()) return false;
  int ended = 0;
  if (::waitpid(which, &ended, WNOHANG) != which) return true;
  if (status != nullptr) *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
  std::erase(ours_, which);
  return false;
}

void processes::end_all() {
  while (!ours_.empty()) kill(std::vector<pid_t>(ours_).front());
}

bool are_free(std::vector<std::uint16_t> const& ports) {
  return std::all_of(ports.begin(), ports.end(), [](std::uint16_t port) {
    int const probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int const yes = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool const is_free = ::bind(probe, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    ::close(probe);
    return is_free;
  });
}

}  // namespace store
