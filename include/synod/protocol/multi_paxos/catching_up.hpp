// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/protocol/multi_paxos/replicated_log.hpp>

#include <cstdint>
#include <utility>

namespace synod {

// Learning what is chosen elsewhere: one question at a time, answered by a bounded number of
// messages, the next question only when the answer is in or lost.
template <class Command, quorum Quorum, class Output>
class catching_up {
 public:
  using log_type = replicated_log<Command, Quorum, Output>;

  struct limits {
    time_ns gap_grace_ns;
    time_ns retry_ns;
    time_ns probe_ns;
    std::uint32_t parts;
  };

  explicit catching_up(limits bounds) : bounds_(bounds) {}

  [[nodiscard]] time_ns next_deadline() const { return ask_at_ < probe_at_ ? ask_at_ : probe_at_; }

  // Some of `from` know everything up to `upto` to be chosen.
  void need(time_ns now, node_set from, slot upto, log_type const& log) {
    if (upto <= log.chosen_upto() || from.empty()) return;
    if (upto > wanted_) wanted_ = upto;
    sources_ = from;
    // A gap may be no more than an Accept that was overtaken, so wait a moment.
    if (ask_at_ == never) ask_at_ = now + bounds_.gap_grace_ns;
  }

  // A leader was heard: no reason to ask around.
  void heard(time_ns now) {
    heard_at_ = now;
    probe_at_ = now + bounds_.probe_ns;
  }
  [[nodiscard]] time_ns heard_at() const { return heard_at_; }

  void tick(time_ns now, log_type& log, Output& out) {
    if (now >= probe_at_) {
      probe_at_ = now + bounds_.probe_ns;
      ask(log.others_from(log.chosen_upto().next()), log, out);
    }
    if (now < ask_at_) return;
    if (wanted_ <= log.chosen_upto()) {
      ask_at_ = never;
      return;
    }
    if (asked_once_) sources_ = log.others_from(log.chosen_upto().next());
    asked_once_ = true;
    ask(sources_, log, out);
    ask_at_ = now + bounds_.retry_ns;
  }

  void answer(node_set who, learn_ask const& asked, log_type const& log, Output& out) const {
    if (asked.first > log.chosen_upto()) return;
    learn_values<Command> part = head(log);
    if (asked.first <= log.floor()) return log.send_now(out, who, wrap(std::move(part)));
    std::size_t bytes = 0;
    std::uint32_t parts = 1;
    for (slot at = asked.first; at <= log.chosen_upto(); at = at.next()) {
      auto const* const here = log.find(at);
      if (here == nullptr) break;
      std::size_t const size = here->value.size_hint();
      if (bytes != 0 && bytes + size > log.bounds().part_bytes) {
        if (parts == bounds_.parts) break;
        ++parts;
        part.final_part = false;
        log.send_now(out, who, wrap(std::move(part)));
        part = head(log);
        bytes = 0;
      }
      bytes += size;
      part.values.push_back({at, here->value});
    }
    log.send_now(out, who, wrap(std::move(part)));
  }

  // Tells what one decided slot holds, or that only a snapshot can tell.
  void answer_slot(node_set who, slot at, log_type const& log, Output& out) const {
    learn_values<Command> part = head(log);
    auto const* const here = log.find(at);
    if (here != nullptr && here->chosen) part.values.push_back({at, here->value});
    log.send_now(out, who, wrap(std::move(part)));
  }

  // Takes an answer. Only chosen values travel here, so they are recorded as chosen, never as
  // votes.
  void take(time_ns now, node_id from, node_set who, learn_values<Command> const& got,
            log_type& log, Output& out) {
    slot const before = log.chosen_upto();
    for (learned_value<Command> const& one : got.values) {
      if (one.at <= log.chosen_upto()) continue;
      if (one.at > log.highest_acceptable()) {
        (void)log.reject(error_code::implausible_slot);
        return;
      }
      log.learn(one.at, one.value, out);
      log.advance(out);
    }
    if (got.values.empty() && got.trimmed_upto > log.chosen_upto()) {
      out.events.push_back(snapshot_needed{from, got.trimmed_upto});
      if (got.trimmed_upto > wanted_) wanted_ = got.trimmed_upto;
      if (ask_at_ == never) ask_at_ = now + bounds_.retry_ns;
      return;
    }
    if (got.chosen_upto > wanted_) wanted_ = got.chosen_upto;
    if (wanted_ <= log.chosen_upto()) {
      ask_at_ = never;
      asked_once_ = false;
    } else if (log.chosen_upto() > before && got.final_part) {
      sources_ = who;
      asked_once_ = true;
      ask(who, log, out);
      ask_at_ = now + bounds_.retry_ns;
    } else if (ask_at_ == never) {
      ask_at_ = now + bounds_.retry_ns;
    }
  }

 private:
  static learn<Command> wrap(learn_values<Command> part) {
    return learn<Command>(shared(std::move(part)));
  }

  static learn_values<Command> head(log_type const& log) {
    learn_values<Command> made;
    made.chosen_upto = log.chosen_upto();
    made.trimmed_upto = log.floor();
    return made;
  }

  // Asks one of `candidates`, another one each time.
  void ask(node_set candidates, log_type& log, Output& out) {
    if (candidates.empty()) return;
    std::uint64_t skip = turn_++ % candidates.size();
    node_set chosen;
    candidates.for_each([&](node_index one) {
      if (skip-- == 0) chosen = node_set::of(one);
    });
    log.send_now(out, chosen, learn<Command>(learn_ask{log.chosen_upto().next()}));
  }

  limits bounds_;
  slot wanted_;
  node_set sources_;
  time_ns ask_at_ = never;
  time_ns heard_at_ = 0;
  time_ns probe_at_ = 0;
  std::uint64_t turn_ = 0;
  bool asked_once_ = false;
};

}  // namespace synod
