// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/membership.hpp>
#include <synod/testing/either_disk.hpp>
#include <synod/testing/faults.hpp>

#include <cstdint>
#include <string>

namespace synod_sim {

struct command_line {
  std::string protocol = "single_decree";
  std::string quorum = "majority";
  std::string leader;
  std::string host = "all";
  std::string mutation;
  std::string measure;  // a protocol, or all
  std::string trace_file;
  unsigned nodes = 3;
  std::uint64_t first_seed = 1;
  std::uint64_t last_seed = 20;
  std::uint64_t seconds = 60;
  std::uint64_t ranges = 5;  // of seeds, in each of which a mutation must be caught
  std::string faults = "all";
  synod::testing::storage_kind storage = synod::testing::storage_kind::file_log;
  bool replay = false;
  bool list = false;

  // From --quorum: the name alone, and the numbers behind the colon.
  std::string family;
  synod::quorum_spec spec{};
};

extern char const* const usage;

// Returns: an empty text, or what is wrong and what to do about it.
std::string parse(int count, char** arguments, command_line& into);

// Splits --quorum into family and numbers, given the nodes. Returns as `parse` does.
std::string parse_quorum(std::string const& text, unsigned nodes, std::string& family,
                         synod::quorum_spec& spec);

}  // namespace synod_sim
