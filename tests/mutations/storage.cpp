// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <support/log_torture.hpp>
#include <support/mutated.hpp>
#include <support/rot_sweep.hpp>
#include <support/silent_core.hpp>
#include <support/snapshot_sweep.hpp>
#include <synod/runtime/drain.hpp>
#include <synod/storage/posix_io.hpp>

#include <unistd.h>

#include <filesystem>
#include <span>
#include <string>

namespace {

using support::crash_sweep;
using support::mutated;
using synod::ticket;

// Whether the sweep notices; a broken invariant is noticed too.
bool caught(crash_sweep sweep) {
  sweep.until_first = true;
  try {
    return !sweep.run().clean();
  } catch (synod::broken_invariant_error const&) {
    return true;
  }
}

crash_sweep short_sweep() {
  crash_sweep sweep{{4096, 1 << 24}};
  sweep.before = 40;
  sweep.entries = 20;
  sweep.odd_sectors = 1;
  return sweep;
}

TEST(storage_mutations, none_of_them_on_nothing_is_wrong) {
  support::sweep_outcome const outcome = short_sweep().run();
  EXPECT_TRUE(outcome.clean()) << outcome.first;
  EXPECT_GT(outcome.cases, 100U);
}

TEST(storage_mutations, a_skipped_sync_is_caught) {
  mutated const on("sync_skipped");
  EXPECT_TRUE(caught(short_sweep()));
}

TEST(storage_mutations, a_skipped_sync_of_the_directory_is_caught) {
  mutated const on("directory_sync_skipped");
  EXPECT_TRUE(caught(short_sweep()));
}

TEST(storage_mutations, a_failed_sync_that_is_tried_again_is_caught) {
  mutated const on("failed_sync_retried");
  crash_sweep sweep = short_sweep();
  sweep.operation_fails = true;
  EXPECT_TRUE(caught(sweep));
}

TEST(storage_mutations, records_of_a_previous_lap_are_caught) {
  mutated const on("recycled_lap_accepted");
  EXPECT_TRUE(caught(short_sweep()));
}

bool torture_notices() {
  bool noticed = false;
  for (std::uint64_t seed = 1; seed <= 200 && !noticed; ++seed) {
    noticed = !support::log_torture(seed).run(12).wrong.empty();
  }
  return noticed;
}

TEST(storage_mutations, a_segment_dropped_before_its_copies_are_durable_is_caught) {
  mutated const on("copies_not_awaited");
  EXPECT_TRUE(torture_notices());
}

TEST(storage_mutations, a_segment_freed_while_it_is_written_to_is_caught) {
  mutated const on("unwritten_segment_freed");
  EXPECT_TRUE(torture_notices());
}

// A log that becomes read-only while three records of its first segment live, which are so large
// that only one of them finds room for a copy. Returns how many of them are there afterwards.
std::size_t left_of_large_records() {
  synod::testing::disk disk(synod::testing::random_source(11), {4096, 1 << 20});
  synod::log_options options;
  options.segment_bytes = synod::segment_bytes_min;
  options.low_water_bytes = 1 << 18;
  auto log = support::log_over_disk::open(disk.mount(), options);
  std::uint64_t number = 0;
  auto const put = [&](std::uint64_t at, std::size_t length) {
    std::vector<std::byte> const body(length);
    synod::record_view const one{{{}, synod::lane_id(1), synod::slot(at), synod::record_kind::vote},
                                 {0, static_cast<std::uint32_t>(++number), synod::node_id(1)},
                                 body,
                                 synod::crc32c(body)};
    log->append(std::span(&one, 1), ticket(number));
  };
  for (std::uint64_t at = 1; at <= 3; ++at) put(at, 15'000);
  for (int i = 0; i < 30; ++i) put(100, 10);
  while (number < 1000 && log->state() == synod::log_state::open) {
    put(100 + number, 3000);
    log->wait();
  }
  EXPECT_EQ(log->state(), synod::log_state::read_only);
  for (int i = 0; i < 100; ++i) log->wait();
  std::size_t found = 0;
  for (auto const& one : support::read_all(*log).records) found += one.address.at <= synod::slot(3);
  return found;
}

TEST(storage_mutations, a_segment_dropped_with_what_found_no_room_elsewhere_is_caught) {
  EXPECT_EQ(left_of_large_records(), 3U);
  mutated const on("living_segment_dropped");
  EXPECT_LT(left_of_large_records(), 3U);
}

TEST(storage_mutations, a_tail_cut_at_corruption_is_caught) {
  support::traced_log const whole = support::marked_log({4096, 1 << 24}, 12);
  EXPECT_EQ(support::sweep_rot(whole, 997).silent, 0U);
  mutated const on("tail_cut_at_corruption");
  EXPECT_GT(support::sweep_rot(whole, 997).silent, 0U);
}

TEST(storage_mutations, a_snapshot_that_is_not_synced_is_caught) {
  EXPECT_EQ(support::sweep_snapshots().wrong, "");
  mutated const on("snapshot_sync_skipped");
  EXPECT_NE(support::sweep_snapshots().wrong, "");
}

TEST(storage_mutations, a_snapshot_whose_name_is_not_synced_is_caught) {
  mutated const on("snapshot_directory_sync_skipped");
  EXPECT_NE(support::sweep_snapshots().wrong, "");
}

// What the kernel still writes for a process that was killed keeps its file locked.
TEST(storage_mutations, a_life_that_begins_while_the_last_one_is_being_written_is_caught) {
  std::string const where = testing::TempDir() + "synod_late_" + std::to_string(::getpid());
  mutated const on("late_writes_not_awaited");
  bool early = false;
  {
    synod::posix_io last(where.c_str());
    ASSERT_FALSE(last.enter());
    auto const written_to = last.create(synod::file_name("segment"), 4096);
    ASSERT_TRUE(written_to) << written_to.error();
    int const under_way = ::dup(written_to->handle);
    last = synod::posix_io("");
    synod::posix_io next(where.c_str());
    early = !next.enter();
    ::close(under_way);
  }
  std::filesystem::remove_all(where);
  EXPECT_TRUE(early);
}

// Its disk fails when it is given anything.
struct host_with_a_dying_disk {
  void send(synod::node_set, int) { effects += failed ? 1 : 0; }
  void persist(std::span<synod::record<int> const>) { failed = true; }
  void flush() { effects += failed ? 1 : 0; }
  [[nodiscard]] ticket durable() const { return {}; }
  [[nodiscard]] bool storage_failed() const { return failed; }
  void decide(support::silent_core::output_type::decision const&) { effects += failed ? 1 : 0; }
  void refuse(synod::refused_proposal<int> const&) {}
  void answer(int) {}
  void notify(synod::core_event const&) {}

  bool failed = false;
  int effects = 0;  // that the world saw after the disk had failed
};

int effects_after_a_failure() {
  support::silent_core core;
  synod::drain<support::silent_core> order;
  support::silent_core::output_type out;
  host_with_a_dying_disk host;
  out.persist.emplace_back();
  out.decided.emplace_back();
  out.send_late.add(synod::node_set(2), 0);
  EXPECT_FALSE(order.turn(0, core, out, host));
  return host.effects;
}

TEST(storage_mutations, what_is_done_after_the_disk_failed_is_caught) {
  EXPECT_EQ(effects_after_a_failure(), 0);
  mutated const on("going_on_without_disk");
  EXPECT_GT(effects_after_a_failure(), 0);
}

}  // namespace
