// SPDX-License-Identifier: BSL-1.0
#include "command_line.hpp"

#include <cstdlib>
#include <string_view>

namespace synod_sim {

char const* const usage =
    "usage: synod_sim [options]\n"
    "\n"
    "Runs clusters under simulation, one seed after another, and says whether anything went "
    "wrong.\n"
    "  --protocol NAME   --list says which there are            (single_decree)\n"
    "  --quorum NAME     majority | flexible | counted[:Q1,Q2] | grid | grid:COLUMNS | weighted\n"
    "                    (majority); flexible is flexible<N-1, 2>, weights are 1, 2, 3, 1, ...\n"
    "  --leader NAME     a policy of the protocol, where it has several\n"
    "  --host NAME       cores: bare; nodes: whole replicas of kv; all: both, where there are "
    "both\n"
    "  --nodes N         voters                                 (3)\n"
    "  --seeds A..B      both included                          (1..20)\n"
    "  --seconds S       simulated, for each seed               (60)\n"
    "  --storage NAME    file_log: over simulated sectors; memory: without bytes   (file_log)\n"
    "  --faults LIST     all | none | some of network,clock,disk,process,client,membership\n"
    "  --mutation NAME   switches off one guard; all: each in turn, until it is caught\n"
    "  --ranges N        of seeds, in each of which `all` must catch it              (5)\n"
    "  --measure NAME    a protocol, or all: what a decision costs, and how many there are\n"
    "  --replay SEED     runs one seed and prints everything that happened\n"
    "  --trace FILE      where --replay and failures write it, instead of standard output\n"
    "  --list            protocols, quorums and mutations\n"
    "Status 0: nothing is wrong. 1: a violation, a stall, or a mutation that is not caught.\n";

namespace {

bool number(std::string_view text, std::uint64_t& into) {
  if (text.empty() || text.size() > 19) return false;
  into = 0;
  for (char const one : text) {
    if (one < '0' || one > '9') return false;
    into = into * 10 + static_cast<std::uint64_t>(one - '0');
  }
  return true;
}

bool range(std::string_view text, std::uint64_t& first, std::uint64_t& last) {
  std::size_t const dots = text.find("..");
  if (dots == std::string_view::npos) return number(text, first) && number(text, last);
  return number(text.substr(0, dots), first) && number(text.substr(dots + 2), last) &&
         first <= last;
}

std::string take(std::string const& option, std::string const& value, command_line& into) {
  std::uint64_t got = 0;
  if (option == "--protocol") {
    into.protocol = value;
  } else if (option == "--quorum") {
    into.quorum = value;
  } else if (option == "--leader") {
    into.leader = value;
  } else if (option == "--host") {
    into.host = value;
  } else if (option == "--mutation") {
    into.mutation = value;
  } else if (option == "--measure") {
    into.measure = value;
  } else if (option == "--trace") {
    into.trace_file = value;
  } else if (option == "--faults") {
    into.faults = value;
    synod::testing::fault_families families;
    if (!synod::testing::fault_families::parse(value, families)) {
      return "--faults " + value + ": name some of network,clock,disk,process,client,membership";
    }
  } else if (option == "--storage") {
    if (value != "memory" && value != "file_log")
      return "--storage " + value + ": memory or file_log";
    into.storage = value == "memory" ? synod::testing::storage_kind::memory
                                     : synod::testing::storage_kind::file_log;
  } else if (option == "--nodes") {
    if (!number(value, got) || got < 1 || got > 16) return "--nodes " + value + ": from 1 to 16";
    into.nodes = static_cast<unsigned>(got);
  } else if (option == "--seconds") {
    if (!number(value, into.seconds) || into.seconds < 1 || into.seconds > 1'000'000) {
      return "--seconds " + value + ": from 1 to 1000000";
    }
  } else if (option == "--ranges") {
    if (!number(value, into.ranges) || into.ranges < 1 || into.ranges > 100) {
      return "--ranges " + value + ": from 1 to 100";
    }
  } else if (option == "--seeds") {
    if (!range(value, into.first_seed, into.last_seed)) {
      return "--seeds " + value + ": write A..B with A at most B";
    }
  } else if (option == "--replay") {
    if (!number(value, into.first_seed)) return "--replay " + value + ": give one seed";
    into.last_seed = into.first_seed;
    into.replay = true;
  } else {
    return option + ": there is no such option; --help lists them";
  }
  return {};
}

}  // namespace

std::string parse_quorum(std::string const& text, unsigned nodes, std::string& family,
                         synod::quorum_spec& spec) {
  std::size_t const colon = text.find(':');
  family = text.substr(0, colon);
  std::string const numbers = colon == std::string::npos ? "" : text.substr(colon + 1);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  if (family == "counted") {
    std::size_t const comma = numbers.find(',');
    bool good = comma != std::string::npos && number(numbers.substr(0, comma), first) &&
                number(numbers.substr(comma + 1), second);
    if (colon == std::string::npos) {
      // By itself: a second phase that is cheaper than a majority, as 4,2 is of five.
      second = nodes < 3 ? 1 : (nodes - 1) / 2;
      first = nodes + 1 - second;
      good = true;
    }
    if (!good || first + second <= nodes || first > nodes || second > nodes) {
      return "--quorum " + text + ": write counted:Q1,Q2 with Q1 + Q2 > nodes, each at most nodes";
    }
    spec.phase1 = static_cast<std::uint32_t>(first);
    spec.phase2 = static_cast<std::uint32_t>(second);
    return {};
  }
  if (family == "grid") {
    first = 2;
    if (!numbers.empty() && (!number(numbers, first) || first == 0 || first > nodes)) {
      return "--quorum " + text + ": write grid:COLUMNS with COLUMNS from 1 to the nodes";
    }
    spec.columns = static_cast<std::uint32_t>(first);
    return {};
  }
  if (!numbers.empty()) return "--quorum " + text + ": " + family + " takes no numbers";
  return {};
}

std::string parse(int count, char** arguments, command_line& into) {
  for (int i = 1; i < count; ++i) {
    std::string const option = arguments[i];
    if (option == "--list") {
      into.list = true;
      continue;
    }
    if (i + 1 >= count) return option + ": a value must follow; --help lists the options";
    if (std::string wrong = take(option, arguments[++i], into); !wrong.empty()) return wrong;
  }
  return parse_quorum(into.quorum, into.nodes, into.family, into.spec);
}

}  // namespace synod_sim
