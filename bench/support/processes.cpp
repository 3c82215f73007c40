// SPDX-License-Identifier: BSL-1.0
#include "support/processes.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <utility>

namespace bench {

namespace {

using steady = std::chrono::steady_clock;

// The number after a word at the beginning of a line of such a file.
std::uint64_t number_in(std::string const& file, std::string const& word) {
  std::ifstream from(file);
  for (std::string one; from >> one;) {
    if (one == word && from >> one) return std::stoull(one);
  }
  return 0;
}

}  // namespace

child::child(settings const& with) {
  int ends[2] = {};
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  std::vector<std::string> words = words_of(with);
  words.insert(words.begin(), "bench_" + with.as);
  std::vector<char*> given;
  for (std::string& one : words) given.push_back(one.data());
  given.push_back(nullptr);
  pid_t const parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv("/proc/self/exe", given.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  said_ = ends[0];
}

child::child(child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), said_(std::exchange(other.said_, -1)),
      rest_(std::move(other.rest_)), last_(other.last_) {}

void child::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  if (said_ >= 0) ::close(std::exchange(said_, -1));
}

std::string child::line(double seconds) {
  auto const until = steady::now() + std::chrono::duration<double>(seconds);
  for (;;) {
    if (std::size_t const end = rest_.find('\n'); end != std::string::npos) {
      std::string one = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return one;
    }
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady::now());
    pollfd watch{said_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&watch, 1, static_cast<int>(left.count())) <= 0) return {};
    char some[65536];
    ssize_t const count = ::read(said_, some, sizeof some);
    if (count <= 0) return {};
    rest_.append(some, static_cast<std::size_t>(count));
  }
}

bool child::ends(double seconds) {
  while (!line(seconds).empty()) {
  }
  // Its output is closed, so it has ended, or nearly so; or it took too long.
  for (int i = 0; i < 100 && pid_ > 0; ++i) {
    if (failed()) return false;
    if (pid_ < 0) return true;
    ::usleep(10'000);
  }
  return false;
}

bool child::failed() {
  int status = 0;
  if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = -1;
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

child::usage child::used() {
  clockid_t clock{};
  timespec spent{};
  if (pid_ <= 0 || ::clock_getcpuclockid(pid_, &clock) != 0 ||
      ::clock_gettime(clock, &spent) != 0) {
    return last_;
  }
  std::string const where = "/proc/" + std::to_string(pid_);
  last_.cpu_seconds = static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
  last_.disk_bytes = number_in(where + "/io", "write_bytes:");
  last_.memory_peak_bytes = number_in(where + "/status", "VmHWM:") << 10;
  return last_;
}

std::vector<std::uint16_t> free_ports(std::size_t count) {
  std::vector<int> held;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    int const one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    held.push_back(one);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    ::bind(one, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::getsockname(one, reinterpret_cast<sockaddr*>(&at), &length);
    ports.push_back(ntohs(at.sin_port));
  }
  for (int const one : held) ::close(one);
  return ports;
}

}  // namespace bench
