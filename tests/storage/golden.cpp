// SPDX-License-Identifier: BSL-1.0
#include <synod/storage/file_log.hpp>

#include <gtest/gtest.h>

#include <support/snapshot_sweep.hpp>
#include <synod/testing/disk.hpp>
#include <synod/testing/script.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

// The files of a store as each version of the format wrote them. They are written once per version,
// by SYNOD_REWRITE=1, and never change afterwards: what is on somebody's disk does not change
// either.

namespace {

using synod::file_name;
using synod::record_kind;
using synod::record_view;
using synod::ticket;
using synod::testing::disk;
using log_over_disk = synod::file_log<disk::io>;
using bytes = std::vector<std::byte>;
namespace fs = std::filesystem;

fs::path folder(std::uint32_t version, char const* of = "v") {
  return fs::path(SYNOD_ROOT) / "tests/storage/golden" / (of + std::to_string(version));
}

synod::log_options options() {
  synod::log_options chosen;
  chosen.segment_bytes = synod::segment_bytes_min;
  chosen.low_water_bytes = 0;
  return chosen;
}

disk empty_disk() { return disk(synod::testing::random_source(99), {4096, 1 << 24}); }

struct golden_record {
  synod::record_address address;
  synod::ballot at;
  std::string body;

  friend bool operator==(golden_record const&, golden_record const&) = default;
};

// What every golden store contains, in order of address.
std::vector<golden_record> expected() {
  auto const at = [](std::uint32_t group, std::uint64_t lane, std::uint64_t slot,
                     record_kind kind) {
    return synod::record_address{synod::group_id(group), synod::lane_id(lane), synod::slot(slot),
                                 kind};
  };
  return {
      {at(0, 1, 0, record_kind::promise), {1, 7, synod::node_id(3)}, "promised"},
      {at(0, 1, 2, record_kind::vote), {1, 7, synod::node_id(3)}, "two, replaced"},
      {at(0, 1, 3, record_kind::vote), {1, 6, synod::node_id(2)}, std::string(5000, '3')},
      {at(0, 1, 20, record_kind::chosen), {}, ""},
      {at(5, UINT64_MAX, 0, record_kind::host), {}, "of the host"},
  };
}

void append(log_over_disk& log, golden_record const& what, ticket at) {
  std::span<char const> const text(what.body.data(), what.body.size());
  record_view const one{what.address, what.at, std::as_bytes(text),
                        synod::crc32c(std::as_bytes(text))};
  log.append(std::span(&one, 1), at);
}

void write_golden(disk& on) {
  auto opened = log_over_disk::open(on.mount(), options());
  ASSERT_TRUE(opened) << opened.error();
  log_over_disk log = std::move(*opened);
  std::vector<golden_record> all = expected();
  golden_record early = all[1];
  early.at = {1, 6, synod::node_id(2)};
  early.body = "two";
  golden_record trimmed = early;
  trimmed.address.at = synod::slot(1);
  append(log, trimmed, ticket(1));
  append(log, early, ticket(2));
  log.wait();
  for (std::uint64_t i = 0; i < all.size(); ++i) append(log, all[i], ticket(3 + i));
  log.trim({}, synod::lane_id(1), synod::slot(1));
  log.wait();
  while (log.busy()) log.durable();
}

std::vector<golden_record> read_all(log_over_disk& log) {
  std::vector<golden_record> found;
  EXPECT_TRUE(log.replay([&](record_view const& one) {
                   auto const* const text = reinterpret_cast<char const*>(one.body.data());
                   found.push_back({one.address, one.at, std::string(text, one.body.size())});
                 })
                  .none());
  std::sort(found.begin(), found.end(),
            [](golden_record const& a, golden_record const& b) { return a.address < b.address; });
  return found;
}

bytes read_file(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  std::span<std::byte const> const raw = std::as_bytes(std::span(text));
  return {raw.begin(), raw.end()};
}

void plant(disk& on, std::uint32_t version, char const* of = "v") {
  for (auto const& file : fs::directory_iterator(folder(version, of))) {
    on.plant(file_name(file.path().filename().c_str()), read_file(file.path()));
  }
}

void expect_golden(disk const& on, fs::path const& where) {
  for (file_name const& name : on.names()) {
    bytes const written = on.contents(name);
    if (synod::testing::rewrite_wanted() && !fs::exists(where / name.text())) {
      fs::create_directories(where);
      std::ofstream out(where / name.text(), std::ios::binary);
      out.write(reinterpret_cast<char const*>(written.data()),
                static_cast<std::streamsize>(written.size()));
    }
    EXPECT_TRUE(written == read_file(where / name.text())) << name.text();
  }
}

TEST(golden, the_present_version_writes_exactly_these_bytes) {
  disk on = empty_disk();
  write_golden(on);
  expect_golden(on, folder(synod::log_format_version));
}

TEST(golden, every_version_is_read_and_can_be_continued) {
  for (std::uint32_t version = synod::log_format_version_oldest;
       version <= synod::log_format_version; ++version) {
    disk on = empty_disk();
    plant(on, version);
    for (int life = 0; life < 3; ++life) {
      auto opened = log_over_disk::open(on.mount(), options());
      ASSERT_TRUE(opened) << opened.error();
      EXPECT_EQ(read_all(*opened), expected()) << "version " << version << ", life " << life;
      append(*opened, expected()[1], ticket(1));
      opened->wait();
      EXPECT_EQ(opened->durable(), ticket(1));
    }
  }
}

// Sets the version of a header of whatever kind, and its checksum.
void set_version(bytes& file, std::size_t header, std::uint32_t version) {
  std::byte* const at = file.data() + header;
  synod::detail::put_le(at + 12, version);
  std::uint32_t const length = synod::detail::get_le<std::uint32_t>(at + 16);
  synod::detail::put_le(at + 8, synod::crc32c({at + 12, length - 12}));
}

TEST(golden, a_newer_version_is_refused_by_name) {
  for (file_name const name : {file_name("store"), file_name("segment-", 1)}) {
    disk on = empty_disk();
    plant(on, synod::log_format_version);
    bytes file = on.contents(name);
    set_version(file, 0, 77);
    set_version(file, synod::block_bytes, 77);
    on.plant(name, file);
    auto const opened = log_over_disk::open(on.mount(), options());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, synod::error_code::newer_format);
    EXPECT_EQ(opened.error().value, 77U) << "names the version";
    char text[200];
    opened.error().render(text);
    EXPECT_NE(std::string(text).find("run the version that wrote it"), std::string::npos) << text;
  }
}

