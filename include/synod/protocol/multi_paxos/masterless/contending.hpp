// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/generator.hpp>
#include <synod/core/list.hpp>
#include <synod/core/maybe.hpp>
#include <synod/protocol/multi_paxos/masterless/messages.hpp>
#include <synod/protocol/multi_paxos/masterless/sharing.hpp>
#include <synod/protocol/multi_paxos/replicated_log.hpp>
#include <synod/roles/proposer.hpp>

#include <cstdint>
#include <utility>

namespace synod {

// Proposing without a leader: each open slot is a round of its own that any node may start. A batch
// that lost its slot is proposed again only once that slot is known to have decided something else,
// since until then somebody may still find it in a promise and finish it (rule M3).
template <class Command, quorum Quorum, class Output>
class contending {
 public:
  using log_type = replicated_log<Command, Quorum, Output>;
  using value_type = slot_value<Command>;

  struct limits {
    std::uint32_t slots_max;
    std::size_t pending_max;
    time_ns resend_ns;
    time_ns backoff_base_ns;
    time_ns backoff_cap_ns;
    time_ns gap_fill_ns;
    bool everybody_proposes;
  };

  contending(limits bounds, std::uint64_t seed)
      : bounds_(bounds), dice_(seed), sharing_(bounds.everybody_proposes) {}

  [[nodiscard]] std::size_t room() const {
    if (SYNOD_MUTATION(batches_without_end)) return 1;
    return waiting() >= bounds_.pending_max ? 0 : bounds_.pending_max - waiting();
  }
  // Own slots won in a row: a sign that nobody else is proposing much.
  [[nodiscard]] std::uint32_t streak() const { return streak_; }
  void forget_streak() { streak_ = 0; }
  [[nodiscard]] bool idle() const { return attempts_.empty() && waiting() == 0; }

  [[nodiscard]] time_ns next_deadline() const {
    time_ns soonest = gap_at_;
    for (attempt const& one : attempts_) {
      if (one.due_at < soonest) soonest = one.due_at;
    }
    return soonest;
  }

  // --- what is to be proposed ---

  // Requires: room() > 0.
  void enqueue(value_type value) { pending_.push_back(std::move(value)); }
  [[nodiscard]] std::size_t waiting() const { return pending_.size() - first_pending_; }
  // Requires: waiting() > 0.
  value_type take_pending() {
    value_type next = std::move(pending_[first_pending_++]);
    if (first_pending_ == pending_.size()) {
      pending_.clear();
      first_pending_ = 0;
    }
    return next;
  }

  // Starts a round for each waiting batch that finds a free slot.
  void pump(time_ns now, log_type& log, Output& out) {
    while (waiting() > 0 && attempts_.size() < bounds_.slots_max) {
      maybe<slot> const at = free_slot(log);
      if (!at.has_value()) return;
      contend(now, *at, take_pending(), log, out);
    }
  }

  // Takes over a slot that was proposed to under a range that is lost: the same value, the same
  // slot.
  void adopt(time_ns now, slot at, value_type value) {
    attempt& mine = attempts_.emplace_back();
    mine.at = at;
    mine.value = std::move(value);
    mine.due_at = now + jitter();
  }

  // Somebody else has something of its own to propose.
  void saw_proposal(node_set who, slot at) { sharing_.saw(who, at); }

  // --- replies ---

  void on_promise(time_ns now, node_set who, promise<Command> const& got, log_type& log,
                  Output& out) {
    attempt* const mine = find(got.at);
    if (mine == nullptr || got.first != mine->at || got.chosen_upto >= mine->at) return;
    reported_vote<Command> const none{};
    reported_vote<Command> const& vote = got.votes.empty() ? none : got.votes.front();
    if (vote.voted > got.at || vote.chosen || damaged(got, mine->at)) return;
    if (!got.votes.empty() && vote.at != mine->at) return;
    promised(now, *mine, who, got.at, vote.voted, vote.value, log, out);
  }

