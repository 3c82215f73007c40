// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <linux/io_uring.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace synod {

// Queued writes through io_uring, by its system calls alone: the kernel writes while the caller
// goes on, and no thread of ours is woken. Every write is durable when it completes.
class posix_io_ring {
 public:
  static constexpr unsigned depth_max = 64;

  posix_io_ring() = default;
  posix_io_ring(posix_io_ring&& other) noexcept { swap(other); }
  posix_io_ring& operator=(posix_io_ring&& other) noexcept {
    swap(other);
    return *this;
  }
  ~posix_io_ring() {
    if (queue_ != nullptr) ::munmap(queue_, queue_bytes_);
    if (entries_ != nullptr) ::munmap(entries_, depth_max * sizeof(io_uring_sqe));
    if (ring_ >= 0) ::close(ring_);
    if (event_ >= 0) ::close(event_);
  }

  // Returns false where the kernel has no io_uring, an old one, or forbids it.
  bool start() {
    io_uring_params wishes{};
    ring_ = static_cast<int>(::syscall(SYS_io_uring_setup, depth_max, &wishes));
    if (ring_ < 0) return false;
    unsigned const needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_RW_CUR_POS;
    if ((wishes.features & needed) != needed || wishes.sq_entries != depth_max) return false;
    return map(wishes) && watch();
  }

  // Becomes readable when a write has completed.
  [[nodiscard]] int event() const { return event_; }
  [[nodiscard]] unsigned under_way() const { return under_way_; }

  // Returns false where no room is left.
  bool submit(int file, std::uint64_t offset, std::span<std::byte const> from,
              std::uint64_t token) {
    unsigned place = 0;
    while (place < depth_max && flights_[place].length != 0) ++place;
    if (place == depth_max) return false;
    flights_[place] = {token, static_cast<std::uint32_t>(from.size())};
    unsigned const tail = *submission_tail_;
    unsigned const slot = tail & (depth_max - 1);
    io_uring_sqe& entry = entries_[slot];
    std::memset(&entry, 0, sizeof entry);
    entry.opcode = IORING_OP_WRITE;
    entry.fd = file;
    entry.off = offset;
    entry.addr = reinterpret_cast<std::uintptr_t>(from.data());
    entry.len = static_cast<std::uint32_t>(from.size());
    entry.rw_flags = RWF_DSYNC;
    entry.user_data = place;
    submission_places_[slot] = slot;
    std::atomic_ref(*submission_tail_).store(tail + 1, std::memory_order_release);
    ++under_way_;
    ++unsubmitted_;
    enter(0, 0);
    return true;
  }

  // Effects: sink(token, errno value) for each write that has completed.
  template <class Sink>
  unsigned poll(Sink&& sink) {
    unsigned done = 0;
    unsigned head = *completion_head_;
    while (head != std::atomic_ref(*completion_tail_).load(std::memory_order_acquire)) {
      io_uring_cqe const found = completions_[head & completion_mask_];
      ++head;
      std::atomic_ref(*completion_head_).store(head, std::memory_order_release);
      flight& one = flights_[found.user_data & (depth_max - 1)];
      flight const finished = std::exchange(one, flight{});
      --under_way_;
      ++done;
      // A short write is a failure: nobody has said that what was written of it is durable.
      bool const whole = found.res >= 0 && static_cast<std::uint32_t>(found.res) == finished.length;
      sink(finished.token, whole ? 0 : found.res < 0 ? -found.res : EIO);
    }
    return done;
  }

  // Effects: returns when something has completed, or nothing is under way.
  template <class Sink>
  void wait(Sink&& sink) {
    while (poll(sink) == 0 && under_way_ != 0) {
      if (!enter(1, IORING_ENTER_GETEVENTS)) return;
    }
  }

 private:
  struct flight {
    std::uint64_t token = 0;
    std::uint32_t length = 0;  // 0: free
  };

  bool map(io_uring_params const& made) {
    std::size_t const submissions = made.sq_off.array + made.sq_entries * sizeof(std::uint32_t);
    std::size_t const completions = made.cq_off.cqes + made.cq_entries * sizeof(io_uring_cqe);
    queue_bytes_ = submissions > completions ? submissions : completions;
    queue_ = map(queue_bytes_, IORING_OFF_SQ_RING);
    entries_ = static_cast<io_uring_sqe*>(map(depth_max * sizeof(io_uring_sqe), IORING_OFF_SQES));
    if (queue_ == nullptr || entries_ == nullptr) return false;
    auto* const base = static_cast<std::byte*>(queue_);
    submission_tail_ = reinterpret_cast<unsigned*>(base + made.sq_off.tail);
    submission_places_ = reinterpret_cast<unsigned*>(base + made.sq_off.array);
    completion_head_ = reinterpret_cast<unsigned*>(base + made.cq_off.head);
    completion_tail_ = reinterpret_cast<unsigned*>(base + made.cq_off.tail);
    completion_mask_ = *reinterpret_cast<unsigned*>(base + made.cq_off.ring_mask);
    completions_ = reinterpret_cast<io_uring_cqe*>(base + made.cq_off.cqes);
    return true;
  }
  void* map(std::size_t bytes, std::uint64_t what) const {
    void* const made = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                              ring_, static_cast<off_t>(what));
    return made == MAP_FAILED ? nullptr : made;
  }
  bool watch() {
    event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return event_ >= 0 &&
           ::syscall(SYS_io_uring_register, ring_, IORING_REGISTER_EVENTFD, &event_, 1) == 0;
  }
  // What the kernel did not take is offered again by the next call; it has not been tried yet.
  bool enter(unsigned awaited, unsigned flags) {
    long taken = 0;
    do {
      taken = ::syscall(SYS_io_uring_enter, ring_, unsubmitted_, awaited, flags, nullptr, 0);
    } while (taken < 0 && (errno == EINTR || errno == EAGAIN || errno == EBUSY));
    if (taken > 0) unsubmitted_ -= static_cast<unsigned>(taken);
    return taken >= 0;
  }

  void swap(posix_io_ring& other) noexcept {
    std::swap(ring_, other.ring_);
    std::swap(event_, other.event_);
    std::swap(queue_, other.queue_);
    std::swap(queue_bytes_, other.queue_bytes_);
    std::swap(entries_, other.entries_);
    std::swap(submission_tail_, other.submission_tail_);
    std::swap(submission_places_, other.submission_places_);
    std::swap(completion_head_, other.completion_head_);
    std::swap(completion_tail_, other.completion_tail_);
    std::swap(completion_mask_, other.completion_mask_);
    std::swap(completions_, other.completions_);
    std::swap(under_way_, other.under_way_);
    std::swap(unsubmitted_, other.unsubmitted_);
    std::swap(flights_, other.flights_);
  }

  int ring_ = -1;
  int event_ = -1;
  void* queue_ = nullptr;
  std::size_t queue_bytes_ = 0;
  io_uring_sqe* entries_ = nullptr;
  unsigned* submission_tail_ = nullptr;
  unsigned* submission_places_ = nullptr;
  unsigned* completion_head_ = nullptr;
  unsigned* completion_tail_ = nullptr;
  unsigned completion_mask_ = 0;
  io_uring_cqe* completions_ = nullptr;
  unsigned under_way_ = 0;
  unsigned unsubmitted_ = 0;
  std::array<flight, depth_max> flights_{};
};

}  // namespace synod