// Snapshots have been in files since version 2.
TEST(golden, snapshots_are_written_and_read_as_in_their_version) {
  disk fresh = empty_disk();
  ASSERT_TRUE(support::take(fresh, 6, 1000));
  ASSERT_TRUE(support::take(fresh, 7, 5000));
  expect_golden(fresh, folder(synod::log_format_version, "snapshots_v"));
  for (std::uint32_t version = 2; version <= synod::log_format_version; ++version) {
    disk on = empty_disk();
    plant(on, version, "snapshots_v");
    auto opened = support::snapshots_over_disk::open(on.mount());
    ASSERT_TRUE(opened) << opened.error();
    auto reader = opened->open();
    ASSERT_TRUE(reader.has_value());
    bytes found(5001);
    EXPECT_EQ(reader->read(0, found), 5000U);
    found.pop_back();
    EXPECT_TRUE(found == support::snapshot_bytes(7, 5000));
    EXPECT_EQ(reader->info().upto, synod::slot(7));
  }
}

TEST(golden, a_newer_version_of_snapshots_is_refused_by_name) {
  for (file_name const name : {file_name("newest"), file_name("snapshot-", 2)}) {
    disk on = empty_disk();
    plant(on, synod::log_format_version, "snapshots_v");
    bytes file = on.contents(name);
    set_version(file, 0, 78);
    if (name == file_name("newest")) set_version(file, synod::block_bytes, 78);
    on.plant(name, file);
    auto const opened = support::snapshots_over_disk::open(on.mount());
    ASSERT_FALSE(opened) << name.text();
    EXPECT_EQ(opened.error().code, synod::error_code::newer_format);
    EXPECT_EQ(opened.error().value, 78U);
  }
}

}  // namespace
