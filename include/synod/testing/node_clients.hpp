// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/runtime/session.hpp>
#include <synod/testing/faults.hpp>
#include <synod/testing/invariants/client_order.hpp>
#include <synod/testing/kv_history.hpp>
#include <synod/testing/random.hpp>
#include <synod/testing/read_promises.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace synod::testing {

// The clients of a cluster of nodes. Some are remote: they retry through a `client_session`, over
// links that lose and repeat. Some are callers of one node, which has a session of its own and
// forwards. All write, count and swap under a few keys, and read at every level.
template <class Cluster>
class node_clients {
 public:
  using box = typename Cluster::box;

  node_clients(Cluster& of, random_source random) : cluster_(of), random_(random) {}

  [[nodiscard]] std::size_t planned() const { return planned_; }
  [[nodiscard]] std::size_t done() const { return done_; }

  // Effects: lays out the operations; they have the numbers from `first` on in the schedule.
  void begin(std::size_t first) {
    std::size_t const count = 1 + static_cast<std::size_t>(random_.below(4));
    for (std::size_t i = 0; i < count; ++i) {
      session_options given;
      given.links_deliver_once = random_.one_in(2);
      given.in_flight_max = static_cast<std::uint32_t>(random_.between(1, 4));
      given.attempt_timeout_ns = random_.between(50'000'000, 500'000'000);
      given.ordered = random_.split(i).one_in(2);
      remotes_.push_back(
          {client_session<kv::command>(given, cluster_.members(), generator(random_.next())),
           given.links_deliver_once, client_order(given.ordered)});
    }
    time_ns const storm = cluster_.options().storm;
    planned_ = 10 + static_cast<std::size_t>(random_.below(70));
    time_ns at = 0;
    for (std::size_t i = 0; i < planned_; ++i) {
      if (random_.one_in(3)) at += random_.exponential(storm / 12 + 1);
      if (at >= storm) at = random_.exponential(storm / 2 + 1) % storm;
      operations_.push_back(draw());
      if (cluster_.keeps(first + i)) post(at, {note::kind::begin, i});
    }
  }

  void handle(std::uint64_t number) {
    note const what = std::move(notes_[static_cast<std::size_t>(number)]);
    switch (what.is) {
      case note::kind::begin: return start(what.which);
      case note::kind::request: return arrive(what);
      case note::kind::answer: return hear(what);
      case note::kind::lost:
        remotes_[what.which].session.connection_lost(cluster_.now(), what.node, out_);
        return flush(what.which);
      case note::kind::tick:
        remotes_[what.which].tick_at = never;
        remotes_[what.which].session.tick(cluster_.now(), out_);
        return flush(what.which);
      case note::kind::seen: return finish_read(what.which);
    }
  }

  // --- what nodes tell ---

  void started(box&) {}
  void crashed(box& self) {
    for (std::uint64_t const token : std::exchange(asked_[self.at.value], {})) {
      operation_state& one = operations_[static_cast<std::size_t>(token)];
      if (!one.over) end(one, fate::unknown);
    }
  }
  template <class Result>
  void completed(box&, std::uint64_t token, outcome<Result> const& what) {
    operation_state& one = operations_[static_cast<std::size_t>(token)];
    if (one.over) return;
    if (!what) return end(one, what.refused() != nullptr ? fate::refused : fate::unknown);
    if constexpr (!std::is_same_v<Result, synod::done>) {
      one.told = told(*what);
      if constexpr (std::is_same_v<Result, kv::found>) note_found(one, *what);
    }
    end(one, fate::done);
  }
  // A read may look at the state of the node now.
  void readable(box& self, std::uint64_t token, error why) {
    operation_state& one = operations_[static_cast<std::size_t>(token)];
    if (one.over) return;
    if (why) return end(one, fate::refused);
    promises_.served(self.process->execution().applied(), one.began, *one.level, cluster_.found());
    kv::found const got = self.process->state().apply(kv::get(key_text(one.key)));
    one.told = told(got);
    post(cluster_.now() + way(), {note::kind::seen, static_cast<std::size_t>(token)});
  }
  void answer(box& self, std::uint64_t client, session_answer const& what,
              std::span<std::byte const> reply) {
    note made{note::kind::answer, static_cast<std::size_t>(client)};
    made.node = self.id;
    made.told = what;
    made.reply.assign(reply.begin(), reply.end());
    carry(remotes_[made.which].once, std::move(made));
  }

