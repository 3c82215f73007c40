// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ballot.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/node_set.hpp>
#include <synod/core/record.hpp>

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace synod::testing {

// What the checkers see of a run: plain facts, taken from messages at the moment they leave a node
// and from records at the moment they are durable. A value is known by the digest of its encoding;
// a noop is 0. Lanes and slots are as in the protocol.
using value_digest = std::uint64_t;

struct place {
  lane_id lane;
  slot at;

  friend constexpr bool operator==(place const&, place const&) = default;
};

struct place_hash {
  std::size_t operator()(place const& of) const {
    return static_cast<std::size_t>(
        (of.lane.value * 0x9e3779b97f4a7c15U ^ of.at.value) * 0xbf58476d1ce4e5b9U >> 7);
  }
};

// A Prepare that was sent.
struct campaign_fact {
  lane_id lane;
  ballot at;
  slot first;
  slot last;
};

// A vote, or a value known to be chosen, as a promise tells of it.
struct reported_fact {
  slot at;
  ballot voted;
  value_digest value = 0;
  bool chosen = false;
};

// One part of a promise that was sent.
struct promise_fact {
  lane_id lane;
  ballot at;
  slot first;
  slot last;
  slot chosen_upto;
  std::uint64_t answer = 0;
  std::uint32_t part = 0;
  bool final_part = true;
  std::span<reported_fact const> votes;
};

// An Accept that was sent.
struct proposal_fact {
  lane_id lane;
  ballot at;
  slot at_slot;
  value_digest value = 0;
};

// An Accepted that was sent.
struct vote_fact {
  lane_id lane;
  ballot at;
  slot at_slot;
};

// A record, as it was handed to storage.
struct record_fact {
  record_kind kind = record_kind::vote;
  lane_id lane;
  slot at_slot;
  ballot at;
  value_digest value = 0;
  slot upto;
  list<promised_range> promises;
  std::uint64_t content = 0;  // the digest of its bytes
};

// A broken promise of the library, by the name of the invariant and in words.
struct violation {
  char const* invariant = "";
  std::string text;
};

class violations {
 public:
  [[gnu::format(printf, 3, 4)]] void add(char const* invariant, char const* format, ...) {
    char content[400];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(content, sizeof content, format, arguments);
    va_end(arguments);
    found_.push_back({invariant, content});
  }
  [[nodiscard]] bool any() const { return !found_.empty(); }
  [[nodiscard]] std::vector<violation> const& all() const { return found_; }
  void clear() { found_.clear(); }

 private:
  std::vector<violation> found_;
};

// A ballot for reading: config.round.owner, or "none".
class ballot_text {
 public:
  explicit ballot_text(ballot const& of) {
    if (of.empty()) {
      std::snprintf(text_, sizeof text_, "none");
    } else if (of.config == 0) {
      std::snprintf(text_, sizeof text_, "%u.%llu", of.round,
                    static_cast<unsigned long long>(of.owner.value));
    } else {
      std::snprintf(text_, sizeof text_, "%u.%u.%llu", of.config, of.round,
                    static_cast<unsigned long long>(of.owner.value));
    }
  }
  [[nodiscard]] char const* c_str() const { return text_; }

 private:
  char text_[48];
};

// For printf: the widest unsigned number.
constexpr unsigned long long wide(std::uint64_t number) { return number; }

}  // namespace synod::testing
