// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace synod {

// Writes everything durably, or says why not as an errno value. A call that a signal interrupted
// has written nothing; any other failure is final.
inline int write_durably(int file, std::uint64_t offset, std::span<std::byte const> from,
                         bool through) {
  while (!from.empty()) {
    iovec part{const_cast<std::byte*>(from.data()), from.size()};
    ssize_t const done =
        ::pwritev2(file, &part, 1, static_cast<off_t>(offset), through ? RWF_DSYNC : 0);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : EIO;
    from = from.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return 0;
}

// Queued writes by a thread of its own: the fallback for kernels without io_uring. It costs two
// wake-ups of a thread per write, which is more than the write itself on a fast disk.
class posix_io_writer {
 public:
  posix_io_writer() = default;
  posix_io_writer(posix_io_writer const&) = delete;
  posix_io_writer& operator=(posix_io_writer const&) = delete;
  ~posix_io_writer() {
    if (running_) {
      lock();
      stop_ = true;
      ::pthread_cond_signal(&work_);
      unlock();
      ::pthread_join(thread_, nullptr);
    }
    if (event_ >= 0) ::close(event_);
  }

  bool start() {
    event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_ < 0) return false;
    running_ = ::pthread_create(&thread_, nullptr, &posix_io_writer::run, this) == 0;
    return running_;
  }

  [[nodiscard]] int event() const { return event_; }

  void submit(int file, std::uint64_t offset, std::span<std::byte const> from,
              std::uint64_t token) {
    lock();
    queued_.push_back({token, offset, from, file, 0});
    ++under_way_;
    ::pthread_cond_signal(&work_);
    unlock();
  }

  template <class Sink>
  unsigned poll(Sink&& sink) {
    lock();
    finished_.swap(done_);
    under_way_ -= static_cast<unsigned>(finished_.size());
    unlock();
    return report(sink);
  }

  template <class Sink>
  void wait(Sink&& sink) {
    lock();
    while (done_.empty() && under_way_ != 0) ::pthread_cond_wait(&news_, &mutex_);
    finished_.swap(done_);
    under_way_ -= static_cast<unsigned>(finished_.size());
    unlock();
    report(sink);
  }

 private:
  struct job {
    std::uint64_t token;
    std::uint64_t offset;
    std::span<std::byte const> from;
    int file;
    int outcome;
  };

  void lock() { ::pthread_mutex_lock(&mutex_); }
  void unlock() { ::pthread_mutex_unlock(&mutex_); }

  template <class Sink>
  unsigned report(Sink& sink) {
    auto const count = static_cast<unsigned>(finished_.size());
    for (job const& one : finished_) sink(one.token, one.outcome);
    finished_.clear();
    return count;
  }

  static void* run(void* self) {
    static_cast<posix_io_writer*>(self)->loop();
    return nullptr;
  }
  void loop() {
    std::vector<job> taken;
    lock();
    for (;;) {
      while (queued_.empty() && !stop_) ::pthread_cond_wait(&work_, &mutex_);
      if (queued_.empty()) break;
      taken.swap(queued_);
      for (job& one : taken) {
        unlock();
        one.outcome = write_durably(one.file, one.offset, one.from, true);
        lock();
        done_.push_back(one);
        ::pthread_cond_signal(&news_);
        std::uint64_t const one_more = 1;
        // A counter that is already at its limit is readable, which is all that it is for.
        [[maybe_unused]] ssize_t const told = ::write(event_, &one_more, sizeof one_more);
      }
      taken.clear();
    }
    unlock();
  }

  pthread_t thread_{};
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work_ = PTHREAD_COND_INITIALIZER;
  pthread_cond_t news_ = PTHREAD_COND_INITIALIZER;
  bool running_ = false;
  bool stop_ = false;
  int event_ = -1;
  unsigned under_way_ = 0;
  std::vector<job> queued_;
  std::vector<job> done_;
  std::vector<job> finished_;  // of the caller's thread
};

}  // namespace synod
