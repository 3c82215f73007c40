// SPDX-License-Identifier: BSL-1.0
#include <synod/storage/posix_io.hpp>

#include <gtest/gtest.h>

#include <synod/storage/file_log.hpp>
#include <synod/testing/storage_suite.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using synod::file_log;
using synod::posix_io;
using synod::record_view;
using synod::ticket;
using synod::write_queueing;
namespace fs = std::filesystem;

// A directory that is empty at first and gone afterwards.
struct temporary_directory {
  explicit temporary_directory(std::string const& under = testing::TempDir())
      : path(under + "synod_" + std::to_string(::getpid())) {
    fs::remove_all(path);
  }
  ~temporary_directory() { fs::remove_all(path); }
  std::string path;
};

synod::log_options small() {
  synod::log_options options;
  options.segment_bytes = synod::segment_bytes_min * 2;
  options.low_water_bytes = 1 << 20;
  return options;
}

// The suite opens the store hundreds of times; memory will do as the disk where there is such a
// file system, since what a real disk adds is looked at below.
std::string fast_disk() {
  bool const there = ::access("/dev/shm", W_OK) == 0;
  return there ? "/dev/shm/" : testing::TempDir();
}

struct log_in_files {
  using storage_type = file_log<>;

  explicit log_in_files(write_queueing with) : how(with) {}

  storage_type* open() {
    log.reset();
    auto opened = file_log<>::open(posix_io((where.path + "/deep/er").c_str(), how), small());
    if (!opened) {
      ADD_FAILURE() << opened.error();
      return nullptr;
    }
    log.emplace(std::move(*opened));
    return &*log;
  }
  void crash() {}  // a process cannot cut its own power; the simulated disk does
  void wipe() {
    log.reset();
    fs::remove_all(where.path);
  }
  void fail_after(std::uint64_t) {}
  void heal() {}
  bool struck() const { return false; }

  temporary_directory where{fast_disk()};
  write_queueing how;
  std::optional<file_log<>> log;
};

void run_suite(write_queueing how) {
  log_in_files subject(how);
  auto expect = [&](bool ok, char const* sentence, char const* when) {
    EXPECT_TRUE(ok) << sentence << " (" << when << ")";
  };
  synod::testing::storage_suite suite(subject, expect);
  suite.all();
}

// Where the kernel, or a container, permits no io_uring, every write is in place, which must pass
// too.
TEST(posix_io, passes_the_suite_with_the_queue_of_the_kernel) { run_suite(write_queueing::ring); }
TEST(posix_io, passes_the_suite_with_a_thread) { run_suite(write_queueing::thread); }

file_log<> open_at(temporary_directory const& where, write_queueing how,
                   synod::log_options const& options = small()) {
  auto opened = file_log<>::open(posix_io(where.path.c_str(), how), options);
  EXPECT_TRUE(opened) << opened.error();
  return std::move(*opened);
}

