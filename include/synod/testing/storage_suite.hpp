// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/concepts.hpp>
#include <synod/core/record.hpp>
#include <synod/testing/storage_oracle.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace synod::testing {

// What the suite needs to know of a storage in order to judge it. `open` begins a new life on
// whatever is there and returns null if that failed; `crash` is the power going; `wipe` leaves an
// empty disk of another store; after `fail_after(n)` the call (or the operation of a disk) that
// follows n good ones fails, and everything after it, until `heal`; `struck` says whether that
// happened.
template <class T>
concept storage_subject = requires(T& subject, std::uint64_t calls) {
  typename T::storage_type;
  requires storage<typename T::storage_type>;
  { subject.open() } -> std::same_as<typename T::storage_type*>;
  subject.crash();
  subject.wipe();
  subject.fail_after(calls);
  subject.heal();
  { subject.struck() } -> std::same_as<bool>;
};

// What every storage must do, as plain functions over a subject and `expect(bool ok, char const*
// sentence, char const* when)`: no test framework is needed, and any can be used.
template <storage_subject Subject, class Expect>
class storage_suite {
 public:
  using storage_type = typename Subject::storage_type;

  storage_suite(Subject& subject, Expect& expect) : subject_(subject), expect_(expect) {}

  // Effects: runs every case below, each on an empty disk.
  void all() {
    identity();
    append_and_replay();
    nothing_appended();
    overwrite();
    trim();
    lanes_and_groups();
    metadata();
    large_records();
    reopen_after_every_prefix();
    fail_at_every_call();
  }

  // A store keeps its id, every life has another incarnation, and another disk is another store.
  void identity() {
    if (!fresh("identity")) return;
    store_id const store = log_->store();
    incarnation const first = log_->life();
    that(!store.empty(), "a store id is drawn at the first open");
    if (!again(false)) return;
    that(log_->store() == store, "a store keeps its id");
    that(log_->life().counter > first.counter, "every open bumps the incarnation");
    that(log_->life().nonce != first.nonce, "every life draws another nonce");
    if (!fresh("identity")) return;
    that(log_->store() != store, "a wiped disk is another store");
  }

  void append_and_replay() {
    if (!fresh("append and replay")) return;
    for (std::uint64_t i = 1; i <= 20; ++i) append(vote(1, i), at(1), 16 + i * 7);
    settle("append");
    check("after append, without a restart");
    restart("after append");
  }

  // A ticket behind which stands no record of its own is durable when everything before it is.
  void nothing_appended() {
    if (!fresh("nothing appended")) return;
    that(log_->durable() == ticket(0), "nothing is durable before anything was appended");
    log_->append({}, ticket(1));
    log_->wait();
    that(log_->durable() == ticket(1), "an empty append is durable after wait");
    number_ = 1;
    append(vote(1, 1), at(1), 64);
    ++number_;
    log_->append({}, ticket(number_));
    settle("an empty append behind a record");
    restart("after empty appends");
  }

  // A record replaces the earlier one of its address, whole, whatever is shorter or longer.
  void overwrite() {
    if (!fresh("overwrite")) return;
    for (std::uint64_t round = 1; round <= 6; ++round) {
      append(vote(1, 1), at(round), 8 + (round % 3) * 900);
      append(vote(1, 2), at(round), 300);
      append(promise(1), at(round), 40);
      if (round % 2 == 0) settle("overwrite");
    }
    check("after overwriting");
    restart("after overwriting");
    append(vote(1, 2), at(9), 0);
    settle("overwrite in a second life");
    restart("after overwriting in a second life");
  }

  void trim() {
    if (!fresh("trim")) return;
    append(promise(1), at(1), 40);
    append(promise(2), at(1), 40);
    for (std::uint64_t i = 1; i <= 30; ++i) {
      append(vote(1, i), at(1), 200);
      append(vote(2, i), at(1), 200);
    }
    settle("before trim");
    drop(1, 20);
    check("after trim");
    std::size_t const left = count();
    that(left == 2 + 10 + 30, "trim forgets that lane's slots up to its bound, and nothing else");
    append(vote(1, 31), at(1), 200);
    drop(1, 10);
    settle("a trim below the last one");
    check("after a trim below the last one");
    drop(2, 1000);
    append(vote(2, 1001), at(1), 200);
    settle("after a trim beyond everything");
    check("after a trim beyond everything");
    that(count() == 2 + 11 + 1, "a trim beyond everything leaves lane state and what comes after");
    restart("after trim");
    append(vote(1, 32), at(2), 10);
    settle("after a trim and a restart");
    restart("after a trim and two restarts");
  }

