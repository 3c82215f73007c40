// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/runtime/snapshot_messages.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

struct snapshot_donor_options {
  std::uint32_t receivers_max = 2;
  std::uint32_t part_bytes = 64 << 10;
  std::uint64_t bytes_per_second = std::uint64_t{64} << 20;  // to all receivers together
  time_ns idle_ns = 10'000'000'000;  // after which a receiver that asks nothing is forgotten
};

// Sends the newest snapshot to whoever asks, at a bounded rate and never more than was asked for.
// What a receiver has begun to read stays open until it has all of it, although a newer one may
// have been taken in between (hazard H22g).
template <snapshot_store Store>
class snapshot_donor {
 public:
  explicit snapshot_donor(snapshot_donor_options given = {}) : options_(given) {
    if (options_.part_bytes == 0) options_.part_bytes = 1;
  }

  // `wanted(at_least)` is called if there is no snapshot that new: the host may take one.
  template <class Wanted>
  void asked(time_ns now, node_id from, snapshot_ask const& got, Store& store,
             list<snapshot_send>& out, Wanted&& wanted) {
    receiver* const one = receiver_of(from);
    bool const known = one != nullptr && one->source.info() == got.have;
    if (known && got.have.upto >= got.at_least && got.offset <= got.have.length) {
      one->next = got.offset;
      one->upto = got.offset + got.credit;
      one->heard_at = now;
      return send(now, store, out);
    }
    auto newest = store.open();
    if (!newest.has_value() || newest->info().upto < got.at_least) {
      wanted(got.at_least);
      out.push_back({from, snapshot_none{got.at_least, error_code::not_ready}});
      return;
    }
    if (one == nullptr && receivers_.size() >= options_.receivers_max) {
      out.push_back({from, snapshot_none{got.at_least, error_code::busy}});
      return;
    }
    snapshot_info const what = newest->info();
    receiver fresh{from, *std::move(newest), 0, 0, now};
    if (one != nullptr) {
      *one = std::move(fresh);
    } else {
      receivers_.push_back(std::move(fresh));
    }
    // Whoever has begun this very one after all goes on with it.
    if (what == got.have) return asked(now, from, got, store, out, wanted);
    out.push_back({from, snapshot_offer{what}});
  }

  void tick(time_ns now, Store& store, list<snapshot_send>& out) {
    for (std::size_t i = 0; i < receivers_.size();) {
      if (now - receivers_[i].heard_at >= options_.idle_ns) {
        receivers_.erase(receivers_.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    send(now, store, out);
  }

  [[nodiscard]] time_ns next_deadline() const {
    time_ns soonest = never;
    for (receiver const& one : receivers_) {
      time_ns const forget = one.heard_at + options_.idle_ns;
      if (forget < soonest) soonest = forget;
      if (one.next < one.upto && refill_at_ < soonest) soonest = refill_at_;
    }
    return soonest;
  }
  [[nodiscard]] std::size_t receivers() const { return receivers_.size(); }

 private:
  struct receiver {
    node_id to;
    typename Store::reader source;
    std::uint64_t next;
    std::uint64_t upto;  // as far as it asked
    time_ns heard_at;
  };

  receiver* receiver_of(node_id id) {
    for (receiver& one : receivers_) {
      if (one.to == id) return &one;
    }
    return nullptr;
  }

  // Ten milliseconds' worth at a time, so that a snapshot never holds up a turn.
  static constexpr time_ns slice_ns = 10'000'000;

  void send(time_ns now, Store& store, list<snapshot_send>& out) {
    if (now >= refill_at_) {
      std::uint64_t const slice = options_.bytes_per_second / 100;
      budget_ = slice < options_.part_bytes ? options_.part_bytes : slice;
      refill_at_ = now + slice_ns;
    }
    for (bool sent = true; sent && budget_ >= options_.part_bytes;) {
      sent = false;
      for (receiver& one : receivers_) {
        if (budget_ >= options_.part_bytes && send_part(one, store, out)) sent = true;
      }
    }
  }

  bool send_part(receiver& one, Store& store, list<snapshot_send>& out) {
    if (one.next >= one.upto || one.next >= one.source.info().length) return false;
    snapshot_part part{one.source.info(), one.next, {}};
    part.bytes.resize(options_.part_bytes);
    std::size_t some = one.source.read(one.next, part.bytes);
    if (SYNOD_MUTATION(h22g_donor_reads_the_newest))
      some = store.open()->read(one.next, part.bytes);
    if (some == 0) {
      one.upto = one.next;  // it cannot be read any more: the receiver will ask again, or another
      return false;
    }
    part.bytes.resize(some);
    one.next += some;
    budget_ -= some < budget_ ? some : budget_;
    out.push_back({one.to, std::move(part)});
    return true;
  }

  snapshot_donor_options options_;
  list<receiver> receivers_;
  std::uint64_t budget_ = 0;
  time_ns refill_at_ = 0;
};

}  // namespace synod
