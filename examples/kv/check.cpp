// SPDX-License-Identifier: BSL-1.0
#include <synod/testing/models.hpp>

#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "call.hpp"
#include "settings.hpp"

namespace store {

namespace {

using synod::testing::kv_model;
using operation = synod::testing::operation<kv_model>;

synod::testing::cell cell_of(std::string const& text) {
  std::uint64_t value = 0;
  if (!read_number(text, value)) return std::nullopt;
  return value;
}

}  // namespace

// Reads a history as `kv bench --history` writes it, and searches an order of its operations.
int check(settings const& with) {
  std::ifstream file(with.words[1]);
  if (!file) {
    std::cerr << "kv: cannot read " << with.words[1] << std::endl;
    return exit_usage;
  }
  std::vector<operation> all;
  std::map<std::string, std::uint64_t> keys;
  std::map<std::string, operation> open;  // by process
  std::size_t number = 0;
  std::size_t failed = 0;
  std::size_t unknown = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    std::string const process = json_field(line, "process");
    std::string const type = json_field(line, "type");
    std::string const f = json_field(line, "f");
    std::int64_t time = 0;
    bool const known = f == "read" || f == "write" || f == "add";
    if (!known || process.empty() || !read_number(json_field(line, "time"), time)) {
      std::cerr << "kv: line " << number << " of the history is not one: " << line << std::endl;
      return exit_usage;
    }
    auto const value = cell_of(json_field(line, "value"));
    if (type == "invoke") {
      operation made;
      made.key = keys.emplace(json_field(line, "key"), keys.size()).first->second;
      made.client = static_cast<std::uint32_t>(std::strtoul(process.c_str(), nullptr, 10));
      made.invoked = time;
      made.asked.what = f == "read"  ? kv_model::kind::get
                        : f == "add" ? kv_model::kind::add
                                     : kv_model::kind::put;
      made.asked.value = value.value_or(0);
      open[process] = made;
      continue;
    }
    auto const begun = open.find(process);
    if (begun == open.end()) {
      std::cerr << "kv: line " << number << " ends what was not begun" << std::endl;
      return exit_usage;
    }
    if (type == "ok") {
      begun->second.returned = time;
      if (f != "write") begun->second.answered.found = value;
    }
    if (type == "fail") ++failed;
    if (type == "info") ++unknown;
    if (type != "fail") all.push_back(begun->second);
    open.erase(begun);
  }
  for (auto const& [process, one] : open) all.push_back(one);
  std::size_t const count = all.size();
  if (count == 0) {
    std::cerr << "kv: there is nothing in " << with.words[1]
              << ": `kv bench --history FILE` writes one" << std::endl;
    return exit_not_found;
  }
  auto const report = synod::testing::check_history<kv_model>(std::move(all));
  std::cout << (with.json ? "{\"verdict\":\"" : "") << name_of(report.verdict)
            << (with.json ? "\",\"operations\":" : ": ") << count
            << (with.json ? ",\"keys\":" : " operations on ") << keys.size()
            << (with.json ? ",\"unknown\":" : " keys, ") << unknown + open.size()
            << (with.json ? ",\"failed\":" : " of unknown fate, ") << failed
            << (with.json ? "}" : " failed") << std::endl;
  if (!report.good() && !with.json) {
    std::cout << "key " << report.key << ": of its " << report.operations << " operations "
              << report.explained << " have an order" << std::endl;
  }
  return report.good() ? exit_done : exit_not_found;
}

}  // namespace store
