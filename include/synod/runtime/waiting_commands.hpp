// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/prefetch.hpp>
#include <synod/log/id_index.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

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
  bool waits = false;    // whether this place is taken

  // Of a caller of this node.
  static waiting_command first(command_key key, std::uint64_t handle) {
    return {key, whose::local, false, 0, handle, 1};
  }
};

// Commands under way at this node, one place each, recycled. Those of the node's own callers have
// numbers that follow each other, and their places are given by these; the others' by a hash.
class waiting_commands {
 public:
  explicit waiting_commands(std::size_t most) : most_(most) {}

  [[nodiscard]] std::size_t size() const { return own_used_ + index_.size(); }
  [[nodiscard]] bool full() const { return size() >= most_; }

  [[nodiscard]] waiting_command* find(command_key const& key) {
    if (is_own(key)) return &own_place(key);
    if (index_.size() == 0) return nullptr;
    std::uint32_t const place = index_.find(key, key_at());
    return place == id_index::none ? nullptr : &places_[place];
  }

  // The newest attempt of whoever asks directly is the one to answer; what was forwarded here does
  // not displace it. Requires: not full, or the key is there.
  waiting_command& put(waiting_command const& fresh) {
    using whose = waiting_command::whose;
    if (waiting_command* const here = find(fresh.key)) {
      if (fresh.origin == whose::forwarded && here->origin != whose::forwarded) return *here;
      waiting_command const before = *here;
      *here = fresh;
      here->proposed = before.proposed;
      here->asked_at = before.asked_at;
      here->waits = true;
      return *here;
    }
    waiting_command& place = place_for(fresh);
    place = fresh;
    place.waits = true;
    return place;
  }

  // The same for the first attempt of a command of a caller of this node, whose place is written
  // from registers: to copy it from where it was just put together is to wait for that.
  // Requires: not full.
  SYNOD_ALWAYS_INLINE waiting_command& put_new(command_key key, std::uint64_t handle) {
    if (own_.empty() || own_place(key).waits) return put(waiting_command::first(key, handle));
    ++own_used_;
    waiting_command& place = own_place(key);
    place = waiting_command::first(key, handle);
    place.waits = true;
    return place;
  }

  // Null if it does not wait here; else good until the next one is put.
  SYNOD_ALWAYS_INLINE waiting_command const* take(command_key const& key) {
    if (!is_own(key)) return index_.size() == 0 ? nullptr : take_other(key);
    --own_used_;
    waiting_command& taken = own_place(key);
    taken.waits = false;
    return &taken;
  }

  // The first command of each of these runs is going to be taken soon. Calls use(waiting_command
  // const&) for those that wait here, but for those of callers of this node.
  template <class Runs, class Use>
  void foresee(Runs const& runs, Use&& use) const {
    if (index_.size() == 0) return;
    auto const key_of = [](auto const& run) {
      return command_key{run.session, run.first_sequence};
    };
    for (auto const& run : runs) index_.foresee(key_of(run));
    for (auto const& run : runs) {
      std::uint32_t const place = index_.likely(key_of(run));
      if (place != id_index::none) prefetch(&places_[place]);
    }
    for (auto const& run : runs) {
      std::uint32_t const place = index_.find(key_of(run), key_at());
      if (place != id_index::none) use(places_[place]);
    }
  }

  // All of them, in no particular order.
  [[nodiscard]] list<waiting_command> all() const {
    list<waiting_command> found;
    for (auto const* const some : {&own_, &places_}) {
      for (waiting_command const& one : *some) {
        if (one.waits) found.push_back(one);
      }
    }
    return found;
  }

 private:
  static constexpr std::size_t own_min = 64;
  static constexpr std::size_t own_max = 8192;

  struct key_at_place {
    list<waiting_command> const& places;
    command_key operator()(std::uint32_t at) const { return places[at].key; }
  };
  [[nodiscard]] key_at_place key_at() const { return {places_}; }

  // Requires: there are any.
  [[nodiscard]] waiting_command& own_place(command_key const& key) {
    return own_[static_cast<std::size_t>(key.number.value) & own_mask_];
  }
  [[nodiscard]] bool is_own(command_key const& key) {
    if (own_used_ == 0) return false;
    waiting_command const& there = own_place(key);
    return there.waits && there.key == key;
  }

  waiting_command const* take_other(command_key const& key) {
    std::uint32_t const place = index_.erase(key, key_at());
    if (place == id_index::none) return nullptr;
    free_.push_back(place);
    places_[place].waits = false;
    return &places_[place];
  }

  // Requires: it does not wait here.
  waiting_command& place_for(waiting_command const& fresh) {
    if (fresh.origin == waiting_command::whose::local && has_own_place_for(fresh.key)) {
      ++own_used_;
      return own_place(fresh.key);
    }
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    std::uint32_t const place = free_.back();
    free_.pop_back();
    index_.insert(fresh.key, place);
    return places_[place];
  }
  // As many as are under way together, and no more, so that they stay in a near cache.
  bool has_own_place_for(command_key const& key) {
    while (own_.empty() || own_place(key).waits) {
      if (own_.size() >= own_max) return false;
      widen_own();
    }
    return true;
  }
  [[gnu::noinline, gnu::cold]] void widen_own() {
    list<waiting_command> const before = std::move(own_);  // which is empty now
    own_.resize(before.empty() ? own_min : before.size() * 2);
    own_mask_ = own_.size() - 1;
    for (waiting_command const& one : before) {
      if (one.waits) own_place(one.key) = one;
    }
  }

  std::size_t most_;
  list<waiting_command> own_;
  std::size_t own_mask_ = 0;
  std::size_t own_used_ = 0;
  list<waiting_command> places_;  // of all others
  list<std::uint32_t> free_;
  id_index index_;
};

}  // namespace synod
