// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/leader/ballot_election.hpp>
#include <synod/leader/stable.hpp>
#include <synod/protocol/multi_paxos/core.hpp>
#include <synod/quorum/majority.hpp>
#include <synod/testing/script.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/hand_run_body.hpp"

namespace support {

// Real elections over links that a script cuts and joins; what is sent over a link arrives at once,
// and what is sent where there is none is lost. Nodes are 1, 2, ... in what is said and printed.
//
//   nodes 5             boots them; every link is up
//   links 1-3 2-3 4>3   only these are up, `4>3` in that direction alone; `links all` is all
//   beats 10            so many heartbeats pass
//   propose 7           whoever believes to lead proposes 7; prints who decided it
//   crash 5, start 5
//   status              who leads, whom the others follow, how far each has decided
//
// Each leadership that begins or ends is printed with its beat; and whatever goes wrong.
template <class Leader>
class election_run {
 public:
  using core_type = synod::multi_paxos_core<std::uint64_t, synod::majority, Leader>;

  std::string operator()(synod::testing::script_command const& what) {
    std::string_view const verb = what.word(0);
    if (verb == "nodes") {
      boot(number(what.word(1)));
    } else if (verb == "links") {
      join({what.words.begin() + 1, what.words.end()});
    } else if (verb == "beats") {
      pass(number(what.word(1)));
    } else if (verb == "propose") {
      propose(number(what.word(1)));
    } else if (verb == "crash") {
      run_->crash(number(what.word(1)) - 1);
    } else if (verb == "start") {
      run_->boot(number(what.word(1)) - 1);
    } else if (verb == "status") {
      status();
    } else {
      printed_ += "?? no such command\n";
    }
    for (std::string const& one : run_->violations) printed_ += "!! " + one + "\n";
    run_->violations.clear();
    return std::exchange(printed_, {});
  }

  // From now on nothing that the policies say reaches this node or leaves it: under load it waits
  // behind what the cores say.
  void delay_elections_of(unsigned who) { delayed_ = who; }

  // How many leaderships have begun so far.
  [[nodiscard]] unsigned leaderships() const { return begun_; }
  [[nodiscard]] hand_run<core_type>& nodes() { return *run_; }

  void boot(unsigned count) {
    run_ = std::make_unique<hand_run<core_type>>(count);
    for (unsigned i = 0; i < count; ++i) {
      auto& mine = run_->given(i);
      mine.self = id_of(i);
      mine.members = voters(count);
      mine.seed = i + 1;
      run_->boot(i);
    }
    seen_.assign(count, 0);
    join({"all"});
  }
  void join(std::vector<std::string> const& links) {
    up_.clear();
    for (std::string const& one : links) {
      if (one == "all") {
        for (unsigned from = 0; from < run_->count(); ++from) {
          for (unsigned to = 0; to < run_->count(); ++to) up_.insert({from, to});
        }
        continue;
      }
      unsigned const from = number(one.substr(0, 1)) - 1;
      unsigned const to = number(one.substr(2, 1)) - 1;
      up_.insert({from, to});
      if (one[1] == '-') up_.insert({to, from});
    }
  }
  void pass(unsigned beats) {
    for (unsigned i = 0; i < beats; ++i) {
      synod::time_ns const until = run_->now + beat_ns;
      while (run_->now < until) {
        run_->elapse(step_ns);
        for (unsigned who = 0; who < run_->count(); ++who) {
          bool const up = run_->at(who).up();
          if (up && run_->core(who).next_deadline() <= run_->now) run_->tick(who);
          carry();
        }
      }
      ++beat_;
      news();
    }
  }
  void propose(std::uint64_t what) {
    for (unsigned who = 0; who < run_->count(); ++who) {
      if (!run_->at(who).up() || run_->core(who).room() == 0) continue;
      (void)run_->propose(who, what);
      carry();
    }
    std::string who_decided;
    for (unsigned who = 0; who < run_->count(); ++who) {
      for (auto const& [at, content] : run_->at(who).applied) {
        if (content == commands{what}) who_decided += " " + std::to_string(who + 1);
      }
    }
    printed_ += std::to_string(what) +
                (who_decided.empty() ? " is not decided\n" : " is decided at" + who_decided + "\n");
  }

 private:
  static constexpr synod::time_ns beat_ns = 50'000'000;
  static constexpr synod::time_ns step_ns = 5'000'000;

  static unsigned number(std::string_view text) {
    unsigned value = 0;
    for (char one : text) {
      if (one >= '0' && one <= '9') value = value * 10 + static_cast<unsigned>(one - '0');
    }
    return value;
  }

  void carry() {
    for (unsigned count = 0; !run_->letters.empty(); ++count) {
      auto one = std::move(run_->letters.front());
      run_->letters.pop_front();
      bool const of_policy = part_in<typename Leader::message>(one.what) != nullptr;
      bool const late = of_policy && (one.from == delayed_ || one.to == delayed_);
      if (!late && up_.count({one.from, one.to}) != 0) run_->hand_in(std::move(one));
      if (count > 100'000) {
        run_->violations.push_back("letters without end");
        return;
      }
    }
  }
  void news() {
    for (unsigned who = 0; who < run_->count(); ++who) {
      auto const& events = run_->at(who).events;
      for (; seen_[who] < events.size(); ++seen_[who]) {
        auto const* const one = events[seen_[who]].template get_if<synod::leader_changed>();
        if (one == nullptr || !one->here) continue;
        ++begun_;
        printed_ += "beat " + std::to_string(beat_) + ": " + std::to_string(who + 1) + " leads\n";
      }
    }
  }
  void status() {
    for (unsigned who = 0; who < run_->count(); ++who) {
      printed_ += std::to_string(who + 1);
      if (!run_->at(who).up()) {
        printed_ += " is down\n";
        continue;
      }
      auto const& core = run_->core(who);
      auto const leader = core.hint().leader;
      if (core.leads()) {
        printed_ += " leads";
      } else if (leader.has_value()) {
        printed_ += " follows " + std::to_string(leader->value - 9);
      } else {
        printed_ += " follows nobody";
      }
      printed_ += ", decided up to " + std::to_string(core.chosen_upto().value) + "\n";
    }
  }

  std::unique_ptr<hand_run<core_type>> run_ = std::make_unique<hand_run<core_type>>(0);
  std::set<std::pair<unsigned, unsigned>> up_;
  std::vector<std::size_t> seen_;
  std::string printed_;
  std::uint64_t beat_ = 0;
  unsigned begun_ = 0;
  std::optional<unsigned> delayed_;
};

}  // namespace support
