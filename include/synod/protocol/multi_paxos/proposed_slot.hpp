// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/record.hpp>

namespace synod {

// A slot that was proposed under the present ballot.
template <class Command>
struct proposed_slot {
  node_set votes;
  slot_value<Command> value;
  slot at;
  ticket own;  // behind which this node's own vote is durable; 0 if it gave none
  bool done = false;

  // Whether an entry, which may be left from an earlier slot of its place, is of `that` and was
  // not decided by this ballot.
  [[nodiscard]] bool overtaken(slot that) const { return at == that && !done && !value.is_noop(); }
};

}  // namespace synod
