// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <unordered_map>

namespace synod::testing {

// I5, one value for each ballot and slot, and one owner for each ballot: only its owner uses a
// ballot, within one life, and sends one value with it to a slot. Votes are for that value.
class one_value {
 public:
  // `self` is the id of the node that sends; `life` tells its lives apart.
  void campaigned(node_id self, std::uint32_t life, campaign_fact const& fact, violations& found) {
    check_owner(self, life, fact.at, found);
  }

  // Returns: whether it is the first time, and not the same once more.
  bool proposed(node_id self, std::uint32_t life, proposal_fact const& fact, violations& found) {
    check_owner(self, life, fact.at, found);
    auto const [known, fresh] = values_.try_emplace({fact.at, fact.lane, fact.at_slot}, fact.value);
    if (!fresh && known->second != fact.value) {
      found.add("I5", "slot %llu: ballot %s proposes %016llx after %016llx",
                wide(fact.at_slot.value), ballot_text(fact.at).c_str(), wide(fact.value),
                wide(known->second));
    }
    return fresh;
  }

  // Nobody promises a ballot that nobody asked for. The owner promises it to itself.
  void promised(node_id self, promise_fact const& fact, violations& found) const {
    if (fact.at.owner == self || lives_.contains(fact.at)) return;
    found.add("I5", "node id %llu promises ballot %s, which its owner never used", wide(self.value),
              ballot_text(fact.at).c_str());
  }

  // Nobody votes for what was not proposed. The owner votes for what it is about to send.
  void voted(node_id self, lane_id lane, slot at, ballot in, value_digest value,
             violations& found) {
    auto const known = values_.find({in, lane, at});
    if (known == values_.end()) {
      if (in.owner == self) {
        values_.emplace(cell{in, lane, at}, value);
      } else {
        found.add("I5", "slot %llu: node id %llu votes at ballot %s, which proposed nothing there",
                  wide(at.value), wide(self.value), ballot_text(in).c_str());
      }
    } else if (known->second != value) {
      found.add("I5",
                "slot %llu: node id %llu votes for %016llx at ballot %s, which proposed %016llx",
                wide(at.value), wide(self.value), wide(value), ballot_text(in).c_str(),
                wide(known->second));
    }
  }

 private:
  struct cell {
    ballot in;
    lane_id lane;
    slot at;
    friend bool operator==(cell const&, cell const&) = default;
  };
  struct cell_hash {
    std::size_t operator()(cell const& of) const {
      return place_hash()({of.lane, of.at}) * 31 + ballot_hash()(of.in);
    }
  };
  struct ballot_hash {
    std::size_t operator()(ballot const& of) const {
      std::uint64_t const high = std::uint64_t{of.config} << 32 | of.round;
      return static_cast<std::size_t>((high ^ of.owner.value << 17) * 0x9e3779b97f4a7c15U >> 9);
    }
  };

  void check_owner(node_id self, std::uint32_t life, ballot at, violations& found) {
    if (at.owner != self) {
      found.add("I5", "node id %llu uses ballot %s of somebody else", wide(self.value),
                ballot_text(at).c_str());
      return;
    }
    auto const [used, fresh] = lives_.try_emplace(at, life);
    if (!fresh && used->second != life) {
      found.add("I5", "ballot %s was used in life %u of its owner and again in life %u",
                ballot_text(at).c_str(), used->second, life);
    }
  }

  std::unordered_map<cell, value_digest, cell_hash> values_;
  std::unordered_map<ballot, std::uint32_t, ballot_hash> lives_;
};

}  // namespace synod::testing
