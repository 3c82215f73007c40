// SPDX-License-Identifier: BSL-1.0
#include <synod/core/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <string>

namespace {

using synod::error;
using synod::error_code;

TEST(error, says_where_what_and_what_to_do) {
  error const what{error_code::too_many_members, 65, "membership", "use at most 64 members"};
  std::ostringstream text;
  text << what;
  EXPECT_EQ(text.str(), "membership: too many members (65); use at most 64 members");
  text.str("");
  text << error{error_code::busy, 0, "window", ""};
  EXPECT_EQ(text.str(), "window: busy (0)");
}

TEST(error, renders_into_any_buffer_without_leaving_it) {
  error const what{error_code::corruption, UINT64_MAX, "a place", "a remedy"};
  std::array<char, 200> whole{};
  std::size_t const length = what.render(whole);
  std::string const text(whole.data());
  EXPECT_EQ(text.size(), length);
  for (std::size_t size = 0; size <= text.size() + 2; ++size) {
    std::array<char, 200> cut;
    cut.fill('#');
    std::size_t const written = what.render(std::span(cut.data(), size));
    EXPECT_LE(written, size);
    EXPECT_EQ(cut[size], '#') << size;
    if (size != 0) {
      EXPECT_EQ(std::string(cut.data()), text.substr(0, size - 1));
      EXPECT_EQ(written, std::min(size - 1, text.size()));
    }
  }
}

TEST(error, every_code_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (std::size_t code = 0; code < synod::error_codes; ++code) {
    names.insert(synod::name_of(static_cast<error_code>(code)));
  }
  EXPECT_EQ(names.size(), synod::error_codes);
  EXPECT_FALSE(names.contains("unknown error"));
  EXPECT_STREQ(synod::name_of(static_cast<error_code>(synod::error_codes)), "unknown error");
}

TEST(error, none_is_no_error) {
  EXPECT_FALSE(error());
  EXPECT_TRUE(error{.code = error_code::busy});
  EXPECT_EQ((error{error_code::busy, 1, "a", "b"}), (error{error_code::busy, 1, "c", "d"}));
  EXPECT_NE((error{error_code::busy, 1, "a", "b"}), (error{error_code::busy, 2, "a", "b"}));
}

TEST(result, holds_a_value_or_the_reason_why_not) {
  synod::result<std::string> good(std::string("x"));
  EXPECT_TRUE(good);
  EXPECT_EQ(*good, "x");
  EXPECT_EQ(good->size(), 1U);
  EXPECT_FALSE(good.error());
  EXPECT_EQ(*std::move(good), "x");
  synod::result<std::string> const bad(error{error_code::busy, 3, "", ""});
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().value, 3U);
}

}  // namespace
