// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/bytes.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/node_set.hpp>
#include <synod/testing/random.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace synod::testing {

// How a network treats its packets. All chances are parts per million.
struct network_weather {
  std::uint32_t loss = 0;
  std::uint32_t duplication = 0;
  std::uint32_t corruption = 0;  // a bit is flipped or the end is cut off
  time_ns delay_least = 50'000;
  time_ns delay_mean = 100'000;  // beyond the least, as of independent arrivals
  std::uint32_t straggling = 0;  // the chance of a delay of `straggler_mean` instead
  time_ns straggler_mean = 0;
  bool in_order = false;  // what a link delivers, it delivers in the order of sending
};

// A frame under way from one endpoint to another. `sender_life` and `receiver_life` say between
// which incarnations the connection was, which a real transport knows from its handshake.
struct packet {
  shared_bytes frame;
  node_index from;
  node_index to;
  std::uint32_t sender_life = 0;
  std::uint32_t receiver_life = 0;
  bool damaged = false;  // on the way; nobody but a checker may look at this
};

// Carries encoded frames between up to 64 endpoints. Each packet may be lost, doubled, delayed past
// others, or damaged; each direction of each link may be cut or clogged. A packet outlives the
// crash of its sender and the restart of its receiver, and each one of the recent past can be sent
// again.
//
// What happens to the packet number k of a link is drawn from (seed, link, k) alone: a run with one
// fault removed still treats the other packets as before, so a failing schedule can be shortened.
class network {
 public:
  static constexpr std::size_t recorded_max = 1024;

  network(unsigned endpoints, random_source random)
      : random_(random), endpoints_(node_set::first(endpoints)), count_(endpoints),
        links_(std::size_t{endpoints} * endpoints) {
    reconnect();
  }

  network_weather weather;

  struct counters {
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t corrupted = 0;
    std::uint64_t cut = 0;
    std::uint64_t replayed = 0;
  };
  [[nodiscard]] counters const& counts() const { return counts_; }
  [[nodiscard]] node_set endpoints() const { return endpoints_; }

  // Effects: calls schedule(time_ns at, std::uint32_t number) for each delivery to be made, at most
  // two; the caller calls `deliver(number)` once that time has come.
  template <class Schedule>
  void send(time_ns now, packet what, Schedule&& schedule) {
    ++counts_.sent;
    link& way = between(what.from, what.to);
    random_source chance = random_.split(way.salt + way.sent++);
    if (!reaches(what.from, what.to)) {
      ++counts_.cut;
      return;
    }
    if (chance.chance_per_million(weather.loss)) {
      ++counts_.lost;
      return;
    }
    record(what);
    if (chance.chance_per_million(weather.duplication)) {
      ++counts_.duplicated;
      schedule(arrival(now, way, chance), keep(what));
    }
    if (chance.chance_per_million(weather.corruption)) {
      ++counts_.corrupted;
      what.frame = damage(what.frame.bytes(), chance);
      what.damaged = true;
    }
    time_ns const at = arrival(now, way, chance);
    schedule(at, keep(std::move(what)));
  }

  // Sends one of the recorded packets once more, if there is any.
  template <class Schedule>
  void replay(time_ns now, std::uint64_t which, Schedule&& schedule) {
    if (recorded_.empty()) return;
    packet again = recorded_[static_cast<std::size_t>(which % recorded_.size())];
    link& way = between(again.from, again.to);
    random_source chance = random_.split(~which);
    ++counts_.replayed;
    time_ns const at = arrival(now, way, chance);
    schedule(at, keep(std::move(again)));
  }

  // Requires: `number` came from `send` or `replay` and was not delivered yet.
  [[nodiscard]] packet const& under_way(std::uint32_t number) const { return flying_[number]; }

  // Requires: `number` came from `send` or `replay` and was not delivered yet.
  // Returns: the packet, or nothing where the link is cut by now.
  std::optional<packet> deliver(std::uint32_t number) {
    packet arrived = std::move(flying_[number]);
    flying_[number] = {};
    free_.push_back(number);
    if (!reaches(arrived.from, arrived.to)) {
      ++counts_.cut;
      return std::nullopt;
    }
    return arrived;
  }

  // -- who reaches whom
  // ------------------------------------------------------------------------------

  [[nodiscard]] bool reaches(node_index from, node_index to) const {
    return reach_[from.value].contains(to);
  }
  void cut(node_index from, node_index to) { reach_[from.value].erase(to); }
  void cut_both(node_index a, node_index b) {
    cut(a, b);
    cut(b, a);
  }
  void connect(node_index from, node_index to) { reach_[from.value].insert(to); }
  void connect_both(node_index a, node_index b) {
    connect(a, b);
    connect(b, a);
  }

