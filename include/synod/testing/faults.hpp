// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/node_set.hpp>
#include <synod/testing/random.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace synod::testing {

enum class fault_family : std::uint8_t { network, clock, disk, process, client, membership };
inline constexpr std::size_t fault_family_count = 6;

constexpr char const* name_of(fault_family of) {
  switch (of) {
    case fault_family::network: return "network";
    case fault_family::clock: return "clock";
    case fault_family::disk: return "disk";
    case fault_family::process: return "process";
    case fault_family::client: return "client";
    case fault_family::membership: return "membership";
  }
  return "unknown";
}

class fault_families {
 public:
  constexpr fault_families() = default;

  static constexpr fault_families none() { return {}; }
  static constexpr fault_families all() {
    fault_families every;
    every.bits_ = (1U << fault_family_count) - 1;
    return every;
  }
  [[nodiscard]] constexpr fault_families with(fault_family one) const {
    fault_families more = *this;
    more.bits_ |= 1U << static_cast<unsigned>(one);
    return more;
  }
  [[nodiscard]] constexpr bool contains(fault_family one) const {
    return (bits_ >> static_cast<unsigned>(one) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool contains(fault_families others) const {
    return (others.bits_ & ~bits_) == 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  friend constexpr fault_families operator&(fault_families a, fault_families b) {
    a.bits_ &= b.bits_;
    return a;
  }
  friend constexpr bool operator==(fault_families, fault_families) = default;

  // "network,clock", "none" where there is none.
  [[nodiscard]] std::string text() const {
    std::string all_names;
    for (std::size_t i = 0; i < fault_family_count; ++i) {
      auto const one = static_cast<fault_family>(i);
      if (!contains(one)) continue;
      if (!all_names.empty()) all_names += ',';
      all_names += name_of(one);
    }
    return all_names.empty() ? "none" : all_names;
  }
  // Understands what `text` writes, and "all". Returns false for a family that there is not.
  static bool parse(std::string_view from, fault_families& into) {
    into = {};
    if (from == "none") return true;
    while (!from.empty()) {
      std::size_t const end = std::min(from.find(','), from.size());
      std::string_view const word = from.substr(0, end);
      from = from.substr(std::min(end + 1, from.size()));
      bool known = word == "all";
      if (known) into = all();
      for (std::size_t i = 0; i < fault_family_count; ++i) {
        auto const one = static_cast<fault_family>(i);
        if (word != name_of(one)) continue;
        into = into.with(one);
        known = true;
      }
      if (!known) return false;
    }
    return true;
  }

 private:
  unsigned bits_ = 0;
};

// What can go wrong. Most last from `at` until `until`.
enum class fault_kind : std::uint8_t {
  // network: `amount` is parts per million, or a mean delay
  loss,
  duplication,
  corruption,
  delay,
  stragglers,
  in_order,
  split,
  isolate,
  mute,
  deafen,
  one_way,
  chain,
  ring,
  hub,
  bridge,
  clog,
  replay,
  foreign,
  forgery,
  // clock: `amount` is parts per million, nanoseconds
  drift,
  wall_step,
  pause,
  late_timers,
  // disk
  slow_disk,
  sync_failure,
  lost_disk,
  damaged_disk,
  // process: `amount` is how many effects are still carried out
  crash,
  crash_within_step,
  crash_all,
  reboot,
  // client
  rush,
  impatience,
  wandering,
};
inline constexpr std::size_t fault_kind_count = static_cast<std::size_t>(fault_kind::wandering) + 1;

struct fault_description {
  char const* name;
  fault_family family;
};

constexpr fault_description describe(fault_kind of) {
  using f = fault_family;
  constexpr std::array<fault_description, fault_kind_count> all{{
      {"loss", f::network},
      {"duplication", f::network},
      {"corruption", f::network},
      {"delay", f::network},
      {"stragglers", f::network},
      {"in order", f::network},
      {"split", f::network},
      {"isolate", f::network},
      {"mute", f::network},
      {"deafen", f::network},
      {"one way", f::network},
      {"chain", f::network},
      {"ring", f::network},
      {"hub", f::network},
      {"bridge", f::network},
      {"clog", f::network},
      {"replay", f::network},
      {"foreign", f::network},
      {"forgery", f::network},
      {"drift", f::clock},
      {"wall step", f::clock},
      {"pause", f::clock},
      {"late timers", f::clock},
      {"slow disk", f::disk},
      {"sync failure", f::disk},
      {"lost disk", f::disk},
      {"damaged disk", f::disk},
      {"crash", f::process},
      {"crash within a step", f::process},
      {"crash of all", f::process},
      {"reboot", f::process},
      {"rush", f::client},
      {"impatience", f::client},
      {"wandering", f::client},
  }};
  return all[static_cast<std::size_t>(of)];
}
constexpr char const* name_of(fault_kind of) { return describe(of).name; }

struct fault {
  time_ns at = 0;
  time_ns until = 0;
  fault_kind kind = fault_kind::loss;
  node_index node{};
  node_index other{};
  node_set part{};
  std::int64_t amount = 0;
};

// A schedule of faults, in the order of time.
using fault_plan = std::vector<fault>;

struct fault_ground {
  unsigned nodes = 3;
  time_ns from = 0;
  time_ns until = 0;             // every fault is over by then
  time_ns pace = 1'000'000'000;  // about so often something goes wrong, and lasts about as long
  fault_families families = fault_families::all();
};

// Draws a schedule in swarm mode: a seed uses some kinds of fault and not others, each with a
// weight of its own, since everything at once hides what two of them can do together.
class swarm {
 public:
  explicit swarm(random_source random) : random_(random) {}

  fault_plan plan(fault_ground const& ground) {
    choose_weights(ground.families);
    fault_plan made;
    if (total_ == 0) return made;
    // Often some of it is there from the start, when clients begin too.
    for (std::uint64_t left = random_.below(6); left != 0; --left) {
      made.push_back(draw(ground, ground.from + random_.exponential(ground.pace / 50)));
    }
    // Calm and storm differ by a factor of about thirty.
    time_ns const gap = ground.pace * random_.between(1, 30) / 10;
    time_ns at = ground.from + random_.exponential(gap / 4);
    while (at < ground.until && made.size() < faults_max) {
      fault const one = draw(ground, at);
      made.push_back(one);
      at += 1 + random_.exponential(gap);
    }
    std::stable_sort(made.begin(), made.end(),
                     [](fault const& a, fault const& b) { return a.at < b.at; });
    return made;
  }

  static constexpr std::size_t faults_max = 400;

 private:
  void choose_weights(fault_families families) {
    total_ = 0;
    for (std::size_t i = 0; i < fault_kind_count; ++i) {
      bool const allowed = families.contains(describe(static_cast<fault_kind>(i)).family);
      bool const used = random_.one_in(2);
      std::uint64_t const weight = 1 + random_.below(8);
      weights_[i] = allowed && used ? weight : 0;
      total_ += weights_[i];
    }
  }

  fault_kind draw_kind() {
    std::uint64_t left = random_.below(total_);
    for (std::size_t i = 0; i < fault_kind_count; ++i) {
      if (left < weights_[i]) return static_cast<fault_kind>(i);
      left -= weights_[i];
    }
    return fault_kind::loss;
  }

  fault draw(fault_ground const& ground, time_ns at) {
    fault one;
    one.kind = draw_kind();
    time_ns const lasts = 1 + random_.exponential(ground.pace);
    one.at = std::min(at, ground.until);
    one.until = std::min(one.at + lasts, ground.until);
    one.node = node_index(static_cast<std::uint8_t>(random_.below(ground.nodes)));
    one.other = node_index(static_cast<std::uint8_t>(random_.below(ground.nodes)));
    one.part = node_set(random_.next()) & node_set::first(ground.nodes);
    one.amount = amount_of(one.kind, ground);
    return one;
  }

  std::int64_t amount_of(fault_kind kind, fault_ground const& ground) {
    switch (kind) {
      case fault_kind::loss: return random_.between(1'000, 300'000);
      case fault_kind::duplication: return random_.between(1'000, 500'000);
      case fault_kind::corruption: return random_.between(1'000, 50'000);
      case fault_kind::delay: return random_.exponential(ground.pace / 40);
      case fault_kind::stragglers: return random_.exponential(ground.pace);
      case fault_kind::drift: return random_.between(-50'000, 50'000);
      case fault_kind::wall_step: return random_.between(-3'600'000'000'000, 3'600'000'000'000);
      case fault_kind::late_timers: return random_.exponential(ground.pace / 20);
      case fault_kind::slow_disk: return random_.exponential(ground.pace / 10);
      case fault_kind::crash_within_step: return random_.between(0, 12);
      default: return static_cast<std::int64_t>(random_.next() >> 1);
    }
  }

  random_source random_;
  std::array<std::uint64_t, fault_kind_count> weights_{};
  std::uint64_t total_ = 0;
};

}  // namespace synod::testing
