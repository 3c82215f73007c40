// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/membership.hpp>
#include <synod/leader/policy.hpp>
#include <synod/protocol/multi_paxos/messages.hpp>
#include <synod/runtime/drain.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace support {

using commands = std::vector<std::uint64_t>;

template <class Command>
commands content_of(synod::slot_value<Command> const& value) {
  if (value.is_batch()) return {value.commands().begin(), value.commands().end()};
  if (value.kind() == synod::value_kind::membership) {
    return {1'000'000'000ULL + value.members().number().value};
  }
  return {};
}

inline synod::batch<std::uint64_t> batch_of(std::uint64_t command) {
  synod::batch<std::uint64_t> made;
  made.add(synod::session_id(1), synod::sequence(command), synod::sequence(), command);
  return made;
}

// Members 0, 1, ... have the ids 10, 11, ..., so that an id taken for an index is noticed.
inline synod::node_id id_of(unsigned number) { return synod::node_id(10 + number); }

inline synod::member member_of(unsigned number,
                               synod::member_role role = synod::member_role::voter) {
  return {.id = id_of(number),
          .store = {7, number + 1},
          .index = synod::node_index(static_cast<std::uint8_t>(number)),
          .role = role};
}
inline synod::membership members_of(std::vector<synod::member> all, std::uint32_t number = 1,
                                    synod::quorum_spec spec = {}) {
  return *synod::membership::make(synod::config_number(number), std::move(all), spec);
}
inline synod::membership voters(unsigned count) {
  std::vector<synod::member> all;
  for (unsigned i = 0; i < count; ++i) all.push_back(member_of(i));
  return members_of(std::move(all));
}

// Several cores, their disks and the letters between them, moved by the test alone: nothing is
// delivered, made durable or remembered unless it says so. What must never happen is written down
// in `violations`:
//   two values for one slot, whether decided by a core or voted for by a quorum on disk;
//   decisions out of order; a command in two slots; two values under one ballot in one slot;
//   a promise or a vote below one that was sent before, over all lives of a node;
//   a promise or a vote that left before its record was durable;
//   a read whose state is older than what any node had applied when it began;
//   what the test itself `expects`.
// Where a schedule did not come to the point that it is about, it says so in `unmet`, so that it
// cannot pass for want of happening.
template <class Core>
class hand_run {
 public:
  using message = typename Core::message_type;
  using options = typename Core::options;
  using output = typename Core::output_type;
  using saved_record = synod::record<std::uint64_t>;
  using durable_fact = std::function<bool(synod::slot, synod::node_set)>;

  struct letter {
    unsigned from = 0;
    unsigned to = 0;
    std::uint64_t life = 0;  // of the sender
    message what;

    letter(unsigned sender, unsigned receiver, std::uint64_t in_life, message said);
    letter(letter&&) noexcept;
    letter(letter const&);
    letter& operator=(letter&&) noexcept;
    letter& operator=(letter const&);
    ~letter();
  };

  struct node {
    options given;
    std::unique_ptr<Core> core;
    std::unique_ptr<synod::drain<Core>> order;
    output out;
    std::uint64_t life = 0;
    synod::leader_advice advice = synod::leader_advice::none;

    std::vector<saved_record> disk;
    std::size_t durable_records = 0;
    synod::ticket durable;
    bool slow = false;    // nothing becomes durable unless `sync` is called
    bool breaks = false;  // at the next record
    bool broken = false;

    std::map<std::uint64_t, commands> applied;
    synod::slot applied_upto;
    std::map<std::uint64_t, commands> snapshot;
    synod::applied_prefix head;

    std::vector<synod::read_answer> answers;
    synod::list<synod::core_event> events;

    node();
    node(node&&) noexcept;
    ~node();
    [[nodiscard]] bool up() const { return core != nullptr; }
  };

  // --- making ---

  explicit hand_run(unsigned count);
  hand_run(hand_run&&) noexcept;
  ~hand_run();

  // Requires: called before the node is booted.
  options& given(unsigned who) { return nodes_[who].given; }

  void boot(unsigned who, synod::damage const& harm = {});
  // What was not durable is gone, and so is everything in memory.
  void crash(unsigned who);
  void restart(unsigned who, synod::damage const& harm = {});

  // --- moving ---

  void turn(unsigned who);
  void sync(unsigned who);
  void tick(unsigned who);
  void elapse(synod::time_ns by) { now += by; }
  // Lets time pass until `who` wants to be called, and calls it.
  void fire(unsigned who);
  // Campaigns and lets these nodes talk until `who` leads and what it proposes is decided.
  void elect(unsigned who, std::initializer_list<unsigned> among);
  // `who` asks the other for what it must learn, and gets it.
  void learn(unsigned who, unsigned from);
  void campaign(unsigned who) { advise(who, synod::leader_advice::campaign); }
  void advise(unsigned who, synod::leader_advice what);
  std::optional<synod::refusal> propose(unsigned who, std::uint64_t command);
  std::optional<synod::refusal> request(unsigned who, typename Core::request_type asked);
  std::optional<synod::refusal> read(unsigned who, std::uint64_t id, bool by_quorum = false);
  void hand_in(letter one);
  // As if `from` had sent it.
  void forge(unsigned from, unsigned to, message what);

  // --- letters ---

  // Delivers what is under way from one to the other now; returns how much that was.
  std::size_t deliver(unsigned from, unsigned to);
  std::size_t drop(unsigned from, unsigned to);
  std::size_t drop_to(unsigned to);
  void drop_everything() { letters.clear(); }
  // Takes out the first letter that carries a `What`.
  template <class What>
  std::optional<letter> take(unsigned from, unsigned to) {
    for (auto one = letters.begin(); one != letters.end(); ++one) {
      if (one->from != from || one->to != to || part<What>(one->what) == nullptr) continue;
      letter found = std::move(*one);
      letters.erase(one);
      return found;
    }
    return std::nullopt;
  }
  template <class What>
  std::size_t drop_all(unsigned from, unsigned to) {
    std::size_t count = 0;
    while (take<What>(from, to).has_value()) ++count;
    return count;
  }
  template <class What>
  bool deliver_first(unsigned from, unsigned to) {
    auto found = take<What>(from, to);
    if (!found.has_value()) return false;
    hand_in(std::move(*found));
    return true;
  }
  // Delivers everything among these nodes, and what comes of it, until nothing moves.
  void exchange(std::initializer_list<unsigned> among, unsigned limit = 10'000);

  // Delivers what belongs to the two phases between these two, and nothing else, so that nobody is
  // told what is chosen.
  void phases(unsigned from, unsigned to);

  // --- storage ---

  // Forgets what a snapshot covers, as a host does when it is told that trimming is due.
  void take_snapshot(unsigned who);
  // Gives `to` the latest snapshot of `from`.
  void install(unsigned from, unsigned to);
  // Removes the durable records of a slot and a kind; returns how many there were.
  std::size_t rot(unsigned who, synod::slot at, synod::record_kind kind);

  // --- looking ---

  void must(bool happened, char const* what) {
    if (!happened) unmet.push_back(what);
  }
  void expect(bool holds, char const* what) {
    if (!holds) violations.push_back(what);
  }
  node& at(unsigned who) { return nodes_[who]; }
  Core& core(unsigned who) { return *nodes_[who].core; }
  [[nodiscard]] unsigned count() const { return static_cast<unsigned>(nodes_.size()); }
  commands const& applied(unsigned who, std::uint64_t at_slot) {
    return nodes_[who].applied[at_slot];
  }
  synod::read_answer const* answer(unsigned who, std::uint64_t id);
  // The part of a message that is a `What`, null if it has none.
  template <class What>
  static What const* part(message const& of);
  template <class What>
  [[nodiscard]] std::size_t under_way(unsigned from, unsigned to) const {
    std::size_t found = 0;
    for (letter const& one : letters) {
      found += one.from == from && one.to == to && part<What>(one.what) != nullptr;
    }
    return found;
  }
  [[nodiscard]] std::string complaints() const;
  static std::string joined(std::vector<std::string> const& lines);

  synod::time_ns now = 1;
  std::deque<letter> letters;
  std::vector<std::string> violations;
  std::vector<std::string> unmet;
  std::map<std::uint64_t, commands> decided;
  // Whether these voters are a phase-2 quorum for that slot: more than half of 0, 1, 2, ... unless
  // the test knows better.
  durable_fact is_phase2;
  // Which node sits at an index of a node_set; the same number unless the test says otherwise.
  std::map<unsigned, unsigned> seats;

 private:
  struct host;

  template <class Picks>
  std::vector<letter> take_all(Picks&& picks);

  unsigned seat_of(synod::node_index at) const;

  void make_durable(unsigned who);

  // --- what leaves: promises and votes never fall, and are on disk first ---

  struct promised_before {
    synod::slot first;
    synod::slot last;
    synod::ballot at;
  };

  void leaving(unsigned who, message const& what);
  void promise_leaves(unsigned who, synod::promise<std::uint64_t> const& one);
  void vote_leaves(unsigned who, synod::accepted<std::uint64_t> const& one);

  // What a quorum holds on disk at one ballot is chosen, whether or not anybody noticed.
  void voted(unsigned who, saved_record const& saved);
  void decide(unsigned who, synod::slot at, synod::slot_value<std::uint64_t> const& value);
  void chosen(synod::slot at, commands const& value, char const* how);
  void complain(std::string what, synod::slot at);

  struct vote_state {
    synod::node_set who;
    commands value;
  };

  std::vector<node> nodes_;
  std::map<unsigned, std::vector<promised_before>> promises_;
  std::map<unsigned, std::map<std::uint64_t, synod::ballot>> told_votes_;
  std::map<std::pair<unsigned, std::uint64_t>, synod::slot> reads_;
  std::map<std::uint64_t, synod::slot> slots_;
  std::map<std::pair<std::uint64_t, synod::ballot>, vote_state> votes_;
};

}  // namespace support
