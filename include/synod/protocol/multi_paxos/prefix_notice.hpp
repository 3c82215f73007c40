// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/messages.hpp>

namespace synod {

// How the others hear of a decision: with a leader it is the prefix under its ballot, sent when no
// Accept is due.
struct prefix_notice {
  // What somebody else's round decided is lost with the leadership; its client asks again.
  static constexpr bool takes_back = false;

  template <class Log, class Output>
  static void chosen(Log& log, Output& out, ballot mine, slot, slot last_proposed) {
    if (last_proposed != log.chosen_upto()) return;
    node_set const others = log.others_from(last_proposed.next());
    accept_follows(out, mine, others);
    if (!others.empty()) out.send_late.add(others, notice{mine, log.chosen_upto()});
  }

  // An Accept to these is due after all, or a later notice, and says what a notice says that has
  // not left yet.
  template <class Output>
  static void accept_follows(Output& out, ballot mine, node_set to) {
    if (out.send_late.empty()) return;
    auto const& last = out.send_late.back();
    auto const* const said = last.message.template get_if<notice>();
    if (said != nullptr && said->at == mine && to.contains(last.to)) out.send_late.drop_back();
  }
};

}  // namespace synod
