// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <array>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace synod::testing {

// I10, durable before it is said: keeps, beside each node, the image of what its storage confirmed,
// and derives from it every promise and vote that the node sends. At a restart it compares what is
// read back with that image: nothing that was confirmed may be missing, unless the storage says
// itself that it is damaged.
class durable_evidence {
 public:
  void appended(node_index who, ticket at, record_fact what) {
    nodes_[who.value].pending.push_back({at, std::move(what)});
  }

  // Calls visit(record_fact const&) for each record that became durable by this.
  template <class Visit>
  void confirmed(node_index who, ticket upto, Visit&& visit) {
    image& self = nodes_[who.value];
    std::size_t done = 0;
    while (done < self.pending.size() && self.pending[done].first <= upto) {
      record_fact const& what = self.pending[done].second;
      visit(what);
      keep(self, what);
      ++done;
    }
    self.pending.erase(self.pending.begin(),
                       self.pending.begin() + static_cast<std::ptrdiff_t>(done));
  }

  void trimmed(node_index who, lane_id lane, slot upto) {
    image& self = nodes_[who.value];
    auto const first = self.records.lower_bound({lane, slot(1), record_kind{}});
    auto const last = self.records.lower_bound({lane, upto.next(), record_kind{}});
    self.records.erase(first, last);
  }

  // The disk is another one: what it held is gone, and the node must never speak as if it had it.
  void wiped(node_index who) {
    nodes_[who.value] = {};
    nodes_[who.value].harm.everything = true;
  }

  // Calls visit(record_fact const&) for each record read back that was not known to be durable.
  template <class Visit>
  void restarted(node_index who, std::vector<record_fact> const& read, damage const& harm,
                 violations& found, Visit&& visit) {
    image& self = nodes_[who.value];
    image next;
    next.harm = harm;
    next.older_votes = std::move(self.older_votes);
    next.unread = std::move(self.unread);
    for (record_fact const& one : read) {
      auto const known = self.records.find(key_of(one));
      if (known == self.records.end() || known->second.content != one.content) {
        // Where the newest went bad an older one may be all that is left.
        bool const excused = harm.everything || harm.covers(one.at_slot);
        bool const unread_before =
            known == self.records.end() && next.unread.contains({key_of(one), one.content});
        if (!excused && !unread_before && !was_appended(self, one)) {
          found.add("I10",
                    "node %u reads a record of kind %u of slot %llu, ballot %s that it never wrote",
                    unsigned{who.value}, static_cast<unsigned>(one.kind), wide(one.at_slot.value),
                    ballot_text(one.at).c_str());
        }
        visit(one);
      }
      keep(next, one);
    }
    for (auto const& [address, record] : self.records) {
      if (next.records.contains(address)) continue;
      if (harm.everything || harm.covers(address.at)) {
        next.unread.insert({address, record.content});
        continue;
      }
      // Of a slot whose value is known to be chosen no vote is needed: a promise tells the value.
      bool const needless = address.kind == record_kind::vote &&
                            find(next, address.lane, address.at, record_kind::chosen) != nullptr;
      if (needless) continue;
      found.add("I10", "node %u reads back no record of kind %u of slot %llu, which was durable",
                unsigned{who.value}, static_cast<unsigned>(address.kind), wide(address.at.value));
    }
    for (auto const& [at, what] : self.pending) {
      if (!harm.everything && !harm.covers(what.at_slot)) continue;
      next.unread.insert({key_of(what), what.content});
    }
    self = std::move(next);
  }

  void voted(node_index who, vote_fact const& fact, violations& found) const {
    image const& self = nodes_[who.value];
    if (self.harm.everything) return spoke_amnesiac(who, "votes", found);
    record_fact const* const vote = find(self, fact.lane, fact.at_slot, record_kind::vote);
    bool const known = vote != nullptr && vote->at >= fact.at;
    if (known || find(self, fact.lane, fact.at_slot, record_kind::chosen) != nullptr) return;
    found.add("I10", "slot %llu: node %u sends a vote at ballot %s that is not durable",
              wide(fact.at_slot.value), unsigned{who.value}, ballot_text(fact.at).c_str());
  }

  void promised(node_index who, promise_fact const& fact, violations& found) {
    image& self = nodes_[who.value];
    if (self.harm.everything) return spoke_amnesiac(who, "promises", found);
    if (!promises(self, fact.lane, fact.at, fact.first, fact.last)) {
      found.add("I10", "node %u sends a promise at ballot %s that is not durable",
                unsigned{who.value}, ballot_text(fact.at).c_str());
    }
    if (fact.part == 0) self.told.clear();
    for (reported_fact const& one : fact.votes) self.told.insert_or_assign(one.at, one);
    if (fact.final_part) check_told(who, self, fact, found);
  }

