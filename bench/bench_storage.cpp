// SPDX-License-Identifier: BSL-1.0
//
// The file log beside the barest loop that does the same to the disk: writes of whole blocks, one
// after the other, with O_DIRECT and O_DSYNC, into a file whose blocks were written before.
//
//   bench_storage [directory] [--pairs 15] [--milliseconds 60]
//                 [--payload 256|4096] [--queued 1|16|256] [--mode inline|queued]
//
// For each payload and number of queued appends the two run in turns (A B A B ...), and the ratio
// of their medians is taken per pair; machines and disks are noisy, and a pair sees the same noise.
// One JSON line each:
//
//   mode "inline"  the appends of one drain, then wait(): what a host does with one drain pending
//   mode "queued"  every append is a drain of its own and that many are outstanding: durable() and
//   the
//                  kernel's queue, group commit; latency is from append to durable

#include <synod/codec/crc32c.hpp>
#include <synod/storage/file_log.hpp>
#include <synod/storage/posix_io.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace synod;
using steady = std::chrono::steady_clock;

double microseconds(steady::duration since) {
  return std::chrono::duration<double, std::micro>(since).count();
}

struct sample {
  std::vector<double> latencies;  // microseconds
  double appends_per_second = 0;
};

double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  auto const at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

// The floor: nothing but the write.
class bare_loop {
 public:
  bare_loop(std::string const& path, std::size_t bytes) : path_(path), bytes_(up_to_block(bytes)) {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_DSYNC | O_CLOEXEC, 0600);
    if (file_ < 0) std::perror(path.c_str()), std::exit(1);
    block_buffer zeros(1 << 20);
    std::memset(zeros.resize(1 << 20).data(), 0, 1 << 20);
    for (std::uint64_t at = 0; at < size; at += 1 << 20) put(zeros.bytes(), at);
    std::memset(buffer_.resize(bytes_).data(), 7, bytes_);
  }
  ~bare_loop() {
    ::close(file_);
    std::filesystem::remove(path_);
  }

  void run(steady::duration length, std::size_t appends, sample& into) {
    auto const begin = steady::now();
    std::uint64_t done = 0;
    auto last = begin;
    while (last - begin < length) {
      put(buffer_.bytes(), position_);
      position_ = position_ + 2 * bytes_ > size ? 0 : position_ + bytes_;
      auto const now = steady::now();
      into.latencies.push_back(microseconds(now - last));
      last = now;
      done += appends;
    }
    into.appends_per_second = static_cast<double>(done) * 1e6 / microseconds(last - begin);
  }

 private:
  static constexpr std::uint64_t size = std::uint64_t{64} << 20;

  void put(std::span<std::byte const> from, std::uint64_t at) const {
    if (::pwrite(file_, from.data(), from.size(), static_cast<off_t>(at)) < 0) {
      std::perror(path_.c_str());
      std::exit(1);
    }
  }

  std::string path_;
  std::size_t bytes_;
  int file_ = -1;
  block_buffer buffer_;
  std::uint64_t position_ = 0;
};

class log_loop {
 public:
  log_loop(std::string const& path, std::size_t payload)
      : log_(opened(path)), body_(payload, std::byte{7}), sum_(crc32c(body_)) {
    // Until segments go round, as they do in a node that has been up for a while.
    for (std::uint64_t written = 0; written < 6 * segment_bytes;
         written += record_extent(payload)) {
      record_view const one = next();
      log_.append(std::span(&one, 1), ticket(++ticket_));
      if (slot_ % 256 == 0) log_.wait();
      keep_short();
    }
    log_.wait();
    while (log_.busy()) log_.durable();
  }

  void run_inline(steady::duration length, std::size_t appends, sample& into) {
    std::vector<record_view> drain(appends);
    auto const begin = steady::now();
    std::uint64_t done = 0;
    auto last = begin;
    while (last - begin < length) {
      for (record_view& one : drain) one = next();
      log_.append(drain, ticket(++ticket_));
      log_.wait();
      auto const now = steady::now();
      into.latencies.push_back(microseconds(now - last));
      last = now;
      done += appends;
      keep_short();
    }
    finish(into, done, begin);
  }

  void run_queued(steady::duration length, std::size_t outstanding, sample& into) {
    std::vector<steady::time_point> sent(outstanding);
    pollfd watch{log_.disk().event_descriptor(), POLLIN, 0};
    ticket const first(ticket_);
    ticket reached = first;
    auto const begin = steady::now();
    auto now = begin;
    while (now - begin < length || reached < ticket(ticket_)) {
      while (now - begin < length && ticket_ - reached.value < outstanding) {
        record_view const one = next();
        log_.append(std::span(&one, 1), ticket(++ticket_));
        sent[ticket_ % outstanding] = now;
      }
      ticket const durable = log_.durable();
      if (durable == reached) {
        ::poll(&watch, 1, 100);
        std::uint64_t count = 0;
        [[maybe_unused]] auto const read = ::read(watch.fd, &count, sizeof count);
      }
      now = steady::now();
      for (std::uint64_t i = reached.value + 1; i <= durable.value; ++i) {
        into.latencies.push_back(microseconds(now - sent[i % outstanding]));
      }
      reached = durable;
      keep_short();
    }
    finish(into, ticket_ - first.value, begin);
  }

 private:
  static constexpr std::uint64_t segment_bytes = std::uint64_t{16} << 20;

