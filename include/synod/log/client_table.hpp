// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/ids.hpp>
#include <synod/core/list.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/prefetch.hpp>
#include <synod/log/client_decision.hpp>
#include <synod/log/executed_commands.hpp>
#include <synod/log/id_index.hpp>
#include <synod/log/reply_store.hpp>
#include <synod/log/sort_by_key.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace synod {

// The replicated table that makes a command count once, however often it was sent, forwarded or
// proposed. It is a part of the state: the same on every node after the same slot, and in every
// snapshot (hazards H22c, H23). Only the log changes it: there is no clock in here, and an eviction
// happens at the slot that opens one session too many. A session's id is the position of the entry
// that opened it, so it is unique for ever without anybody drawing a number.
//
// A session may have `in_flight_max` commands beyond the ones whose replies it acknowledged, and
// they may be applied in any order. So the table keeps a set of sequences, not the highest one.
// Of a session that wants order each is applied only once all below it are, or were given up.
class client_table {
 public:
  // Fixed by the format: what a node keeps decides what it answers, so nodes must not differ.
  // A larger reply is not kept, and a retry of such a command ends as `expired`.
  static constexpr std::size_t reply_bytes_max = std::size_t{64} << 10;
  // When the replies together exceed this, the oldest of all sessions are dropped.
  static constexpr std::size_t replies_bytes_max = std::size_t{16} << 20;

  explicit client_table(cluster_constants const& limits = {}) : limits_(limits) {}

  [[nodiscard]] std::size_t sessions() const { return index_.size(); }
  [[nodiscard]] std::size_t replies() const { return replies_.size(); }
  [[nodiscard]] std::size_t reply_bytes() const { return replies_.living_bytes(); }
  [[nodiscard]] bool knows(session_id session) const { return find(session) != none; }
  [[nodiscard]] cluster_constants const& limits() const { return limits_; }

  // Where a session is, until one is opened or the table is replaced.
  using place = std::uint32_t;
  [[nodiscard]] place place_of(session_id session) const { return find(session); }

  // Where the sessions of some runs of commands are. What these touch comes into the cache for all
  // of them together: with a thousand clients nothing that belongs to one was used lately, and
  // each run would wait for one piece after the other. Requires: as many places as runs.
  template <class Runs>
  void foresee(Runs const& runs, place* at) const {
    std::size_t const count = runs.size();
    for (std::size_t i = 0; i < count; ++i) index_.foresee(runs[i].session.value);
    for (std::size_t i = 0; i < count; ++i) {
      at[i] = index_.likely(runs[i].session.value);
      if (at[i] == none) continue;
      prefetch(&sessions_[at[i]]);
      prefetch(&sessions_[at[i]].newer);
    }
    for (std::size_t i = 0; i < count; ++i) {
      at[i] = find(runs[i].session);
      if (at[i] == none) continue;
      state const& found = sessions_[at[i]];
      prefetch(found.done.begin());
      if (found.older != none) prefetch(&sessions_[found.older].newer);
      if (found.newer != none) prefetch(&sessions_[found.newer].older);
    }
    for (bool const neighbours : {false, true}) {
      for (std::size_t i = 0; i < count; ++i) {
        if (at[i] == none || sessions_[at[i]].done.size() == 0) continue;
        replies_.foresee_drop(sessions_[at[i]].done.begin()->reply, neighbours);
      }
    }
  }

  // Pure: what would happen to this command if it were applied next.
  [[nodiscard]] client_decision decide(session_id session, sequence number,
                                       sequence acked_upto) const {
    return decide(find(session), number, acked_upto);
  }
  [[gnu::always_inline]] [[nodiscard]] client_decision decide(place at, sequence number,
                                                              sequence acked_upto) const {
    // The session was evicted, or never opened: a late retry must not run again (H23).
    if (at == none) return gone(SYNOD_MUTATION(h23_run_what_was_evicted));
    state const& found = sessions_[at];
    if (number.value == 0 ||
        (number > acked_upto && number.value - acked_upto.value > limits_.in_flight_max)) {
      return {client_verdict::refused, 0, {}};
    }
    // Its reply was acknowledged and forgotten: whether it ran is not known here any more.
    if (number <= acked_upto || number <= found.acked_upto) {
      return gone(SYNOD_MUTATION(h23_run_what_was_acknowledged));
    }
    if (number <= found.done.highest()) return among(found, number);
    bool const early = wants_order(found.id) && overtakes(found, number, acked_upto);
    return {early ? client_verdict::early : client_verdict::execute, 0, {}};
  }

  // A slot opens a session; the one whose last entry is oldest makes room (PROTOCOLS X4).
  session_id open(slot at, bool ordered = false) {
    while (index_.size() >= capacity()) evict(oldest_);
    session_id const made = session_opened_at(at, ordered);
    place const taken = take();
    state& fresh = sessions_[taken];
    fresh.id = made;
    fresh.last_position = made.value;
    fresh.acked_upto = sequence();
    fresh.done.reserve(in_flight_few);
    link_newest(taken);
    index_.insert(made.value, taken);
    changed(taken);
    return made;
  }

