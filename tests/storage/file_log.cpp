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

// Records of which hardly any is dead are no reason to copy the others into what room is left: an
// idle log that is read-only stays so, however long that lasts.
TEST(file_log, does_not_fill_itself_up_with_copies_when_it_is_read_only) {
  disk on(random_source(12), {4096, 1 << 20});
  synod::log_options options;
  options.segment_bytes = synod::segment_bytes_min;
  options.low_water_bytes = 1 << 18;
  auto opened = log_over_disk::open(on.mount(), options);
  ASSERT_TRUE(opened) << opened.error();
  std::vector<std::byte> const body(3000);
  std::uint64_t number = 0;
  auto const put = [&](std::uint64_t at) {
    synod::record_view const one{{{}, synod::lane_id(1), synod::slot(at), synod::record_kind::vote},
                                 {0, static_cast<std::uint32_t>(++number), synod::node_id(1)},
                                 body,
                                 synod::crc32c(body)};
    opened->append(std::span(&one, 1), synod::ticket(number));
    opened->wait();
  };
  // A few are replaced, so there is something dead.
  while (number < 1000 && opened->state() == synod::log_state::open) {
    put(number % 10 == 9 ? number : number + 1);
  }
  ASSERT_EQ(opened->state(), synod::log_state::read_only);
  for (int i = 0; i < 1000; ++i) {
    opened->wait();
    (void)opened->durable();
  }
  EXPECT_EQ(opened->state(), synod::log_state::read_only);
  ASSERT_FALSE(opened->failed()) << opened->failed();
  put(5000);
  EXPECT_FALSE(opened->failed()) << opened->failed();
}

// Before the disk is full the log says so, with room for what is on its way, and goes on when a
// trim has freed some.
TEST(file_log, is_read_only_before_the_disk_is_full_and_open_again_after_a_trim) {
  disk on(random_source(11), {4096, 1 << 20});
  synod::log_options options;
  options.segment_bytes = synod::segment_bytes_min;
  options.low_water_bytes = 1 << 18;
  auto opened = log_over_disk::open(on.mount(), options);
  ASSERT_TRUE(opened) << opened.error();
  std::vector<std::byte> const body(3000);
  std::uint64_t number = 0;
  auto const put = [&] {
    ++number;
    synod::record_view const one{
        {{}, synod::lane_id(1), synod::slot(number), synod::record_kind::vote},
        {0, 1, synod::node_id(1)},
        body,
        synod::crc32c(body)};
    opened->append(std::span(&one, 1), synod::ticket(number));
    opened->wait();
  };
  while (number < 1000 && opened->state() == synod::log_state::open) put();
  ASSERT_EQ(opened->state(), synod::log_state::read_only);
  EXPECT_GE(*opened->disk().free_bytes(), options.low_water_bytes);
  std::uint64_t const before = number;
  for (int i = 0; i < 5; ++i) put();
  EXPECT_EQ(opened->durable(), synod::ticket(number)) << "what is on its way still has room";
  EXPECT_EQ(opened->state(), synod::log_state::read_only);
  opened->trim({}, synod::lane_id(1), synod::slot(before));
  for (int i = 0; i < 100 && opened->state() != synod::log_state::open; ++i) opened->wait();
  EXPECT_EQ(opened->state(), synod::log_state::open);
  for (int i = 0; i < 60; ++i) put();
  EXPECT_FALSE(opened->failed());
  // Who goes on although it is read-only is stopped by an error, and loses nothing.
  while (number < 2000 && !opened->failed()) put();
  EXPECT_EQ(opened->failed().code, synod::error_code::disk_full);
  EXPECT_EQ(opened->state(), synod::log_state::failed);
  EXPECT_GE(*opened->disk().free_bytes(), options.low_water_bytes);
}

}  // namespace
