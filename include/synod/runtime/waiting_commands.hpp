// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/log/id_index.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace synod {

// A command as all nodes know it, whoever sent it how often.
struct command_key {
  session_id session;
  sequence number;

  [[nodiscard]] std::uint64_t spread() const {
    return (session.value * 0x9e3779b97f4a7c15ULL) ^ number.value;
  }
  friend constexpr bool operator==(command_key const&, command_key const&) = default;
};

// Whom to tell what becomes of a command, once this node applies it or knows better.
struct waiting_command {
  enum class whose : std::uint8_t { local, remote, forwarded };

  command_key key;
  whose origin = whose::local;
  bool proposed = false;     // it is in a batch of ours: a retry must not add another
  std::uint64_t client = 0;  // remote: the connection; forwarded: the node
  std::uint64_t handle = 0;
  std::uint32_t attempt = 0;
  time_ns asked_at = 0;  // when it first came here
};

// Commands under way at this node, one place each, recycled.
class waiting_commands {
 public:
  explicit waiting_commands(std::size_t most) : most_(most) {}

  [[nodiscard]] std::size_t size() const { return index_.size(); }
  [[nodiscard]] bool full() const { return index_.size() >= most_; }

  [[nodiscard]] waiting_command* find(command_key const& key) {
    std::uint32_t const place = index_.find(key, key_at());
    return place == id_index::none ? nullptr : &places_[place];
  }

  // The newest attempt of whoever asks directly is the one to answer; what was forwarded here does
  // not displace it. Requires: not full, or the key is there.
  waiting_command& put(waiting_command const& fresh) {
    if (waiting_command* const here = find(fresh.key)) {
      if (fresh.origin != waiting_command::whose::forwarded ||
          here->origin == waiting_command::whose::forwarded) {
        waiting_command const before = *here;
        *here = fresh;
        here->proposed = before.proposed;
        here->asked_at = before.asked_at;
      }
      return *here;
    }
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    std::uint32_t const place = free_.back();
    free_.pop_back();
    places_[place] = fresh;
    index_.insert(fresh.key, place, key_at());
    return places_[place];
  }

  std::optional<waiting_command> take(command_key const& key) {
    std::uint32_t const place = index_.erase(key, key_at());
    if (place == id_index::none) return std::nullopt;
    free_.push_back(place);
    waiting_command const taken = places_[place];
    places_[place].key = {};
    return taken;
  }

  // All of them, in no particular order.
  [[nodiscard]] list<waiting_command> all() const {
    list<waiting_command> found;
    for (waiting_command const& one : places_) {
      if (one.key != command_key()) found.push_back(one);
    }
    return found;
  }

 private:
  struct key_at_place {
    list<waiting_command> const& places;
    command_key operator()(std::uint32_t at) const { return places[at].key; }
  };
  [[nodiscard]] key_at_place key_at() const { return {places_}; }

  std::size_t most_;
  list<waiting_command> places_;
  list<std::uint32_t> free_;
  id_index index_;
};

}  // namespace synod