  // --- peace ---

  void healed() {
    for (std::size_t i = 0; i < remotes_.size(); ++i) fresh(i);
  }
  [[nodiscard]] bool settled() const {
    if (open_ != 0 || fresh_done_ < remotes_.size()) return false;
    for (auto const& one : cluster_.boxes()) {
      if (behind(*one)) return false;
    }
    return true;
  }
  void stalled() {
    for (auto const& one : cluster_.boxes()) {
      if (!behind(*one)) continue;
      slot const at = one->serving() ? one->process->execution().applied() : slot();
      cluster_.found().add("I9", "node %llu has applied %llu slots of %llu acknowledged",
                           wide(one->id.value), wide(at.value), wide(promises_.acked().value));
      return;
    }
    cluster_.found().add("I9", "after %zu of %zu fresh commands the rest do not complete",
                         fresh_done_, remotes_.size());
  }
  void finish(bool excused) {
    history_report const judged = check_history<kv_key_model>(history_);
    if (judged.good() || (excused && judged.verdict == history_verdict::empty)) return;
    cluster_.found().add("I6", "key %llu: %s, %zu of %zu operations have an order",
                         wide(judged.key), name_of(judged.verdict), judged.explained,
                         judged.operations);
  }

 private:
  static constexpr std::uint64_t keys = 5;
  static constexpr std::uint64_t counted_from = 3;  // these are counted, the others written

  enum class fate : std::uint8_t { done, refused, unknown };

  struct operation_state {
    std::size_t client = 0;            // a remote one
    std::optional<node_index> caller;  // else a caller of this node
    std::optional<read::level> level;  // of a read
    node_index home{};                 // where a read is asked
    std::uint64_t key = 0;
    kv::command what;
    kv_key_model::input asked{};
    kv_key_model::output told{};
    read_promises::beginning began{};
    std::uint64_t handle = 0;
    time_ns invoked = 0;
    bool fresh = false;  // after healing
    bool over = false;
    bool linearizable = true;
  };
  struct remote {
    client_session<kv::command> session;
    bool once = false;  // its links deliver at most once
    client_order order;
    time_ns tick_at = never;
    std::map<std::uint64_t, std::size_t> flying{};         // by handle
    std::map<std::uint64_t, kv_key_model::output> told{};  // by handle
    std::array<kv::found, keys> seen{};
  };
  // Something that is on its way, or due.
  struct note {
    enum class kind : std::uint8_t { begin, request, answer, lost, tick, seen };

    kind is = kind::begin;
    std::size_t which = 0;  // of an operation, or of a client
    node_id node{};
    session_request request{};
    kv::command what{};
    session_answer told{};
    std::vector<std::byte> reply{};
  };

  static std::string key_text(std::uint64_t key) { return std::string(1, "abcde"[key]); }

