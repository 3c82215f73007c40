// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/always_inline.hpp>
#include <synod/core/assert.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/list.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace synod {

// What a host does with each list of an output. `send` may queue; `flush` hands everything queued
// to the network, and is called where others wait for it; what else was queued leaves when the host
// ends its turn. `persist` gives records to storage and may return before they are durable;
// `durable` tells how far they are.
template <class Host, class Core>
concept drain_host = requires(Host& host, node_set to, typename Core::message_type&& message,
                              std::span<record<typename Core::command> const> records,
                              typename Core::output_type::decision const& decision,
                              refused_proposal<typename Core::command> const& refused,
                              typename Core::answer_type const& answer, core_event const& event) {
  host.send(to, std::move(message));
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
//   1  what promises nothing leaves at once, before our own disk has anything to do, so that the
//      others' disks work while ours does;
//   2  records go to storage, in order;
//   3  when storage says that a ticket is durable, the evidence behind it leaves, and the core
//      counts its own;
//   4  decisions are applied: a decision is a fact of the cluster, not of this disk, and nobody but
//      our own callers waits for what they do here;
//   5  what nobody waits for leaves at the end.
//
// After a storage failure nothing is sent, applied or acknowledged any more.
template <class Core>
class drain {
 public:
  using output_type = typename Core::output_type;

  // Effects: empties `out` and everything that follows from it. Returns false once storage failed.
  // What the host does in decide, refuse, answer and notify may append to `out` again, so what
  // these lists hold is taken out of them one by one; send, persist and flush do not.
  template <class Host>
    requires drain_host<Host, Core>
  bool turn(time_ns now, Core& core, output_type& out, Host& host) {
    bool const well = advance(now, core, out, host);
    if (well) end_turn(out, host);
    return well;
  }

  // The same in two parts, for a host whose callers go on as soon as they hear of a decision: what
  // they propose then makes the news of it superfluous.
  template <class Host>
    requires drain_host<Host, Core>
  bool advance(time_ns now, Core& core, output_type& out, Host& host) {
    do {
      if (host.storage_failed()) return false;
      out.send_now.consume([&](auto& one) { host.send(one.to, std::move(one.message)); });
      if (!out.persist.empty()) {
        host.flush();
        host.persist(std::span<record<typename Core::command> const>(out.persist.data(),
                                                                     out.persist.size()));
        out.persist.clear();
        if (host.storage_failed() && !SYNOD_MUTATION(going_on_without_disk)) return false;
      }
      if (SYNOD_MUTATION(reply_before_sync)) release(ticket(UINT64_MAX), out, host);
      settle(now, core, out, host);
      out.decided.take_each([&](auto& one) { host.decide(one); });
      if (out.has_news()) tell(out, host);
    } while (!out.nothing_due());
    return !host.storage_failed();
  }
  template <class Host>
  void end_turn(output_type& out, Host& host) {
    out.send_late.consume([&](auto& one) { host.send(one.to, std::move(one.message)); });
  }

  // Whether evidence still waits for the disk.
  [[nodiscard]] bool waiting() const { return !held_.empty(); }

 private:
  using deferred = typename output_type::deferred_send;

  template <class Host>
  [[gnu::noinline]] void tell(output_type& out, Host& host) {
    out.refused.take_each([&](auto& one) { host.refuse(one); });
    out.answers.take_each([&](auto& one) { host.answer(one); });
    out.events.take_each([&](auto& one) { host.notify(one); });
  }

  template <class Host>
  SYNOD_ALWAYS_INLINE void settle(time_ns now, Core& core, output_type& out, Host& host) {
    if (host.storage_failed()) return;
    ticket const upto = host.durable();
    if (upto > settled_) {
      settled_ = upto;
      core.persisted(now, upto, out);
    }
    if (release(upto, out, host)) host.flush();
  }

  // Evidence that is durable leaves, first what waited and then what is new; the rest waits. So a
  // message whose record was durable by the time it was looked at is never put aside.
  template <class Host>
  SYNOD_ALWAYS_INLINE bool release(ticket upto, output_type& out, Host& host) {
    if (out.send_after.empty() && !waiting()) return false;
    if (waiting() || out.send_after.back().after > upto) return release_some(upto, out, host);
    out.send_after.consume([&](deferred& one) {
      SYNOD_ASSERT(one.after <= upto, "a core must not defer behind an earlier ticket than before");
      host.send(one.to, std::move(one.message));
    });
    return true;
  }

  template <class Host>
  [[gnu::noinline]] bool release_some(ticket upto, output_type& out, Host& host) {
    bool sent = waiting() && release_held(upto, host);
    out.send_after.consume([&](deferred& one) {
      if (one.after <= upto && !waiting()) {
        host.send(one.to, std::move(one.message));
        sent = true;
      } else {
        hold(std::move(one));
      }
    });
    return sent;
  }

  template <class Host>
  bool release_held(ticket upto, Host& host) {
    std::size_t const before = first_held_;
    for (; first_held_ < held_.size() && held_[first_held_].after <= upto; ++first_held_) {
      host.send(held_[first_held_].to, std::move(held_[first_held_].message));
    }
    bool const sent = first_held_ != before;
    if (first_held_ == held_.size()) {
      held_.clear();
      first_held_ = 0;
    }
    return sent;
  }

  [[gnu::noinline]] void hold(deferred&& one) {
    SYNOD_ASSERT(!waiting() || held_.back().after <= one.after,
                 "a core must not defer behind an earlier ticket than before");
    held_.push_back(std::move(one));
  }

  list<deferred> held_;
  std::size_t first_held_ = 0;
  ticket settled_;
};

}  // namespace synod
