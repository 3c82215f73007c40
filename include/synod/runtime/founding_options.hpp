// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/membership.hpp>
#include <synod/runtime/founding_record.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

enum class start : std::uint8_t {
  bootstrap,  // found the cluster together with the configured members, or come back to it
  join,       // learn from the configured peers which cluster this is; found nothing
  fresh,      // found a cluster of this one node at once, on purpose
};

struct founding_options {
  short_text cluster;  // its name
  node_id self;
  store_id store;    // as storage drew it
  incarnation life;  // as storage bumped it
  start how = start::bootstrap;
  list<member> members;  // bootstrap: all of them; join: whom to ask; fresh: nobody else
  quorum_spec spec;
  cluster_constants constants;
  time_ns ask_again_ns = 200'000'000;
};

// What no cluster could be founded from, told before anything runs.
inline error check(founding_options const& given) {
  auto const refuse = [](error_code code, std::uint64_t value, char const* remedy) {
    return error{code, value, "start", remedy};
  };
  if (given.cluster.empty()) return refuse(error_code::bad_option, 0, "name the cluster");
  if (error const why = check(given.constants)) return why;
  if (given.how == start::fresh) {
    bool const alone =
        given.members.empty() || (given.members.size() == 1 && given.members[0].id == given.self);
    return alone ? error()
                 : refuse(error_code::bad_option, given.members.size(),
                          "found alone, then add the others through membership");
  }
  list<member> numbered = given.members;
  for (std::size_t i = 0; i < numbered.size(); ++i) {
    numbered[i].index = node_index(static_cast<std::uint8_t>(i < 64 ? i : 64));
  }
  auto const made = membership::make(config_number(1), std::move(numbered), given.spec);
  if (!made) return made.error();
  if (given.how == start::bootstrap && made->find(given.self) == nullptr) {
    return refuse(error_code::unknown_member, given.self.value, "name yourself as a member");
  }
  return {};
}

}  // namespace synod
