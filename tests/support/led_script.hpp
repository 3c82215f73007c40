// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/testing/script.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/led_by_hand.hpp"

namespace support {

// Leader-based multi-Paxos that does what a transcript says and nothing else. Nodes are 1, 2, ...;
// a ballot is printed as round.owner.
//
//   nodes 3 [voters 2] [part-bytes 1]   boots them
//   campaign 1                          its policy tells it to
//   propose 1 7
//   deliver [WORDS] 1->2 [again]        the oldest message on that way that begins so;
//                                       `again` keeps a copy for later
//   drop [WORDS] 1->2                   it is lost; `drop all` is everything under way
//   exchange 1 2 3                      all among these, and what comes of it, without a word
//   fire 1 [9]                          time passes until 1 wants to be called; 9 times
//   hold disk 1 | write disk 1 | crash 1 | restart 1
//   snapshot 1 | install 1->2           2 gets the latest snapshot of 1
//   transfer 1->2 | voters 1: 1 2 4     asked of node 1
//   status
//
// What is delivered and decided is printed, and whatever goes wrong.
class led_script {
 public:
  std::string operator()(synod::testing::script_command const& what) {
    obey(what.words);
    decisions();
    for (std::string const& one : run_->violations) printed_ += "!! " + one + "\n";
    run_->violations.clear();
    return std::exchange(printed_, {});
  }

 private:
  using words = std::vector<std::string>;
  using letter = led_by_hand::letter;

  static unsigned number(std::string_view text) {
    unsigned value = 0;
    for (char one : text) {
      if (one >= '0' && one <= '9') value = value * 10 + static_cast<unsigned>(one - '0');
    }
    return value;
  }
  static unsigned node(std::string_view text) { return number(text) - 1; }
  // The number behind a word, or what it is where the word is not said.
  static unsigned behind(words const& all, std::string_view word, unsigned otherwise) {
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      if (all[i] == word) return number(all[i + 1]);
    }
    return otherwise;
  }

  void obey(words const& all) {
    std::string const& verb = all[0];
    std::string const& last = all.back();
    if (verb == "nodes") {
      found(number(all[1]), behind(all, "voters", number(all[1])), behind(all, "part-bytes", 0));
    } else if (verb == "campaign") {
      run_->campaign(node(last));
    } else if (verb == "propose") {
      refused(run_->propose(node(all[1]), number(last)));
    } else if (verb == "deliver" || verb == "drop") {
      traffic(verb == "deliver", all);
    } else if (verb == "exchange") {
      exchange({all.begin() + 1, all.end()});
    } else if (verb == "fire") {
      unsigned const times = all.size() > 2 ? number(last) : 1;
      for (unsigned i = 0; i < times; ++i) run_->fire(node(all[1]));
    } else if (verb == "hold") {
      run_->at(node(last)).slow = true;
    } else if (verb == "write") {
      run_->at(node(last)).slow = false;
      run_->sync(node(last));
    } else if (verb == "crash") {
      run_->crash(node(last));
    } else if (verb == "restart") {
      run_->restart(node(last));
    } else if (verb == "snapshot") {
      run_->take_snapshot(node(last));
    } else if (verb == "install") {
      run_->install(node(last.substr(0, 1)), node(last.substr(1)));
    } else if (verb == "transfer") {
      refused(run_->request(node(last.substr(0, 1)),
                            synod::transfer_request{id_of(node(last.substr(1)))}));
    } else if (verb == "voters") {
      change({all.begin() + 2, all.end()}, node(all[1]));
    } else if (verb == "status") {
      status();
    } else {
      printed_ += "?? `" + verb + "` is no command\n";
    }
  }

  void found(unsigned count, unsigned voting, unsigned part_bytes) {
    run_ = std::make_unique<led_by_hand>(count, voters(voting));
    for (unsigned i = 0; i < count && part_bytes != 0; ++i) run_->given(i).part_bytes = part_bytes;
    run_->boot_all();
    seen_.assign(count, synod::slot());
  }
  void refused(std::optional<synod::refusal> const& why) {
    if (why) printed_ += std::string("refused: ") + synod::name_of(why->why.code) + "\n";
  }
  void change(words const& who, unsigned at) {
    std::vector<synod::member> all;
    for (std::string const& one : who) all.push_back(member_of(node(one)));
    auto const next = run_->core(at).members().number().value + 1;
    refused(run_->request(at, synod::reconfigure_request{members_of(std::move(all), next)}));
  }

