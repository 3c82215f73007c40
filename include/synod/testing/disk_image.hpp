// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/storage/io.hpp>
#include <synod/testing/file_sectors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

// What becomes of one unsynced sector when the power goes. A torn one has its first bytes new and
// the rest as it was before.
enum class sector_fate : std::uint8_t { lost, kept, torn };

// What is on a disk and what a process that reads it sees: every sector twice, and between the two
// the writes that nothing has made durable yet. Names likewise. It is a value: a copy is a cloned
// disk.
class disk_image {
 public:
  static constexpr std::size_t none = SIZE_MAX;

  explicit disk_image(std::size_t sector_bytes) : sector_bytes_(sector_bytes) {}

  // -- names
  // ---------------------------------------------------------------------------------------

  [[nodiscard]] std::size_t find(file_name const& name) const { return find_in(names_, name); }
  template <class Sink>
  void list(Sink&& sink) const {
    for (auto const& [name, file] : names_) sink(name);
  }
  std::size_t create(file_name const& name, std::uint64_t bytes) {
    files_.emplace_back(sector_bytes_);
    std::size_t const file = files_.size() - 1;
    extend(file, bytes);
    change({change_of_names::kind::link, name, {}, file});
    return file;
  }
  void extend(std::size_t file, std::uint64_t bytes) {
    content& what = files_[file];
    what.seen.resize(static_cast<std::size_t>(bytes));
    what.kept.resize(what.seen.bytes());
    what.unreadable.resize(what.seen.count() + 1);
  }
  void rename(file_name const& from, file_name const& to) {
    change({change_of_names::kind::rename, from, to, none});
  }
  void remove(file_name const& name) { change({change_of_names::kind::unlink, name, {}, none}); }
  void sync_names() {
    durable_names_ = names_;
    unsynced_names_.clear();
    forget_unlinked();
  }
  [[nodiscard]] std::size_t unsynced_names() const { return unsynced_names_.size(); }
  [[nodiscard]] std::uint64_t bytes_used() const {
    std::uint64_t used = 0;
    for (auto const& [name, file] : names_) used += files_[file].seen.bytes();
    return used;
  }

  // -- contents
  // ------------------------------------------------------------------------------------

  [[nodiscard]] std::size_t size(std::size_t file) const { return files_[file].seen.bytes(); }
  [[nodiscard]] std::size_t sectors(std::size_t file) const { return files_[file].seen.count(); }
  [[nodiscard]] std::size_t sector_bytes() const { return sector_bytes_; }

  // Returns false where a sector cannot be read.
  bool read(std::size_t file, std::uint64_t offset, std::span<std::byte> into) const {
    content const& from = files_[file];
    auto const begin = static_cast<std::size_t>(offset);
    for (std::size_t at = begin / sector_bytes_; at * sector_bytes_ < begin + into.size(); ++at) {
      if (from.unreadable[at]) return false;
    }
    from.seen.read(offset, into);
    return true;
  }

  // Effects: what is written is durable after a flush of `number` or of the file. It is seen by
  // whoever reads after `reveal`: a write that is under way may have got anywhere.
  void write(std::size_t file, std::uint64_t offset, std::span<std::byte const> from,
             std::uint64_t number) {
    auto const begin = static_cast<std::size_t>(offset);
    for (std::size_t done = 0; done < from.size(); done += sector_bytes_) {
      std::size_t const sector = (begin + done) / sector_bytes_;
      unsynced_.push_back(
          {file, sector, number, file_sectors::of(from.subspan(done, sector_bytes_))});
    }
  }
  void reveal(std::uint64_t number) {
    for (sector_write& one : unsynced_) {
      if (one.number != number || std::exchange(one.seen, true)) continue;
      files_[one.file].unreadable[one.sector] = false;  // a disk remaps a sector that is written
      files_[one.file].seen.put(one.sector, one.data);
    }
  }

  // Effects: one write is durable. What was written before to the same sectors can no longer land.
  void flush(std::uint64_t number) {
    for (std::size_t i = 0; i < unsynced_.size(); ++i) {
      if (unsynced_[i].number == number) settle(i);
    }
    sweep();
  }
  void flush_file(std::size_t file) {
    files_[file].durable_bytes = files_[file].seen.bytes();
    for (std::size_t i = 0; i < unsynced_.size(); ++i) {
      if (unsynced_[i].file == file && unsynced_[i].seen) settle(i);
    }
    sweep();
  }

