// SPDX-License-Identifier: BSL-1.0
#include "support/run.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "support/processes.hpp"
#include "support/shared_page.hpp"

namespace bench {

namespace {

struct totals {
  child::usage all;
  std::uint64_t leader_memory = 0;
  std::uint64_t moved = 0;
};

class run {
 public:
  explicit run(settings const& with) : with_(with) {}

  std::string operator()() {
    page_ = shared_page::map(with_.folder);
    if (page_ == nullptr) return {};
    start();
    child& told = all_.at(with_.clients > 0 ? with_.replicas : with_.at_follower ? 1 : 0);
    double const patience = 60 + with_.seconds + with_.warm;
    if (told.line(patience) != "begin") return {};
    totals const before = sum();
    if (with_.failover) lose_leader();
    std::string const end = told.line(patience);
    totals const after = sum();
    if (!end.starts_with("end {")) return {};
    for (child& one : all_) {
      if (one.failed()) return {};  // it has said why
    }
    return told_of(end.substr(4), before, after);
  }

 private:
  void start() {
    settings one = with_;
    one.as = "replica";
    for (one.id = 1; one.id <= with_.replicas; ++one.id) all_.emplace_back(one);
    if (with_.clients == 0) return;
    // Clients find a cluster that serves, so that what is measured is not their looking for it.
    for (int i = 0; i < 5000 && leader() == 0; ++i) ::usleep(2000);
    one.as = "clients";
    one.id = 0;
    all_.emplace_back(one);
  }
  [[nodiscard]] unsigned leader() const {
    for (unsigned id = 1; id <= with_.replicas; ++id) {
      if (page_->at[id].leads != 0 && all_[id - 1].lives()) return id;
    }
    return 0;
  }

  // In the middle, once, as if its power had failed.
  void lose_leader() {
    ::usleep(static_cast<useconds_t>(with_.seconds * 5e5));
    unsigned const lost = leader();
    if (lost != 0) all_[lost - 1].kill();
  }

  totals sum() {
    totals made;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      child::usage const one = all_[i].used();
      made.all.cpu_seconds += one.cpu_seconds;
      made.all.disk_bytes += one.disk_bytes;
      if (i + 1 == leader()) made.leader_memory = one.memory_peak_bytes;
    }
    // Each link is counted at both of its ends, and written at one end is read at the other.
    for (unsigned id = 1; id <= with_.replicas; ++id) made.moved += page_->at[id].moved;
    made.moved /= 2;
    return made;
  }

  [[nodiscard]] std::string told_of(std::string figures, totals const& from,
                                    totals const& to) const {
    double const n = std::atof(figures.c_str() + figures.find("\"n\":") + 4);
    double const per = n > 0 ? 1 / n : 0;
    auto const each = [&](std::uint64_t a, std::uint64_t b) {
      return static_cast<double>(b - a) * per;
    };
    char head[512];
    std::snprintf(head, sizeof head,
                  "{\"peer\":\"synod\",\"payload\":%zu,\"outstanding\":%u,\"durable\":%s,"
                  "\"replicas\":%u,\"clients\":%u,\"rate\":%.0f,\"read\":\"%s\",\"at\":\"%s\",",
                  with_.payload, with_.outstanding, with_.durable ? "true" : "false",
                  with_.replicas, with_.clients, with_.rate, with_.read.c_str(),
                  with_.at_follower ? "follower" : "leader");
    char tail[512];
    std::snprintf(tail, sizeof tail,
                  ",\"cpu_us_per_op\":%.3f,\"wire_bytes_per_op\":%.1f,\"disk_bytes_per_op\":%.1f,"
                  "\"leader_memory_mb\":%.1f,\"leader_memory_mb_before\":%.1f}",
                  (to.all.cpu_seconds - from.all.cpu_seconds) * 1e6 * per,
                  each(from.moved, to.moved), each(from.all.disk_bytes, to.all.disk_bytes),
                  static_cast<double>(to.leader_memory) / 1048576,
                  static_cast<double>(from.leader_memory) / 1048576);
    figures.pop_back();
    return head + figures.substr(1) + tail;
  }

  settings const& with_;
  shared_page* page_ = nullptr;
  std::vector<child> all_;
};

}  // namespace

std::string run_cluster(settings with) {
  // A folder of this run alone, so that two may run at once and nothing else is ever removed.
  std::string const outer = with.folder;
  bool const is_new = std::filesystem::create_directories(outer);
  with.folder += "/" + std::to_string(::getpid());
  std::filesystem::create_directory(with.folder);
  with.ports = free_ports(2 * with.replicas);
  std::string const made = run(with)();
  std::error_code ignored;
  std::filesystem::remove_all(with.folder, ignored);
  if (is_new) std::filesystem::remove(outer, ignored);
  return made;
}

}  // namespace bench
