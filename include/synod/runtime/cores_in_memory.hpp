// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/batch.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/membership.hpp>
#include <synod/runtime/drain.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace synod {

// Bare cores in one process, over links that lose nothing and disks that are done at once, on a
// clock that jumps to whatever is due next: the shortest way to see a protocol work. It keeps no
// state machine; memory_cluster runs whole replicas.
template <class Protocol, class Machine>
class cores_in_memory {
 public:
  using core_type = typename Protocol::template core<Machine>;
  using command = typename core_type::command;

  explicit cores_in_memory(std::size_t count) : outputs_(count), orders_(count), written_(count) {
    list<member> everybody;
    for (std::size_t i = 0; i < count; ++i) {
      everybody.push_back(
          {.id = node_id(i + 1), .index = node_index(static_cast<std::uint8_t>(i))});
    }
    auto made = membership::make(config_number(1), std::move(everybody));
    SYNOD_ASSERT(static_cast<bool>(made), "a cluster has from 1 to 64 nodes");
    for (member const& one : made->members()) {
      typename core_type::options given;
      given.self = one.id;
      given.members = *made;
      given.seed = one.id.value;
      cores_.emplace_back(std::move(given));
    }
    for (std::size_t i = 0; i < count; ++i) cores_[i].start(now_, {}, outputs_[i]);
  }

  maybe<refusal> propose(std::size_t at, command what) {
    batch<command> made;
    made.add(session_id(at + 1), sequence(++proposed_), sequence(), std::move(what));
    return cores_[at].propose(now_, std::move(made), outputs_[at]);
  }
  // Effects: carries messages until there are none, then waits for the next deadline, until all of
  // them satisfy `done` or the time is over. Returns: whether they do.
  template <class Done>
  bool run_until_all(Done&& done, time_ns patience = 60'000'000'000) {
    time_ns const end = now_ + patience;
    while (true) {
      while (exchange()) {
      }
      bool good = true;
      time_ns next = never;
      for (core_type const& one : cores_) {
        good = good && done(one);
        if (one.next_deadline() < next) next = one.next_deadline();
      }
      if (good || next > end) return good;
      if (next > now_) now_ = next;
      for (std::size_t i = 0; i < cores_.size(); ++i) cores_[i].tick(now_, outputs_[i]);
    }
  }

  [[nodiscard]] core_type const& at(std::size_t which) const { return cores_[which]; }
  [[nodiscard]] std::size_t size() const { return cores_.size(); }

 private:
  // What the drain calls, for one node.
  struct host {
    cores_in_memory& all;
    std::size_t self;

    void send(node_set to, typename core_type::message_type&& message) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (!to.contains(node_index(static_cast<std::uint8_t>(i)))) continue;
        all.cores_[i].step(all.now_, node_id(self + 1), typename core_type::message_type(message),
                           all.outputs_[i]);
      }
    }
    void persist(std::span<record<command> const> records) {
      all.written_[self] = records.back().number;
    }
    void flush() {}
    [[nodiscard]] ticket durable() const { return all.written_[self]; }
    [[nodiscard]] bool storage_failed() const { return false; }
    void decide(typename core_type::output_type::decision const&) {}
    void refuse(refused_proposal<command> const&) {}
    void answer(typename core_type::answer_type const&) {}
    void notify(core_event const&) {}
  };

  // Returns: whether anybody had something to do.
  bool exchange() {
    bool busy = false;
    for (std::size_t i = 0; i < cores_.size(); ++i) {
      if (outputs_[i].empty()) continue;
      busy = true;
      host here{*this, i};
      orders_[i].turn(now_, cores_[i], outputs_[i], here);
    }
    return busy;
  }

  list<core_type> cores_;
  list<typename core_type::output_type> outputs_;
  list<drain<core_type>> orders_;
  list<ticket> written_;
  std::uint64_t proposed_ = 0;
  time_ns now_ = 0;
};

}  // namespace synod