  // Every entry that names a session keeps it alive and carries what its client has acknowledged,
  // whose replies are then forgotten. Requires: positions rise. Returns where the session is, for
  // the commands of the entry.
  place touch(std::uint64_t position, session_id session, sequence acked_upto) {
    return touch(position, find(session), acked_upto);
  }
  place touch(std::uint64_t position, place at, sequence acked_upto) {
    if (at == none) return at;
    state& found = sessions_[at];
    found.last_position = position;
    if (at != newest_) {
      unlink(at);
      link_newest(at);
    }
    changed(at);
    if (acked_upto <= found.acked_upto) return at;
    found.acked_upto = acked_upto;
    found.done.drop_upto(acked_upto, [&](executed& one) { forget_reply(found, one); });
    return at;
  }

  // The command was executed and this is its reply. Requires: `decide` said execute, and the entry
  // at this position touched the session.
  void keep(std::uint64_t position, session_id session, sequence number,
            std::span<std::byte const> reply) {
    keep(position, find(session), number, reply);
  }
  [[gnu::always_inline]] void keep(std::uint64_t position, place at, sequence number,
                                   std::span<std::byte const> reply) {
    if (at == none) return;
    state& found = sessions_[at];
    executed& fresh = found.done.insert(number);
    if (reply.size() > reply_bytes_max || limits_.replies_kept == 0) return;
    fresh.reply = replies_.add(at, number, position, reply);
    if (++found.kept > limits_.replies_kept) drop_oldest_reply(found);
    while (replies_.living_bytes() > replies_bytes_max) drop_oldest_reply();
  }

  // Appends the whole table, the session touched longest ago first. Writer and Reader are those of
  // codec/wire.hpp.
  template <class Writer>
  void encode(Writer& to) const {
    to(static_cast<std::uint32_t>(index_.size()));
    for (std::uint32_t at = oldest_; at != none; at = sessions_[at].newer) encode(at, to);
  }

