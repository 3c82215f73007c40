// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/late.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/runtime/snapshot_donor.hpp>
#include <synod/runtime/snapshot_policy.hpp>
#include <synod/runtime/snapshot_receiver.hpp>
#include <synod/runtime/snapshot_work.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

struct snapshot_duty_options {
  std::size_t turn_bytes = std::size_t{1} << 20;  // written in one turn at most
  snapshot_donor_options donor;
  snapshot_receiver_options receiver;
};

// All that one node does about snapshots: takes its own when the policy says so or a donor is asked
// for more than it has, gives them away, and gets one where its log cannot help. One store holds
// them, and of taking and getting only one goes on at a time.
template <class Executor, snapshot_store Store, snapshot_policy Policy>
class snapshot_duty {
 public:
  snapshot_duty(snapshot_duty_options given, Store& store, Policy policy)
      : options_(given), store_(&store), policy_(std::move(policy)), donor_(given.donor),
        receiver_(given.receiver) {}

  // After a restart: this far is recovered.
  void recovered(slot applied) { policy_.rebase(applied); }

  // A turn's worth of work. Returns how far the log may forget, when that is news.
  maybe<slot> work(Executor& from) {
    if (!taking_.has_value() && !receiver_.busy() && wanted(from)) {
      taking_.emplace(from, *store_);
      asked_for_ = slot();
    }
    if (!taking_.has_value()) return std::nullopt;
    auto const now = taking_->advance(*store_, options_.turn_bytes);
    if (now.ended) {
      policy_.taken(taking_->upto());  // one that failed is tried again when the next is due
      failures_ += now.why ? 1 : 0;
      taking_.reset();
    }
    return now.durable_upto;
  }

  // The log of this node cannot go on by itself from where it is.
  void needed(time_ns now, node_id from, slot at_least, list<snapshot_send>& out) {
    if (taking_.has_value()) {
      store_->abandon();
      taking_.reset();
    }
    receiver_.want(now, from, at_least, out);
  }

  // Returns true once a snapshot arrived whole: the executor may load the newest of the store.
  bool step(time_ns now, node_id from, snapshot_message const& got, list<snapshot_send>& out) {
    if (auto const* const asked = got.get_if<snapshot_ask>()) {
      donor_.asked(now, from, *asked, *store_, out, [this](slot at_least) {
        if (at_least > asked_for_) asked_for_ = at_least;
      });
      return false;
    }
    auto const whole = receiver_.step(now, from, got, *store_, out);
    if (whole.has_value()) policy_.taken(whole->upto);
    return whole.has_value();
  }

  void tick(time_ns now, list<snapshot_send>& out) {
    receiver_.tick(now, out);
    donor_.tick(now, *store_, out);
  }

  [[nodiscard]] bool busy() const { return taking_.has_value(); }
  [[nodiscard]] time_ns next_deadline() const {
    time_ns const donor = donor_.next_deadline();
    time_ns const receiver = receiver_.next_deadline();
    return donor < receiver ? donor : receiver;
  }
  [[nodiscard]] std::uint64_t failures() const { return failures_ + receiver_.failures(); }
  [[nodiscard]] Store& store() { return *store_; }

 private:
  [[nodiscard]] bool wanted(Executor const& from) {
    bool const asked = asked_for_ != slot() && from.applied() >= asked_for_;
    return asked || policy_.due(from.applied());
  }

  snapshot_duty_options options_;
  Store* store_;
  Policy policy_;
  snapshot_donor<Store> donor_;
  snapshot_receiver<Store> receiver_;
  late<snapshot_taking<Executor, Store>> taking_;
  slot asked_for_;
  std::uint64_t failures_ = 0;
};

}  // namespace synod