  // Everybody reaches everybody.
  void connect_everybody() { reach_.fill(endpoints_); }
  // And nothing is clogged.
  void reconnect() {
    connect_everybody();
    for (link& way : links_) way.clogged_until = 0;
  }
  // Only members of the same part reach each other.
  void split(node_set part) {
    for (unsigned i = 0; i < count_; ++i) {
      node_index const at(static_cast<std::uint8_t>(i));
      node_set const mine = part.contains(at) ? part : endpoints_ - part;
      reach_[i] = reach_[i] & mine;
    }
  }
  void isolate(node_index alone) { split(node_set::of(alone)); }
  // Nothing that this endpoint sends arrives, while it still hears everybody; or the reverse.
  void mute(node_index at) { reach_[at.value] = node_set::of(at); }
  void deafen(node_index at) {
    for (unsigned i = 0; i < count_; ++i) {
      if (i != at.value) reach_[i].erase(at);
    }
  }
  // Each endpoint of the order reaches its neighbours only; in a ring the ends are neighbours too.
  void chain(std::vector<node_index> const& order) { line(order, false); }
  void ring(std::vector<node_index> const& order) { line(order, true); }
  // Everybody reaches the hub and nobody else.
  void hub(node_index centre) {
    for (unsigned i = 0; i < count_; ++i) {
      node_index const at(static_cast<std::uint8_t>(i));
      if (at != centre) reach_[i] = reach_[i] & (node_set::of(at) | node_set::of(centre));
    }
  }
  // Two parts that share one endpoint, which is the only way between them.
  void bridge(node_set part, node_index between_them) {
    node_set const middle = node_set::of(between_them);
    for (unsigned i = 0; i < count_; ++i) {
      node_index const at(static_cast<std::uint8_t>(i));
      if (at == between_them) continue;
      node_set const mine = part.contains(at) ? part : endpoints_ - part;
      reach_[i] = reach_[i] & (mine | middle);
    }
  }

  // What this direction carries arrives no earlier than that; packets already under way are not
  // held.
  void clog(node_index from, node_index to, time_ns until) {
    link& way = between(from, to);
    if (until > way.clogged_until) way.clogged_until = until;
  }

 private:
  struct link {
    std::uint64_t salt = 0;
    std::uint64_t sent = 0;
    time_ns clogged_until = 0;
    time_ns last_arrival = 0;
  };

  link& between(node_index from, node_index to) {
    std::size_t const at = std::size_t{from.value} * count_ + to.value;
    link& way = links_[at];
    if (way.salt == 0) way.salt = scramble(at + 1) | 1;
    return way;
  }

  time_ns arrival(time_ns now, link& way, random_source& chance) {
    time_ns delay = weather.delay_least + chance.exponential(weather.delay_mean);
    if (weather.straggling != 0 && chance.chance_per_million(weather.straggling)) {
      delay += chance.exponential(weather.straggler_mean);
    }
    time_ns at = (now > way.clogged_until ? now : way.clogged_until) + delay;
    if (weather.in_order && at <= way.last_arrival) at = way.last_arrival + 1;
    if (at > way.last_arrival) way.last_arrival = at;
    return at;
  }

  std::uint32_t keep(packet what) {
    if (free_.empty()) {
      flying_.push_back(std::move(what));
      return static_cast<std::uint32_t>(flying_.size() - 1);
    }
    std::uint32_t const number = free_.back();
    free_.pop_back();
    flying_[number] = std::move(what);
    return number;
  }

  void record(packet const& what) {
    if (recorded_.size() < recorded_max) {
      recorded_.push_back(what);
    } else {
      recorded_[static_cast<std::size_t>(next_record_++ % recorded_max)] = what;
    }
  }

  static shared_bytes damage(std::span<std::byte const> bytes, random_source& chance) {
    std::vector<std::byte> copy(bytes.begin(), bytes.end());
    if (copy.empty()) return {};
    if (chance.one_in(3)) {
      copy.resize(static_cast<std::size_t>(chance.below(copy.size())));
    } else {
      std::uint64_t const bit = chance.below(copy.size() * 8);
      copy[static_cast<std::size_t>(bit / 8)] ^= std::byte{1} << (bit % 8);
    }
    return shared_bytes(std::move(copy));
  }

  void line(std::vector<node_index> const& order, bool closed) {
    std::array<node_set, node_set::capacity> near{};
    for (std::size_t i = 0; i < order.size(); ++i) {
      near[order[i].value].insert(order[i]);
      std::size_t const next = i + 1 < order.size() ? i + 1 : 0;
      if (next == 0 && !closed) continue;
      near[order[i].value].insert(order[next]);
      near[order[next].value].insert(order[i]);
    }
    for (unsigned i = 0; i < count_; ++i) reach_[i] = reach_[i] & near[i];
  }

  random_source random_;
  node_set endpoints_;
  unsigned count_;
  std::vector<link> links_;
  std::array<node_set, node_set::capacity> reach_{};
  std::vector<packet> flying_;
  std::vector<std::uint32_t> free_;
  std::vector<packet> recorded_;
  std::uint64_t next_record_ = 0;
  counters counts_;
};

}  // namespace synod::testing
