// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/snapshot_store.hpp>
#include <synod/runtime/snapshot_donor.hpp>
#include <synod/runtime/snapshot_receiver.hpp>
#include <synod/storage/memory_snapshots.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace synod::testing {

// What the suite needs to know of a store of snapshots, in the manner of a storage_subject: `open`
// begins a new life on whatever is there, `crash` is the power going, `wipe` leaves an empty disk;
// after `fail_after(n)` the operation that follows n good ones fails, until `heal`; `struck` says
// whether that happened.
template <class T>
concept snapshot_subject = requires(T& subject, std::uint64_t operations) {
  typename T::store_type;
  requires snapshot_store<typename T::store_type>;
  { subject.open() } -> std::same_as<typename T::store_type*>;
  subject.crash();
  subject.wipe();
  subject.fail_after(operations);
  subject.heal();
  { subject.struck() } -> std::same_as<bool>;
};

// What every store of snapshots must do; the half of storage_suite that is not about the log, and
// used as that is.
template <snapshot_subject Subject, class Expect>
class snapshot_suite {
 public:
  using store_type = typename Subject::store_type;

  snapshot_suite(Subject& subject, Expect& expect) : subject_(subject), expect_(expect) {}

  // Effects: runs every case below, each on an empty disk.
  void all() {
    write_and_read();
    whole_or_never();
    kept_while_read();
    expected_and_resumed();
    streamed();
    fail_at_every_operation();
  }

  // The bytes of the snapshot up to some slot, the same whoever asks.
  static std::vector<std::byte> content(std::uint64_t upto, std::size_t length) {
    std::vector<std::byte> made(length);
    std::uint64_t bits = upto * 0x9e3779b97f4a7c15ULL;
    for (std::byte& one : made) {
      bits = bits * 6364136223846793005ULL + 1442695040888963407ULL;
      one = static_cast<std::byte>(bits >> 56);
    }
    return made;
  }
  static snapshot_info info(std::uint64_t upto, std::size_t length) {
    return {slot(upto), length, crc32c(content(upto, length))};
  }

  // Any length, in any pieces, read back from any offset, before and after a restart.
  void write_and_read() {
    if (!fresh("write and read")) return;
    that(!store_->newest().has_value() && !store_->open().has_value(), "an empty store has none");
    std::uint64_t upto = 0;
    for (std::size_t const length : {0U, 1U, 100U, 4096U, 65535U, 65536U, 65537U, 200000U}) {
      ++upto;
      that(!take(upto, length, 1 + length / 7), "a snapshot of any length is taken");
      check(upto, length);
      for (bool power : {false, true}) {
        if (!again(power)) return;
        check(upto, length);
      }
    }
  }

  void whole_or_never() {
    if (!fresh("whole or never")) return;
    that(!take(3, 5000, 5000), "a snapshot is taken");
    for (bool power : {false, true}) {
      store_->begin({slot(9), 0, 0});
      that(!store_->write(content(9, 100000)), "a snapshot is written");
      check(3, 5000);
      if (!again(power)) return;
      check(3, 5000);
    }
    store_->begin({slot(9), 0, 0});
    that(!store_->write(content(9, 100000)), "a snapshot is written");
    store_->abandon();
    check(3, 5000);
    that(static_cast<bool>(store_->finish()), "what was abandoned cannot be finished");
    that(!take(4, 300, 300), "another is taken after one was abandoned");
    check(4, 300);
  }

  // Hazard H22g: a transfer never loses what it sends.
  void kept_while_read() {
    if (!fresh("kept while read")) return;
    that(!take(1, 70000, 70000), "a snapshot is taken");
    auto first = store_->open();
    that(!take(2, 90000, 90000), "a newer one is taken");
    auto second = store_->open();
    that(!take(3, 10, 10), "and another");
    that(first.has_value() && second.has_value(), "what was taken can be opened");
    if (!first.has_value() || !second.has_value()) return;
    that(read(*first) == content(1, 70000), "what was opened stays readable");
    that(read(*second) == content(2, 90000), "so does what was opened later");
    first.reset();
    second.reset();
    if (!again(true)) return;
    check(3, 10);
  }

  void expected_and_resumed() {
    if (!fresh("expected and resumed")) return;
    snapshot_info const wanted = info(5, 150000);
    std::vector<std::byte> const bytes = content(5, 150000);
    std::uint64_t done = store_->begin(wanted);
    that(done == 0, "nothing of a new one is here");
    for (std::size_t const part : {1U, 65536U, 30000U}) {
      that(!store_->write(std::span(bytes).subspan(static_cast<std::size_t>(done), part)),
           "a part is written");
      done += part;
      that(store_->begin(wanted) == done, "the same one goes on where it stopped");
    }
    that(!store_->write(std::span(bytes).subspan(static_cast<std::size_t>(done))), "and ends");
    that(!store_->finish(), "what was expected is finished");
    check(5, 150000);
    store_->begin(info(6, 4000));
    that(!store_->write(content(7, 4000)), "others are written");
    that(store_->finish().code == error_code::checksum_mismatch,
         "what was not expected is refused");
    check(5, 150000);
    that(store_->begin(info(8, 4000)) == 0, "another one begins anew");
    store_->abandon();
  }

