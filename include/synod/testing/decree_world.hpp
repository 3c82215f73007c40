// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/batch.hpp>
#include <synod/core/membership.hpp>
#include <synod/protocol/single_decree.hpp>
#include <synod/testing/durable_votes.hpp>
#include <synod/testing/explore.hpp>
#include <synod/testing/facts.hpp>
#include <synod/testing/invariants/quorum_rule.hpp>
#include <synod/testing/single_decree.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace synod::testing {

struct decree_world_options {
  unsigned nodes = 3;
  unsigned proposers = 2;
  unsigned crashes = 1;  // of any node at any moment, with a restart at once
  bool again = false;    // who had proposed and crashes proposes something else once more
  unsigned ticks = 0;    // how often a deadline may come due, at any node at any moment
};

// A small single-decree cluster for exhaustive search. The first nodes propose; then anything may
// happen in any order: each message is delivered at any time or never, which is the same as late; a
// node crashes between two steps, or within one after what leaves at once and before its disk,
// which loses what that step wrote. Otherwise a disk is done at once: that it is slow is for those
// who wait for the answer the same as a slow message.
//
// What is checked, of durable votes counted here: one value is chosen at most, a ballot has one
// value, and only what is chosen is decided.
template <class Quorum = majority>
class decree_world {
 public:
  struct machine {
    using command = std::uint64_t;
    void apply(command const&) {}
  };
  using protocol = single_decree<Quorum>;
  using core_type = typename protocol::template core<machine>;
  using message_type = typename core_type::message_type;
  using output_type = typename core_type::output_type;
  using command = std::uint64_t;
  using value_type = slot_value<command>;

  explicit decree_world(decree_world_options const& options)
      : crashes_left_(options.crashes), ticks_left_(options.ticks) {
    std::vector<member> everybody;
    for (unsigned i = 0; i < options.nodes; ++i) {
      everybody.push_back(
          {.id = node_id(i + 1), .index = node_index(static_cast<std::uint8_t>(i))});
    }
    auto made = std::make_shared<fixed_part>();
    made->members = *membership::make(config_number(), std::move(everybody));
    made->rule = rule_of<Quorum>::with(made->members);
    made->ticks = options.ticks != 0;
    made->proposing_again = options.again ? options.proposers : 0;
    fixed_ = std::move(made);
    violations none;
    for (unsigned i = 0; i < options.nodes; ++i) {
      nodes_.push_back(std::make_shared<node>(options_of(i)));
      start(i, none);
      if (i < options.proposers) to_propose_.push_back({i, i + 1});
    }
  }

  [[nodiscard]] std::size_t actions() const { return list().size(); }
  void act(std::size_t which, violations& found) {
    action const what = list()[which];
    crash_at_ = what.crash_at;
    switch (what.is) {
      case action::kind::deliver: deliver(what.at, found); break;
      case action::kind::propose: propose(what.at, found); break;
      case action::kind::crash: crash(static_cast<unsigned>(what.at), found); break;
      case action::kind::tick: tick(static_cast<unsigned>(what.at), found); break;
    }
    crash_at_ = 0;
    drop_what_changes_nothing();
  }
  [[nodiscard]] std::string describe(std::size_t which) const {
    action const what = list()[which];
    std::string text;
    switch (what.is) {
      case action::kind::deliver: {
        flying const& one = *flying_[what.at];
        text = std::to_string(one.from + 1U) + " -> " + std::to_string(one.to + 1U) + " " +
               protocol_setup<protocol>::describe_message(one.message);
        break;
      }
      case action::kind::propose:
        text = std::to_string(to_propose_[what.at].at + 1U) + " proposes";
        break;
      case action::kind::crash: return std::to_string(what.at + 1) + " crashes and restarts";
      case action::kind::tick: text = "a deadline of " + std::to_string(what.at + 1) + " is due";
    }
    if (what.crash_at != 0) {
      text += ", crashes before write " + std::to_string(what.crash_at) + " and restarts";
    }
    return text;
  }

