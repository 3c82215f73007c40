// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/bytes.hpp>
#include <synod/core/error.hpp>
#include <synod/core/list.hpp>
#include <synod/core/record.hpp>
#include <synod/storage/address_table.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// When a storage in memory calls a record durable: at once, or when its owner says so. The second
// is how a simulator models the latency of a disk and what a crash forgets.
enum class durability : std::uint8_t { at_once, when_told };

// A storage in memory: the newest record of every address. It survives `reopen` (a restart of the
// process) and, apart from what was not durable, `crash`; it does not survive its own destruction.
class memory {
 public:
  explicit memory(store_id store = {0, 1}, durability mode = durability::at_once)
      : store_(store), mode_(mode) {
    renew();
  }

  // Effects: takes a copy of the records, which are durable together under `at`.
  // Requires: `at` is not lower than that of an earlier append of this life.
  void append(std::span<record_view const> records, ticket at) {
    if (error_) return;
    SYNOD_ASSERT(at >= appended_, "tickets went backwards: did two hosts share one storage?");
    appended_ = at;
    for (record_view const& one : records) {
      if (mode_ == durability::at_once) {
        keep(one);
      } else {
        defer(one, at);
      }
    }
    if (mode_ == durability::at_once) durable_ = at;
  }

  [[nodiscard]] ticket durable() const { return durable_; }
  void wait() { make_durable(appended_); }
  [[nodiscard]] error failed() const { return error_; }

  // Effects: calls `sink` once with the newest record of every address that was not trimmed. The
  // views are valid during the call only.
  template <class Sink>
  damage replay(Sink&& sink) {
    address_table pending;
    for (std::size_t i = 0; i < waiting_; ++i) pending.put(queue_[i].what.address, i);
    newest_.each([&](record_address const& address, std::uint64_t place) {
      if (pending.find(address) == address_table::absent) sink(view(kept_[place]));
    });
    for (std::size_t i = 0; i < waiting_; ++i) {
      if (pending.find(queue_[i].what.address) == i) sink(view(queue_[i].what));
    }
    return harm_;
  }

  // Effects: forgets the records of that lane in slots 1..upto; lane state in slot 0 stays.
  void trim(group_id group, lane_id lane, slot upto) {
    if (error_) return;
    newest_.erase_if([&](record_address const& address, std::uint64_t place) {
      bool const gone = trimmed(address, group, lane, upto);
      if (gone) free_.push_back(static_cast<std::size_t>(place));
      return gone;
    });
    std::size_t left = 0;
    for (std::size_t i = 0; i < waiting_; ++i) {
      if (trimmed(queue_[i].what.address, group, lane, upto)) continue;
      if (i != left) std::swap(queue_[i], queue_[left]);
      ++left;
    }
    waiting_ = left;
  }

  [[nodiscard]] store_id store() const { return store_; }
  [[nodiscard]] incarnation life() const { return life_; }

  // The highest ticket that was appended, durable or not.
  [[nodiscard]] ticket appended() const { return appended_; }
  // How many records are alive.
  [[nodiscard]] std::size_t size() const { return newest_.size(); }

  // Effects: what was appended under tickets up to `upto` survives a crash from now on.
  void make_durable(ticket upto) {
    if (error_) return;
    std::size_t done = 0;
    while (done < waiting_ && queue_[done].at <= upto) {
      keep(view(queue_[done].what));
      ++done;
    }
    if (done > 0) {
      for (std::size_t i = done; i < waiting_; ++i) std::swap(queue_[i - done], queue_[i]);
      waiting_ -= done;
    }
    ticket const reached = upto < appended_ ? upto : appended_;
    if (reached > durable_) durable_ = reached;
  }

  // Effects: the power fails: what is not durable is forgotten. Call `reopen` before using it
  // again.
  void crash() { waiting_ = 0; }

  // Effects: a new life begins on what is there: the incarnation is another and tickets start anew.
  // What only the process lost, and not the power, is durable from now on: whoever restores from it
  // will answer on the strength of it.
  void reopen() {
    error_ = {};
    make_durable(appended_);
    appended_ = {};
    durable_ = {};
    renew();
  }

  // Effects: from now on nothing becomes durable: the failed sync of a disk.
  void fail(error why) { error_ = why; }

  // Effects: replay reports this damage, as a log on a rotten disk would.
  void harm(damage what) { harm_ = std::move(what); }

 private:
  struct stored {
    record_address address;
    ballot at;
    std::vector<std::byte> body;
    std::uint32_t checksum = 0;
  };
  struct deferred {
    stored what;
    ticket at;
  };

  static bool trimmed(record_address const& address, group_id group, lane_id lane, slot upto) {
    return address.group == group && address.lane == lane && address.at != slot(0) &&
           address.at <= upto;
  }
  static record_view view(stored const& from) {
    return {from.address, from.at, from.body, from.checksum};
  }
  // Reuses the capacity of the body that was there.
  static void fill(stored& into, record_view const& from) {
    into.address = from.address;
    into.at = from.at;
    into.checksum = from.checksum;
    assign_bytes(into.body, from.body);
  }

  void keep(record_view const& from) {
    std::uint64_t place = newest_.find(from.address);
    if (place == address_table::absent) {
      if (free_.empty()) {
        place = kept_.size();
        kept_.emplace_back();
      } else {
        place = free_.back();
        free_.pop_back();
      }
      newest_.put(from.address, place);
    }
    fill(kept_[place], from);
  }

  void defer(record_view const& from, ticket at) {
    if (waiting_ == queue_.size()) queue_.emplace_back();
    fill(queue_[waiting_].what, from);
    queue_[waiting_].at = at;
    ++waiting_;
  }

  void renew() {
    life_.counter += 1;
    // Deterministic, and different for every life of every store, which is all that a nonce is for.
    std::uint64_t bits = store_.high ^ (store_.low * 0x9e3779b97f4a7c15ULL) ^ life_.counter;
    bits = (bits ^ (bits >> 31)) * 0xbf58476d1ce4e5b9ULL;
    life_.nonce = bits ^ (bits >> 29);
  }

  store_id store_;
  incarnation life_{};
  durability mode_;
  error error_{};
  damage harm_{};
  ticket appended_{};
  ticket durable_{};
  address_table newest_;  // address -> index in kept_
  list<stored> kept_;
  list<std::size_t> free_;  // indices in kept_ whose record was trimmed
  list<deferred> queue_;    // the first waiting_ are not durable yet, in order
  std::size_t waiting_ = 0;
};

}  // namespace synod