  // In parts, at a bounded rate, over a network that loses some: into this store, and out of it.
  void streamed() {
    if (!fresh("streamed")) return;
    memory_snapshots other;
    other.begin({slot(4), 0, 0});
    that(!other.write(content(4, 180000)) && !other.finish(), "memory keeps a snapshot");
    carry(other, *store_);
    check(4, 180000);
    if (!again(true)) return;
    check(4, 180000);
    memory_snapshots back;
    carry(*store_, back);
    that(back.newest() == info(4, 180000), "what was streamed is what was taken");
  }

  // A second snapshot, with the Nth operation failing for every N until none does: afterwards there
  // is one of the two, whole, and the second if it was said to be there.
  void fail_at_every_operation() {
    for (std::uint64_t good = 0; good < 10000; ++good) {
      if (!fresh("a failed operation")) return;
      that(!take(1, 9000, 9000), "a snapshot is taken");
      subject_.fail_after(good);
      bool done = !take(2, 70000, 30000);
      // Whoever tries again may succeed, or be told that it is of no use.
      done = done || !take(2, 70000, 70000);
      bool const struck = subject_.struck();
      subject_.heal();
      if (!again(true)) return;
      auto const found = store_->newest();
      bool const second = found == info(2, 70000);
      that(found == info(1, 9000) || second, "one of the two is there");
      that(second || !done, "what was said to be durable is there");
      second ? check(2, 70000) : check(1, 9000);
      that(!take(3, 70000, 70000), "a healthy store takes the next");
      check(3, 70000);
      if (!struck) return;
    }
    that(false, "taking a snapshot ends within ten thousand operations");
  }

 private:
  void that(bool ok, char const* sentence) { expect_(ok, sentence, when_); }

  bool fresh(char const* when) {
    when_ = when;
    subject_.heal();
    subject_.wipe();
    store_ = subject_.open();
    that(store_ != nullptr, "an empty disk opens");
    return store_ != nullptr;
  }
  bool again(bool power) {
    if (power) subject_.crash();
    store_ = subject_.open();
    that(store_ != nullptr, "a healthy disk opens again");
    return store_ != nullptr;
  }

  error take(std::uint64_t upto, std::size_t length, std::size_t piece) {
    std::vector<std::byte> const bytes = content(upto, length);
    std::span<std::byte const> left = bytes;
    store_->begin({slot(upto), 0, 0});
    while (!left.empty()) {
      std::size_t const some = std::min(piece, left.size());
      if (error const why = store_->write(left.first(some))) {
        store_->abandon();
        return why;
      }
      left = left.subspan(some);
    }
    return store_->finish();
  }

  void check(std::uint64_t upto, std::size_t length) {
    that(store_->newest() == info(upto, length), "the newest is the one that was taken last");
    auto opened = store_->open();
    that(opened.has_value(), "the newest can be opened");
    if (!opened.has_value()) return;
    that(opened->info() == info(upto, length), "what is opened says what it is");
    std::vector<std::byte> const bytes = content(upto, length);
    that(read(*opened) == bytes, "the newest is read as it was written");
    std::vector<std::byte> room(3000);
    for (std::uint64_t const offset :
         {std::uint64_t{1}, std::uint64_t{65000}, std::uint64_t{length}, UINT64_MAX}) {
      std::size_t const got = opened->read(offset, room);
      std::size_t const wanted =
          offset >= length ? 0 : std::min<std::size_t>(room.size(), length - offset);
      that(
          got == wanted &&
              (got == 0 || std::equal(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(offset))),
          "any part can be read by itself");
    }
  }

  template <class Reader>
  static std::vector<std::byte> read(Reader& from) {
    std::vector<std::byte> all;
    std::vector<std::byte> room(10000);
    while (std::size_t const some = from.read(all.size(), room)) {
      all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(some));
    }
    return all;
  }

  template <class From, class To>
  void carry(From& from, To& to) {
    static constexpr std::uint64_t rate = 10'000'000;
    snapshot_donor<From> donor({.part_bytes = 4000, .bytes_per_second = rate});
    snapshot_receiver<To> receiver({.credit_bytes = 20000, .ask_again_ns = 30'000'000});
    list<snapshot_send> to_donor;
    list<snapshot_send> to_receiver;
    std::uint64_t messages = 0;
    bool arrived = false;
    time_ns now = 0;
    receiver.want(now, node_id(1), slot(4), to_donor);
    for (; !arrived && now < 10'000'000'000; now += 1'000'000) {
      for (snapshot_send const& one : std::exchange(to_donor, {})) {
        if (++messages % 7 == 0) continue;
        donor.asked(now, node_id(2), *one.message.get_if<snapshot_ask>(), from, to_receiver,
                    [](slot) {});
      }
      for (snapshot_send const& one : std::exchange(to_receiver, {})) {
        if (++messages % 11 == 0) continue;
        auto const whole = receiver.step(now, node_id(1), one.message, to, to_donor);
        arrived = arrived || whole.has_value();
      }
      receiver.tick(now, to_donor);
      donor.tick(now, from, to_receiver);
    }
    that(arrived && receiver.failures() == 0, "a snapshot arrives in parts, some of them lost");
    std::uint64_t const fastest = 180000 * std::uint64_t{1'000'000'000} / rate;
    that(static_cast<std::uint64_t>(now) + 20'000'000 >= fastest, "no faster than allowed");
  }

  Subject& subject_;
  Expect& expect_;
  store_type* store_ = nullptr;
  char const* when_ = "";
};

}  // namespace synod::testing