  [[nodiscard]] fingerprint state() const {
    fingerprint all;
    all(crashes_left_, ticks_left_);
    for (proposal const& one : to_propose_) all(one.at, one.value);
    for (std::shared_ptr<node> const& one : nodes_) all(one->mark().first(), one->mark().second());
    for (std::shared_ptr<flying const> const& one : flying_) all(one->mark);
    votes_.fields(all);
    return all;
  }

  // A value that a phase-2 quorum held durably at one ballot, if there was one.
  [[nodiscard]] std::optional<std::uint64_t> chosen() const { return votes_.chosen(); }

 private:
  struct fixed_part {
    membership members;
    quorum_rule rule;
    bool ticks = false;
    unsigned proposing_again = 0;
  };
  struct node {
    explicit node(single_decree_options options) : core(std::move(options)) {}
    node(node const& other)
        : core(other.core), durable(other.durable), now(other.now), asking(other.asking),
          proposing(other.proposing) {}
    node& operator=(node const&) = delete;

    // Of everything that decides how it goes on; looked for once after each change.
    fingerprint const& mark() {
      if (!mark_) {
        mark_.emplace();
        core.fields(now, *mark_);
        for (record<command> const& one : durable) {
          (*mark_)(one.kind, one.at_slot, one.at, one.value);
          for (promised_range const& range : *one.promises) (*mark_)(range.at);
        }
      }
      return *mark_;
    }
    void changed() { mark_.reset(); }

    // The highest ballot that its durable records promise or vote at.
    [[nodiscard]] ballot standing() const {
      ballot most;
      for (record<command> const& one : durable) {
        if (one.kind == record_kind::vote) most = std::max(most, one.at);
        for (promised_range const& range : *one.promises) most = std::max(most, range.at);
      }
      return most;
    }

    core_type core;
    output_type out;
    std::vector<record<command>> durable;  // the newest of each kind
    time_ns now = 0;
    ballot asking;     // the last ballot that it asked promises for, in this life
    ballot proposing;  // the last that it asked votes for

   private:
    std::optional<fingerprint> mark_;
  };
  struct flying {
    std::uint8_t from;
    std::uint8_t to;
    std::uint64_t mark;  // two messages with the same one are the same
    message_type message;
  };
  struct action {
    enum class kind : std::uint8_t { deliver, propose, crash, tick };
    kind is;
    std::uint8_t crash_at;  // the write of this step before which it crashes; 0 for none
    std::size_t at;
  };
  struct proposal {
    unsigned at;
    std::uint64_t value;
  };

  // A step writes twice at most: its promise, and its vote once that completes a quorum.
  static constexpr std::uint8_t writes_max = 2;