  void post(time_ns at, note what) {
    notes_.push_back(std::move(what));
    cluster_.schedule_client(at, notes_.size() - 1);
  }
  time_ns way() { return 10'000 + random_.exponential(cluster_.healed() ? 50'000 : 500'000); }
  void carry(bool once, note what) {
    if (!cluster_.healed() && random_.one_in(20)) return;
    if (!once && random_.one_in(10)) post(cluster_.now() + way() * 20, what);
    post(cluster_.now() + way(), std::move(what));
  }
  node_index anywhere() {
    return node_index(static_cast<std::uint8_t>(random_.below(cluster_.options().nodes)));
  }

  operation_state draw() {
    operation_state one;
    one.client = static_cast<std::size_t>(random_.below(remotes_.size()));
    if (random_.one_in(5)) one.caller = anywhere();
    one.home = anywhere();
    one.key = random_.below(keys);
    if (random_.one_in(3)) {
      one.level = read_promises::draw(random_);
      one.linearizable = one.level->index() < 3 || one.level->index() == 6;
    }
    return one;
  }

  void start(std::size_t which) {
    operation_state& one = operations_[which];
    ++open_;
    one.invoked = cluster_.now();
    if (one.level) return ask(one, which);
    // Chosen only now, since a swap needs what was seen last.
    if (!one.fresh) {
      kv_wish wish = draw_kv_wish(random_, key_text(one.key), one.key >= counted_from, ++numbers_,
                                  remotes_[one.client].seen[one.key]);
      one.what = std::move(wish.what);
      one.asked = wish.asked;
    }
    bool const hasty = cluster_.weather().is_active(fault_kind::impatience);
    time_ns const patience = hasty ? 1 + random_.exponential(100'000'000)
                                   : 2'000'000'000 + random_.exponential(4'000'000'000);
    if (one.caller) return call(one, which, patience);
    remote& from = remotes_[one.client];
    auto const handle =
        from.session.submit(cluster_.now(), one.what, cluster_.now() + patience, out_);
    if (!handle) return end(one, fate::refused);
    one.handle = *handle;
    from.flying[one.handle] = which;
    flush(one.client);
  }
  void call(operation_state& one, std::size_t which, time_ns patience) {
    box& self = *cluster_.boxes()[one.caller->value];
    if (!self.serving() || self.clock.paused(cluster_.now())) return end(one, fate::refused);
    asked_[self.at.value].push_back(which);
    time_ns const now = self.now(cluster_.now());
    auto const why = std::visit(
        [&](auto const& what) { return self.process->submit(now, what, which, now + patience); },
        one.what);
    if (why) end(one, fate::refused);
    // Now and then something else comes in between.
    if (cluster_.now() % 4 != 0) cluster_.turn(self);
  }
  void ask(operation_state& one, std::size_t which) {
    box& self = *cluster_.boxes()[one.home.value];
    if (!self.serving() || self.clock.paused(cluster_.now())) return end(one, fate::refused);
    one.asked.what = kv_key_model::kind::get;
    if (auto* const floor = std::get_if<read::session>(&*one.level)) {
      floor->floor = remotes_[one.client].session.seen();
    } else if (auto* const age = std::get_if<read::bounded_stale>(&*one.level)) {
      age->at_most_ns = random_.exponential(300'000'000);
    }
    one.began = promises_.begin(cluster_.now(), *one.level);
    asked_[self.at.value].push_back(which);
    time_ns const now = self.now(cluster_.now());
    auto const why = self.process->read(now, *one.level, which, now + 2'000'000'000);
    bool const led = Cluster::protocol::elects_leader;
    if (promises_.refused(why, *one.level, led, cluster_.found())) end(one, fate::refused);
    cluster_.turn(self);
  }

  // --- remote clients ---

  void flush(std::size_t client) {
    remote& from = remotes_[client];
    for (session_request const& one : std::exchange(out_.send, {})) {
      note made{note::kind::request, client};
      made.node = one.to;
      made.request = one;
      if (one.handle != 0) made.what = *from.session.payload(one.handle);
      carry(from.once, std::move(made));
    }
    for (session_finished const& one : std::exchange(out_.finished, {})) {
      auto const found = from.flying.find(one.handle);
      if (found == from.flying.end()) continue;
      operation_state& ended = operations_[found->second];
      from.flying.erase(found);
      ended.told = from.told[one.handle];
      from.told.erase(one.handle);
      if (one.fate) promises_.acknowledged(cluster_.now(), slot(*one.fate >> 16));
      if (one.fate) from.order.done(one.handle, *one.fate, cluster_.found());
      fate const what = one.fate                        ? fate::done
                        : one.fate.refused() != nullptr ? fate::refused
                                                        : fate::unknown;
      end(ended, what);
    }
    time_ns const due = from.session.next_deadline();
    if (due == never || due >= from.tick_at) return;
    from.tick_at = due > cluster_.now() ? due : cluster_.now() + 1;
    post(from.tick_at, {note::kind::tick, client});
  }
  void arrive(note const& what) {
    box& self = *cluster_.boxes()[static_cast<std::size_t>(what.node.value - 1)];
    if (!self.up() || self.clock.paused(cluster_.now())) {
      note made{note::kind::lost, what.which};
      made.node = what.node;
      return post(cluster_.now() + way(), std::move(made));
    }
    time_ns const now = self.now(cluster_.now());
    if (what.request.handle == 0) {
      self.process->serve_opening(now, what.which, what.request);
    } else {
      self.process->serve(now, what.which, what.request, what.what);
    }
    cluster_.turn(self);
  }
  void hear(note const& what) {
    remote& to = remotes_[what.which];
    auto const found = to.flying.find(what.told.handle);
    if (found != to.flying.end() && what.told.kind == session_answer_kind::done) {
      operation_state& one = operations_[found->second];
      kv::found got;
      if (!told(one.what, typename Cluster::codec(), what.reply, to.told[what.told.handle], &got)) {
        cluster_.found().add("I7", "a reply is no result of its command");
      }
      if (std::holds_alternative<kv::get>(one.what)) note_found(one, got);
    }
    to.session.answered(cluster_.now(), what.node, what.told, out_);
    flush(what.which);
  }
  void note_found(operation_state const& one, kv::found const& got) {
    remotes_[one.client].seen[one.key] = got;
  }
  void finish_read(std::size_t which) {
    operation_state& one = operations_[which];
    if (!one.over) end(one, fate::done);
  }

  void end(operation_state& one, fate how) {
    one.over = true;
    --open_;
    if (how == fate::done) ++done_;
    if (how != fate::refused && one.linearizable) {
      operation<kv_key_model> made;
      made.key = one.key;
      made.invoked = one.invoked;
      made.returned = how == fate::done ? cluster_.now() : never;
      made.asked = one.asked;
      made.answered = one.told;
      history_.push_back(made);
    }
    if (!one.fresh) return;
    if (how == fate::done) {
      ++fresh_done_;
    } else {
      fresh(one.client);
    }
  }

  // --- peace ---

  void fresh(std::size_t client) {
    operation_state made;
    made.client = client;
    made.fresh = true;
    made.key = random_.below(counted_from);
    made.asked = {kv_key_model::kind::put, {}, ++numbers_};
    made.what = kv::put(key_text(made.key), std::to_string(numbers_));
    operations_.push_back(std::move(made));
    post(cluster_.now() + random_.exponential(20'000'000),
         {note::kind::begin, operations_.size() - 1});
  }
  // Who lost its disk follows as well, unless it knows that it forgot.
  [[nodiscard]] bool behind(box const& one) const {
    if (one.rewound) return false;
    return !one.serving() || one.process->execution().applied() < promises_.acked();
  }

  Cluster& cluster_;
  random_source random_;
  std::deque<operation_state> operations_;  // they stay where they are
  std::vector<remote> remotes_;
  std::vector<note> notes_;
  session_output out_;
  std::array<std::vector<std::uint64_t>, node_set::capacity> asked_{};
  std::vector<operation<kv_key_model>> history_;
  read_promises promises_;
  std::uint64_t numbers_ = 0;
  std::size_t planned_ = 0;
  std::size_t done_ = 0;
  std::size_t open_ = 0;
  std::size_t fresh_done_ = 0;
};

}  // namespace synod::testing
