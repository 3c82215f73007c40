// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/one_of.hpp>
#include <synod/core/record.hpp>
#include <synod/core/shared.hpp>
#include <synod/roles/messages.hpp>

#include <variant>

namespace synod {

// "Is it decided?", from a node that saw activity and then silence.
struct decree_asked {};

// The value is chosen. It is a fact of the cluster, so anybody who knows it may say it at once.
template <class Command>
struct decree_chosen {
  slot_value<Command> value;
};

template <class Command>
inline constexpr bool moves_as_bytes<decree_chosen<Command>> = true;

template <class Command>
using decree_message = one_of<prepare, shared<promise<Command>>, accept<Command>, accepted<Command>,
                              nack, decree_asked, decree_chosen<Command>>;

// What became of a proposal. Four different things that other libraries call "error" or "ok":

// The value is chosen, and it is the proposal itself (told by its origins, not by equal payload).
template <class Command>
struct chosen {
  slot_value<Command> value;
};

// Somebody else's value is chosen: this one never will be.
template <class Command>
struct converged {
  slot_value<Command> value;
};

// Higher ballots were met until the attempts were spent. `left_here` tells whether the value was
// ever sent for acceptance; if so somebody may still find and finish it, otherwise it is definitely
// not chosen.
struct superseded {
  ballot by;
  bool left_here = false;
};

// No quorum answered in time: the value may or may not be chosen.
struct unknown {
  node_set heard;
};

template <class Command>
using decree_outcome = std::variant<chosen<Command>, converged<Command>, superseded, unknown>;

}  // namespace synod
