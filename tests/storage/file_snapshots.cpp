// SPDX-License-Identifier: BSL-1.0
#include <synod/storage/file_snapshots.hpp>

#include <gtest/gtest.h>

#include <support/snapshot_sweep.hpp>
#include <synod/storage/posix_io.hpp>
#include <synod/testing/snapshot_suite.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace {

using support::snapshots_over_disk;
using synod::file_name;
using synod::slot;
using synod::testing::disk;
using synod::testing::random_source;
namespace fs = std::filesystem;

static_assert(synod::snapshot_store<snapshots_over_disk>);

template <class Subject>
void run_suite(Subject& subject) {
  std::size_t sentences = 0;
  auto expect = [&](bool ok, char const* sentence, char const* when) {
    ++sentences;
    EXPECT_TRUE(ok) << sentence << " (" << when << ")";
  };
  synod::testing::snapshot_suite suite(subject, expect);
  suite.all();
  EXPECT_GT(sentences, 100U);
}

struct snapshots_on_disk {
  using store_type = snapshots_over_disk;

  store_type* open() {
    store.reset();
    auto opened = store_type::open(on.mount());
    if (!opened) {
      ADD_FAILURE() << opened.error();
      return nullptr;
    }
    store.emplace(std::move(*opened));
    return &*store;
  }
  void crash() {
    on.kill();
    store.reset();
    on.crash();
  }
  void wipe() {
    on.kill();
    store.reset();
    on.wipe();
  }
  void fail_after(std::uint64_t steps) { on.fail_after(steps); }
  void heal() { on.go_on(); }
  bool struck() const { return on.failed(); }

  disk on{random_source(11), {512, 1 << 26}};
  std::optional<store_type> store;
};

TEST(file_snapshots, passes_the_suite_over_small_sectors) {
  snapshots_on_disk subject;
  run_suite(subject);
}

struct snapshots_in_memory {
  using store_type = synod::memory_snapshots;

  store_type* open() {
    store->abandon();  // what was being written is of the life before
    return store.get();
  }
  void crash() { store->crash(); }
  void wipe() { store = std::make_unique<store_type>(); }
  void fail_after(std::uint64_t) { store->fail({synod::error_code::io_failure, 5, "test", ""}); }
  void heal() {
    if (store) store->fail({});
  }
  bool struck() const { return false; }

  std::unique_ptr<store_type> store;
};

TEST(memory_snapshots, passes_the_suite) {
  snapshots_in_memory subject;
  run_suite(subject);
}

struct snapshots_in_files {
  using store_type = synod::file_snapshots<>;

  ~snapshots_in_files() { wipe(); }
  store_type* open() {
    store.reset();
    auto opened = store_type::open(synod::posix_io(where.c_str()));
    if (!opened) {
      ADD_FAILURE() << opened.error();
      return nullptr;
    }
    store.emplace(std::move(*opened));
    return &*store;
  }
  void crash() {}
  void wipe() {
    store.reset();
    fs::remove_all(where);
  }
  void fail_after(std::uint64_t) {}
  void heal() {}
  bool struck() const { return false; }

  std::string where = testing::TempDir() + "synod_snapshots_" + std::to_string(::getpid());
  std::optional<store_type> store;
};

TEST(file_snapshots, passes_the_suite_over_real_files_that_are_private) {
  snapshots_in_files subject;
  run_suite(subject);
  struct stat about {};
  ASSERT_EQ(::stat(subject.where.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700U);
  EXPECT_TRUE(fs::exists(subject.where + "/newest"));
  std::size_t snapshots = 0;
  for (auto const& one : fs::directory_iterator(subject.where)) {
    snapshots += one.path().filename().string().starts_with("snapshot") ? 1 : 0;
  }
  EXPECT_EQ(snapshots, 1U) << "older ones are removed";
}

TEST(file_snapshots, whatever_the_power_leaves_is_whole_and_no_older_than_what_was_acknowledged) {
  support::snapshot_sweep const outcome = support::sweep_snapshots();
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_GT(outcome.cases, 3000U);
  std::printf("%zu states of the disk judged\n", outcome.cases);
}

// Rot anywhere: the store names what it lost, or gives exactly what was written, or less of it.
TEST(file_snapshots, rot_is_never_read_as_a_snapshot) {
  disk whole(random_source(3), {4096, 1 << 24});
  ASSERT_TRUE(support::take(whole, 7, 70000));
  auto const bytes = support::snapshot_bytes(7, 70000);
  std::size_t lost = 0;
  std::size_t shorter = 0;
  for (file_name const& name : whole.names()) {
    for (std::uint64_t at = 0; at < whole.size(name); at += 61) {
      disk rotten = whole;
      rotten.flip_bit(name, at * 8 + at % 8);
      auto opened = snapshots_over_disk::open(rotten.mount());
      ASSERT_TRUE(opened) << opened.error() << " at " << name.text() << " " << at;
      auto found = opened->open();
      if (!found.has_value()) {
        ASSERT_TRUE(opened->lost().has_value()) << name.text() << " " << at;
        ++lost;
        continue;
      }
      std::vector<std::byte> room(bytes.size() + 1);
      std::size_t const got = found->read(0, room);
      ASSERT_LE(got, bytes.size());
      ASSERT_TRUE(
          std::equal(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got), bytes.begin()))
          << name.text() << " " << at;
      shorter += got < bytes.size() ? 1 : 0;
    }
  }
  EXPECT_GT(lost, 0U);
  EXPECT_GT(shorter, 500U);
}

TEST(file_snapshots, what_the_log_needs_of_the_disk_is_left_to_it) {
  disk on(random_source(3), {4096, 1 << 20});
  auto opened = snapshots_over_disk::open(on.mount(), 1 << 19);
  ASSERT_TRUE(opened) << opened.error();
  opened->begin({slot(1), 0, 0});
  std::vector<std::byte> const piece(100000);
  synod::error why;
  for (int i = 0; i < 20 && !why; ++i) why = opened->write(piece);
  EXPECT_EQ(why.code, synod::error_code::disk_full);
  EXPECT_GE(*opened->disk().free_bytes(), std::uint64_t{1} << 19);
  opened->abandon();
  opened->begin({slot(1), 0, 0});
  EXPECT_FALSE(opened->write(piece)) << "a smaller one still fits";
  EXPECT_FALSE(opened->finish());
}

}  // namespace
