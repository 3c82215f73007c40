// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/error.hpp>
#include <synod/core/ids.hpp>
#include <synod/runtime/forward_messages.hpp>
#include <synod/runtime/submissions.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

// Commands on their way from one node to another: what a node makes of those that were sent to it,
// and of the refusals of those that it sent.

namespace synod {

template <class Machine, class Codec, class User>
template <class Node>
void submissions<Machine, Codec, User>::forwarded(time_ns now, node_id from,
                                                  forward_message const& got, Node& node) {
  now_ = now;
  if (auto const* const one = got.get_if<forwarded_command>()) {
    waiting_command const whom{{one->session, one->number},
                               waiting_command::whose::forwarded,
                               false,
                               from.value,
                               one->handle,
                               one->attempt,
                               now};
    command what;
    if (!answers_.coder().decode(std::span<std::byte const>(one->command), what)) return;
    if (node.leader().has_value()) return refuse_forward(whom, error_code::not_leader, true, node);
    take(whom, one->acked_upto, std::move(what), node);
  } else if (auto const* const asked = got.get_if<forwarded_opening>()) {
    error_code const here = node.leader().has_value() ? error_code::not_leader : error_code::none;
    auto const why = here == error_code::none ? node.open(asked->session) : std::nullopt;
    if (here == error_code::none && !why) return;
    node.forward(from, forward_refusal{
                           0, asked->attempt, {}, {}, true, why ? why->code : here, node.hint()});
  } else if (auto const* const barrier = got.get_if<forwarded_barrier>()) {
    if (!node.leader().has_value()) {
      (void)batcher_.add_barrier(node.room(), barrier->label, barrier->number);
    }
  } else if (auto const* const no = got.get_if<forward_refusal>()) {
    forward_refused(from, *no);
  }
}

template <class Machine, class Codec, class User>
template <class Node>
void submissions<Machine, Codec, User>::refuse_forward(waiting_command const& whom, error_code why,
                                                       bool certain, Node& node) {
  node.forward(node_id(whom.client), forward_refusal{whom.handle, whom.attempt, whom.key.session,
                                                     whom.key.number, certain, why, node.hint()});
}

template <class Machine, class Codec, class User>
void submissions<Machine, Codec, User>::forward_refused(node_id from, forward_refusal const& got) {
  session_answer no{.session = got.session, .number = got.number, .attempt = got.attempt};
  no.kind = got.certain ? session_answer_kind::refused : session_answer_kind::uncertain;
  no.handle = got.handle;
  no.why = {got.why, from.value, "submit", advice_on(got.why)};
  no.hint = got.hint;
  answers_.answered(now_, from, no);
}

}  // namespace synod
