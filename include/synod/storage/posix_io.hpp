// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/error.hpp>
#include <synod/storage/io.hpp>
#include <synod/storage/posix_io_ring.hpp>
#include <synod/storage/posix_io_writer.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// How writes are queued: through io_uring where the kernel lets us, otherwise by a thread.
enum class write_queueing : std::uint8_t { automatic, ring, thread };

// Real files, past the page cache (O_DIRECT) and durable when a write returns (RWF_DSYNC): what is
// read back after a failure comes from the disk and not from pages that only look clean (hazard
// H21).
class posix_io {
 public:
  explicit posix_io(char const* directory, write_queueing how = write_queueing::automatic)
      : queueing_(how) {
    while (*directory != '\0') path_.push_back(*directory++);
    path_.push_back('\0');
  }
  posix_io(posix_io&& other) noexcept { swap(other); }
  posix_io& operator=(posix_io&& other) noexcept {
    swap(other);
    return *this;
  }
  ~posix_io() {
    delete writer_;  // it may still be writing to what is closed next
    ring_ = posix_io_ring();
    for (int const one : open_) ::close(one);
    if (lock_ >= 0) ::close(lock_);
    if (directory_ >= 0) ::close(directory_);
  }

  error enter() {
    if (error const why = make_directories()) return why;
    directory_ = ::open(path_.data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_ < 0) return failure("opening the directory of the store");
    if (::fchmod(directory_, 0700) != 0) return failure("protecting the directory of the store");
    lock_ = ::openat(directory_, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0) return failure("opening the lock of the store");
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) return holder();
    char text[24];
    int const length = std::snprintf(text, sizeof text, "%ld\n", static_cast<long>(::getpid()));
    // Who holds the lock is only for people to read.
    [[maybe_unused]] bool const told =
        ::ftruncate(lock_, 0) == 0 &&
        ::pwrite(lock_, text, static_cast<std::size_t>(length), 0) > 0;
    return SYNOD_MUTATION(late_writes_not_awaited) ? error{} : await_earlier_writes();
  }

  template <class Sink>
  error list(Sink&& sink) {
    int const copy = ::openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* const all = copy < 0 ? nullptr : ::fdopendir(copy);
    if (all == nullptr) return failure("listing the store");
    int problem = 0;
    for (;;) {
      errno = 0;  // whatever `sink` left there
      dirent const* const one = ::readdir(all);
      problem = errno;
      if (one == nullptr) break;
      file_name const name(one->d_name);
      if (name.text()[0] != '.') sink(name);
    }
    ::closedir(all);
    errno = problem;
    return problem == 0 ? error{} : failure("listing the store");
  }

  result<io_file> open(file_name const& name) { return opened(name, O_RDWR); }

  result<io_file> create(file_name const& name, std::uint64_t bytes) {
    result<io_file> const made = opened(name, O_RDWR | O_CREAT | O_EXCL);
    if (!made) return made;
    int const outcome = ::posix_fallocate(made->handle, 0, static_cast<off_t>(bytes));
    if (outcome == 0) return made;
    close(*made);
    remove(name);
    errno = outcome;
    return failure("making room for a file");
  }

  error extend(io_file file, std::uint64_t bytes) {
    errno = ::posix_fallocate(file.handle, 0, static_cast<off_t>(bytes));
    return errno == 0 ? error{} : failure("making room in a file");
  }

  void close(io_file file) {
    for (int& one : open_) {
      if (one != file.handle) continue;
      one = open_.back();
      open_.pop_back();
      ::close(file.handle);
      return;
    }
  }

  result<std::uint64_t> size(io_file file) {
    struct stat about {};
    if (::fstat(file.handle, &about) != 0) return failure("asking for the size of a file");
    return static_cast<std::uint64_t>(about.st_size);
  }

  error read(io_file file, std::uint64_t offset, std::span<std::byte> into) {
    while (!into.empty()) {
      ssize_t const done =
          ::pread(file.handle, into.data(), into.size(), static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done == 0) errno = ENODATA;
      if (done <= 0) return failure("reading a file");
      into = into.subspan(static_cast<std::size_t>(done));
      offset += static_cast<std::uint64_t>(done);
    }
    return {};
  }

  error write(io_file file, std::uint64_t offset, std::span<std::byte const> from,
              write_through when) {
    errno = write_durably(file.handle, offset, from, when == write_through::yes);
    return errno == 0 ? error{} : failure("writing a file");
  }

  void submit(io_file file, std::uint64_t offset, std::span<std::byte const> from,
              std::uint64_t token) {
    start_queue();
    if (writer_ != nullptr) {
      writer_->submit(file.handle, offset, from, token);
    } else if (!started_ || !ring_.submit(file.handle, offset, from, token)) {
      // Neither queue is to be had: written inline, and reported by the next poll.
      inline_.push_back({token, write_durably(file.handle, offset, from, true)});
    }
  }

  template <class Sink>
  void poll(Sink&& sink) {
    auto const report = [&](std::uint64_t token, int outcome) {
      errno = outcome;
      sink(token, outcome == 0 ? error{} : failure("a queued write"));
    };
    if (report_inline(report)) return;
    if (writer_ != nullptr) {
      writer_->poll(report);
    } else if (started_) {
      ring_.poll(report);
    }
  }
  template <class Sink>
  void wait(Sink&& sink) {
    auto const report = [&](std::uint64_t token, int outcome) {
      errno = outcome;
      sink(token, outcome == 0 ? error{} : failure("a queued write"));
    };
    if (report_inline(report)) return;
    if (writer_ != nullptr) {
      writer_->wait(report);
    } else if (started_) {
      ring_.wait(report);
    }
  }

  error sync(io_file file) {
    return ::fdatasync(file.handle) == 0 ? error{} : failure("syncing a file");
  }
  error rename(file_name const& from, file_name const& to) {
    bool const done = ::renameat(directory_, from.text(), directory_, to.text()) == 0;
    return done ? error{} : failure("renaming a file");
  }
  error remove(file_name const& name) {
    return ::unlinkat(directory_, name.text(), 0) == 0 ? error{} : failure("removing a file");
  }
  error sync_directory() {
    return ::fsync(directory_) == 0 ? error{} : failure("syncing the directory of the store");
  }
  result<std::uint64_t> free_bytes() {
    struct statvfs about {};
    if (::fstatvfs(directory_, &about) != 0) return failure("asking for the room on the disk");
    return std::uint64_t{about.f_bavail} * about.f_frsize;
  }
  std::uint64_t random() {
    std::uint64_t drawn = 0;
    while (::getrandom(&drawn, sizeof drawn, 0) != static_cast<ssize_t>(sizeof drawn)) {
    }
    return drawn;
  }

  // A descriptor that becomes readable when a queued write has completed: watch it, read it empty,
  // and ask the log how far it is. -1 where nothing can be queued.
  int event_descriptor() {
    start_queue();
    if (writer_ != nullptr) return writer_->event();
    return started_ ? ring_.event() : -1;
  }
  // Whether queued writes go through io_uring.
  bool has_ring() {
    start_queue();
    return started_ && writer_ == nullptr;
  }

 private:
  static constexpr int waits_max = 30'000;  // of a millisecond each

  struct inline_write {
    std::uint64_t token;
    int outcome;
  };

  static error failure(char const* where) {
    int const number = errno;
    char const* const remedy = number == ENOSPC || number == EDQUOT ? "free space on the disk"
                               : number == EACCES || number == EPERM
                                   ? "check who owns the directory"
                               : number == EIO ? "the disk is failing: replace it"
                                               : "the number is the errno of the system call";
    bool const full = number == ENOSPC || number == EDQUOT;
    return {full ? error_code::disk_full : error_code::io_failure,
            static_cast<std::uint64_t>(number), where, remedy};
  }

  error holder() {
    if (errno != EWOULDBLOCK) return failure("locking the store");
    char text[24] = {};
    ssize_t const length = ::pread(lock_, text, sizeof text - 1, 0);
    long const process = length > 0 ? std::strtol(text, nullptr, 10) : 0;
    return {error_code::locked, static_cast<std::uint64_t>(process), "the directory of the store",
            "stop the process with that number, or give this node a directory of its own"};
  }

  // A process that was killed is gone before its queued writes are: the kernel goes on with them,
  // and what it has yet to write would land on what the next life has read already, and cut, and
  // written anew. Each of them holds its file open, and with it the shared lock that came with
  // opening it; so who gets a file for itself alone knows that nothing is on its way to it.
  error await_earlier_writes() {
    error why;
    error const unlisted = list([&](file_name const& name) {
      if (!why && name != file_name("lock")) why = await_last_write(name);
    });
    return why ? why : unlisted;
  }
  error await_last_write(file_name const& name) {
    // To write as well, since there are file systems that want this of whoever locks it for
    // himself.
    int const file = ::openat(directory_, name.text(), O_RDWR | O_CLOEXEC);
    if (file < 0) return errno == EISDIR ? error() : failure("opening a file of the store");
    error const why = await_last_write(file);
    ::close(file);
    return why;
  }
  static error await_last_write(int file) {
    timespec const moment{0, 1'000'000};
    for (int waits = 0; ::flock(file, LOCK_EX | LOCK_NB) != 0; ++waits) {
      if (errno != EWOULDBLOCK) return failure("locking a file of the store");
      if (waits == waits_max) {
        struct stat about {};
        static_cast<void>(::fstat(file, &about));
        return {error_code::locked, about.st_ino, "a file of the store, by its inode number",
                "see why the disk does not answer, or which process still has that file open"};
      }
      ::nanosleep(&moment, nullptr);
    }
    return {};
  }

  // Every missing directory of the path, each durable in the one above it.
  error make_directories() {
    for (std::size_t at = 1; at < path_.size(); ++at) {
      if (path_[at] != '/' && path_[at] != '\0') continue;
      char const separator = std::exchange(path_[at], '\0');
      bool const made = ::mkdir(path_.data(), 0700) == 0;
      int const problem = errno;
      path_[at] = separator;
      if (!made && problem != EEXIST) {
        errno = problem;
        return failure("making the directory of the store");
      }
      if (made) {
        if (error const why = sync_parent(at)) return why;
      }
    }
    return {};
  }
  // Of the directory whose path ends before `end`.
  error sync_parent(std::size_t end) {
    std::size_t slash = end;
    while (slash > 0 && path_[slash - 1] != '/') --slash;
    char const first = slash == 0 ? '\0' : std::exchange(path_[slash], '\0');
    int const parent = ::open(slash == 0 ? "." : path_.data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (slash != 0) path_[slash] = first;
    if (parent < 0) return failure("opening the directory above the store");
    bool const synced = ::fsync(parent) == 0;
    error const why = synced ? error{} : failure("syncing the directory above the store");
    ::close(parent);
    return why;
  }

  result<io_file> opened(file_name const& name, int flags) {
    int file = ::openat(directory_, name.text(), flags | O_DIRECT | O_CLOEXEC, 0600);
    if (file < 0 && errno == EINVAL) {  // a file system without O_DIRECT
      file = ::openat(directory_, name.text(), (flags & ~O_EXCL) | O_CLOEXEC, 0600);
    }
    if (file < 0) return failure("opening a file of the store");
    open_.push_back(file);
    if (::flock(file, LOCK_SH | LOCK_NB) != 0) return failure("locking a file of the store");
    return io_file{file};
  }

  void start_queue() {
    if (tried_) return;
    tried_ = true;
    if (queueing_ != write_queueing::thread) started_ = ring_.start();
    if (started_ || queueing_ == write_queueing::ring) return;
    writer_ = new posix_io_writer;
    started_ = writer_->start();
    if (!started_) delete std::exchange(writer_, nullptr);
  }

  template <class Report>
  bool report_inline(Report& report) {
    if (inline_.empty()) return false;
    std::vector<inline_write> const all = std::exchange(inline_, {});
    for (inline_write const& one : all) report(one.token, one.outcome);
    return true;
  }

  void swap(posix_io& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(directory_, other.directory_);
    std::swap(lock_, other.lock_);
    std::swap(open_, other.open_);
    std::swap(queueing_, other.queueing_);
    std::swap(tried_, other.tried_);
    std::swap(started_, other.started_);
    std::swap(ring_, other.ring_);
    std::swap(writer_, other.writer_);
    std::swap(inline_, other.inline_);
  }

  std::vector<char> path_;
  int directory_ = -1;
  int lock_ = -1;
  std::vector<int> open_;
  write_queueing queueing_ = write_queueing::automatic;
  bool tried_ = false;
  bool started_ = false;
  posix_io_ring ring_;
  posix_io_writer* writer_ = nullptr;
  std::vector<inline_write> inline_;
};

static_assert(io<posix_io>);

}  // namespace synod
