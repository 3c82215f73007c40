// SPDX-License-Identifier: BSL-1.0
#include "peers/peer.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/processes.hpp"

namespace bench {

namespace {

constexpr unsigned servers = 3;

volatile sig_atomic_t interrupted = 0;

// Waiting ends at a signal, and what waited then cleans up: processes end and folders go, whatever
// way out is taken.
void notice_signals() {
  struct sigaction how {};
  how.sa_handler = [](int) { interrupted = 1; };
  for (int const one : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(one, &how, nullptr);
}

// What is synced to a tmpfs is not durable.
bool is_on_disk(std::string const& folder) {
  constexpr long tmpfs = 0x01021994;
  struct statfs about {};
  return ::statfs(folder.c_str(), &about) == 0 && about.f_type != tmpfs;
}

double cpu_of(std::vector<child>& all) {
  double seconds = 0;
  for (child& one : all) seconds += one.used().cpu_seconds;
  return seconds;
}

// Processes that end before those that they depend on, so that none complains.
struct processes {
  std::vector<child> all;
  ~processes() {
    while (!all.empty()) all.pop_back();
  }
};

// Returns: the figures as one line of JSON; empty if it did not come about.
std::string measure(peer const& what, settings one) {
  processes started;
  auto& all = started.all;
  one.as = "server";
  for (one.id = 1; one.id <= servers; ++one.id) all.emplace_back(one);
  if (what.call != nullptr) {
    one.as = "callers";
    one.id = 0;
    all.emplace_back(one);
  }
  child& told = what.call != nullptr ? all.back() : all.front();
  double const patience = 30 + one.seconds + one.warm;
  if (told.line(patience) != "begin" || interrupted != 0) return {};
  double const before = cpu_of(all);
  std::string end = told.line(patience);
  double const spent = cpu_of(all) - before;
  if (!end.starts_with("end {") || interrupted != 0) return {};
  end.pop_back();
  double const n = std::atof(end.c_str() + end.find("\"n\":") + 4);
  char head[256];
  std::snprintf(head, sizeof head,
                "{\"peer\":\"%s\",\"payload\":%zu,\"outstanding\":%u,\"durable\":%s,", what.name,
                one.payload, one.outstanding, is_on_disk(one.folder) ? "true" : "false");
  char tail[64];
  std::snprintf(tail, sizeof tail, ",\"cpu_us_per_op\":%.3f}", n > 0 ? spent * 1e6 / n : 0);
  return head + end.substr(5) + tail;
}

}  // namespace

int run_peer(peer const& what, int count, char** words) {
  settings with;
  if (!read_settings(count, words, with)) return 2;
  if (!with.as.empty()) {
    ::signal(SIGPIPE, SIG_IGN);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    return with.as == "callers" ? what.call(with) : what.serve(with);
  }
  notice_signals();
  // A folder of this run alone, so that two may run at once and nothing else is ever removed.
  std::string const outer = with.folder;
  bool const is_new = std::filesystem::create_directories(outer);
  with.folder += "/" + std::to_string(::getpid());
  for (unsigned id = 1; id <= servers; ++id) {
    std::filesystem::create_directories(with.folder + "/" + std::to_string(id));
  }
  with.ports = free_ports(2 * servers);
  std::string const figures = measure(what, with);
  std::error_code ignored;
  std::filesystem::remove_all(with.folder, ignored);
  if (is_new) std::filesystem::remove(outer, ignored);
  if (interrupted != 0) return 130;
  if (figures.empty()) {
    std::fprintf(stderr, "%s: the cluster did not come about, or did not end well\n", what.name);
    return 1;
  }
  std::puts(figures.c_str());
  return 0;
}

}  // namespace bench
