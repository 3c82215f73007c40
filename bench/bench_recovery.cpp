// SPDX-License-Identifier: BSL-1.0
//
// How long a restart takes against the size of the log: from the start of the process until the
// first command is served, for a cluster of one, which has nobody to wait for.
//
//   bench_recovery --payload 256 --megabytes 64 --folder F
//
// Beside it: how long it takes to read the same bytes, without looking at them.

#include "support/cluster.hpp"
#include "support/processes.hpp"
#include "support/settings.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;
namespace fs = std::filesystem;

double since(steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady::now() - begin).count();
}

std::uint64_t read_all(fs::path const& folder, bool look) {
  std::vector<char> buffer(1 << 20);
  std::uint64_t bytes = 0;
  for (fs::directory_entry const& one : fs::recursive_directory_iterator(folder)) {
    if (!one.is_regular_file()) continue;
    int const file = ::open(one.path().c_str(), O_RDONLY | O_CLOEXEC);
    // Not from memory: a machine that restarts has none of it there.
    if (!look) ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    for (ssize_t got = 1; look && got > 0;) {
      got = ::read(file, buffer.data(), buffer.size());
      if (got > 0) bytes += static_cast<std::uint64_t>(got);
    }
    ::close(file);
  }
  return bytes;
}

int run(bench::settings with, std::uint64_t megabytes) {
  with.folder += "/" + std::to_string(::getpid());
  fs::create_directories(with.folder);
  with.replicas = 1;
  with.ports = bench::free_ports(2);
  with.durable = true;
  with.id = 1;
  with.outstanding = 256;
  with.count = (megabytes << 20) / with.payload;
  with.as = "fill";
  bench::child filling(with);
  bool const filled = filling.ends(600);
  double leads = 0;
  double serves = 0;
  if (filled) {
    (void)read_all(with.folder, false);
    with.as = "recover";
    auto const begin = steady::now();
    bench::child restarted(with);
    if (restarted.line(600) == "leads") leads = since(begin);
    if (restarted.line(600).starts_with("served ")) serves = since(begin);
  }
  (void)read_all(with.folder, false);
  auto const begin = steady::now();
  std::uint64_t const bytes = read_all(with.folder, true);
  double const reads = since(begin);
  fs::remove_all(with.folder);
  if (serves <= 0) {
    std::fprintf(stderr, "bench_recovery: the replica did not come back\n");
    return 1;
  }
  std::printf(
      "{\"bench\":\"recovery\",\"payload\":%zu,\"entries\":%llu,\"log_mb\":%.1f,"
      "\"leads_ms\":%.1f,\"serves_ms\":%.1f,\"read_ms\":%.1f}\n",
      with.payload, static_cast<unsigned long long>(with.count),
      static_cast<double>(bytes) / 1048576, leads, serves, reads);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  bench::settings with;
  std::uint64_t megabytes = 16;
  std::vector<char*> others{words[0]};
  for (int i = 1; i < count; ++i) {
    if (std::string(words[i]) == "--megabytes" && i + 1 < count) {
      megabytes = std::strtoull(words[++i], nullptr, 10);
    } else {
      others.push_back(words[i]);
    }
  }
  if (!bench::read_settings(static_cast<int>(others.size()), others.data(), with)) return 2;
  return with.as.empty() ? run(with, megabytes) : bench::run_child(with);
}
