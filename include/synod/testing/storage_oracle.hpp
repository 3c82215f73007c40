// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/crc32c.hpp>
#include <synod/core/record.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace synod::testing {

// Remembers everything that was appended, so that it can say what a replay must and may contain.
class storage_oracle {
 public:
  struct version {
    record_address address;
    ballot at;
    std::vector<std::byte> body;
    ticket number;
    bool trimmed = false;
  };

  // Effects: notes a record and returns a view of it, valid until the next call.
  record_view note(record_address address, ballot at, std::size_t bytes, ticket number) {
    version made{address, at, std::vector<std::byte>(bytes), number, false};
    std::uint64_t bits = ++drawn_ * 0x9e3779b97f4a7c15ULL;
    for (std::byte& one : made.body) {
      bits = bits * 6364136223846793005ULL + 1442695040888963407ULL;
      one = static_cast<std::byte>(bits >> 56);
    }
    versions_.push_back(static_cast<version&&>(made));
    version const& kept = versions_.back();
    return {kept.address, kept.at, kept.body, crc32c(kept.body)};
  }

  void trim(group_id group, lane_id lane, slot upto) {
    for (version& one : versions_) {
      record_address const& at = one.address;
      if (at.group == group && at.lane == lane && at.at != slot(0) && at.at <= upto) {
        one.trimmed = true;
      }
    }
  }

  // A new life numbers its tickets from 1 again. What the last one left is as good as durable if
  // the replay just judged contained it, and otherwise gone.
  void forget_tickets(ticket durable) {
    std::vector<version> left;
    for (std::size_t i = 0; i < versions_.size(); ++i) {
      version& one = versions_[i];
      if (one.number > durable && !seen(i)) continue;
      one.number = ticket(0);
      left.push_back(static_cast<version&&>(one));
    }
    versions_.swap(left);
    seen_.clear();
  }

  // Null if a replay that yielded `found` keeps what was durable, or names it as damaged, and
  // invents nothing; otherwise what is wrong with it. A record that was trimmed, or appended and
  // not yet durable, may be there or not.
  [[nodiscard]] char const* judge(std::vector<version> const& found, ticket durable,
                                  damage const& harm = {}) {
    seen_.clear();
    for (version const& one : found) {
      std::size_t const which = find(one);
      if (which == versions_.size()) return "replay yields a record that nobody appended";
      for (std::size_t before : seen_) {
        if (versions_[before].address == one.address) return "replay yields one address twice";
      }
      seen_.push_back(which);
    }
    for (std::size_t i = 0; i < versions_.size(); ++i) {
      version const& one = versions_[i];
      if (one.trimmed || one.number > durable || replaced(i, durable)) continue;
      if (named(harm, one.address)) continue;
      bool there = false;
      for (std::size_t which : seen_) {
        there = there || (which >= i && versions_[which].address == one.address);
      }
      if (!there) return "replay lacks a record that was durable";
    }
    return nullptr;
  }

 private:
  static bool named(damage const& harm, record_address const& address) {
    if (harm.everything) return true;
    for (damaged_range const& one : harm.ranges) {
      if (one.group == address.group && one.lane == address.lane && one.first <= address.at &&
          address.at <= one.last) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool seen(std::size_t which) const {
    return std::find(seen_.begin(), seen_.end(), which) != seen_.end();
  }
  [[nodiscard]] bool replaced(std::size_t which, ticket durable) const {
    for (std::size_t i = which + 1; i < versions_.size(); ++i) {
      if (versions_[i].address == versions_[which].address && versions_[i].number <= durable) {
        return true;
      }
    }
    return false;
  }
  // The newest version with these contents.
  [[nodiscard]] std::size_t find(version const& wanted) const {
    for (std::size_t i = versions_.size(); i-- > 0;) {
      version const& one = versions_[i];
      if (one.address == wanted.address && one.at == wanted.at && one.body == wanted.body) return i;
    }
    return versions_.size();
  }

  std::vector<version> versions_;
  std::vector<std::size_t> seen_;  // versions that the last replay judged contained
  std::uint64_t drawn_ = 0;
};

}  // namespace synod::testing
