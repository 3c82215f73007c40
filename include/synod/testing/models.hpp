// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/linearizability.hpp>
#include <synod/testing/random.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace synod::testing {

// The value of a cell that may be absent.
using cell = std::optional<std::uint64_t>;

constexpr std::uint64_t hash_of(cell const& of) { return of ? scramble(*of) | 1 : 0; }

// A register that is read and written.
struct register_model {
  using state = cell;
  struct input {
    bool write = false;
    std::uint64_t value = 0;
  };
  using output = cell;  // of a read; a write answers nothing

  static bool step(state& now, input const& asked, output const* answered) {
    if (asked.write) {
      now = asked.value;
      return true;
    }
    return answered == nullptr || *answered == now;
  }
  static std::uint64_t hash(state const& of) { return hash_of(of); }

  // A write that nobody read can be left out: every state that it made was overwritten unseen.
  static bool matters(input const& asked, std::span<operation<register_model> const> others) {
    if (!asked.write) return false;
    for (auto const& other : others) {
      if (!other.asked.write && !other.unknown() && other.answered == asked.value) return true;
    }
    return false;
  }
};

// One key of a key-value store with compare-and-swap.
struct kv_model {
  using state = cell;
  enum class kind : std::uint8_t { get, put, erase, compare_and_swap, add };
  struct input {
    kind what = kind::get;
    cell expected{};          // of compare_and_swap
    std::uint64_t value = 0;  // of put, compare_and_swap, add
  };
  struct output {
    bool done = true;  // of compare_and_swap: it swapped
    cell found{};      // the cell before the operation; after it for add
  };

  static bool step(state& now, input const& asked, output const* answered) {
    state const before = now;
    switch (asked.what) {
      case kind::get: break;
      case kind::put: now = asked.value; return true;
      case kind::erase: now.reset(); return answered == nullptr || answered->found == before;
      case kind::compare_and_swap: {
        bool const swaps = before == asked.expected;
        if (swaps) now = asked.value;
        return answered == nullptr || (answered->done == swaps && answered->found == before);
      }
      case kind::add:
        now = before.value_or(0) + asked.value;
        return answered == nullptr || answered->found == now;
    }
    return answered == nullptr || answered->found == before;
  }
  static std::uint64_t hash(state const& of) { return hash_of(of); }

  // A value that no answer shows and no swap expects was overwritten unseen. An addition or an
  // erasure leaves other traces, so it stays.
  static bool matters(input const& asked, std::span<operation<kv_model> const> others) {
    if (asked.what == kind::get) return false;
    if (asked.what == kind::add || asked.what == kind::erase) return true;
    for (auto const& other : others) {
      if (other.asked.what == kind::add) return true;
      if (other.asked.what == kind::compare_and_swap && other.asked.expected == asked.value) {
        return true;
      }
      if (!other.unknown() && other.answered.found == asked.value) return true;
    }
    return false;
  }
};

// Consensus as clients see it: the first value proposed stays, and everybody is told that one.
struct consensus_model {
  using state = cell;
  using input = cell;   // the proposal, or nothing to ask what is decided
  using output = cell;  // the decision; nothing where there is none yet

  static bool step(state& now, input const& asked, output const* answered) {
    if (!now) now = asked;
    return answered == nullptr || *answered == now;
  }
  static std::uint64_t hash(state const& of) { return hash_of(of); }

  static bool matters(input const& asked, std::span<operation<consensus_model> const> others) {
    if (!asked) return false;
    for (auto const& other : others) {
      if (!other.unknown() && other.answered == *asked) return true;
    }
    return false;
  }
};

}  // namespace synod::testing
