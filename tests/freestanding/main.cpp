// SPDX-License-Identifier: BSL-1.0
// Compiled with -fno-rtti -fno-exceptions, and linked into a program that decides something with
// every protocol: ranks 0 to 5 need neither.
#include <synod/synod.hpp>

#include <cstdint>
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace synod;

// Three nodes, a network that loses nothing and disks that are instant.
template <class Protocol>
class trio {
 public:
  using core = typename Protocol::template core<counter>;
  using message = typename core::message_type;

  trio() {
    std::vector<member> members;
    for (std::uint8_t i = 0; i < 3; ++i) {
      members.push_back({.id = node_id(i), .index = node_index(i)});
    }
    membership const all = *membership::make(config_number(1), members);
    nodes_.reserve(3);
    for (std::uint8_t i = 0; i < 3; ++i) nodes_.emplace_back(*this, i, all);
  }

  // Whether everybody decides an addition of 7 within a simulated minute.
  bool agree() {
    for (node& one : nodes_) one.paxos.start(now_, {}, one.out);
    while (now_ < 60'000'000'000) {
      settle();
      if (decisions_ >= 3) return true;
      if (!proposed_) propose();
      settle();
      pass_time();
    }
    return false;
  }

 private:
  struct node {
    trio& others;
    std::uint8_t at;
    core paxos;
    typename core::output_type out;
    drain<core> order;
    ticket written;
    bool decided = false;

    node(trio& in, std::uint8_t index, membership const& all)
        : others(in), at(index), paxos(options_of(index, all)) {}

    static typename core::options options_of(std::uint8_t index, membership const& all) {
      typename core::options made;
      made.self = node_id(index);
      made.members = all;
      return made;
    }

    void send(node_set to, message const& what) { others.mail_.push_back({at, to, what}); }
    void persist(std::span<record<std::int64_t> const> records) {
      written = ticket(written.value + records.size());
    }
    void flush() {}
    ticket durable() { return written; }
    bool storage_failed() { return false; }
    void decide(typename core::output_type::decision const& made) {
      if (decided || !made.value.is_batch() || made.value.commands().front() != 7) return;
      decided = true;
      ++others.decisions_;
    }
    void refuse(refused_proposal<std::int64_t> const&) {}
    void answer(typename core::answer_type const&) {}
    void notify(core_event const&) {}
  };
  struct letter {
    std::uint8_t from;
    node_set to;
    message what;
  };

  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (node& one : nodes_) {
        if (!one.out.empty()) one.order.turn(now_, one.paxos, one.out, one);
      }
      std::vector<letter> const arriving = std::exchange(mail_, {});
      for (letter const& one : arriving) {
        busy = true;
        for (node& receiver : nodes_) {
          if (!one.to.contains(node_index(receiver.at))) continue;
          receiver.paxos.step(now_, node_id(one.from), message(one.what), receiver.out);
        }
      }
    }
  }

  void propose() {
    for (node& one : nodes_) {
      batch<std::int64_t> what;
      what.add(session_id(1), sequence(1), sequence(0), 7);
      if (one.paxos.room() == 0 || one.paxos.propose(now_, std::move(what), one.out)) continue;
      proposed_ = true;
      return;
    }
  }

  void pass_time() {
    time_ns soonest = now_ + 1'000'000'000;
    for (node const& one : nodes_) {
      if (one.paxos.next_deadline() < soonest) soonest = one.paxos.next_deadline();
    }
    now_ = soonest > now_ ? soonest : now_ + 1;
    for (node& one : nodes_) one.paxos.tick(now_, one.out);
  }

  std::vector<node> nodes_;
  std::vector<letter> mail_;
  time_ns now_ = 0;
  unsigned decisions_ = 0;
  bool proposed_ = false;
};

template <class Protocol>
bool agree() {
  bool const good = trio<Protocol>().agree();
  std::printf("%s: %s\n", Protocol::name(), good ? "agreed" : "did not agree");
  return good;
}

}  // namespace

int main() {
  bool good = agree<single_decree<>>();
  good = agree<multi_paxos<>>() && good;
  good = agree<multi_paxos<majority, stable>>() && good;
  good = agree<multi_paxos<flexible<2, 2>>>() && good;
  good = agree<masterless_multi_paxos<>>() && good;
  return good ? 0 : 1;
}
