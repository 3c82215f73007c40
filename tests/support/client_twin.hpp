// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/log/client_table.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

// A client table without any cleverness, to compare the real one with: it looks through everything
// each time, and keeps everything it was ever told about a session until the session goes.
namespace support {

class client_twin {
 public:
  struct reply {
    std::uint64_t version = 0;
    std::vector<std::byte> bytes;
  };
  struct session {
    std::uint64_t last = 0;
    std::uint64_t acked = 0;
    std::set<std::uint64_t> executed;
    std::map<std::uint64_t, reply> replies;
  };

  explicit client_twin(synod::cluster_constants const& limits, std::size_t bytes_max)
      : limits_(limits), bytes_max_(bytes_max) {}

  std::uint64_t open(std::uint64_t position) {
    if (sessions.size() == limits_.session_capacity) {
      auto oldest = sessions.begin();
      for (auto at = sessions.begin(); at != sessions.end(); ++at) {
        if (at->second.last < oldest->second.last) oldest = at;
      }
      sessions.erase(oldest);
    }
    sessions[position].last = position;
    return position;
  }

  synod::client_verdict decide(std::uint64_t id, std::uint64_t number, std::uint64_t acked) const {
    auto const found = sessions.find(id);
    if (found == sessions.end()) return synod::client_verdict::expired;
    if (number == 0 || (number > acked && number - acked > limits_.in_flight_max)) {
      return synod::client_verdict::refused;
    }
    if (number <= acked || number <= found->second.acked) return synod::client_verdict::expired;
    if (found->second.executed.count(number) == 0) {
      std::uint64_t const floor = std::max(acked, found->second.acked);
      for (std::uint64_t each = floor + 1; id % 2 != 0 && each < number; ++each) {
        if (found->second.executed.count(each) == 0) return synod::client_verdict::early;
      }
      return synod::client_verdict::execute;
    }
    return found->second.replies.count(number) != 0 ? synod::client_verdict::cached
                                                    : synod::client_verdict::expired;
  }

  void touch(std::uint64_t position, std::uint64_t id, std::uint64_t acked) {
    auto const found = sessions.find(id);
    if (found == sessions.end()) return;
    session& one = found->second;
    one.last = position;
    if (acked <= one.acked) return;
    one.acked = acked;
    one.replies.erase(one.replies.begin(), one.replies.upper_bound(acked));
  }

  void keep(std::uint64_t position, std::uint64_t id, std::uint64_t number,
            std::vector<std::byte> const& bytes) {
    session& one = sessions.at(id);
    one.executed.insert(number);
    if (bytes.size() > synod::client_table::reply_bytes_max) return;
    one.replies[number] = {position, bytes};
    if (one.replies.size() > limits_.replies_kept) drop_oldest(one);
    while (total() > bytes_max_) {
      session* oldest = nullptr;
      for (auto& [unused, other] : sessions) {
        if (other.replies.empty()) continue;
        if (oldest == nullptr || oldest_of(other) < oldest_of(*oldest)) oldest = &other;
      }
      drop_oldest(*oldest);
    }
  }

  std::map<std::uint64_t, session> sessions;

 private:
  static std::uint64_t oldest_of(session const& of) {
    std::uint64_t oldest = UINT64_MAX;
    for (auto const& [unused, one] : of.replies) oldest = std::min(oldest, one.version);
    return oldest;
  }
  static void drop_oldest(session& of) {
    std::uint64_t const oldest = oldest_of(of);
    std::erase_if(of.replies, [&](auto const& one) { return one.second.version == oldest; });
  }
  [[nodiscard]] std::size_t total() const {
    std::size_t sum = 0;
    for (auto const& [unused, one] : sessions) {
      for (auto const& [other, kept] : one.replies) sum += kept.bytes.size();
    }
    return sum;
  }

  synod::cluster_constants limits_;
  std::size_t bytes_max_;
};

}  // namespace support