  [[nodiscard]] std::vector<action> list() const {
    std::vector<action> all;
    auto const add = [&](typename action::kind is, std::size_t at) {
      std::uint8_t const most = crashes_left_ != 0 ? writes_max : 0;
      for (std::uint8_t crash_at = 0; crash_at <= most; ++crash_at) {
        all.push_back({is, crash_at, at});
      }
    };
    for (std::size_t i = 0; i < flying_.size(); ++i) add(action::kind::deliver, i);
    for (std::size_t i = 0; i < to_propose_.size(); ++i) add(action::kind::propose, i);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (crashes_left_ != 0) all.push_back({action::kind::crash, 0, i});
      bool const waits = nodes_[i]->core.next_deadline() != never;
      if (ticks_left_ != 0 && waits) add(action::kind::tick, i);
    }
    return all;
  }

  single_decree_options options_of(unsigned which) const {
    single_decree_options made;
    made.self = node_id(which + 1);
    made.members = fixed_->members;
    return made;
  }
  node& change(unsigned which) {
    std::shared_ptr<node>& at = nodes_[which];
    if (at.use_count() > 1) at = std::make_shared<node>(*at);
    at->changed();
    return *at;
  }

  // --- what happens ---

  // The order of the drain, over a disk that is done at once, or never where it crashes before.
  void turn(unsigned which, violations& found) {
    node& self = change(which);
    std::uint8_t writes = 0;
    while (!self.out.empty()) {
      output_type const taken = std::exchange(self.out, output_type());
      for (auto const& one : taken.send_now) send(self, which, one.to, one.message);
      if (!taken.persist.empty() && ++writes == crash_at_) return crash(which, found);
      for (record<command> const& one : taken.persist) make_durable(self, which, one, found);
      for (auto const& one : taken.send_after) send(self, which, one.to, one.message);
      for (auto const& one : taken.decided) votes_.check(which, payload(one.value), found);
      if (!taken.persist.empty())
        self.core.persisted(self.now, taken.persist.back().number, self.out);
    }
  }

  void send(node& self, unsigned from, node_set to, message_type const& message) {
    if (auto const* asked = message.template get_if<prepare>()) self.asking = asked->at;
    if (auto const* asked = message.template get_if<accept<command>>()) self.proposing = asked->at;
    to.for_each([&](node_index target) {
      std::uint64_t const mark = mark_of(from, target.value, message);
      auto const place = std::lower_bound(flying_.begin(), flying_.end(), mark,
                                          [](std::shared_ptr<flying const> const& one,
                                             std::uint64_t other) { return one->mark < other; });
      if (place != flying_.end() && (*place)->mark == mark) return;
      flying_.insert(place, std::make_shared<flying const>(flying{static_cast<std::uint8_t>(from),
                                                                  target.value, mark, message}));
    });
  }
  void deliver(std::size_t which, violations& found) {
    std::shared_ptr<flying const> const one = flying_[which];
    flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(which));
    node& self = change(one->to);
    self.core.step(self.now, node_id(one->from + 1U), message_type(one->message), self.out);
    turn(one->to, found);
  }
  void propose(std::size_t which, violations& found) {
    proposal const what = to_propose_[which];
    to_propose_.erase(to_propose_.begin() + static_cast<std::ptrdiff_t>(which));
    batch<command> value;
    value.commands().push_back(what.value);
    node& self = change(what.at);
    (void)self.core.propose(self.now, std::move(value), self.out);
    turn(what.at, found);
  }
  void tick(unsigned which, violations& found) {
    --ticks_left_;
    node& self = change(which);
    self.now = std::max(self.now, self.core.next_deadline());
    self.core.tick(self.now, self.out);
    turn(which, found);
  }
  void crash(unsigned which, violations& found) {
    --crashes_left_;
    crash_at_ = 0;
    node& self = change(which);
    self.out.clear();
    self.core = core_type(options_of(which));
    self.asking = self.proposing = {};
    start(which, found);
    propose_anew(which);
  }
  // Who proposed before the crash does not remember, and proposes something else.
  void propose_anew(unsigned which) {
    if (which >= fixed_->proposing_again) return;
    auto const place = std::find_if(to_propose_.begin(), to_propose_.end(),
                                    [&](proposal const& one) { return one.at >= which; });
    if (place != to_propose_.end() && place->at == which) return;
    to_propose_.insert(place, {which, which + 1 + 10 * (crashes_left_ + 1)});
  }
  void start(unsigned which, violations& found) {
    node& self = change(which);
    for (record<command> const& saved : self.durable) self.core.restore(saved);
    self.core.start(self.now, {}, self.out);
    turn(which, found);
  }

  void make_durable(node& self, unsigned which, record<command> const& saved, violations& found) {
    ballot const before = self.standing();
    auto const place = std::find_if(self.durable.begin(), self.durable.end(),
                                    [&](auto const& one) { return one.kind >= saved.kind; });
    if (place != self.durable.end() && place->kind == saved.kind) {
      *place = saved;
    } else {
      self.durable.insert(place, saved);
    }
    if (self.standing() < before) {
      found.add("I4", "node %u promised %s and writes %s", which + 1, ballot_text(before).c_str(),
                ballot_text(self.standing()).c_str());
    }
    if (saved.kind != record_kind::vote) return;
    node_index const voter(static_cast<std::uint8_t>(which));
    votes_.count(voter, saved.at, payload(saved.value), fixed_->rule, found);
  }

  // Messages that no longer change anything wherever they arrive are as good as lost; that they
  // need not be told apart keeps the search small. Without ticks nobody tries again, so a refusal
  // says nothing more than silence.
  void drop_what_changes_nothing() {
    std::erase_if(flying_, [this](std::shared_ptr<flying const> const& one) {
      node const& to = *nodes_[one->to];
      bool const knows = to.core.is_chosen();
      if (auto const* got = one->message.template get_if<shared<promise<command>>>()) {
        return knows || (*got)->at != to.asking || (*got)->at == to.proposing;
      }
      if (auto const* got = one->message.template get_if<accepted<command>>()) {
        return knows || got->at != to.proposing;
      }
      if (one->message.template get_if<decree_chosen<command>>() != nullptr) return knows;
      if (fixed_->ticks) return false;
      if (one->message.template get_if<nack>() != nullptr) return true;
      return !knows && refused_for_good(to, *one);
    });
  }
  // Whether a node refuses it now and would after a restart. What its records stand for never
  // falls, which is checked when they are written, so it will always.
  bool refused_for_good(node const& to, flying const& what) const {
    auto const* const asked = what.message.template get_if<prepare>();
    auto const* const wanted = what.message.template get_if<accept<command>>();
    bool const below = (asked != nullptr && asked->at < to.standing()) ||
                       (wanted != nullptr && wanted->at < to.standing());
    return below && refuses(to.core, to.now, what) && refuses(restarted(to, what.to), to.now, what);
  }
  core_type restarted(node const& from, unsigned which) const {
    core_type made(options_of(which));
    output_type ignored;
    for (record<command> const& saved : from.durable) made.restore(saved);
    made.start(from.now, {}, ignored);
    return made;
  }
  static bool refuses(core_type by, time_ns now, flying const& what) {
    output_type out;
    by.step(now, node_id(what.from + 1U), message_type(what.message), out);
    bool const silent = out.persist.empty() && out.decided.empty() && out.send_now.empty();
    return silent && std::all_of(out.send_after.begin(), out.send_after.end(), [](auto const& one) {
             return one.message.template get_if<nack>() != nullptr;
           });
  }

  // --- what tells states apart ---

  static std::uint64_t payload(value_type const& of) {
    return of.is_batch() && !of.commands().empty() ? of.commands().front() : 0;
  }

  struct message_fields {
    fingerprint& all;
    void operator()(prepare const& one) const { all(1, one.at); }
    void operator()(shared<promise<command>> const& one) const {
      all(2, one->at, one->votes.size());
      for (auto const& told : one->votes) all(told.voted, told.value, told.chosen);
    }
    void operator()(accept<command> const& one) const { all(3, one.at, one.value); }
    void operator()(accepted<command> const& one) const { all(4, one.at, one.value); }
    void operator()(nack const& one) const { all(5, one.refused, one.promised); }
    void operator()(decree_asked const&) const { all(6); }
    void operator()(decree_chosen<command> const& one) const { all(7, one.value); }
  };
  static std::uint64_t mark_of(unsigned from, unsigned to, message_type const& message) {
    fingerprint all;
    all(from, to);
    visit(message_fields{all}, message);
    return all.first();
  }

  std::shared_ptr<fixed_part const> fixed_;
  std::vector<std::shared_ptr<node>> nodes_;           // shared between worlds until one changes it
  std::vector<std::shared_ptr<flying const>> flying_;  // by mark
  std::vector<proposal> to_propose_;                   // by node
  durable_votes votes_;
  unsigned crashes_left_;
  unsigned ticks_left_;
  std::uint8_t crash_at_ = 0;
};

}  // namespace synod::testing