  void lanes_and_groups() {
    if (!fresh("lanes and groups")) return;
    for (std::uint32_t group = 0; group < 3; ++group) {
      for (std::uint64_t lane = 0; lane < 40; ++lane) {
        append({group_id(group), lane_id(lane * lane), slot(0), record_kind::promise}, at(lane),
               24);
        append({group_id(group), lane_id(lane * lane), slot(1), record_kind::vote}, at(2), 24);
        append({group_id(group), lane_id(lane * lane), slot(1), record_kind::chosen}, at(3), 24);
      }
      settle("many lanes");
    }
    that(count() == 3 * 40 * 3, "group, lane, slot and kind all tell records apart");
    log_->trim(group_id(1), lane_id(4), slot(1));
    oracle_.trim(group_id(1), lane_id(4), slot(1));
    that(count() == 3 * 40 * 3 - 2, "a trim touches one lane of one group");
    restart("after many lanes");
  }

  // What a host keeps for itself: its own kinds, in its own lane, in slots and in none.
  void metadata() {
    if (!fresh("metadata")) return;
    for (unsigned kind = 64; kind < 70; ++kind) {
      auto const own = static_cast<record_kind>(kind);
      append({group_id(0), host_lane, slot(0), own}, {}, kind);
      append({group_id(0), host_lane, slot(kind), own}, {}, kind);
      append({group_id(0), host_lane, slot_max, own}, at(1), 1);
    }
    settle("metadata");
    append({group_id(0), host_lane, slot(0), record_kind::host}, at(2), 100);
    settle("replaced metadata");
    that(count() == 18, "a host's records are kept by kind and slot");
    restart("after metadata");
  }

  void large_records() {
    if (!fresh("large records")) return;
    append(vote(1, 1), at(1), 4096 * 3 + 1);
    append(vote(1, 2), at(1), 100000);
    append(vote(1, 3), at(1), 1);
    settle("large records");
    append(vote(1, 2), at(2), 60000);
    settle("a large record replaced");
    restart("after large records");
  }

  // The trace of operations, cut after each of its steps by a crash and by a plain restart.
  void reopen_after_every_prefix() {
    for (std::size_t steps = 0; steps <= trace_steps; ++steps) {
      for (bool power : {false, true}) {
        if (!fresh("a prefix of the trace")) return;
        for (std::size_t i = 0; i < steps; ++i) step(i);
        ticket const durable = log_->durable();
        if (!reopen(power, durable, "after a prefix of the trace")) return;
        for (std::size_t i = steps; i < trace_steps; ++i) step(i);
        settle("the rest of the trace");
        restart("after the rest of the trace");
      }
    }
  }

  // The trace, with the Nth call failing for every N until none does. What was durable stays so,
  // the error does not go away, and nothing becomes durable after it.
  void fail_at_every_call() {
    for (std::uint64_t calls = 0; calls < 100000; ++calls) {
      if (!fresh("a failed call")) return;
      subject_.fail_after(calls);
      for (std::size_t i = 0; i < trace_steps && !log_->failed(); ++i) step(i);
      if (!log_->failed()) log_->wait();
      ticket const durable = log_->durable();
      if (log_->failed()) {
        append(vote(3, 1), at(9), 64);
        log_->wait();
        that(static_cast<bool>(log_->failed()), "a storage failure is final for the process");
        that(log_->durable() == durable, "after a failure nothing becomes durable");
      }
      bool const struck = subject_.struck();
      subject_.heal();
      if (!reopen(true, durable, "after a failed call")) return;
      if (!struck) return;
    }
    that(false, "the trace ends within a hundred thousand calls");
  }

