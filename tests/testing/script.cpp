// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/script.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

using namespace synod::testing;

constexpr char const* text =
    "# Two numbers are added.\n"
    "\n"
    "add 1 2\n"
    "----\n"
    "3\n"
    "\n"
    "# Nothing is printed here.\n"
    "quiet\n"
    "----\n"
    "\n"
    "add 4 5\n"
    "add 1 1\n"
    "----\n"
    "9\n"
    "2\n";

std::string run(script_command const& command) {
  if (command.word(0) != "add") return {};
  return std::to_string(std::stoi(command.words.at(1)) + std::stoi(command.words.at(2))) + "\n";
}

TEST(script, a_transcript_that_holds_is_rewritten_as_it_stands) {
  script_report const report = run_script(parse_script(text), run);
  EXPECT_TRUE(report.good()) << report.text();
  EXPECT_EQ(report.rewritten, text);
}

TEST(script, a_difference_names_its_line_and_both_outputs) {
  std::string changed = text;
  changed.replace(changed.find("3\n"), 1, "4");
  script_report const report = run_script(parse_script(changed), run);
  ASSERT_EQ(report.differences.size(), 1U);
  EXPECT_EQ(report.differences[0].line, 3U);
  EXPECT_EQ(report.differences[0].expected, "4\n");
  EXPECT_EQ(report.differences[0].printed, "3\n");
  EXPECT_EQ(report.rewritten, text);
}

TEST(script, a_step_without_output_yet_gets_one_when_rewritten) {
  script_report const report = run_script(parse_script("add 1 2\n"), run);
  EXPECT_FALSE(report.good());
  EXPECT_EQ(report.rewritten, "add 1 2\n----\n3\n");
}

TEST(script, a_file_is_rewritten_only_on_request) {
  std::string const path = ::testing::TempDir() + "synod_script_test.txt";
  ASSERT_TRUE(write_text(path, "add 1 2\n----\n4\n"));
  EXPECT_FALSE(run_script_file(path, run, false).good());
  EXPECT_TRUE(run_script_file(path, run, true).good());
  EXPECT_TRUE(run_script_file(path, run, false).good());
  std::string now;
  ASSERT_TRUE(read_text(path, now));
  EXPECT_EQ(now, "add 1 2\n----\n3\n");
  std::remove(path.c_str());
}

TEST(script, a_missing_or_empty_file_does_not_pass) {
  EXPECT_FALSE(run_script_file("/nowhere/at/all.txt", run, false).good());
  std::string const path = ::testing::TempDir() + "synod_script_empty.txt";
  ASSERT_TRUE(write_text(path, "# only words\n"));
  EXPECT_FALSE(run_script_file(path, run, true).good());
  std::remove(path.c_str());
}

}  // namespace
