// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/script.hpp>
#include <synod/testing/scripted.hpp>
#include <synod/testing/single_decree.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using synod::testing::run_script_file;
using synod::testing::script_report;

std::vector<std::string> transcripts_of(std::string const& protocol) {
  std::vector<std::string> names;
  std::string const folder = SYNOD_ROOT "/tests/transcripts/" + protocol;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class single_decree_transcript : public ::testing::TestWithParam<std::string> {};

// SYNOD_REWRITE=1 in the environment takes what is printed into the files.
TEST_P(single_decree_transcript, is_what_happens) {
  synod::testing::scripted_cluster<synod::single_decree<>> cluster;
  script_report const report =
      run_script_file(SYNOD_ROOT "/tests/transcripts/single_decree/" + GetParam() + ".txt",
                      [&](auto const& command) { return cluster(command); });
  EXPECT_TRUE(report.good()) << report.text();
}

INSTANTIATE_TEST_SUITE_P(all, single_decree_transcript,
                         ::testing::ValuesIn(transcripts_of("single_decree")),
                         [](auto const& one) { return one.param; });

}  // namespace