 private:
  static constexpr std::size_t trace_steps = 18;

  static ballot at(std::uint64_t round) {
    return {.config = 0, .round = static_cast<std::uint32_t>(round), .owner = node_id(1)};
  }
  static record_address vote(std::uint64_t lane, std::uint64_t where) {
    return {group_id(0), lane_id(lane), slot(where), record_kind::vote};
  }
  static record_address promise(std::uint64_t lane) {
    return {group_id(0), lane_id(lane), slot(0), record_kind::promise};
  }

  void step(std::size_t which) {
    std::uint64_t const i = which + 1;
    switch (which % 6) {
      case 0: append(promise(1), at(i), 40); break;
      case 1: pair(vote(1, i), vote(2, i), at(i)); break;
      case 2: log_->wait(); break;
      case 3: append(vote(1, i - 2), at(i), 5000); break;
      case 4: static_cast<void>(log_->durable()); break;
      default: drop(1, i / 2); break;
    }
  }

  bool fresh(char const* when) {
    when_ = when;
    subject_.heal();
    subject_.wipe();
    oracle_ = {};
    number_ = 0;
    log_ = subject_.open();
    that(log_ != nullptr, "an empty disk opens");
    return log_ != nullptr;
  }

  void append(record_address address, ballot by, std::size_t bytes) {
    ++number_;
    record_view const one = oracle_.note(address, by, bytes, ticket(number_));
    log_->append(std::span(&one, 1), ticket(number_));
  }
  void pair(record_address first, record_address second, ballot by) {
    ++number_;
    record_view const one = oracle_.note(first, by, 300, ticket(number_));
    std::vector<std::byte> const kept(one.body.begin(), one.body.end());
    record_view const other = oracle_.note(second, by, 20, ticket(number_));
    record_view const both[] = {{first, by, kept, one.checksum}, other};
    log_->append(both, ticket(number_));
  }
  void drop(std::uint64_t lane, std::uint64_t upto) {
    log_->trim(group_id(0), lane_id(lane), slot(upto));
    oracle_.trim(group_id(0), lane_id(lane), slot(upto));
  }
  void that(bool ok, char const* sentence) { expect_(ok, sentence, when_); }
  void settle(char const* when) {
    when_ = when;
    log_->wait();
    that(!log_->failed(), "a healthy storage does not fail");
    that(log_->durable() == ticket(number_), "after wait everything appended is durable");
  }

  std::vector<storage_oracle::version> contents() {
    std::vector<storage_oracle::version> found;
    bool checksums = true;
    damage const harm = log_->replay([&](record_view const& one) {
      found.push_back({one.address, one.at, {one.body.begin(), one.body.end()}, {}, false});
      checksums = checksums && crc32c(one.body) == one.checksum;
    });
    that(checksums, "what replay yields carries the checksum of its body");
    that(harm.none(), "a healthy storage reports no damage");
    return found;
  }
  std::size_t count() { return contents().size(); }
  void check(char const* when) {
    when_ = when;
    char const* const wrong = oracle_.judge(contents(), log_->durable());
    that(wrong == nullptr, wrong == nullptr ? "" : wrong);
  }

  bool again(bool power) {
    if (power) subject_.crash();
    log_ = subject_.open();
    that(log_ != nullptr, "a healthy disk opens again");
    return log_ != nullptr;
  }
  bool reopen(bool power, ticket durable, char const* when) {
    when_ = when;
    if (!again(power)) return false;
    char const* const wrong = oracle_.judge(contents(), durable);
    that(wrong == nullptr, wrong == nullptr ? "" : wrong);
    oracle_.forget_tickets(durable);
    number_ = 0;
    return wrong == nullptr;
  }
  void restart(char const* when) {
    for (bool power : {false, true}) {
      if (log_ == nullptr || !reopen(power, log_->durable(), when)) return;
    }
  }

  Subject& subject_;
  Expect& expect_;
  storage_type* log_ = nullptr;
  storage_oracle oracle_;
  std::uint64_t number_ = 0;
  char const* when_ = "";
};

}  // namespace synod::testing
