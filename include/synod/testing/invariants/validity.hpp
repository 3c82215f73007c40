// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/facts.hpp>

#include <unordered_map>
#include <unordered_set>

namespace synod::testing {

// I2, validity: what is decided was submitted by somebody, and not by somebody who was told for
// sure that it will never be done (hazard H10).
class validity {
 public:
  void submitted(value_digest command) { fates_.try_emplace(command, fate::open); }

  void refused(value_digest command, violations& found) {
    fate& was = fates_[command];
    if (was == fate::decided) {
      found.add("I2", "command %016llx is reported as refused, but it was decided", wide(command));
    } else {
      was = fate::refused;
    }
  }

  // Somebody asked for votes for it.
  void sent(value_digest command) { sent_.insert(command); }
  // A node says that it never asked for votes for it, so that nobody can ever finish it.
  void never_sent(value_digest command, violations& found) const {
    if (!sent_.contains(command)) return;
    found.add("I2", "command %016llx is said never to have left its node, but it did",
              wide(command));
  }

  void decided(value_digest command, violations& found) {
    auto const at = fates_.find(command);
    if (at == fates_.end()) {
      found.add("I2", "command %016llx is decided, but nobody submitted it", wide(command));
    } else if (at->second == fate::refused) {
      found.add("I2", "command %016llx is decided, but its client was told that it never will be",
                wide(command));
    } else {
      at->second = fate::decided;
    }
  }

 private:
  enum class fate : std::uint8_t { open, decided, refused };

  std::unordered_map<value_digest, fate> fates_;
  std::unordered_set<value_digest> sent_;
};

}  // namespace synod::testing
