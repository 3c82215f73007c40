// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/machine/counter.hpp>
#include <synod/protocol/multi_paxos.hpp>
#include <synod/runtime/node.hpp>
#include <synod/storage/memory.hpp>
#include <synod/storage/memory_snapshots.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>

// What a node gives its transport as nothing that anybody waits for.

namespace {

using namespace synod;

struct letter {
  node_id from;
  node_id to;
  shared_bytes frame;
};
struct postbox {
  node_id self;
  std::deque<letter>* letters;
  std::array<int, 4> soon{};  // to whom, and how many

  void send(node_id to, shared_bytes const& frame) { letters->push_back({self, to, frame}); }
  void send_soon(node_id to, shared_bytes const& frame) {
    ++soon.at(to.value);
    send(to, frame);
  }
};
struct listener {
  std::optional<outcome<std::int64_t>> result;
  void completed(std::uint64_t, outcome<std::int64_t> const& what) { result = what; }
  void readable(std::uint64_t, error) {}
  void answer(std::uint64_t, time_ns, session_answer const&, std::span<std::byte const>) {}
  void stopped(error) {}
};
struct parts : node_parts {
  using protocol = multi_paxos<>;
  using machine = counter;
  using codec = fixed_codec;
  using storage = memory;
  using snapshots = memory_snapshots;
  using transport = postbox;
  using user = listener;
};

struct place {
  place(std::uint64_t number, std::deque<letter>& letters)
      : disk({7, number}), wires{node_id(number), &letters} {
    node<parts>::options how;
    how.founding.cluster = "unhurried";
    how.founding.self = node_id(number);
    how.founding.store = disk.store();
    how.founding.life = disk.life();
    for (std::uint64_t i = 1; i <= 3; ++i) how.founding.members.push_back({.id = node_id(i)});
    how.seed = number;
    replica.emplace(how, counter(), fixed_codec(),
                    node<parts>::world{disk, images, wires, told, watched});
  }

  memory disk;
  memory_snapshots images;
  postbox wires;
  listener told;
  null_observer watched;
  std::optional<node<parts>> replica;
};

struct three {
  std::deque<letter> letters;
  std::array<std::unique_ptr<place>, 4> places;  // the first is nobody
  time_ns now = 1'000'000'000;

  three() {
    for (std::uint64_t i = 1; i <= 3; ++i) places[i] = std::make_unique<place>(i, letters);
    for (std::size_t i = 1; i <= 3; ++i) EXPECT_FALSE(places[i]->replica->start(now));
    while (leader() == 0 && now < 60'000'000'000) step();
  }
  [[nodiscard]] std::size_t leader() const {
    for (std::size_t i = 1; i <= 3; ++i) {
      if (places[i]->replica->running() && places[i]->replica->core().leads()) return i;
    }
    return 0;
  }
  void step() {
    if (letters.empty()) {
      now += 1'000'000;
      for (std::size_t i = 1; i <= 3; ++i) {
        if (places[i]->replica->next_deadline() > now) continue;
        places[i]->replica->tick(now);
        places[i]->replica->turn(now);
      }
      return;
    }
    letter const one = letters.front();
    letters.pop_front();
    node<parts>& to = *places[one.to.value]->replica;
    to.receive(now, one.frame);
    to.turn(now);
  }
  // Returns how many Accepts to each were nothing that anybody waits for.
  std::array<int, 4> submit(std::size_t at) {
    place& who = *places[at];
    who.told.result.reset();
    auto const before = places[leader()]->wires.soon;
    EXPECT_FALSE(who.replica->submit(now, std::int64_t{1}, 1, now + 60'000'000'000));
    who.replica->turn(now);
    time_ns const stop = now + 60'000'000'000;
    while (!who.told.result && now < stop) step();
    EXPECT_TRUE(who.told.result && *who.told.result);
    auto more = places[leader()]->wires.soon;
    for (std::size_t i = 0; i < more.size(); ++i) more[i] -= before[i];
    return more;
  }
};

TEST(unhurried, are_accepts_to_whom_no_decision_needs_but_not_to_whoever_brought_commands) {
  three all;
  std::size_t const leader = all.leader();
  ASSERT_NE(leader, 0U);
  (void)all.submit(leader);  // with its session
  auto const spared = all.submit(leader);
  EXPECT_EQ(spared[1] + spared[2] + spared[3], 1) << "one of two others is enough";
  EXPECT_EQ(spared[leader], 0);
  std::size_t const other = spared[1] != 0 ? 1 : spared[2] != 0 ? 2 : 3;

  (void)all.submit(other);
  EXPECT_EQ(all.submit(other)[other], 0) << "its caller waits for the news";
  EXPECT_EQ(all.submit(leader)[other], 0) << "and did so a moment ago";
  all.now += 1'000'000'000;
  while (!all.letters.empty()) all.step();
  auto const later = all.submit(leader);
  EXPECT_EQ(later[1] + later[2] + later[3], 1);
}

}  // namespace