  void on_accepted(time_ns now, node_set who, accepted<Command> const& got, log_type& log,
                   Output& out) {
    attempt* const mine = find(got.at);
    if (mine != nullptr && mine->at == got.at_slot) voted(now, *mine, who, got.at, log, out);
  }

  void on_nack(time_ns now, node_set who, nack const& got, log_type& log) {
    attempt* const mine = find(got.refused);
    if (mine == nullptr) return;
    auto const& governing = log.configs().of(mine->at);
    node_set const voters = governing.members.voters();
    if (!mine->round.on_nack(who & voters, got.refused, voters, governing.quorums)) return;
    lose(now, *mine);
  }

  void persisted(time_ns now, ticket upto, log_type& log, Output& out) {
    while (first_own_ < own_.size() && own_[first_own_].after <= upto) {
      own_evidence const one = std::move(own_[first_own_++]);
      attempt* const mine = find(one.at);
      if (mine == nullptr) continue;
      if (one.is_vote) {
        voted(now, *mine, log.only_self(), one.at, log, out);
      } else {
        promised(now, *mine, log.only_self(), one.at, one.voted, one.value, log, out);
      }
    }
    if (first_own_ == own_.size()) {
      own_.clear();
      first_own_ = 0;
    }
  }

  // --- time ---

  void tick(time_ns now, log_type& log, Output& out) {
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
      if (now < attempts_[i].due_at) continue;
      if (!attempts_[i].round.active()) {
        begin(now, attempts_[i], log, out);
      } else if (attempts_[i].round.refused_by_some()) {
        lose(now, attempts_[i]);
      } else {
        resend(now, attempts_[i], log, out);
      }
    }
    fill_gap(now, log, out);
  }

  // Whether every round of this node is over.
  [[nodiscard]] bool settled() const { return attempts_.empty(); }

