// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// What a host does with each list of an output. `send` may queue; `flush` hands everything queued
// to the network; `persist` gives records to storage and may return before they are durable;
// `durable` tells how far they are.
template <class Host, class Core>
concept drain_host = requires(Host& host, node_set to, typename Core::message_type const& message,
                              std::span<record<typename Core::command> const> records,
                              typename Core::output_type::decision const& decision,
                              refused_proposal<typename Core::command> const& refused,
                              typename Core::answer_type const& answer, core_event const& event) {
  host.send(to, message);
  host.persist(records);
  host.flush();
  { host.durable() } -> std::same_as<ticket>;
  { host.storage_failed() } -> std::same_as<bool>;
  host.decide(decision);
  host.refuse(refused);
  host.answer(answer);
  host.notify(event);
};

// The one place where the order is written in which the world sees what a core wants. Simulator,
// synchronous host and Boost.Asio host all call it. One turn, until nothing is left to do:
//
//   1  what promises nothing leaves at once, before our own disk is waited for;
//   2  records go to storage, in order;
//   3  the network is flushed, so that the others' disks work while ours does;
//   4  decisions are applied: a decision is a fact of the cluster, not of this disk;
//   5  when storage says that a ticket is durable, the evidence behind it leaves, and the core
//      counts its own.
//
// After a storage failure nothing is sent, applied or acknowledged any more.
template <class Core>
class drain {
 public:
  using output_type = typename Core::output_type;

  // Effects: empties `out` and everything that follows from it. Returns false once storage failed.
  template <class Host>
    requires drain_host<Host, Core>
  bool turn(time_ns now, Core& core, output_type& out, Host& host) {
    do {
      if (host.storage_failed()) return false;
      std::swap(out, taken_);  // the core may append to `out` again while these lists are walked
      for (auto const& one : taken_.send_now) host.send(one.to, one.message);
      if (!taken_.persist.empty()) host.persist(taken_.persist);
      for (auto& one : taken_.send_after) hold(std::move(one));
      if (SYNOD_MUTATION(reply_before_sync)) release(ticket(UINT64_MAX), host);
      host.flush();
      for (auto const& one : taken_.decided) host.decide(one);
      for (auto const& one : taken_.refused) host.refuse(one);
      for (auto const& one : taken_.answers) host.answer(one);
      for (auto const& one : taken_.events) host.notify(one);
      taken_.clear();
      settle(now, core, out, host);
    } while (!out.empty());
    return !host.storage_failed();
  }

  // Whether evidence still waits for the disk.
  [[nodiscard]] bool waiting() const { return first_held_ < held_.size(); }

 private:
  using deferred = typename output_type::deferred_send;

  template <class Host>
  void settle(time_ns now, Core& core, output_type& out, Host& host) {
    if (host.storage_failed()) return;
    ticket const upto = host.durable();
    if (upto > settled_) {
      settled_ = upto;
      core.persisted(now, upto, out);
    }
    if (release(upto, host)) host.flush();
  }

  void hold(deferred&& one) {
    SYNOD_ASSERT(!waiting() || held_.back().after <= one.after,
                 "a core must not defer behind an earlier ticket than before");
    held_.push_back(std::move(one));
  }

  template <class Host>
  bool release(ticket upto, Host& host) {
    bool sent = false;
    for (; waiting() && held_[first_held_].after <= upto; ++first_held_) {
      host.send(held_[first_held_].to, held_[first_held_].message);
      sent = true;
    }
    if (!waiting()) {
      held_.clear();
      first_held_ = 0;
    }
    return sent;
  }

  output_type taken_;
  std::vector<deferred> held_;
  std::size_t first_held_ = 0;
  ticket settled_;
};

}  // namespace synod
