// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/carefully.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/fingerprint.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace synod::testing {

// A set of states by their fingerprints.
class state_set {
 public:
  state_set() : places_(1U << 16) {}

  // Returns: whether it was not in the set.
  bool insert(fingerprint const& of) {
    if (count_ * 2 >= places_.size()) grow();
    entry const wanted{of.first() | 1, of.second()};
    entry& place = find(wanted);
    if (place.first != 0) return false;
    place = wanted;
    ++count_;
    return true;
  }
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  struct entry {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
  };

  entry& find(entry const& wanted) {
    std::size_t const mask = places_.size() - 1;
    std::size_t at = static_cast<std::size_t>(wanted.second) & mask;
    while (places_[at].first != 0 &&
           (places_[at].first != wanted.first || places_[at].second != wanted.second)) {
      at = (at + 1) & mask;
    }
    return places_[at];
  }
  void grow() {
    std::vector<entry> old(places_.size() * 2);
    old.swap(places_);
    for (entry const& one : old) {
      if (one.first != 0) find(one) = one;
    }
  }

  std::vector<entry> places_;
  std::size_t count_ = 0;
};

struct exploration {
  std::size_t states = 0;
  std::size_t steps = 0;
  std::size_t deepest = 0;
  bool complete = false;  // every reachable state was visited
  violations found;
  std::vector<std::string> schedule;  // that led to what was found
};

// Visits every state that can be reached from `start` by any order of actions, depth first, each
// once. A World is a value:
//
//   std::size_t actions() const;              how many things can happen next
//   void act(std::size_t, violations&);       one of them happens
//   std::string describe(std::size_t) const;  in words, before it happens
//   fingerprint state() const;                what decides how it goes on
//
// Worlds are copied, so they should be small.
template <class World>
exploration explore(World const& start, std::size_t states_max) {
  struct visit {
    World world;
    std::size_t next = 0;
    std::size_t count = 0;
  };
  exploration made;
  state_set seen;
  std::vector<visit> path;
  seen.insert(start.state());
  path.push_back({start, 0, start.actions()});
  while (!path.empty() && seen.size() < states_max) {
    visit& here = path.back();
    if (here.next == here.count) {
      path.pop_back();
      continue;
    }
    std::size_t const action = here.next++;
    World after = here.world;
    carefully(made.found, [&] { after.act(action, made.found); });
    ++made.steps;
    if (made.found.any()) {
      for (visit const& one : path) {
        made.schedule.push_back(one.world.describe(one.next - 1));
      }
      break;
    }
    if (!seen.insert(after.state())) continue;
    std::size_t const count = after.actions();
    path.push_back({std::move(after), 0, count});
    if (path.size() > made.deepest) made.deepest = path.size();
  }
  made.states = seen.size();
  made.complete = path.empty();
  return made;
}

}  // namespace synod::testing
