// SPDX-License-Identifier: BSL-1.0
#include <synod/asio/address.hpp>
#include <synod/asio/port_owner.hpp>

#include <gtest/gtest.h>

#include "asio/support.hpp"

#include <string>

namespace {

using namespace synod::asio;
using synod::error_code;

TEST(address, reads_numbers_of_both_families) {
  EXPECT_EQ(write_address(*read_address("127.0.0.1:6001")), "127.0.0.1:6001");
  EXPECT_EQ(write_address(*read_address("localhost:6001")), "127.0.0.1:6001");
  EXPECT_EQ(write_address(*read_address("[::1]:80")), "[::1]:80");
  EXPECT_EQ(read_address("10.1.2.3:0")->port(), 0);
}

TEST(address, says_what_is_wrong_with_a_text) {
  for (char const* text :
       {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:6001 ", "::1:80", "[::1]", "example.org:80", "300.0.0.1:80", "[127.0.0.1:80"}) {
    auto const read = read_address(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, error_code::bad_address);
    EXPECT_STREQ(read.error().where, text);
    EXPECT_NE(std::string(read.error().remedy), "");
  }
}

TEST(address, others_may_reach_it_only_if_that_was_named) {
  EXPECT_TRUE(read_permitted_address("127.0.0.1:1", false));
  EXPECT_TRUE(read_permitted_address("127.8.8.8:1", false));
  EXPECT_TRUE(read_permitted_address("[::1]:1", false));
  EXPECT_TRUE(read_permitted_address("[::ffff:127.0.0.1]:1", false));
  for (char const* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"}) {
    EXPECT_EQ(read_permitted_address(text, false).error().code, error_code::insecure_address);
    EXPECT_TRUE(read_permitted_address(text, true)) << text;
  }
}

TEST(port_owner, is_found_in_the_table_of_the_kernel) {
  char const* const table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:1770 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 "
      "111 1 0\n"
      "   1: 0100007F:1771 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "222 1 0\n"
      "   2: 0100007F:1770 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "333 1 0";
  EXPECT_EQ(listening_inode(table, 0x1770), 333U);
  EXPECT_EQ(listening_inode(table, 0x1771), 222U);
  EXPECT_EQ(listening_inode(table, 0x1772), std::nullopt);
  EXPECT_EQ(listening_inode("", 1), std::nullopt);
  EXPECT_EQ(listening_inode("nonsense\n\n  x y z\n", 1), std::nullopt);
}

TEST(port_owner, is_named_to_whoever_wants_the_same_port) {
  boost::asio::io_context io;
  synod::asio::listener<boost::asio::io_context::executor_type> first(io.get_executor());
  ASSERT_FALSE(first.open(*read_address("127.0.0.1:0")));
  auto const at = first.local();
  synod::asio::listener<boost::asio::io_context::executor_type> second(io.get_executor());
  synod::error const why = second.open(at);
  ASSERT_EQ(why.code, error_code::address_in_use);
  EXPECT_EQ(why.value, at.port());
  EXPECT_EQ(why.where, write_address(at));
  EXPECT_NE(std::string(why.remedy).find("process " + std::to_string(::getpid())),
            std::string::npos)
      << why.remedy;
  EXPECT_FALSE(second.is_open());
}

}  // namespace