  static file_log<> opened(std::string const& path) {
    log_options options;
    options.segment_bytes = segment_bytes;
    options.low_water_bytes = 0;
    auto made = file_log<>::open(posix_io(path.c_str()), options);
    if (!made) {
      char text[256];
      made.error().render(text);
      std::fprintf(stderr, "%s\n", text);
      std::exit(1);
    }
    return std::move(*made);
  }

  record_view next() {
    ++slot_;
    return {
        {group_id(0), lane_id(1), slot(slot_), record_kind::vote}, {0, 1, node_id(1)}, body_, sum_};
  }
  // A trim every half segment, so that they are recycled as in a node that takes snapshots.
  void keep_short() {
    std::uint64_t const every = segment_bytes / 2 / record_extent(body_.size());
    if (slot_ - trimmed_ < 2 * every) return;
    trimmed_ = slot_ - every;
    log_.trim(group_id(0), lane_id(1), slot(trimmed_));
  }
  void finish(sample& into, std::uint64_t done, steady::time_point begin) {
    into.appends_per_second = static_cast<double>(done) * 1e6 / microseconds(steady::now() - begin);
    if (!log_.failed()) return;
    char text[256];
    log_.failed().render(text);
    std::fprintf(stderr, "%s\n", text);
    std::exit(1);
  }

  file_log<> log_;
  std::vector<std::byte> body_;
  std::uint32_t sum_;
  std::uint64_t ticket_ = 0;
  std::uint64_t slot_ = 0;
  std::uint64_t trimmed_ = 0;
};

struct options {
  std::string directory = "bench_storage.tmp";
  int pairs = 15;
  int milliseconds = 60;
  std::size_t payload = 0;  // 0: each
  std::size_t queued = 0;
  std::string mode;
};

void measure(options const& chosen, std::size_t payload, std::size_t queued, bool in_line) {
  bare_loop floor(chosen.directory + "/floor", payload * queued);
  log_loop log(chosen.directory + "/log", payload);
  auto const length = std::chrono::milliseconds(chosen.milliseconds);
  auto const turn = [&](sample& into) {
    in_line ? log.run_inline(length, queued, into) : log.run_queued(length, queued, into);
  };
  sample warm;
  floor.run(length, queued, warm);
  turn(warm);
  std::vector<double> ratios, rates, floor_rates, all, all_floor;
  for (int pair = 0; pair < chosen.pairs; ++pair) {
    sample bare, ours;
    floor.run(length, queued, bare);
    turn(ours);
    ratios.push_back(quantile(ours.latencies, 0.5) / quantile(bare.latencies, 0.5));
    rates.push_back(ours.appends_per_second);
    floor_rates.push_back(bare.appends_per_second);
    all.insert(all.end(), ours.latencies.begin(), ours.latencies.end());
    all_floor.insert(all_floor.end(), bare.latencies.begin(), bare.latencies.end());
  }
  std::printf(
      "{\"bench\":\"storage\",\"mode\":\"%s\",\"payload\":%zu,\"queued\":%zu,\"appends_per_s\":%."
      "0f,"
      "\"p50_us\":%.1f,\"p99_us\":%.1f,\"floor_appends_per_s\":%.0f,\"floor_p50_us\":%.1f,"
      "\"floor_p99_us\":%.1f,\"latency_ratio\":%.3f,\"ratio_quartiles\":[%.3f,%.3f],\"pairs\":%d}"
      "\n",
      in_line ? "inline" : "queued", payload, queued, quantile(rates, 0.5), quantile(all, 0.5),
      quantile(all, 0.99), quantile(floor_rates, 0.5), quantile(all_floor, 0.5),
      quantile(all_floor, 0.99), quantile(ratios, 0.5), quantile(ratios, 0.25),
      quantile(ratios, 0.75), chosen.pairs);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  options chosen;
  for (int i = 1; i < count; ++i) {
    std::string const word = arguments[i];
    bool const has_value = i + 1 < count;
    if (word == "--pairs" && has_value) {
      chosen.pairs = std::atoi(arguments[++i]);
    } else if (word == "--milliseconds" && has_value) {
      chosen.milliseconds = std::atoi(arguments[++i]);
    } else if (word == "--payload" && has_value) {
      chosen.payload = std::strtoull(arguments[++i], nullptr, 10);
    } else if (word == "--queued" && has_value) {
      chosen.queued = std::strtoull(arguments[++i], nullptr, 10);
    } else if (word == "--mode" && has_value) {
      chosen.mode = arguments[++i];
    } else if (word[0] != '-') {
      chosen.directory = word;
    } else {
      std::fprintf(
          stderr,
          "usage: bench_storage [directory] [--pairs N] [--milliseconds N]\n"
          "                     [--payload 256|4096] [--queued 1|16|256] [--mode inline|queued]\n");
      return 2;
    }
  }
  std::filesystem::create_directories(chosen.directory);
  for (std::size_t payload : {256U, 4096U}) {
    for (std::size_t queued : {1U, 16U, 256U}) {
      for (bool in_line : {true, false}) {
        if (chosen.payload != 0 && chosen.payload != payload) continue;
        if (chosen.queued != 0 && chosen.queued != queued) continue;
        if (!chosen.mode.empty() && (chosen.mode == "inline") != in_line) continue;
        measure(chosen, payload, queued, in_line);
        std::filesystem::remove_all(chosen.directory + "/log");
      }
    }
  }
  std::filesystem::remove_all(chosen.directory);
}
