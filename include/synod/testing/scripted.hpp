// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/batch.hpp>
#include <synod/core/membership.hpp>
#include <synod/runtime/drain.hpp>
#include <synod/testing/cluster.hpp>
#include <synod/testing/oracle.hpp>
#include <synod/testing/packing.hpp>
#include <synod/testing/script.hpp>
#include <synod/testing/simulated_disk.hpp>
#include <synod/testing/text_codec.hpp>
#include <synod/testing/trace.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace synod::testing {

// A cluster that does what a transcript says and nothing else; commands are texts. Nothing is
// delivered, written or due before a command says so, and everything that follows is printed.
//
//   cluster 3 [learners 1]        founds it and starts all nodes
//   propose 1 red                 at node 1
//   deliver [WORDS] 1->2 [again]  the oldest message on that way that begins with these words;
//                                 `again` keeps a copy for later
//   drop [WORDS] 1->2             it is lost
//   deliver all | drop all        everything under way, and what follows from it
//   hold disk 1 | write disk 1    from now on writes wait; what waits is durable now, and so is
//                                 everything later
//   crash 1 | restart 1           what is not durable is gone
//   pass 60                       milliseconds; what is due happens, one node after another
//   repeat 100 COMMAND            that often; what is printed alike is printed once
//   quietly COMMAND               without a word about traffic
//   state 1                       what the node holds
//
// The invariants are checked throughout; what is violated is printed.
template <class Protocol>
class scripted_cluster {
 public:
  using machine_type = text_machine;
  using setup = protocol_setup<Protocol>;
  using core_type = typename Protocol::template core<machine_type>;
  using message_type = typename core_type::message_type;
  using output_type = typename core_type::output_type;
  using command = std::string;

  scripted_cluster() : packing_(text_codec()) { log_.record(true); }
  scripted_cluster(scripted_cluster const&) = delete;
  scripted_cluster& operator=(scripted_cluster const&) = delete;

  // Returns: everything that came of it.
  std::string operator()(script_command const& what) {
    obey(what.words);
    for (violation const& one : oracle_.found().all()) {
      log_.plain("!! %s: %s", one.invariant, one.text.c_str());
    }
    oracle_.found().clear();
    return log_.take_text();
  }

 private:
  using words = std::vector<std::string>;

  struct node {
    node(node_index index, random_source random) : at(index), id(index.value + 1U), disk(random) {}

    [[nodiscard]] speaker self() const { return {at, id, life}; }

    node_index at;
    node_id id;
    memory_disk disk;
    std::optional<core_type> core;
    drain<core_type> order;
    output_type out;
    std::uint32_t life = 0;
    bool holds = false;  // writes wait
  };
  struct sent {
    node_index from;
    node_index to;
    std::string text;
    shared_bytes frame;
  };

  // What a drain does here.
  struct host {
    scripted_cluster& cluster;
    node& self;

    void send(node_set to, message_type const& message) { cluster.send(self, to, message); }
    void persist(std::span<record<command> const> records) { cluster.persist(self, records); }
    void flush() {}
    ticket durable() { return self.disk.durable(); }
    bool storage_failed() { return false; }
    void decide(typename output_type::decision const& one) { cluster.decide(self, one); }
    void refuse(refused_proposal<command> const& one) {
      cluster.log_.plain("%llu refuses %s: %s", wide(self.id.value), describe(one.value).c_str(),
                         name_of(one.why.why.code));
    }
    void answer(typename core_type::answer_type const& one) {
      cluster.log_.plain("%llu answers %s", wide(self.id.value),
                         setup::describe_answer(one).c_str());
    }
    void notify(core_event const&) {}
  };

  // -- commands ---------------------------------------------------------------------------------

  void obey(words const& all) {
    std::string const& verb = all.at(0);
    auto const word = [&all](std::size_t at) {
      return at < all.size() ? std::string_view(all[at]) : std::string_view();
    };
    if (verb == "cluster") return found(number(word(1)), number(word(3)));
    if (verb == "repeat") {
      return repeat(number(word(1)), {all.begin() + 2, all.end()});
    }
    if (verb == "quietly") return quietly({all.begin() + 1, all.end()});
    if (verb == "pass") return pass(static_cast<time_ns>(number(word(1))) * 1'000'000);
    if (verb == "deliver" || verb == "drop") return traffic(verb == "deliver", all);
    std::string_view const last = all.back();
    if (verb == "propose") return propose(at(word(1)), std::string(last));
    node* const self = find(last);
    if (self == nullptr) return complain(verb, "names no node");
    if (verb == "hold") {
      self->holds = true;
    } else if (verb == "write") {
      self->holds = false;
      written(*self);
    } else if (verb == "crash") {
      crash(*self);
    } else if (verb == "restart") {
      start(*self);
    } else if (verb == "state") {
      if (self->core)
        log_.plain("%llu %s", wide(self->id.value), setup::state(*self->core).c_str());
    } else {
      complain(verb, "is no command");
    }
  }