  // Something may have been decided: rounds of decided slots end, and what lost there waits for
  // another slot.
  void settle(time_ns now, log_type& log) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
      attempt& one = attempts_[i];
      if (!is_chosen(one.at, log)) {
        if (kept != i) attempts_[kept] = std::move(one);
        ++kept;
        continue;
      }
      if (one.value.is_noop()) continue;
      auto const* const here = log.find(one.at);
      // Below an installed snapshot nobody here can tell what the slot decided: it may have been
      // this, so it is not proposed again.
      if (here == nullptr) continue;
      if (here->value == one.value) {
        ++streak_;
        if (backoff_ > bounds_.backoff_base_ns) backoff_ -= bounds_.backoff_base_ns;
      } else {
        pending_.insert(pending_.begin() + static_cast<std::ptrdiff_t>(first_pending_),
                        std::move(one.value));
      }
    }
    attempts_.resize(kept);
    watch_gap(now, log);
  }

  // Others voted as far up as that. They may reach no quorum, so this node finishes what is open.
  void heard_of(time_ns now, slot upto, log_type const& log) {
    if (upto > heard_upto_) heard_upto_ = upto;
    watch_gap(now, log);
  }

 private:
  struct attempt {
    slot at;
    value_type value;  // a noop when the slot is only to be finished
    proposer<Command, typename Quorum::system> round;
    time_ns due_at = never;
  };
  struct own_evidence {
    ticket after;
    ballot at;
    ballot voted;
    value_type value;
    bool is_vote;
  };

  attempt* find(ballot at) {
    for (attempt& one : attempts_) {
      if (one.round.active() && one.round.at() == at) return &one;
    }
    return nullptr;
  }
  [[nodiscard]] bool contended(slot at) const {
    for (attempt const& one : attempts_) {
      if (one.at == at) return true;
    }
    return false;
  }
  static bool is_chosen(slot at, log_type const& log) {
    if (at <= log.chosen_upto()) return true;
    auto const* const here = log.find(at);
    return here != nullptr && here->chosen;
  }
  static bool damaged(promise<Command> const& got, slot at) {
    for (damaged_range const& one : got.damaged) {
      if (one.first <= at && at <= one.last) return !SYNOD_MUTATION(damage_read_as_empty);
    }
    return false;
  }

  // Nodes start looking at different places, so that they rarely meet in one slot.
  maybe<slot> free_slot(log_type const& log) {
    std::uint64_t const depth = bounds_.slots_max;
    slot const base = log.chosen_upto().next();
    std::uint64_t const skew =
        sharing_.own_share(log.only_self(), log.configs().of(base).members.voters(), base);
    for (std::uint64_t i = 0; i < depth; ++i) {
      slot const at = base + (i + skew) % depth;
      auto const* const here = log.find(at);
      if (contended(at) || (here != nullptr && !here->empty())) continue;
      return at;
    }
    return std::nullopt;
  }

  void contend(time_ns now, slot at, value_type value, log_type& log, Output& out) {
    attempt& mine = attempts_.emplace_back();
    mine.at = at;
    mine.value = std::move(value);
    begin(now, mine, log, out);
  }

  void begin(time_ns now, attempt& mine, log_type& log, Output& out) {
    maybe<ballot> const at = log.next_ballot(out);
    if (!at.has_value() || !log.may_promise()) {
      mine.due_at = now + bounds_.backoff_cap_ns;
      return;
    }
    mine.round.begin(*at, mine.value, true);
    mine.due_at = now + bounds_.resend_ns;
    send_prepare(mine, {}, log, out);
    if (!log.may_vote(mine.at)) return;
    prepare const asked{*at, mine.at, mine.at};
    if (log.on_prepare(asked, out).is == verdict::refused) return;
    auto const* const here = log.find(mine.at);
    keep_own({log.last_ticket(), *at, here == nullptr ? ballot() : here->voted,
              here == nullptr ? value_type() : here->value, false});
  }

  // Evidence for rounds that are over is dropped, so that a disk that hangs does not let it pile
  // up.
  void keep_own(own_evidence one) {
    if (own_.size() >= 4 * std::size_t{bounds_.slots_max}) {
      std::size_t kept = 0;
      for (std::size_t i = first_own_; i < own_.size(); ++i) {
        if (find(own_[i].at) == nullptr) continue;
        if (kept != i) own_[kept] = std::move(own_[i]);
        ++kept;
      }
      own_.resize(kept);
      first_own_ = 0;
    }
    own_.push_back(std::move(one));
  }

  void send_prepare(attempt const& mine, node_set answered, log_type& log, Output& out) {
    prepare const asked{mine.round.at(), mine.at, mine.at};
    node_set const to = log.configs().of(mine.at).members.voters() - log.only_self() - answered;
    if (log.rounds().covered(asked.at.round) || SYNOD_MUTATION(round_used_before_durable)) {
      log.send_now(out, to, asked);
    } else {
      log.send_after(out, to, asked);
    }
  }

  void promised(time_ns now, attempt& mine, node_set who, ballot at, ballot vote,
                value_type const& value, log_type& log, Output& out) {
    auto const& governing = log.configs().of(mine.at);
    who = who & governing.members.voters();
    if (!mine.round.on_promise(who, at, vote, value, governing.quorums)) return;
    send_accept(mine, {}, log, out);
    mine.due_at = now + bounds_.resend_ns;
    if (!log.may_vote(mine.at)) return;
    ruling const rule = log.on_accept(at, mine.at, mine.round.value(), out);
    if (rule.is != verdict::granted && rule.is != verdict::repeated) return;
    keep_own({log.last_ticket(), at, at, {}, true});
  }

  // Learners and the others get the value as well, so that a notice is all they need to decide.
  void send_accept(attempt const& mine, node_set answered, log_type& log, Output& out) {
    log.send_now(out, log.others_from(mine.at) - answered,
                 accept<Command>{mine.round.at(), mine.at, slot(), mine.round.value()});
  }

  void voted(time_ns now, attempt& mine, node_set who, ballot at, log_type& log, Output& out) {
    auto const& governing = log.configs().of(mine.at);
    who = who & governing.members.voters();
    if (!mine.round.on_accepted(who, at, governing.quorums)) return;
    slot const decided = mine.at;
    if (!log.choose(decided, at, out)) log.learn(decided, mine.round.value(), out);
    log.advance(out);
    log.send_now(out, log.others_from(decided), slot_notice{at, decided, log.chosen_upto()});
    settle(now, log);
  }

  void resend(time_ns now, attempt& mine, log_type& log, Output& out) {
    mine.due_at = now + bounds_.resend_ns;
    if (mine.round.phase() == proposer_phase::preparing) {
      send_prepare(mine, mine.round.answered(), log, out);
    } else {
      send_accept(mine, mine.round.answered(), log, out);
    }
  }

  // Whoever loses waits longer, in all slots; whoever wins waits a little less next time. A lost
  // round is repeated in the same slot, never moved to another.
  void lose(time_ns now, attempt& mine) {
    mine.round.stop();
    if (SYNOD_MUTATION(lost_batch_moves)) enqueue(std::exchange(mine.value, {}));
    streak_ = 0;
    backoff_ = backoff_ * 2 > bounds_.backoff_cap_ns ? bounds_.backoff_cap_ns : backoff_ * 2;
    if (backoff_ < bounds_.backoff_base_ns) backoff_ = bounds_.backoff_base_ns;
    mine.due_at = now + jitter();
  }
  time_ns jitter() {
    time_ns const span = backoff_ > bounds_.backoff_base_ns ? backoff_ : bounds_.backoff_base_ns;
    return 1 + static_cast<time_ns>(dice_.below(static_cast<std::uint64_t>(span)));
  }

  slot known_upto(log_type const& log) const {
    return heard_upto_ > log.last() ? heard_upto_ : log.last();
  }
  // The first open slot holds everything up. Where something above it was voted or decided and
  // nobody here works on it, finish it: with what phase 1 finds, with a noop only if it finds
  // nothing. A slot for which nobody here voted is most likely one that nobody came for, so it need
  // not be waited for as long as one on which somebody works.
  void watch_gap(time_ns now, log_type const& log) {
    slot const open = log.chosen_upto().next();
    if (known_upto(log) < open) return void(gap_at_ = never);
    if (gap_at_ == never || gap_ != open) {
      gap_since_ = now;
      gap_jitter_ = static_cast<time_ns>(dice_.below(64));
    }
    gap_ = open;
    auto const* const here = log.find(open);
    bool const untouched = here == nullptr || here->empty();
    time_ns const span = untouched ? bounds_.gap_fill_ns / 8 : bounds_.gap_fill_ns;
    gap_at_ = gap_since_ + span + span / 64 * gap_jitter_;
  }
  void fill_gap(time_ns now, log_type& log, Output& out) {
    watch_gap(now, log);
    if (now < gap_at_) return;
    gap_at_ = never;
    // A round of this node reaches as far as its proposals do: never past alpha beyond the prefix.
    slot const reach = log.chosen_upto() + bounds_.slots_max + SYNOD_MUTATION(gap_beyond_alpha);
    slot const last = reach < known_upto(log) ? reach : known_upto(log);
    for (slot at = gap_; at <= last && attempts_.size() < bounds_.slots_max; at = at.next()) {
      if (is_chosen(at, log) || contended(at)) continue;
      sharing_.left_empty(log.only_self(), log.configs().of(at).members.voters(), at);
      contend(now, at, {}, log, out);
    }
    watch_gap(now, log);
  }

  limits bounds_;
  generator dice_;
  slot_sharing sharing_;
  list<attempt> attempts_;
  list<value_type> pending_;
  std::size_t first_pending_ = 0;
  list<own_evidence> own_;
  std::size_t first_own_ = 0;
  std::uint32_t streak_ = 0;
  time_ns backoff_ = 0;
  slot heard_upto_;  // somebody voted as far up as this
  slot gap_;
  time_ns gap_since_ = 0;
  time_ns gap_jitter_ = 0;  // in parts of 64
  time_ns gap_at_ = never;
};

}  // namespace synod
