// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <cstdint>
#include <iterator>
#include <map>

namespace synod::testing {

// I15, the order of a client: what it was told is done took effect in the order in which it was
// submitted, if it asked for that.
class client_order {
 public:
  explicit client_order(bool asked_for = true) : asked_for_(asked_for) {}

  // `number` rises with each submission, `version` is the place in the history.
  void done(std::uint64_t number, std::uint64_t version, violations& found) {
    if (!asked_for_) return;
    auto const here = versions_.insert_or_assign(number, version).first;
    auto const next = std::next(here);
    bool const after = here == versions_.begin() || std::prev(here)->second < version;
    bool const before = next == versions_.end() || version < next->second;
    if (after && before) return;
    found.add("I15", "what a client submitted took effect at %llu.%llu, the wrong way round",
              wide(version >> 16), wide(version & 0xffff));
  }

 private:
  bool asked_for_;
  std::map<std::uint64_t, std::uint64_t> versions_;
};

}  // namespace synod::testing