  // Prints what comes of it once where it is the same as the time before.
  void repeat(std::uint64_t count, words const& inner) {
    std::string const before = log_.take_text();
    std::string all;
    std::string last;
    std::uint64_t same = 0;
    auto const close = [&] {
      all += last;
      if (same > 1) all += "(" + std::to_string(same) + " times)\n";
    };
    for (; count != 0; --count) {
      obey(inner);
      std::string text = log_.take_text();
      if (same != 0 && text != last) {
        close();
        same = 0;
      }
      last = std::move(text);
      ++same;
    }
    close();
    log_.put_text(before + all);
  }

  // Prints only what is not traffic.
  void quietly(words const& inner) {
    std::string kept = log_.take_text();
    obey(inner);
    std::string const text = log_.take_text();
    for (std::size_t begin = 0; begin < text.size();) {
      std::size_t const end = text.find('\n', begin) + 1;
      std::string const line = text.substr(begin, end - begin);
      bool const traffic_line =
          line.find(" sends ") != std::string::npos || line.find(" -> ") != std::string::npos;
      if (!traffic_line) kept += line;
      begin = end;
    }
    log_.put_text(std::move(kept));
  }

  void complain(std::string const& verb, char const* why) {
    log_.plain("?? `%s` %s", verb.c_str(), why);
  }
  static std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    for (char const one : text) {
      if (one >= '0' && one <= '9') value = value * 10 + static_cast<std::uint64_t>(one - '0');
    }
    return value;
  }
  node* find(std::string_view id) {
    std::uint64_t const wanted = number(id);
    return wanted == 0 || wanted > nodes_.size() ? nullptr
                                                 : &nodes_[static_cast<std::size_t>(wanted - 1)];
  }
  node& at(std::string_view id) {
    node* const found_node = find(id);
    return found_node == nullptr ? nodes_.front() : *found_node;
  }

  void found(std::uint64_t voters, std::uint64_t learners) {
    std::vector<member> everybody;
    for (std::uint64_t i = 0; i < voters + learners; ++i) {
      node& made =
          nodes_.emplace_back(node_index(static_cast<std::uint8_t>(i)), random_source(i + 1));
      member one;
      one.id = made.id;
      one.store = made.disk.store();
      one.index = made.at;
      one.role = i < voters ? member_role::voter : member_role::learner;
      everybody.push_back(one);
    }
    members_ = *membership::make(config_number(), std::move(everybody));
    oracle_.governed(slot(1), rule_of<typename setup::quorum>::with(members_));
    for (node& self : nodes_) start(self);
  }

  void propose(node& self, std::string value) {
    if (!self.core) return;
    batch<command> proposal;
    proposal.commands().push_back(std::move(value));
    oracle_.submitted(packing_.digest(proposal.commands().front()));
    if (auto const refusal = self.core->propose(now_, std::move(proposal), self.out)) {
      log_.plain("%llu refuses at once: %s", wide(self.id.value), name_of(refusal->why.code));
    }
    turn(self);
  }

  void traffic(bool deliver, words const& all) {
    bool const again = all.back() == "again";
    std::string const& way = all[all.size() - (again ? 2 : 1)];
    if (way == "all") {
      std::size_t count = 0;
      while (!under_way_.empty() && ++count < 1000) pass_on(0, deliver, false);
      return;
    }
    std::size_t const arrow = way.find("->");
    node const* const from = find(std::string_view(way).substr(0, arrow));
    node const* const to = arrow == std::string::npos ? nullptr : find(way.substr(arrow + 2));
    if (from == nullptr || to == nullptr) return complain(way, "is no way between two nodes");
    std::string kind;
    for (std::size_t i = 1; i + (again ? 2 : 1) < all.size(); ++i) {
      kind += (kind.empty() ? "" : " ") + all[i];
    }
    for (std::size_t i = 0; i < under_way_.size(); ++i) {
      sent const& one = under_way_[i];
      if (one.from != from->at || one.to != to->at || !one.text.starts_with(kind)) continue;
      return pass_on(i, deliver, again);
    }
    complain(way, "carries no such message");
  }

  void pass_on(std::size_t which, bool deliver, bool keep) {
    sent const one = under_way_[which];
    if (!keep) under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(which));
    node& self = nodes_[one.to.value];
    if (!deliver || !self.core) {
      log_.plain("%u -> %u lost: %s", one.from.value + 1U, one.to.value + 1U, one.text.c_str());
      return;
    }
    auto const got = decode_frame(one.frame, frame_family::peer, frame_body_max_default);
    message_type message;
    if (!got || !packing_.read(got->body, message)) return complain(one.text, "cannot be decoded");
    log_.plain("%u -> %u %s", one.from.value + 1U, one.to.value + 1U, one.text.c_str());
    self.core->step(now_, nodes_[one.from.value].id, std::move(message), self.out);
    turn(self);
  }

  void pass(time_ns span) {
    time_ns const until = now_ + span;
    for (;;) {
      node* next = nullptr;
      for (node& self : nodes_) {
        if (!self.core || self.core->next_deadline() > until) continue;
        if (next == nullptr || self.core->next_deadline() < next->core->next_deadline()) {
          next = &self;
        }
      }
      if (next == nullptr) break;
      if (next->core->next_deadline() > now_) now_ = next->core->next_deadline();
      next->core->tick(now_, next->out);
      turn(*next);
    }
    now_ = until;
  }

  // -- one node -----------------------------------------------------------------------------------

  void start(node& self) {
    if (self.core) return;
    self.disk.open();
    ++self.life;
    self.core.emplace(setup::template scripted<core_type>(self.id, members_));
    std::vector<record_fact> read;
    damage const harm = self.disk.replay([&](record_view const& from) {
      record<command> saved;
      if (!packing_.read(from, saved)) return;
      log_.plain("%llu reads %s", wide(self.id.value), describe(saved).c_str());
      read.push_back(packing_.fact(saved, from.checksum));
      self.core->restore(saved);
    });
    oracle_.restarted(self.self(), read, harm);
    self.core->start(now_, harm, self.out);
    turn(self);
  }
  void crash(node& self) {
    self.disk.crash_exactly();
    self.core.reset();
    self.order = {};
    self.out.clear();
  }
  void turn(node& self) {
    host doing{*this, self};
    self.order.turn(now_, *self.core, self.out, doing);
  }
  void written(node& self) {
    self.disk.write_all();
    oracle_.confirmed(self.self(), self.disk.durable());
    if (self.core) turn(self);
  }

  void send(node& self, node_set to, message_type const& message) {
    setup::tell(message, self.self(), packing_, oracle_);
    frame_header header;
    header.from = self.id;
    shared_bytes const frame = packing_.frame(header, message);
    std::string const text = setup::describe_message(message);
    to.for_each([&](node_index target) {
      log_.plain("%llu sends %u: %s", wide(self.id.value), target.value + 1U, text.c_str());
      under_way_.push_back({self.at, target, text, frame});
    });
  }
  void persist(node& self, std::span<record<command> const> records) {
    if (packing_.write(records)) return complain("write", "cannot be encoded");
    auto const views = packing_.written();
    for (std::size_t i = 0; i < records.size(); ++i) {
      log_.plain("%llu writes %s", wide(self.id.value), describe(records[i]).c_str());
      oracle_.appended(self.self(), records[i].number,
                       packing_.fact(records[i], views[i].checksum));
    }
    self.disk.append(views, records.back().number);
    if (self.holds) return;
    self.disk.write_all();
    oracle_.confirmed(self.self(), self.disk.durable());
  }
  void decide(node& self, typename output_type::decision const& one) {
    log_.plain("%llu decides %s", wide(self.id.value), describe(one.value).c_str());
    oracle_.decided(self.self(), {one.lane, one.at}, packing_.digest(one.value),
                    packing_.commands(one.value));
  }

  packing<Protocol, machine_type, text_codec> packing_;
  trace log_;
  oracle oracle_;
  membership members_;
  std::deque<node> nodes_;
  std::vector<sent> under_way_;
  time_ns now_ = 0;
};

}  // namespace synod::testing
