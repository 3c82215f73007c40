// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/messages.hpp>

#include <cstdint>

namespace synod {

// Slot `at_slot` is chosen, with the value of ballot `at`: who accepted at that ballot or above has
// it.
struct slot_notice {
  ballot at;
  slot at_slot;
  slot chosen_upto;  // of the sender
};

using extent_message = one_of<extent_ask, extent_told>;

template <class Command>
using masterless_message =
    one_of<prepare, shared<promise<Command>>, accept<Command>, accepted<Command>, nack, slot_notice,
           learn<Command>, extent_message>;

using masterless_request = one_of<read_request, reconfigure_request, open_session_request,
                                  snapshotted, snapshot_installed>;

}  // namespace synod
