// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/disk.hpp>

namespace synod::testing {

// What one process sees of a simulated disk. It must not outlive the disk.
class disk::io {
 public:
  io(io&& other) noexcept
      : disk_(std::exchange(other.disk_, nullptr)), mount_(other.mount_), boot_(other.boot_) {}
  io& operator=(io&& other) noexcept {
    std::swap(disk_, other.disk_);
    std::swap(mount_, other.mount_);
    std::swap(boot_, other.boot_);
    return *this;
  }
  ~io() {
    if (alive() && disk_->locked_by_ == mount_) disk_->locked_by_ = 0;
  }

  error enter() {
    if (!alive()) return dead();
    if (disk_->locked_by_ != 0 && disk_->locked_by_ != mount_) {
      return {error_code::locked, disk_->locked_by_, "the simulated disk",
              "another process uses this store"};
    }
    disk_->locked_by_ = mount_;
    return {};
  }

  template <class Sink>
  error list(Sink&& sink) {
    if (!running()) return dead();
    for (file_name const& one : disk_->names()) sink(one);
    return {};
  }

  result<io_file> open(file_name const& name) {
    if (!running()) return dead();
    std::size_t const file = disk_->image_.find(name);
    if (file == disk_image::none) return disk::failure("no such file");
    return handle_of(file);
  }

  result<io_file> create(file_name const& name, std::uint64_t bytes) {
    if (!step()) return dead();
    if (disk_->image_.find(name) != disk_image::none) return disk::failure("the file exists");
    if (disk_->image_.bytes_used() + bytes > disk_->capacity) {
      ++disk_->counts_.refused;
      return disk::failure("the simulated disk", error_code::disk_full);
    }
    return handle_of(disk_->image_.create(name, bytes));
  }

  error extend(io_file file, std::uint64_t bytes) {
    if (!step()) return dead();
    std::size_t const which = file_of(file);
    std::uint64_t const now = disk_->image_.size(which);
    if (bytes <= now) return {};
    if (disk_->image_.bytes_used() + bytes - now > disk_->capacity) {
      ++disk_->counts_.refused;
      return disk::failure("the simulated disk", error_code::disk_full);
    }
    disk_->image_.extend(which, bytes);
    return {};
  }

  void close(io_file file) {
    if (alive()) disk_->handles_[static_cast<std::size_t>(file.handle)] = disk_image::none;
  }

  result<std::uint64_t> size(io_file file) {
    if (!running()) return dead();
    return std::uint64_t{disk_->image_.size(file_of(file))};
  }

  error read(io_file file, std::uint64_t offset, std::span<std::byte> into) {
    if (!running()) return dead();
    std::size_t const from = file_of(file);
    if (offset + into.size() > disk_->image_.size(from))
      return disk::failure("read beyond the end");
    if (disk_->random_.chance_per_million(disk_->weather.read_error)) {
      return disk::failure("read error");
    }
    if (!disk_->image_.read(from, offset, into)) return disk::failure("unreadable sector");
    return {};
  }

  error write(io_file file, std::uint64_t offset, std::span<std::byte const> from,
              write_through when) {
    if (!step()) return dead();
    std::uint64_t number = 0;
    std::size_t const into = file_of(file);
    if (error const refused = disk_->issue(into, offset, from, number)) return refused;
    disk_->image_.reveal(number);
    if (when == write_through::no) return {};
    if (!step()) return disk_->abandon(number);
    return disk_->settle(into, number);
  }

  void submit(io_file file, std::uint64_t offset, std::span<std::byte const> from,
              std::uint64_t token) {
    if (!running()) return;
    std::uint64_t number = 0;
    std::size_t const into = file_of(file);
    bool const issued = step() && !disk_->issue(into, offset, from, number);
    if (issued && disk_->random_.one_in(2)) disk_->image_.reveal(number);
    disk_->queued_.push_back({token, issued ? number : 0, into, disk_->now_ + disk_->latency()});
  }

  template <class Sink>
  void poll(Sink&& sink) {
    if (running()) disk_->complete(disk_->now_, sink);
  }
  // Completes nothing once the machine has stopped.
  template <class Sink>
  void wait(Sink&& sink) {
    if (running()) disk_->complete(never, sink);
  }

