// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/runtime/snapshot_messages.hpp>

#include <cstdint>
#include <utility>

namespace synod {

struct snapshot_receiver_options {
  std::uint32_t credit_bytes = 1 << 20;               // on their way at a time
  std::uint64_t length_max = std::uint64_t{1} << 40;  // of a whole snapshot
  time_ns ask_again_ns = 500'000'000;
  time_ns silence_ns = 2'000'000'000;  // of a donor, until another may go on
};

// Gets a snapshot from a donor into a store: asks, writes what follows in order, asks again for
// what was lost, and begins anew only if the donor has nothing but another one. The store makes it
// durable as a whole, and checks it, before anybody hears of it.
template <snapshot_store Store>
class snapshot_receiver {
 public:
  explicit snapshot_receiver(snapshot_receiver_options given = {}) : options_(given) {}

  [[nodiscard]] bool busy() const { return state_ != phase::idle; }
  [[nodiscard]] time_ns next_deadline() const { return busy() ? ask_at_ : never; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

  // Effects: gets one that reaches `at_least` from there, unless one is arriving: whoever asks
  // around is told of another donor each time, and each has another snapshot, so that none would
  // ever be whole. Once a donor has been silent for a while, the next one may go on with what is
  // here.
  void want(time_ns now, node_id from, slot at_least, list<snapshot_send>& out) {
    if (state_ == phase::receiving && now < arrives_until_) return;
    donor_ = from;
    at_least_ = at_least;
    if (state_ == phase::idle) state_ = phase::asking;
    ask(now, out);
  }
  // The log went on without it.
  void abandon(Store& store) {
    if (state_ == phase::receiving) store.abandon();
    state_ = phase::idle;
  }

  // Returns the snapshot once it is whole and durable in the store.
  maybe<snapshot_info> step(time_ns now, node_id from, snapshot_message const& got, Store& store,
                            list<snapshot_send>& out) {
    if (!busy() || from != donor_) return std::nullopt;
    if (auto const* const offer = got.get_if<snapshot_offer>()) {
      take_offer(now, offer->what, store, out);
    } else if (auto const* const part = got.get_if<snapshot_part>()) {
      return take_part(now, *part, store, out);
    }
    return std::nullopt;
  }

  void tick(time_ns now, list<snapshot_send>& out) {
    if (busy() && now >= ask_at_) ask(now, out);
  }

 private:
  enum class phase : std::uint8_t { idle, asking, receiving };

  void ask(time_ns now, list<snapshot_send>& out) {
    ask_at_ = now + options_.ask_again_ns;
    asked_upto_ = written_ + options_.credit_bytes;
    snapshot_info const have = state_ == phase::receiving ? what_ : snapshot_info();
    out.push_back({donor_, snapshot_ask{at_least_, have, written_, options_.credit_bytes}});
  }

  void take_offer(time_ns now, snapshot_info const& what, Store& store, list<snapshot_send>& out) {
    bool const usable =
        what.upto >= at_least_ && what.length != 0 && what.length <= options_.length_max;
    if (!usable || (state_ == phase::receiving && what == what_)) return;
    what_ = what;
    state_ = phase::receiving;
    arrives_until_ = now + options_.silence_ns;
    written_ = store.begin(what);
    ask(now, out);
  }

  maybe<snapshot_info> take_part(time_ns now, snapshot_part const& part, Store& store,
                                 list<snapshot_send>& out) {
    if (state_ != phase::receiving || part.of != what_ || part.bytes.empty()) return std::nullopt;
    if (part.offset != written_ && !SYNOD_MUTATION(snapshot_parts_in_any_order))
      return std::nullopt;
    if (part.bytes.size() > what_.length - written_) return std::nullopt;
    if (store.write(part.bytes)) {
      fail(store);
      return std::nullopt;
    }
    written_ += part.bytes.size();
    ask_at_ = now + options_.ask_again_ns;
    arrives_until_ = now + options_.silence_ns;
    if (written_ < what_.length) {
      if (asked_upto_ - written_ <= options_.credit_bytes / 2) ask(now, out);
      return std::nullopt;
    }
    if (store.finish()) {
      fail(store);
      return std::nullopt;
    }
    state_ = phase::idle;
    written_ = 0;
    return what_;
  }

  // It cannot be kept, or is not what was offered: from the beginning, after a pause.
  void fail(Store& store) {
    ++failures_;
    store.abandon();
    state_ = phase::asking;
    written_ = 0;
  }

  snapshot_receiver_options options_;
  phase state_ = phase::idle;
  node_id donor_;
  slot at_least_;
  snapshot_info what_;
  std::uint64_t written_ = 0;
  std::uint64_t asked_upto_ = 0;
  time_ns ask_at_ = never;
  time_ns arrives_until_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace synod