  // Replaces the table by what was encoded, or says false and leaves it as it was. The bytes may
  // be hostile: what they claim is compared with what they bring before anything is allocated.
  template <class Reader>
  [[nodiscard]] bool decode(Reader& from) {
    client_table read(limits_);
    std::uint32_t const count = from.template get<std::uint32_t>();
    if (from.failed() || count > capacity() || count > from.remaining() / encoded_session_min) {
      return false;
    }
    read.sessions_.reserve(count);
    read.index_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!read.decode_session(from)) return false;
    }
    if (!read.put_in_order()) return false;
    *this = std::move(read);
    return true;
  }

  // For a machine that commits the table with its own state, one session at a time: the sessions
  // that changed since the last call, each as its id and whether it still exists.
  void track_changes(bool on) { tracking_ = on; }
  template <class Visit>
  void take_changes(Visit&& visit) {
    for (session_id const& one : changed_) {
      std::uint32_t const at = find(one);
      if (at != none) sessions_[at].changed = false;
      visit(one, at != none);
    }
    changed_.clear();
  }
  template <class Writer>
  void encode_session(session_id session, Writer& to) const {
    encode(find(session), to);
  }
  // Takes over another table, as a node does that installs a snapshot: every session of either
  // counts as changed.
  void become(client_table&& next) {
    list<session_id> before = std::move(changed_);
    for (std::uint32_t at = oldest_; at != none; at = sessions_[at].newer) {
      if (!sessions_[at].changed) before.push_back(sessions_[at].id);
    }
    bool const tracked = tracking_;
    *this = std::move(next);
    tracking_ = tracked;
    for (std::uint32_t at = oldest_; at != none; at = sessions_[at].newer) changed(at);
    for (session_id const& one : before) {
      if (tracked && !knows(one)) changed_.push_back(one);
    }
  }
  // Adds one encoded session, in any order; `put_in_order` must follow the last.
  template <class Reader>
  [[nodiscard]] bool decode_session(Reader& from);
  // False if two sessions or two replies claim one position.
  [[nodiscard]] bool put_in_order();

 private:
  using executed = executed_commands::executed;
  static constexpr place none = id_index::none;
  static constexpr std::size_t in_flight_few = 4;  // a line of a cache: most have fewer
  static constexpr std::size_t encoded_session_min = 28;
  static constexpr std::size_t encoded_executed_min = 9;

  struct state {
    session_id id;
    sequence acked_upto;
    std::uint64_t last_position = 0;
    executed_commands done;  // applied and above acked_upto
    std::uint32_t kept = 0;  // of those, how many have a reply
    std::uint32_t older = none;
    std::uint32_t newer = none;
    bool changed = false;
  };

  [[nodiscard]] std::size_t capacity() const {
    return limits_.session_capacity == 0 ? 1 : limits_.session_capacity;
  }
  struct id_at_place {
    list<state> const& sessions;
    std::uint64_t operator()(std::uint32_t at) const { return sessions[at].id.value; }
  };
  [[nodiscard]] id_at_place id_at() const { return {sessions_}; }
  [[nodiscard]] std::uint32_t find(session_id session) const {
    // Runs of one session are the rule, and the one asked for last is the newest in the list.
    if (newest_ != none && sessions_[newest_].id == session) return newest_;
    return index_.find(session.value, id_at());
  }
  static client_decision gone(bool again) {
    return {again ? client_verdict::execute : client_verdict::expired, 0, {}};
  }
  // A command that is not above all that were applied.
  [[nodiscard]] client_decision among(state const& found, sequence number) const {
    if (SYNOD_MUTATION(h23_only_the_highest_sequence) && number < found.done.highest()) {
      return {};
    }
    executed const* const one = found.done.find(number);
    if (one == nullptr) return {client_verdict::execute, 0, {}};
    if (one->reply == reply_store::none) return {};
    return {client_verdict::cached, replies_[one->reply].version, replies_.bytes(one->reply)};
  }

  // Whether a command below it was neither applied nor acknowledged as finished, which is what a
  // client does with one that it gives up, and what keeps that from being applied later. In a
  // session that wants order there are no gaps between those that were applied.
  static bool overtakes(state const& of, sequence number, sequence acked_upto) {
    sequence last = acked_upto > of.acked_upto ? acked_upto : of.acked_upto;
    if (of.done.highest() > last) last = of.done.highest();
    return number > last.next() && !SYNOD_MUTATION(order_of_a_client_ignored);
  }

  std::uint32_t take() {
    if (free_ == none) {
      sessions_.emplace_back();
      return static_cast<std::uint32_t>(sessions_.size() - 1);
    }
    std::uint32_t const at = free_;
    free_ = sessions_[at].newer;
    return at;
  }
  void link_newest(std::uint32_t at) {
    sessions_[at].older = newest_;
    sessions_[at].newer = none;
    (newest_ == none ? oldest_ : sessions_[newest_].newer) = at;
    newest_ = at;
  }
  void unlink(std::uint32_t at) {
    state const& one = sessions_[at];
    (one.older == none ? oldest_ : sessions_[one.older].newer) = one.newer;
    (one.newer == none ? newest_ : sessions_[one.newer].older) = one.older;
  }
  void evict(std::uint32_t at) {
    state& gone = sessions_[at];
    for (executed& one : gone.done) forget_reply(gone, one);
    gone.done.clear();
    changed(at);
    gone.changed = false;
    index_.erase(gone.id.value, id_at());
    unlink(at);
    gone.id = session_id();
    gone.newer = free_;
    free_ = at;
  }
  void changed(std::uint32_t at) {
    if (!tracking_ || sessions_[at].changed) return;
    sessions_[at].changed = true;
    changed_.push_back(sessions_[at].id);
  }

  void forget_reply(state& of, executed& one) {
    if (one.reply == reply_store::none) return;
    replies_.drop(one.reply);
    one.reply = reply_store::none;
    --of.kept;
  }
  void drop_oldest_reply(state& of) {
    executed* oldest = nullptr;
    for (executed& one : of.done) {
      if (one.reply == reply_store::none) continue;
      if (oldest == nullptr || replies_[one.reply].version < replies_[oldest->reply].version) {
        oldest = &one;
      }
    }
    if (oldest != nullptr) forget_reply(of, *oldest);
  }
  void drop_oldest_reply() {
    reply_store::reply const& oldest = replies_[replies_.oldest()];
    place const at = oldest.session;
    forget_reply(sessions_[at], *sessions_[at].done.find(oldest.number));
    changed(at);
  }

  template <class Writer>
  void encode(std::uint32_t at, Writer& to) const {
    state const& one = sessions_[at];
    to(one.id.value, one.last_position, one.acked_upto.value,
       static_cast<std::uint32_t>(one.done.size()));
    for (executed const& command : one.done) {
      bool const has_reply = command.reply != reply_store::none;
      to(command.number.value, has_reply);
      if (!has_reply) continue;
      std::span<std::byte const> const reply = replies_.bytes(command.reply);
      to(replies_[command.reply].version, static_cast<std::uint32_t>(reply.size()));
      to.bytes(reply);
    }
  }

  cluster_constants limits_;
  list<state> sessions_;
  id_index index_;
  reply_store replies_;
  list<session_id> changed_;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
  std::uint32_t free_ = none;
  bool tracking_ = false;
};

}  // namespace synod

#include <synod/log/client_table_decoding.hpp>