  error sync(io_file file) {
    if (!step()) {
      if (running()) disk_->image_.drop_file(file_of(file), disk_->random_.one_in(2));
      return dead();
    }
    return disk_->sync(file_of(file));
  }
  error rename(file_name const& from, file_name const& to) {
    if (!step()) return dead();
    if (disk_->image_.find(from) == disk_image::none) return disk::failure("no such file");
    disk_->image_.rename(from, to);
    return {};
  }
  error remove(file_name const& name) {
    if (!step()) return dead();
    if (disk_->image_.find(name) == disk_image::none) return disk::failure("no such file");
    disk_->image_.remove(name);
    return {};
  }
  error sync_directory() {
    if (!step()) return dead();
    if (disk_->random_.chance_per_million(disk_->weather.lying_sync)) {
      ++disk_->counts_.lies;
      return {};
    }
    disk_->image_.sync_names();
    return {};
  }
  result<std::uint64_t> free_bytes() {
    if (!running()) return dead();
    std::uint64_t const used = disk_->image_.bytes_used();
    return used < disk_->capacity ? disk_->capacity - used : 0;
  }
  std::uint64_t random() { return disk_ == nullptr ? 0 : disk_->random_.next(); }

  // Whether this process still has its disk.
  [[nodiscard]] bool alive() const { return disk_ != nullptr && boot_ == disk_->boot_; }

 private:
  friend class disk;
  io(disk& of, std::uint64_t mount) : disk_(&of), mount_(mount), boot_(of.boot_) {}

  [[nodiscard]] bool running() const { return alive() && !disk_->stopped(); }
  bool step() { return alive() && disk_->step(); }
  static error dead() { return disk::failure("the disk is gone"); }

  result<io_file> handle_of(std::size_t file) {
    disk_->handles_.push_back(file);
    return io_file{static_cast<std::int32_t>(disk_->handles_.size() - 1)};
  }
  [[nodiscard]] std::size_t file_of(io_file file) const {
    return disk_->handles_[static_cast<std::size_t>(file.handle)];
  }

  disk* disk_;
  std::uint64_t mount_;
  std::uint64_t boot_;
};

inline disk::io disk::mount() { return io(*this, ++mounts_); }

// Puts the data into the cache, perhaps in the wrong place.
inline error disk::issue(std::size_t file, std::uint64_t offset, std::span<std::byte const> from,
                         std::uint64_t& number) {
  if (offset + from.size() > image_.size(file)) return failure("write beyond the end");
  number = ++numbers_;
  ++counts_.writes;
  counts_.bytes_written += from.size();
  if (random_.chance_per_million(weather.misdirection)) {
    ++counts_.misdirected;
    std::uint64_t const places = (image_.size(file) - from.size()) / block_bytes + 1;
    offset = random_.below(places) * block_bytes;
  }
  image_.write(file, offset, from, number);
  return {};
}

// Makes one write durable, or fails, or lies.
inline error disk::settle(std::size_t, std::uint64_t number) {
  if (random_.chance_per_million(weather.sync_error)) {
    ++counts_.sync_errors;
    image_.drop(number, random_.one_in(2));
    return failure("failed sync");
  }
  if (random_.chance_per_million(weather.lying_sync)) {
    ++counts_.lies;
    return {};
  }
  image_.flush(number);
  return {};
}

inline error disk::sync(std::size_t file) {
  if (random_.chance_per_million(weather.sync_error)) {
    ++counts_.sync_errors;
    image_.drop_file(file, random_.one_in(2));
    return failure("failed sync");
  }
  if (random_.chance_per_million(weather.lying_sync)) {
    ++counts_.lies;
    return {};
  }
  image_.flush_file(file);
  return {};
}

inline time_ns disk::latency() {
  time_ns taken = weather.latency_least;
  if (weather.latency_mean > 0) taken += random_.exponential(weather.latency_mean);
  if (random_.chance_per_million(weather.stalling)) taken += weather.stall;
  return taken;
}

// Completes, in the order of their times, the queued writes that are due.
template <class Sink>
void disk::complete(time_ns until, Sink&& sink) {
  std::uint64_t const boot = boot_;
  while (boot == boot_) {
    auto const next = std::min_element(queued_.begin(), queued_.end(),
                                       [](auto const& a, auto const& b) { return a.due < b.due; });
    if (next == queued_.end() || next->due > until) return;
    queued const done = *next;
    queued_.erase(next);
    image_.reveal(done.number);
    if (done.number == 0) {
      sink(done.token, failure("the write was refused"));
    } else if (!step()) {
      sink(done.token, abandon(done.number));
    } else {
      sink(done.token, settle(done.file, done.number));
    }
  }
}

static_assert(synod::io<disk::io>);

}  // namespace synod::testing
