// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>
#include <synod/testing/invariants/acknowledged.hpp>
#include <synod/testing/invariants/agreement.hpp>
#include <synod/testing/invariants/durable_evidence.hpp>
#include <synod/testing/invariants/one_value.hpp>
#include <synod/testing/invariants/prefix.hpp>
#include <synod/testing/invariants/promises_kept.hpp>
#include <synod/testing/invariants/safe_choice.hpp>
#include <synod/testing/invariants/validity.hpp>

#include <optional>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

namespace synod::testing {

// A member of the simulated cluster, in one of its lives.
struct speaker {
  node_index at;
  node_id id;
  std::uint32_t life = 0;
};

// Sees every durable write, every send and every decision of a run, and asks the checkers of the
// invariants about each at the moment it happens. A run stops at the first violation.
class oracle {
 public:
  // The rule for all slots from `first` on. I11 is checked here.
  void governed(slot first, quorum_rule rule) {
    rule.check(found_);
    agreement_.governed(first, std::move(rule));
  }

  // -- what leaves a node
  // ---------------------------------------------------------------------------

  void campaigned(speaker const& who, campaign_fact const& fact) {
    last_campaign_ = fact;
    one_value_.campaigned(who.id, who.life, fact, found_);
  }
  void promised(speaker const& who, promise_fact const& fact) {
    durable_.promised(who.at, fact, found_);
    one_value_.promised(who.id, fact, found_);
    promises_kept_.promised(who.at, fact, found_);
    safe_choice_.promised(who.at, fact);
  }
  void proposed(speaker const& who, proposal_fact const& fact,
                std::span<value_digest const> commands) {
    last_proposal_ = fact;
    if (!one_value_.proposed(who.id, who.life, fact, found_)) return;
    for (value_digest const one : commands) validity_.sent(one);
    agreement_.proposed(who.at, fact, found_);
    std::optional<reported_fact> const own =
        durable_.own_promise(who.at, fact.lane, fact.at, fact.at_slot);
    safe_choice_.proposed(who.at, fact, own ? &*own : nullptr, agreement_.rule(fact.at_slot),
                          found_);
  }
  void voted(speaker const& who, vote_fact const& fact) {
    durable_.voted(who.at, fact, found_);
    promises_kept_.voted(who.at, fact, found_);
  }

  // -- what reaches its disk
  // ------------------------------------------------------------------------

  void appended(speaker const& who, ticket at, record_fact what) {
    durable_.appended(who.at, at, std::move(what));
  }
  void confirmed(speaker const& who, ticket upto) {
    durable_.confirmed(who.at, upto, [&](record_fact const& what) { is_durable(who, what); });
  }
  void restarted(speaker const& who, std::vector<record_fact> const& read, damage const& harm) {
    durable_.restarted(who.at, read, harm, found_,
                       [&](record_fact const& what) { is_durable(who, what); });
    prefix_.positioned(who.at, 0);
  }
  void trimmed(speaker const& who, lane_id lane, slot upto) {
    durable_.trimmed(who.at, lane, upto);
  }
  void wiped(speaker const& who) { durable_.wiped(who.at); }

  // -- what clients and machines see
  // ----------------------------------------------------------------

  void submitted(value_digest command) { validity_.submitted(command); }
  // A client was told that this will never be done.
  void refused(value_digest command) { validity_.refused(command, found_); }
  // A node says that nobody was ever asked to vote for this.
  void never_sent(value_digest command) { validity_.never_sent(command, found_); }
  // A client was told that this is decided there.
  void acknowledged_at(place at, value_digest value) { acknowledged_.done(at, value); }

  void decided(speaker const& who, place at, value_digest value,
               std::span<value_digest const> commands) {
    agreement_.decided(who.at, at.lane, at.at, value, found_);
    if (!judged_.insert(at).second) return;
    for (value_digest const one : commands) validity_.decided(one, found_);
  }
  void applied(speaker const& who, std::uint64_t number, value_digest entry, std::uint64_t state) {
    prefix_.applied(who.at, number, entry, state, found_);
  }
  // At the end, for each node that is whole: `decided(place)` is what it holds as decided.
  template <class Decided>
  void settled(speaker const& who, Decided&& decided_there) {
    acknowledged_.settled(who.at, decided_there, found_);
  }

  [[nodiscard]] agreement const& chosen() const { return agreement_; }
  [[nodiscard]] durable_evidence const& disks() const { return durable_; }
  // The newest campaign of all; its ballot is empty where there is none yet.
  [[nodiscard]] campaign_fact const& last_campaign() const { return last_campaign_; }
  // The newest proposal of all; its ballot is empty where there is none yet.
  [[nodiscard]] proposal_fact const& last_proposal() const { return last_proposal_; }
  [[nodiscard]] violations& found() { return found_; }
  [[nodiscard]] violations const& found() const { return found_; }

 private:
  void is_durable(speaker const& who, record_fact const& what) {
    if (what.kind != record_kind::vote) return;
    one_value_.voted(who.id, what.lane, what.at_slot, what.at, what.value, found_);
    agreement_.durable_vote(who.at, what.lane, what.at_slot, what.at, what.value, found_);
  }

  violations found_;
  proposal_fact last_proposal_;
  campaign_fact last_campaign_;
  agreement agreement_;
  validity validity_;
  same_prefix prefix_;
  promises_kept promises_kept_;
  one_value one_value_;
  safe_choice safe_choice_;
  durable_evidence durable_;
  acknowledged acknowledged_;
  std::unordered_set<place, place_hash> judged_;
};

}  // namespace synod::testing