  // The durable vote of a node for a slot; null where there is none.
  [[nodiscard]] record_fact const* vote_of(node_index who, lane_id lane, slot at) const {
    return find(nodes_[who.value], lane, at, record_kind::vote);
  }

  // What a durable record of this node promises its own ballot and tells of the slot; nothing where
  // no record promises it.
  [[nodiscard]] std::optional<reported_fact> own_promise(node_index who, lane_id lane, ballot at,
                                                         slot at_slot) const {
    image const& self = nodes_[who.value];
    if (!promises(self, lane, at, at_slot, at_slot)) return std::nullopt;
    reported_fact told{at_slot, {}, 0, false};
    auto const consider = [&](ballot in, value_digest value) {
      if (in < at && in > told.voted) told = {at_slot, in, value, false};
    };
    if (record_fact const* const vote = find(self, lane, at_slot, record_kind::vote)) {
      consider(vote->at, vote->value);
    }
    // It may have voted above its own ballot since, for somebody else.
    auto const older = self.older_votes.find({lane, at_slot});
    if (older != self.older_votes.end()) {
      for (auto const& [in, value] : older->second) consider(in, value);
    }
    if (record_fact const* const known = find(self, lane, at_slot, record_kind::chosen)) {
      told = {at_slot, told.voted, known->value, true};
    }
    return told;
  }

 private:
  struct key {
    lane_id lane;
    slot at;
    record_kind kind;
    friend auto operator<=>(key const&, key const&) = default;
  };
  struct image {
    std::map<key, record_fact> records;
    std::vector<std::pair<ticket, record_fact>> pending;
    // What was there or under way when the storage could not tell: a later life may read it.
    std::set<std::pair<key, std::uint64_t>> unread;  // with the digest of its bytes
    std::unordered_map<place, std::vector<std::pair<ballot, value_digest>>, place_hash> older_votes;
    std::map<slot, reported_fact> told;  // by the promise under way, over its parts
    damage harm;
  };

  static key key_of(record_fact const& of) { return {of.lane, of.at_slot, of.kind}; }
  static void keep(image& self, record_fact const& what) {
    auto const [kept, fresh] = self.records.try_emplace(key_of(what), what);
    if (fresh) return;
    if (what.kind == record_kind::vote && kept->second.at != what.at) {
      self.older_votes[{what.lane, what.at_slot}].emplace_back(kept->second.at, kept->second.value);
    }
    kept->second = what;
  }
  static record_fact const* find(image const& self, lane_id lane, slot at, record_kind kind) {
    auto const found = self.records.find({lane, at, kind});
    return found == self.records.end() ? nullptr : &found->second;
  }
  static bool was_appended(image const& self, record_fact const& one) {
    for (auto const& [at, what] : self.pending) {
      if (key_of(what) == key_of(one) && what.content == one.content) return true;
    }
    return false;
  }
  static void spoke_amnesiac(node_index who, char const* does, violations& found) {
    found.add("I10", "node %u %s, although its storage cannot tell what it promised",
              unsigned{who.value}, does);
  }

  // Whether durable promises of at least this ballot cover the whole range.
  static bool promises(image const& self, lane_id lane, ballot at, slot first, slot last) {
    record_fact const* const saved = find(self, lane, slot(), record_kind::promise);
    if (saved == nullptr) return false;
    slot covered_upto = first.previous();
    for (bool grew = true; grew && covered_upto < last;) {
      grew = false;
      for (promised_range const& one : saved->promises) {
        bool const extends =
            one.at >= at && one.first <= covered_upto.next() && one.last > covered_upto;
        if (!extends) continue;
        covered_upto = one.last;
        grew = true;
      }
    }
    return covered_upto >= last;
  }

  // Every durable vote below the ballot in the range is told, as it is or a newer one.
  static void check_told(node_index who, image const& self, promise_fact const& fact,
                         violations& found) {
    slot const from = fact.first > fact.chosen_upto ? fact.first : fact.chosen_upto.next();
    for (auto one = self.records.lower_bound({fact.lane, from, record_kind{}});
         one != self.records.end() && one->first.lane == fact.lane && one->first.at <= fact.last;
         ++one) {
      if (one->first.kind != record_kind::vote || !(one->second.at < fact.at)) continue;
      auto const told = self.told.find(one->first.at);
      bool const enough =
          told != self.told.end() && (told->second.chosen || told->second.voted >= one->second.at);
      if (enough) continue;
      found.add("I10", "slot %llu: node %u promises %s without a word of its durable vote at %s",
                wide(one->first.at.value), unsigned{who.value}, ballot_text(fact.at).c_str(),
                ballot_text(one->second.at).c_str());
      return;
    }
  }

  std::array<image, node_set::capacity> nodes_{};
};

}  // namespace synod::testing
