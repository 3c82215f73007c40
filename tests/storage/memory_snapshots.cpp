// SPDX-License-Identifier: BSL-1.0
#include <synod/storage/memory_snapshots.hpp>

#include <gtest/gtest.h>

using namespace synod;

namespace {

std::vector<std::byte> text(char const* from) {
  std::vector<std::byte> made;
  for (; *from != '\0'; ++from) made.push_back(static_cast<std::byte>(*from));
  return made;
}

snapshot_info info(std::uint64_t upto, char const* content) {
  auto const bytes = text(content);
  return {slot(upto), bytes.size(), crc32c(bytes)};
}

}  // namespace

TEST(memory_snapshots, one_becomes_the_newest_as_a_whole_or_never) {
  memory_snapshots store;
  EXPECT_FALSE(store.newest().has_value());
  EXPECT_FALSE(store.open().has_value());
  store.begin({slot(3), 0, 0});
  EXPECT_FALSE(store.write(text("abc")));
  EXPECT_FALSE(store.newest().has_value());
  EXPECT_FALSE(store.finish());
  EXPECT_EQ(store.newest(), info(3, "abc"));
  store.begin({slot(9), 0, 0});
  EXPECT_FALSE(store.write(text("lost")));
  store.crash();
  EXPECT_EQ(store.newest(), info(3, "abc"));
}

TEST(memory_snapshots, what_is_open_stays_readable) {
  memory_snapshots store;
  store.begin({slot(3), 0, 0});
  (void)store.write(text("old"));
  (void)store.finish();
  auto const opened = store.open();
  store.begin({slot(4), 0, 0});
  (void)store.write(text("newer"));
  (void)store.finish();
  std::vector<std::byte> room(10);
  EXPECT_EQ(opened->read(1, room), 2U);
  EXPECT_EQ(room[0], static_cast<std::byte>('l'));
  EXPECT_EQ(opened->read(3, room), 0U);
  EXPECT_EQ(opened->read(UINT64_MAX, room), 0U);
  EXPECT_EQ(opened->info(), info(3, "old"));
}

TEST(memory_snapshots, an_expected_one_is_checked_and_goes_on_where_it_stopped) {
  memory_snapshots store;
  EXPECT_EQ(store.begin(info(5, "whole")), 0U);
  (void)store.write(text("who"));
  EXPECT_EQ(store.begin(info(5, "whole")), 3U);
  (void)store.write(text("le"));
  EXPECT_FALSE(store.finish());
  EXPECT_EQ(store.newest(), info(5, "whole"));
  EXPECT_EQ(store.begin(info(6, "whole")), 0U);
  (void)store.write(text("whale"));
  EXPECT_EQ(store.finish().code, error_code::checksum_mismatch);
  EXPECT_EQ(store.newest(), info(5, "whole"));
  EXPECT_TRUE(store.finish());
}
