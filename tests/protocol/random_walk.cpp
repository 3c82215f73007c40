// SPDX-License-Identifier: BSL-1.0
#include <synod/core/generator.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>
#include <vector>

#include "support/led_by_hand.hpp"

// Leader-based multi-Paxos under chance: letters lost, copied and reordered, nodes that crash,
// disks that hang, elections at any time, and, beside proposals and reads, changes of the voters,
// snapshots, trimming and their installation elsewhere. hand_run says what must never happen.

namespace {

using synod::slot;
using run = support::led_by_hand;

constexpr unsigned count = 6;
constexpr unsigned alpha = 4;  // of led_by_hand

class walk {
 public:
  explicit walk(std::uint64_t seed) : dice_(seed), run_(count, support::voters(3)) {
    configurations_.emplace(1U, support::voters(3));
    run_.is_phase2 = [this](slot at, synod::node_set who) {
      synod::node_set const voters = governing(at).voters();
      return (who & voters).size() * 2 > voters.size();
    };
    loss_ = dice_.below(4) * 5;
    run_.boot_all();
    run_.campaign(0);
  }
  walk(walk const&) = delete;
  walk& operator=(walk const&) = delete;

  void step() {
    std::uint64_t const what = dice_.below(100);
    unsigned const who = any();
    if (what < 72) return letter();
    if (what < 76) return fire(who);
    if (!run_.at(who).up()) return what < 92 ? run_.boot(who) : void();
    if (what < 86) return propose(who);
    if (what < 87) return run_.campaign(who);
    if (what < 90) return snapshot(who);
    if (what < 92) return install(who, any());
    if (what < 94) return change(who);
    if (what < 95) return (void)run_.read(who, ++reads_);
    if (what < 96) return (void)run_.request(who, synod::transfer_request{support::id_of(any())});
    if (what < 98) return disk(who);
    if (what < 99 && dice_.below(3) == 0) run_.crash(who);
  }

  // No more faults: within a bounded time something new is decided, and not by its leader alone.
  bool recovers() {
    for (unsigned who = 0; who < count; ++who) {
      run_.at(who).slow = false;
      if (!run_.at(who).up()) run_.boot(who);
      run_.sync(who);
    }
    std::uint64_t const last = commands_;
    for (unsigned i = 0; i < 400; ++i) {
      unsigned const who = i % count;
      synod::membership const& members = run_.core(who).members();
      bool const votes = !(members.only(support::id_of(who)) & members.voters()).empty();
      // What a policy does, and the one that is told by hand does not.
      if (!votes && run_.core(who).leads()) run_.advise(who, synod::leader_advice::step_down);
      if (i % 40 < count && votes && !somebody_leads()) run_.campaign(who);
      run_.exchange({0, 1, 2, 3, 4, 5});
      for (unsigned from = 0; from < count; ++from) install(from, who);
      propose(who);
      run_.exchange({0, 1, 2, 3, 4, 5});
      run_.fire(who);
      if (decided_by_some_above(last)) return true;
    }
    return false;
  }

  [[nodiscard]] std::string complaints() const { return run_.complaints(); }
  [[nodiscard]] std::uint64_t changes() const { return configurations_.size() - 1; }
  [[nodiscard]] std::uint64_t installed() const { return installed_; }
  [[nodiscard]] std::uint64_t decided() const { return run_.decided.size(); }

 private:
  unsigned any() { return static_cast<unsigned>(dice_.below(count)); }

  // Reads the decided memberships as every node does.
  synod::membership const& governing(slot at) const {
    std::uint32_t number = 1;
    for (auto const& [where, content] : run_.decided) {
      if (where + alpha > at.value) break;
      if (!content.empty() && content[0] == 1'000'000'001ULL + number) ++number;
    }
    return configurations_.at(number);
  }

  void fire(unsigned who) {
    if (run_.at(who).up()) run_.fire(who);
  }
  void letter() {
    if (run_.letters.empty()) return fire(any());
    // Old ones are met again and again, the newest sooner than by chance alone.
    std::size_t const place = dice_.below(3) == 0 ? dice_.below(run_.letters.size()) : 0;
    auto const where = run_.letters.begin() + static_cast<std::ptrdiff_t>(place);
    run::letter one = *where;
    bool const copied = dice_.below(20) == 0 && run_.letters.size() < 200;
    if (!copied) run_.letters.erase(where);
    if (dice_.below(100) < loss_) return;
    run_.hand_in(std::move(one));
  }
  void propose(unsigned who) {
    if (!run_.propose(who, commands_ + 1)) ++commands_;
  }
  void snapshot(unsigned who) {
    if (run_.at(who).applied_upto > run_.at(who).head.at) run_.take_snapshot(who);
  }
  void install(unsigned from, unsigned to) {
    if (from == to || !run_.at(to).up()) return;
    if (run_.at(from).head.at <= run_.at(to).applied_upto) return;
    ++installed_;
    run_.install(from, to);
  }
  void change(unsigned who) {
    if (!run_.core(who).leads()) return;
    std::uint32_t const number = static_cast<std::uint32_t>(configurations_.size()) + 1;
    std::vector<synod::member> all;
    for (unsigned i = 0; i < count; ++i) {
      std::uint64_t const role = dice_.below(5);
      if (role == 0) continue;
      all.push_back(support::member_of(
          i, role == 1 ? synod::member_role::learner : synod::member_role::voter));
    }
    auto const made = synod::membership::make(synod::config_number(number), all, {});
    if (!made || made->voters().size() < 3) return;
    // Whoever proposes the same number later has another one in mind; one alone is let through.
    if (!run_.request(who, synod::reconfigure_request{*made})) {
      configurations_.emplace(number, *made);
    }
  }
  void disk(unsigned who) {
    run_.at(who).slow = !run_.at(who).slow;
    if (!run_.at(who).slow) run_.sync(who);
  }

  bool somebody_leads() {
    bool some = false;
    for (unsigned who = 0; who < count; ++who) some = some || run_.core(who).leads();
    return some;
  }
  // Whether two nodes or more decided a command above that.
  bool decided_by_some_above(std::uint64_t command) {
    unsigned found = 0;
    for (unsigned who = 0; who < count; ++who) {
      bool some = false;
      for (auto const& [at, content] : run_.at(who).applied) {
        some = some || (!content.empty() && content[0] > command && content[0] < 1'000'000'000);
      }
      found += some ? 1 : 0;
    }
    return found > 1;
  }

  synod::generator dice_;
  run run_;
  std::map<std::uint32_t, synod::membership> configurations_;
  std::uint64_t loss_ = 0;
  std::uint64_t commands_ = 1000;
  std::uint64_t reads_ = 0;
  std::uint64_t installed_ = 0;
};

TEST(random_walk, agrees_through_changes_and_snapshots) {
  char const* const effort = std::getenv("SYNOD_EFFORT");
  std::uint64_t const seeds = effort != nullptr && std::string_view(effort) == "all" ? 2000 : 100;
  std::uint64_t changes = 0;
  std::uint64_t installed = 0;
  std::uint64_t decided = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    walk one(seed);
    for (int step = 0; step < 3000; ++step) one.step();
    ASSERT_EQ(one.complaints(), "") << "seed " << seed;
    EXPECT_TRUE(one.recovers()) << "seed " << seed;
    ASSERT_EQ(one.complaints(), "") << "seed " << seed;
    changes += one.changes();
    installed += one.installed();
    decided += one.decided();
  }
  // Chance must have met what this is about.
  EXPECT_GT(changes, seeds);
  EXPECT_GT(installed, seeds);
  EXPECT_GT(decided, seeds * 20);
}

}  // namespace