  void traffic(bool deliver, words const& all) {
    if (all[1] == "all") return run_->drop_everything();
    bool const again = all.back() == "again";
    std::size_t const way = all.size() - (again ? 2 : 1);
    unsigned const from = node(all[way].substr(0, 1));
    unsigned const to = node(all[way].substr(1));
    std::string kind;
    for (std::size_t i = 1; i < way; ++i) kind += (kind.empty() ? "" : " ") + all[i];
    for (auto one = run_->letters.begin(); one != run_->letters.end(); ++one) {
      std::string const text = describe(one->what);
      if (one->from != from || one->to != to || !text.starts_with(kind)) continue;
      letter found = *one;
      if (!again) run_->letters.erase(one);
      printed_ += std::to_string(from + 1) + " -> " + std::to_string(to + 1) +
                  (deliver ? " " : " lost: ") + text + "\n";
      if (deliver) run_->hand_in(std::move(found));
      return;
    }
    printed_ += "?? no such message: " + kind + "\n";
  }
  void exchange(words const& who) {
    for (unsigned moved = 0; moved < 10'000; ++moved) {
      auto one = run_->letters.begin();
      auto const among = [&](unsigned each) {
        return std::find(who.begin(), who.end(), std::to_string(each + 1)) != who.end();
      };
      while (one != run_->letters.end() && !(among(one->from) && among(one->to))) ++one;
      if (one == run_->letters.end()) return;
      letter found = std::move(*one);
      run_->letters.erase(one);
      run_->hand_in(std::move(found));
    }
  }

  void decisions() {
    for (unsigned who = 0; who < seen_.size(); ++who) {
      auto& self = run_->at(who);
      if (self.applied_upto < seen_[who]) seen_[who] = synod::slot();
      for (auto const& [at, content] : self.applied) {
        if (synod::slot(at) <= seen_[who]) continue;
        printed_ += std::to_string(who + 1) + " decides slot " + std::to_string(at) + ": " +
                    text(content) + "\n";
      }
      seen_[who] = self.applied_upto;
    }
  }
  void status() {
    for (unsigned who = 0; who < seen_.size(); ++who) {
      printed_ += std::to_string(who + 1);
      if (!run_->at(who).up()) {
        printed_ += " is down\n";
        continue;
      }
      auto const& core = run_->core(who);
      bool const preparing = core.phase() == synod::leading_phase::preparing;
      printed_ += core.leads() ? " leads" : preparing ? " prepares" : " follows";
      printed_ += ", chosen up to " + std::to_string(core.chosen_upto().value);
      if (core.floor() > synod::slot()) {
        printed_ += ", trimmed up to " + std::to_string(core.floor().value);
      }
      printed_ += "\n";
    }
  }

  // --- words ---

  static std::string text(commands const& content) {
    if (content.empty()) return "nothing";
    if (content[0] > 1'000'000'000) {
      return "configuration " + std::to_string(content[0] - 1'000'000'000);
    }
    return std::to_string(content[0]);
  }
  static std::string text(synod::ballot at) {
    return std::to_string(at.round) + "." + std::to_string(at.owner.value - 9);
  }
  static std::string text(synod::slot at) { return std::to_string(at.value); }

  static std::string describe(led_by_hand::message const& what) {
    if (auto const* const one = part<synod::prepare>(what)) {
      return "prepare " + text(one->at) + " from slot " + text(one->first);
    }
    if (auto const* const one = part<synod::promise<std::uint64_t>>(what)) return words_of(*one);
    if (auto const* const one = part<synod::accept<std::uint64_t>>(what)) {
      return "accept " + text(one->at) + " slot " + text(one->at_slot) + ": " +
             text(content_of(one->value)) + ", chosen up to " + text(one->chosen_upto);
    }
    if (auto const* const one = part<synod::accepted<std::uint64_t>>(what)) {
      return "accepted " + text(one->at) + " slot " + text(one->at_slot);
    }
    if (auto const* const one = part<synod::nack>(what)) {
      return "nack " + text(one->refused) + ", promised " + text(one->promised);
    }
    if (auto const* const one = part<synod::notice>(what)) {
      return "notice " + text(one->at) + ", chosen up to " + text(one->chosen_upto);
    }
    if (auto const* const one = part<synod::pulse_beat>(what)) {
      return "beat " + text(one->at) + ", chosen up to " + text(one->chosen_upto);
    }
    if (part<synod::pulse_ack>(what) != nullptr) return "beat acknowledged";
    if (part<synod::pulse_hand_over>(what) != nullptr) return "hand-over";
    if (auto const* const one = part<synod::learn_ask>(what)) {
      return "learn from slot " + text(one->first);
    }
    if (auto const* const one = part<synod::learn_values<std::uint64_t>>(what)) {
      return "values " + std::to_string(one->values.size()) + ", chosen up to " +
             text(one->chosen_upto) + ", trimmed up to " + text(one->trimmed_upto);
    }
    return "read";
  }
  static std::string words_of(synod::promise<std::uint64_t> const& one) {
    std::string all = "promise " + text(one.at) + " from slot " + text(one.first);
    if (one.part != 0 || !one.final_part) {
      all += " part " + std::to_string(one.part + 1) + (one.final_part ? ", the last" : "");
    }
    for (auto const& vote : one.votes) {
      all += "; " + text(vote.at) + " voted " + text(vote.voted) + " for " +
             text(content_of(vote.value));
    }
    all += ", chosen up to " + text(one.chosen_upto);
    if (one.trimmed_upto > synod::slot()) all += ", trimmed up to " + text(one.trimmed_upto);
    return all;
  }
  template <class What>
  static What const* part(led_by_hand::message const& what) {
    return led_by_hand::part<What>(what);
  }

  std::unique_ptr<led_by_hand> run_;
  std::vector<synod::slot> seen_;
  std::string printed_;
};

}  // namespace support
