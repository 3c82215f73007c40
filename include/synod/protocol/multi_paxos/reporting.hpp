// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/shared.hpp>
#include <synod/roles/messages.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

template <class Command, class Log>
promise<Command> promise_head(Log const& log, prepare const& asked, std::uint64_t answer) {
  promise<Command> made;
  made.at = asked.at;
  made.first = asked.first;
  made.last = asked.last;
  made.chosen_upto = SYNOD_MUTATION(promise_omits_chosen) ? slot() : log.chosen_upto();
  made.trimmed_upto = SYNOD_MUTATION(promise_omits_chosen) ? slot() : log.floor();
  made.answer = answer;
  return made;
}

// What a node must tell whoever prepares: every vote above its chosen prefix, cut into parts of
// bounded size taken from one look. What is chosen below, the asker has to learn (H3).
template <class Log, class Emit>
void report_votes(Log const& log, prepare const& asked, std::uint64_t answer, Emit&& emit) {
  using command = typename Log::command;
  auto part = promise_head<command>(log, asked, answer);
  part.damaged = log.damaged();
  std::size_t bytes = 0;
  slot const from = asked.first > log.chosen_upto() ? asked.first : log.chosen_upto().next();
  slot const last = asked.last < log.last() ? asked.last : log.last();
  for (slot at = from; at <= last; at = at.next()) {
    auto const* const here = log.find(at);
    if (here == nullptr || here->empty()) continue;
    std::size_t const size = here->value.size_hint();
    if (bytes != 0 && bytes + size > log.bounds().part_bytes) {
      part.final_part = SYNOD_MUTATION(promise_truncated);
      emit(shared(std::move(part)));
      if (SYNOD_MUTATION(promise_truncated)) return;
      std::uint32_t const number = part.part + 1;
      part = promise_head<command>(log, asked, answer);
      part.part = number;
      bytes = 0;
    }
    bytes += size;
    part.votes.push_back({at, here->voted, here->value, here->chosen});
  }
  emit(shared(std::move(part)));
}

}  // namespace synod