  // Effects: a write failed: it will never be durable, and until the power goes what it wrote is
  // still seen (the cache calls its pages clean) or not.
  void drop(std::uint64_t number, bool still_seen) {
    for (sector_write& one : unsynced_) {
      if (one.number != number) continue;
      one.gone = true;
      content& of = files_[one.file];
      if (!still_seen) of.seen.put(one.sector, of.kept[one.sector]);
    }
    sweep();
  }
  void drop_file(std::size_t file, bool still_seen) {
    for (sector_write const& one : unsynced_) {
      if (one.file == file && one.seen) drop_later_.push_back(one.number);
    }
    for (std::uint64_t number : drop_later_) drop(number, still_seen);
    drop_later_.clear();
  }
  [[nodiscard]] std::size_t unsynced() const { return unsynced_.size(); }

  // -- the power goes
  // ------------------------------------------------------------------------------

  // Effects: of the unsynced sectors, in that order, each has the fate that `fate_of(index)` says;
  // of the changes of names the first `names_kept` survive, as in a journal.
  template <class FateOf>
  void crash(std::span<std::size_t const> order, FateOf&& fate_of, std::size_t names_kept) {
    for (std::size_t which : order) {
      sector_fate const fate = fate_of(which);
      if (fate == sector_fate::lost) continue;
      sector_write const& one = unsynced_[which];
      file_sectors& kept = files_[one.file].kept;
      files_[one.file].unreadable[one.sector] = false;
      kept.put(one.sector,
               fate == sector_fate::torn ? kept.torn(one.data, kept[one.sector]) : one.data);
    }
    unsynced_.clear();
    for (std::size_t i = 0; i < names_kept && i < unsynced_names_.size(); ++i) {
      apply(durable_names_, unsynced_names_[i]);
    }
    unsynced_names_.clear();
    names_ = durable_names_;
    for (content& one : files_) {
      one.kept.resize(one.durable_bytes);
      one.seen = one.kept;
    }
    forget_unlinked();
  }

  // -- decay
  // ---------------------------------------------------------------------------------------

  void flip(std::size_t file, std::uint64_t bit) {
    files_[file].kept.flip(bit);
    files_[file].seen.flip(bit);
  }
  void make_unreadable(std::size_t file, std::size_t sector) {
    files_[file].unreadable[sector] = true;
  }

 private:
  struct content {
    explicit content(std::size_t sector_bytes) : seen(sector_bytes), kept(sector_bytes) {}

    file_sectors seen;
    file_sectors kept;
    std::vector<bool> unreadable;   // by sector
    std::size_t durable_bytes = 0;  // the size that a crash leaves
  };
  struct sector_write {
    std::size_t file;
    std::size_t sector;
    std::uint64_t number;
    shared_bytes data;
    bool seen = false;
    bool gone = false;
  };
  struct change_of_names {
    enum class kind : std::uint8_t { link, rename, unlink } what;
    file_name from;
    file_name to;
    std::size_t file;
  };
  using directory = std::vector<std::pair<file_name, std::size_t>>;

  static std::size_t find_in(directory const& in, file_name const& name) {
    for (auto const& [each, file] : in) {
      if (each == name) return file;
    }
    return none;
  }
  static void unlink(directory& in, file_name const& name) {
    std::erase_if(in, [&](auto const& one) { return one.first == name; });
  }
  static void apply(directory& in, change_of_names const& what) {
    std::size_t const file = find_in(in, what.from);
    switch (what.what) {
      case change_of_names::kind::link: in.emplace_back(what.from, what.file); break;
      case change_of_names::kind::unlink: unlink(in, what.from); break;
      case change_of_names::kind::rename:
        unlink(in, what.from);
        unlink(in, what.to);
        if (file != none) in.emplace_back(what.to, file);
        break;
    }
  }
  void change(change_of_names what) {
    apply(names_, what);
    unsynced_names_.push_back(what);
  }

  void settle(std::size_t which) {
    sector_write& one = unsynced_[which];
    files_[one.file].kept.put(one.sector, one.data);
    for (std::size_t i = 0; i <= which; ++i) {
      if (unsynced_[i].file == one.file && unsynced_[i].sector == one.sector) {
        unsynced_[i].gone = true;
      }
    }
  }
  void sweep() {
    std::erase_if(unsynced_, [](sector_write const& one) { return one.gone; });
  }
  // Contents whose last name is durably gone are no use to anybody.
  void forget_unlinked() {
    for (std::size_t file = 0; file < files_.size(); ++file) {
      bool const linked = std::any_of(names_.begin(), names_.end(),
                                      [&](auto const& one) { return one.second == file; });
      if (linked || files_[file].seen.count() == 0) continue;
      files_[file] = content(sector_bytes_);
      std::erase_if(unsynced_, [&](sector_write const& one) { return one.file == file; });
    }
  }

  std::size_t sector_bytes_;
  std::vector<content> files_;
  std::vector<sector_write> unsynced_;
  std::vector<std::uint64_t> drop_later_;
  directory names_;
  directory durable_names_;
  std::vector<change_of_names> unsynced_names_;
};

}  // namespace synod::testing
