// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/led_script.hpp"

namespace {

std::vector<std::string> transcripts() {
  std::vector<std::string> names;
  for (auto const& entry :
       std::filesystem::directory_iterator(SYNOD_ROOT "/tests/transcripts/multi_paxos")) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class multi_paxos_transcript : public ::testing::TestWithParam<std::string> {};

// SYNOD_REWRITE=1 in the environment takes what is printed into the files.
TEST_P(multi_paxos_transcript, is_what_happens) {
  support::led_script run;
  auto const report = synod::testing::run_script_file(
      SYNOD_ROOT "/tests/transcripts/multi_paxos/" + GetParam() + ".txt",
      [&](auto const& command) { return run(command); });
  EXPECT_TRUE(report.good()) << report.text();
}
INSTANTIATE_TEST_SUITE_P(all, multi_paxos_transcript, ::testing::ValuesIn(transcripts()),
                         [](auto const& one) { return one.param; });

}  // namespace
