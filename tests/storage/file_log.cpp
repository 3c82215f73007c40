// SPDX-License-Identifier: BSL-1.0
#include <synod/storage/file_log.hpp>

#include <gtest/gtest.h>

#include <synod/core/concepts.hpp>
#include <synod/testing/disk.hpp>
#include <synod/testing/storage_suite.hpp>

#include <optional>
#include <vector>

namespace {

using synod::testing::disk;
using synod::testing::disk_shape;
using synod::testing::random_source;
using log_over_disk = synod::file_log<disk::io>;

static_assert(synod::storage<log_over_disk>);

// How a subject fails when it is asked to: the machine stops, or one operation fails alone.
enum class failure_of { machine, operation };

struct log_on_disk {
  using storage_type = log_over_disk;

  log_on_disk(disk_shape shape, failure_of kind) : disk_(random_source(11), shape), kind_(kind) {}

  storage_type* open() {
    log.reset();
    synod::log_options options;
    options.segment_bytes = synod::segment_bytes_min * 2;
    options.low_water_bytes = 0;
    auto opened = log_over_disk::open(disk_.mount(), options);
    if (!opened) {
      ADD_FAILURE() << opened.error();
      return nullptr;
    }
    log.emplace(std::move(*opened));
    return &*log;
  }
  void crash() {
    disk_.kill();
    log.reset();
    disk_.crash();
  }
  void wipe() {
    disk_.kill();
    log.reset();
    disk_.wipe();
  }
  void fail_after(std::uint64_t calls) {
    kind_ == failure_of::machine ? disk_.stop_after(calls) : disk_.fail_after(calls);
  }
  void heal() { disk_.go_on(); }
  bool struck() const { return disk_.stopped() || disk_.failed(); }

  disk disk_;
  failure_of kind_;
  std::optional<log_over_disk> log;
};

void run_suite(disk_shape shape, failure_of kind) {
  log_on_disk subject(shape, kind);
  auto expect = [&](bool ok, char const* sentence, char const* when) {
    EXPECT_TRUE(ok) << sentence << " (" << when << ")";
  };
  synod::testing::storage_suite suite(subject, expect);
  suite.all();
}

TEST(file_log, passes_the_suite_over_blocks_when_the_machine_stops) {
  run_suite({4096, 1 << 26}, failure_of::machine);
}
TEST(file_log, passes_the_suite_over_small_sectors_when_the_machine_stops) {
  run_suite({512, 1 << 26}, failure_of::machine);
}
TEST(file_log, passes_the_suite_when_one_operation_fails) {
  run_suite({512, 1 << 26}, failure_of::operation);
}

// A log that becomes read-only soon: it keeps a quarter of its disk free.
struct small_log {
  disk on{random_source(11), {4096, 1 << 20}};
  synod::log_options options{.segment_bytes = synod::segment_bytes_min, .low_water_bytes = 1 << 18};
  std::vector<std::byte> body = std::vector<std::byte>(3000);
  std::uint64_t number = 0;
  synod::result<log_over_disk> opened = log_over_disk::open(on.mount(), options);

  // A vote, made durable if that can be.
  void put(std::uint64_t at) {
    synod::record_view const one{{{}, synod::lane_id(1), synod::slot(at), synod::record_kind::vote},
                                 {0, static_cast<std::uint32_t>(++number), synod::node_id(1)},
                                 body,
                                 synod::crc32c(body)};
    opened->append(std::span(&one, 1), synod::ticket(number));
    opened->wait();
  }
  void put() { put(number + 1); }
};

// Records of which hardly any is dead are no reason to copy the others into what room is left: an
// idle log that is read-only stays so, however long that lasts.
TEST(file_log, does_not_fill_itself_up_with_copies_when_it_is_read_only) {
  small_log log;
  auto& opened = log.opened;
  ASSERT_TRUE(opened) << opened.error();
  // A few are replaced, so there is something dead.
  while (log.number < 1000 && opened->state() == synod::log_state::open) {
    log.put(log.number % 10 == 9 ? log.number : log.number + 1);
  }
  ASSERT_EQ(opened->state(), synod::log_state::read_only);
  for (int i = 0; i < 1000; ++i) {
    opened->wait();
    (void)opened->durable();
  }
  EXPECT_EQ(opened->state(), synod::log_state::read_only);
  ASSERT_FALSE(opened->failed()) << opened->failed();
  log.put(5000);
  EXPECT_FALSE(opened->failed()) << opened->failed();
}

// Before the disk is full the log says so, with room for what is on its way, and goes on when a
// trim has freed some.
TEST(file_log, is_read_only_before_the_disk_is_full_and_open_again_after_a_trim) {
  small_log log;
  auto& opened = log.opened;
  ASSERT_TRUE(opened) << opened.error();
  while (log.number < 1000 && opened->state() == synod::log_state::open) log.put();
  ASSERT_EQ(opened->state(), synod::log_state::read_only);
  EXPECT_GE(*opened->disk().free_bytes(), log.options.low_water_bytes);
  std::uint64_t const before = log.number;
  for (int i = 0; i < 5; ++i) log.put();
  EXPECT_EQ(opened->durable(), synod::ticket(log.number)) << "what is on its way still has room";
  EXPECT_EQ(opened->state(), synod::log_state::read_only);
  opened->trim({}, synod::lane_id(1), synod::slot(before));
  for (int i = 0; i < 100 && opened->state() != synod::log_state::open; ++i) opened->wait();
  EXPECT_EQ(opened->state(), synod::log_state::open);
  for (int i = 0; i < 60; ++i) log.put();
  EXPECT_FALSE(opened->failed());
  // Who goes on although it is read-only is stopped by an error, and loses nothing.
  while (log.number < 2000 && !opened->failed()) log.put();
  EXPECT_EQ(opened->failed().code, synod::error_code::disk_full);
  EXPECT_EQ(opened->state(), synod::log_state::failed);
  EXPECT_GE(*opened->disk().free_bytes(), log.options.low_water_bytes);
}

}  // namespace