TEST(posix_io, a_store_is_private_and_taken_by_one_process) {
  temporary_directory const where;
  fs::create_directory(where.path);
  fs::permissions(where.path, fs::perms::all);
  file_log<> const log = open_at(where, write_queueing::automatic);
  struct stat about {};
  ASSERT_EQ(::stat(where.path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700U);
  for (auto const& one : fs::directory_iterator(where.path)) {
    ASSERT_EQ(::stat(one.path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U) << one.path();
  }
  auto const second = file_log<>::open(posix_io(where.path.c_str()), small());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, synod::error_code::locked);
  EXPECT_EQ(second.error().value, static_cast<std::uint64_t>(::getpid())) << "names the holder";
}

// The kernel goes on writing for a process that was killed, and keeps what it writes to open.
TEST(posix_io, a_file_is_held_by_whoever_writes_to_it) {
  temporary_directory const where;
  file_log<> const log = open_at(where, write_queueing::automatic);
  int segments = 0;
  for (auto const& one : fs::directory_iterator(where.path)) {
    if (!one.path().filename().string().starts_with("segment")) continue;
    ++segments;
    int const other = ::open(one.path().c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_NE(::flock(other, LOCK_EX | LOCK_NB), 0) << one.path();
    EXPECT_EQ(errno, EWOULDBLOCK);
    ::close(other);
  }
  EXPECT_GT(segments, 0);
}

TEST(posix_io, a_life_begins_when_nothing_of_the_last_one_is_under_way) {
  temporary_directory const where;
  static_cast<void>(open_at(where, write_queueing::automatic));
  std::string const segment = where.path + "/segment-0000000000000001";
  int const write_under_way = ::open(segment.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(write_under_way, LOCK_SH | LOCK_NB), 0);
  std::atomic<bool> done{false};
  std::thread kernel([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    done = true;
    ::close(write_under_way);
  });
  static_cast<void>(open_at(where, write_queueing::automatic));
  EXPECT_TRUE(done);
  kernel.join();
}

TEST(posix_io, a_directory_that_cannot_be_made_is_an_error_with_its_number) {
  auto const opened = file_log<>::open(posix_io("/proc/synod/log"), small());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, synod::error_code::io_failure);
  EXPECT_EQ(opened.error().value, static_cast<std::uint64_t>(ENOENT));
}

void completes_in_the_background(write_queueing how) {
  temporary_directory const where;
  file_log<> log = open_at(where, how);
  bool const queues = log.disk().event_descriptor() >= 0;
  EXPECT_EQ(queues, how == write_queueing::thread || log.disk().has_ring());
  while (log.busy()) log.durable();
  std::vector<std::byte> const body(300);
  record_view const one{{{}, synod::lane_id(1), synod::slot(1), synod::record_kind::vote},
                        {0, 1, {}},
                        body,
                        synod::crc32c(body)};
  log.append(std::span(&one, 1), ticket(1));
  log.durable();
  EXPECT_TRUE(log.busy()) << "what is written is heard of at the next look, also if in place";
  pollfd watch{log.disk().event_descriptor(), POLLIN, 0};
  for (int tries = 0; log.durable() < ticket(1) && tries < 100; ++tries) {
    ASSERT_EQ(::poll(&watch, 1, 10000), 1) << "the descriptor tells when a write is done";
    std::uint64_t count = 0;
    ASSERT_EQ(::read(watch.fd, &count, sizeof count), static_cast<ssize_t>(sizeof count));
  }
  EXPECT_EQ(log.durable(), ticket(1));
}

TEST(posix_io, a_descriptor_tells_when_the_kernel_has_written) {
  completes_in_the_background(write_queueing::ring);
}
TEST(posix_io, a_descriptor_tells_when_the_thread_has_written) {
  completes_in_the_background(write_queueing::thread);
}

TEST(posix_io, many_appends_become_few_writes_and_keep_their_order) {
  temporary_directory const where;
  {
    file_log<> log = open_at(where, write_queueing::automatic);
    std::vector<std::byte> const body(200);
    for (std::uint64_t i = 1; i <= 2000; ++i) {
      record_view const one{{{}, synod::lane_id(1), synod::slot(i), synod::record_kind::vote},
                            {0, 1, {}},
                            body,
                            synod::crc32c(body)};
      log.append(std::span(&one, 1), ticket(i));
      if (i % 3 == 0) {
        ticket const reached = log.durable();
        EXPECT_LE(reached, ticket(i));
      }
    }
    log.wait();
    EXPECT_EQ(log.durable(), ticket(2000));
  }
  file_log<> log = open_at(where, write_queueing::automatic);
  std::uint64_t next = 1;
  EXPECT_TRUE(log.replay([&](record_view const& one) {
                   EXPECT_EQ(one.address.at, synod::slot(next));
                   ++next;
                 })
                  .none());
  EXPECT_EQ(next, 2001U);
}

// What a writer that is killed leaves behind for whoever looks after it. It outlives the process.
struct left_behind {
  std::atomic<std::uint64_t> acknowledged{0};  // slots up to there are durable
  std::atomic<std::uint64_t> promised{0};      // a promise of at least this round is durable
  std::atomic<std::uint64_t> trimmed{0};       // slots up to there need not be kept
};

std::vector<std::byte> body_of(std::uint64_t slot, std::uint32_t life) {
  std::vector<std::byte> made(slot * 37 % 3000);
  for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<std::byte>(slot + life + i);
  return made;
}

// Votes from `first` on, without end: the writer of life `life`.
[[noreturn]] void write_until_killed(std::string const& where, std::uint64_t first,
                                     std::uint32_t life, left_behind& told) {
  auto opened = file_log<>::open(posix_io(where.c_str()), small());
  if (!opened) ::_exit(3);
  file_log<> log = std::move(*opened);
  for (std::uint64_t slot = first;; ++slot) {
    auto const append = [&](std::uint64_t at, synod::record_kind kind) {
      std::vector<std::byte> const body = body_of(slot, life);
      record_view const one{{{}, synod::lane_id(1), synod::slot(at), kind},
                            {life, static_cast<std::uint32_t>(slot), {}},
                            body,
                            synod::crc32c(body)};
      log.append(std::span(&one, 1), ticket(slot - first + 1));
    };
    append(slot, synod::record_kind::vote);
    if (slot % 5 == 0) append(0, synod::record_kind::promise);
    if (slot % 3 == 0) log.wait();
    std::uint64_t const durable = log.durable().value;
    if (log.failed()) ::_exit(4);
    if (durable != 0) {
      std::uint64_t const upto = first + durable - 1;
      told.acknowledged = upto;
      if (upto / 5 * 5 >= first) told.promised = upto / 5 * 5;
    }
    if (slot % 40 == 0 && slot > 60) {
      told.trimmed = slot - 60;
      log.trim({}, synod::lane_id(1), synod::slot(slot - 60));
    }
  }
}

// Returns the highest slot that is there, or nothing where anything is wrong with what is.
std::optional<std::uint64_t> verify(std::string const& where, left_behind const& told) {
  auto opened = file_log<>::open(posix_io(where.c_str()), small());
  EXPECT_TRUE(opened) << opened.error();
  if (!opened) return std::nullopt;
  std::set<std::uint64_t> slots;
  std::uint64_t promised = 0;
  bool good = opened
                  ->replay([&](record_view const& one) {
                    std::uint32_t const life = one.at.config;
                    std::vector<std::byte> const wanted = body_of(one.at.round, life);
                    EXPECT_TRUE(std::ranges::equal(one.body, wanted)) << one.at.round;
                    if (one.address.at == synod::slot(0)) {
                      promised = one.at.round;
                    } else {
                      slots.insert(one.address.at.value);
                    }
                  })
                  .none();
  EXPECT_TRUE(good) << "a process that is killed damages nothing";
  EXPECT_GE(promised, told.promised) << "no promise is forgotten";
  for (std::uint64_t at = told.trimmed + 1; at <= told.acknowledged; ++at) {
    good = good && slots.contains(at);
  }
  EXPECT_TRUE(good) << "every slot from " << told.trimmed << " to " << told.acknowledged;
  if (!good || promised < told.promised) return std::nullopt;
  return slots.empty() ? told.acknowledged.load() : *slots.rbegin();
}

void kill_writers(std::string const& under, int times, unsigned milliseconds_at_most) {
  temporary_directory const where(under);
  void* const memory = ::mmap(nullptr, sizeof(left_behind), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const told = new (memory) left_behind;
  std::mt19937_64 random(11);
  std::uint64_t next = 1;
  for (int life = 1; life <= times; ++life) {
    pid_t const writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      write_until_killed(where.path, next, static_cast<std::uint32_t>(life), *told);
    }
    ::usleep(static_cast<useconds_t>(random() % (milliseconds_at_most * 1000)));
    ::kill(writer, SIGKILL);
    int how = 0;
    ASSERT_EQ(::waitpid(writer, &how, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(how)) << "it ended by itself, with status " << WEXITSTATUS(how);
    auto const last = verify(where.path, *told);
    ASSERT_TRUE(last.has_value()) << "life " << life;
    next = *last + 1;
  }
  EXPECT_GT(told->acknowledged, static_cast<std::uint64_t>(times)) << "the writers got somewhere";
  std::printf("%d writers killed, %llu slots acknowledged\n", times,
              static_cast<unsigned long long>(told->acknowledged));
  ::munmap(memory, sizeof(left_behind));
}

TEST(posix_io, a_writer_that_is_killed_loses_nothing_that_it_acknowledged) {
  kill_writers(testing::TempDir(), 100, 80);
  if (!HasFatalFailure())
    kill_writers(fast_disk(), 100, 40);  // which gets further in the same time
}

}  // namespace
