// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/machine/kv.hpp>
#include <synod/testing/linearizability.hpp>
#include <synod/testing/models.hpp>
#include <synod/testing/random.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace synod::testing {

// One key of the machine `kv` as its clients see it. Each text that is written is a number of its
// own, so that to swap where a key has a version is to swap where it has that number; keys that are
// counted are only counted and read.
struct kv_key_model {
  using state = cell;
  enum class kind : std::uint8_t { get, exists, put, del, cas, incr };
  struct input {
    kind what = kind::get;
    cell expected{};          // of cas
    std::uint64_t value = 0;  // of put, cas, incr
  };
  struct output {
    bool done = false;  // of exists: it is there; of del: it was; of cas: it swapped
    cell found{};       // of get; of incr: the sum
  };

  static bool step(state& now, input const& asked, output const* answered) {
    bool const there = now.has_value();
    switch (asked.what) {
      case kind::get: return answered == nullptr || answered->found == now;
      case kind::exists: return answered == nullptr || answered->done == there;
      case kind::put: now = asked.value; return true;
      case kind::del: now.reset(); return answered == nullptr || answered->done == there;
      case kind::cas: {
        bool const swaps = now == asked.expected;
        if (swaps) now = asked.value;
        return answered == nullptr || answered->done == swaps;
      }
      case kind::incr: now = now.value_or(0) + asked.value; break;
    }
    return answered == nullptr || answered->found == now;
  }
  static std::uint64_t hash(state const& of) { return hash_of(of); }
  // A read that nobody was answered changes nothing; everything else may have left a trace.
  static bool matters(input const& asked, std::span<operation<kv_key_model> const>) {
    return asked.what != kind::get && asked.what != kind::exists;
  }
};

inline cell number_in(std::uint64_t version, std::string const& text) {
  if (version == 0) return std::nullopt;
  std::uint64_t number = 0;
  for (char const one : text) number = number * 10 + static_cast<std::uint64_t>(one - '0');
  return number;
}

// What a result of the machine says in the words of the model.
inline kv_key_model::output told(kv::found const& got) {
  return {got.version != 0, number_in(got.version, got.value)};
}
inline kv_key_model::output told(kv::presence const& got) { return {got.version != 0, {}}; }
inline kv_key_model::output told(kv::written const& got) { return {got.changed, {}}; }
inline kv_key_model::output told(kv::number const& got) {
  return {got.changed, static_cast<std::uint64_t>(got.value)};
}
inline kv_key_model::output told(kv::slice const&) { return {}; }

// The same, from the bytes of a reply to this command. False where they are no such result.
template <class Codec>
bool told(kv::command const& asked, Codec coder, std::span<std::byte const> reply,
          kv_key_model::output& into, kv::found* found) {
  return std::visit(
      [&]<class One>(One const&) {
        std::remove_cvref_t<result_of<kv, One>> result{};
        if (!coder.decode(reply, result)) return false;
        into = told(result);
        if constexpr (std::is_same_v<decltype(result), kv::found>) *found = result;
        return true;
      },
      asked);
}

// A command, and the same in the words of the model.
struct kv_wish {
  kv::command what;
  kv_key_model::input asked;
};

// Draws what a client does to a key next: `number` was never used before, `seen` is what it last
// knew of the key, and a counted key is only counted and read.
inline kv_wish draw_kv_wish(random_source& random, std::string const& key, bool counted,
                            std::uint64_t number, kv::found const& seen) {
  using kind = kv_key_model::kind;
  std::uint64_t const dice = random.below(8);
  if (dice < 2) return {kv::get(key), {kind::get}};
  if (dice == 2) return {kv::exists(key), {kind::exists}};
  if (counted) {
    std::uint64_t const by = 1 + random.below(9);
    return {kv::incr(key, static_cast<std::int64_t>(by)), {kind::incr, {}, by}};
  }
  if (dice == 3) return {kv::del(key), {kind::del}};
  std::string text = std::to_string(number);
  if (dice < 6) return {kv::put(key, std::move(text)), {kind::put, {}, number}};
  return {kv::cas(key, seen.version, std::move(text)),
          {kind::cas, number_in(seen.version, seen.value), number}};
}

}  // namespace synod::testing
