// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/asio/entropy.hpp>
#include <synod/asio/file_store.hpp>
#include <synod/storage/file_snapshots.hpp>
#include <synod/storage/memory_snapshots.hpp>
#include <synod/storage/none.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace bench {

// The file log, or a storage that keeps nothing, chosen when it is opened: a replica of each would
// take twice as long to compile.
class chosen_log {
 public:
  using file_log = synod::file_log<>;

  explicit chosen_log(file_log log) : file_(std::move(log)), none_(file_->store()) {}
  explicit chosen_log(synod::store_id store) : none_(store) {}

  void append(std::span<synod::record_view const> records, synod::ticket at) {
    if (file_) return file_->append(records, at);
    none_.append(records, at);
  }
  [[nodiscard]] synod::ticket durable() { return file_ ? file_->durable() : none_.durable(); }
  void wait() {
    if (file_) file_->wait();
  }
  [[nodiscard]] synod::error failed() const { return file_ ? file_->failed() : synod::error(); }
  template <class Sink>
  synod::damage replay(Sink&& sink) {
    return file_ ? file_->replay(std::forward<Sink>(sink)) : synod::damage();
  }
  void trim(synod::group_id group, synod::lane_id lane, synod::slot upto) {
    if (file_) file_->trim(group, lane, upto);
  }
  [[nodiscard]] synod::store_id store() const { return file_ ? file_->store() : none_.store(); }
  [[nodiscard]] synod::incarnation life() const { return file_ ? file_->life() : none_.life(); }

  // What the host asks of a log that has it.
  [[nodiscard]] bool busy() const { return file_ && file_->busy(); }
  bool idle() { return file_ && file_->idle(); }
  [[nodiscard]] auto state() const { return file_ ? file_->state() : synod::log_state::open; }
  struct events {
    int descriptor;
    [[nodiscard]] int event_descriptor() const { return descriptor; }
  };
  [[nodiscard]] events disk() { return {file_ ? file_->disk().event_descriptor() : -1}; }

 private:
  std::optional<file_log> file_;
  synod::none none_;
};

// The snapshots beside it: in files, or, where nothing is kept, in memory.
class chosen_snapshots {
 public:
  using files = synod::file_snapshots<>;

  class reader {
   public:
    explicit reader(files::reader from) : file_(std::move(from)) {}
    explicit reader(synod::memory_snapshots::reader from) : memory_(std::move(from)) {}
    [[nodiscard]] synod::snapshot_info const& info() const {
      return file_ ? file_->info() : memory_->info();
    }
    std::size_t read(std::uint64_t offset, std::span<std::byte> into) {
      return file_ ? file_->read(offset, into) : memory_->read(offset, into);
    }

   private:
    std::optional<files::reader> file_;
    std::optional<synod::memory_snapshots::reader> memory_;
  };

  chosen_snapshots() = default;
  explicit chosen_snapshots(files images) : files_(std::move(images)) {}

  [[nodiscard]] synod::maybe<synod::snapshot_info> newest() const {
    return files_ ? files_->newest() : memory_.newest();
  }
  std::uint64_t begin(synod::snapshot_info const& expected) {
    return files_ ? files_->begin(expected) : memory_.begin(expected);
  }
  synod::error write(std::span<std::byte const> piece) {
    return files_ ? files_->write(piece) : memory_.write(piece);
  }
  synod::error finish() { return files_ ? files_->finish() : memory_.finish(); }
  void abandon() { files_ ? files_->abandon() : memory_.abandon(); }
  [[nodiscard]] synod::maybe<reader> open() {
    synod::maybe<reader> made;
    if (files_) {
      if (auto found = files_->open()) made = reader(*std::move(found));
    } else if (auto found = memory_.open()) {
      made = reader(*std::move(found));
    }
    return made;
  }

 private:
  std::optional<files> files_;
  synod::memory_snapshots memory_;
};

// A folder of this name keeps nothing.
inline constexpr char const* no_log = "/no_log";

}  // namespace bench

template <>
struct synod::asio::store_opening<bench::chosen_log> {
  using files = store_opening<synod::file_log<>>;
  using snapshots = bench::chosen_snapshots;
  struct opened {
    bench::chosen_log log;
    snapshots images;
  };
  static result<std::unique_ptr<opened>> open(std::string const& folder,
                                              disk_options const& given) {
    if (!folder.ends_with(bench::no_log)) {
      auto found = files::open(folder, given);
      if (!found) return found.error();
      return std::unique_ptr<opened>(
          new opened{bench::chosen_log(std::move((*found)->log)),
                     bench::chosen_snapshots(std::move((*found)->images))});
    }
    store_id const store{random_bits(), random_bits()};
    return std::unique_ptr<opened>(new opened{bench::chosen_log(store), {}});
  }
};
