// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/trace.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using synod::testing::digest_of;
using synod::testing::trace;

TEST(trace, the_hash_depends_on_what_happened_and_on_its_order) {
  trace a;
  trace b;
  a.mix(1, 2, 3);
  b.mix(1, 3, 2);
  EXPECT_NE(a.hash(), b.hash());
  trace c;
  c.mix(1, 2, 3);
  EXPECT_EQ(a.hash(), c.hash());
  // Golden: the same on both compilers.
  EXPECT_EQ(a.hash(), 15214616771867734809U);
}

TEST(trace, lines_are_kept_only_while_recording_and_do_not_change_the_hash) {
  trace log;
  std::uint64_t const before = log.hash();
  log.line(1'500'000'000, "ignored");
  log.record(true);
  log.line(1'500'001'000, "node %d crashes", 3);
  log.plain("plain");
  EXPECT_EQ(log.text(), "    1.500001  node 3 crashes\nplain\n");
  EXPECT_EQ(log.lines(), 2U);
  EXPECT_EQ(log.hash(), before);
  EXPECT_EQ(log.take_text().size(), 35U);
  EXPECT_TRUE(log.text().empty());
}

TEST(trace, digests_tell_bytes_apart) {
  std::vector<std::byte> const a(9, std::byte{1});
  std::vector<std::byte> b = a;
  b.back() = std::byte{2};
  std::vector<std::byte> const longer(10, std::byte{1});
  EXPECT_NE(digest_of(a), digest_of(b));
  EXPECT_NE(digest_of(a), digest_of(longer));
  EXPECT_NE(digest_of({}), digest_of(std::vector<std::byte>(1)));
}

}  // namespace
