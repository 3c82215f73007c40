// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/fixed.hpp>
#include <synod/codec/records.hpp>
#include <synod/codec/values.hpp>
#include <synod/codec/wire.hpp>
#include <synod/core/batch.hpp>
#include <synod/core/membership.hpp>
#include <synod/runtime/drain.hpp>
#include <synod/testing/either_disk.hpp>
#include <synod/testing/event_queue.hpp>
#include <synod/testing/network.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace support {

struct numbers {
  using command = std::uint64_t;
  void apply(command const&) {}
};

// Five nodes of any protocol with real bytes on disks and links: something is proposed, decided,
// and survives crashes. It is small, so that every combination of policies can be compiled.
template <class Protocol>
class small_world {
 public:
  using core_type = typename Protocol::template core<numbers>;
  using message_type = typename core_type::message_type;
  using command = std::uint64_t;
  static constexpr unsigned count = 5;
  static constexpr bool is_log = requires(core_type const& one) { one.chosen_upto(); };

  small_world(synod::quorum_spec const& spec, synod::testing::storage_kind storage, bool lossy)
      : random_(lossy ? 7 : 8), net_(count, random_.split(1)), wire_(values_),
        records_(values_, {}) {
    if (lossy) {
      net_.weather.loss = 100'000;
      net_.weather.duplication = 100'000;
      net_.weather.straggling = 50'000;
      net_.weather.straggler_mean = 20'000'000;
    } else {
      net_.weather.in_order = true;
    }
    std::vector<synod::member> all;
    for (unsigned i = 0; i < count; ++i) {
      nodes_.emplace_back(storage, random_.split(10 + i));
      synod::member one{.id = synod::node_id(i + 1),
                        .index = synod::node_index(static_cast<std::uint8_t>(i))};
      one.weight = i % 3 + 1;
      all.push_back(one);
    }
    members_ = *synod::membership::make(synod::config_number(), std::move(all), spec);
  }

  // Returns what went wrong, or nothing.
  std::string play() {
    for (unsigned i = 0; i < count; ++i) start(i);
    decide(101, 0);
    crash(0);
    if (is_log) decide(102, 1);
    start(0);
    all_have("after one restart");
    for (unsigned i = 0; i < count; ++i) crash(i);
    for (unsigned i = 0; i < count; ++i) start(i);
    if (is_log) decide(103, 2);
    all_have("after all restarted");
    return std::move(complaint_);
  }

 private:
  struct node {
    node(synod::testing::storage_kind storage, synod::testing::random_source random)
        : disk(storage, random) {}
    synod::testing::either_disk disk;
    std::optional<core_type> core;
    typename core_type::output_type out;
    synod::drain<core_type> order;
    std::map<std::uint64_t, std::uint64_t> decided;  // by slot; 0 for no command
  };

  // What the drain calls.
  struct host {
    small_world& of;
    unsigned self;

    void send(synod::node_set to, message_type&& message) {
      std::vector<std::byte> written;
      synod::wire_writer out(written);
      if (!of.wire_.write(out, message)) of.complain("a message cannot be encoded");
      synod::shared_bytes const bytes = of.buffers_.seal(written);
      to.for_each([&](synod::node_index target) {
        of.net_.send(
            of.now_, {bytes, of.index(self), target},
            [&](synod::time_ns when, std::uint32_t number) { of.queue_.add(when, number); });
      });
    }
    void persist(std::span<synod::record<command> const> records) {
      if (of.records_.encode(records, of.encoded_)) of.complain("a record cannot be encoded");
      of.nodes_[self].disk.append(of.encoded_.views(), records.back().number);
      of.nodes_[self].disk.write_all();
    }
    void flush() {}
    [[nodiscard]] synod::ticket durable() { return of.nodes_[self].disk.durable(); }
    [[nodiscard]] bool storage_failed() { return static_cast<bool>(of.nodes_[self].disk.failed()); }
    void decide(typename core_type::output_type::decision const& one) {
      std::uint64_t const what = one.value.is_batch() ? one.value.commands().front() : 0;
      of.nodes_[self].decided[one.at.value] = what;
      auto const [known, fresh] = of.agreed_.emplace(one.at.value, what);
      if (!fresh && known->second != what) {
        of.complain("slot " + std::to_string(one.at.value) + " is decided in two ways");
      }
    }
    void refuse(synod::refused_proposal<command> const&) {}
    void answer(typename core_type::answer_type const&) {}
    void notify(synod::core_event const&) {}
  };

  static synod::node_index index(unsigned who) {
    return synod::node_index(static_cast<std::uint8_t>(who));
  }
  void complain(std::string const& what) {
    if (complaint_.empty()) complaint_ = what;
  }

  void start(unsigned who) {
    node& self = nodes_[who];
    if (self.disk.open()) return complain("a disk does not open");
    typename core_type::options given;
    given.self = synod::node_id(who + 1);
    given.members = members_;
    given.seed = random_.next();
    self.core.emplace(std::move(given));
    synod::damage const harm = self.disk.replay([&](synod::record_view const& one) {
      auto const read = records_.decode(one);
      if (!read) return complain("a record cannot be decoded");
      self.core->restore(*read);
    });
    self.core->start(now_, harm, self.out);
    turn(who);
  }
  void crash(unsigned who) {
    nodes_[who].core.reset();
    nodes_[who].out.clear();
    nodes_[who].order = {};
    nodes_[who].decided.clear();
    nodes_[who].disk.crash();
  }
  void turn(unsigned who) {
    host here{*this, who};
    nodes_[who].order.turn(now_, *nodes_[who].core, nodes_[who].out, here);
  }

  // The next message or timer. Returns false where there is none.
  bool step() {
    synod::time_ns due = queue_.empty() ? synod::never : queue_.next().at;
    unsigned timer = count;
    for (unsigned i = 0; i < count; ++i) {
      if (!nodes_[i].core || nodes_[i].core->next_deadline() >= due) continue;
      due = nodes_[i].core->next_deadline();
      timer = i;
    }
    if (due == synod::never) return false;
    if (due > now_) now_ = due;
    if (timer != count) {
      nodes_[timer].core->tick(now_, nodes_[timer].out);
      turn(timer);
      return true;
    }
    std::optional<synod::testing::packet> const arrived = net_.deliver(queue_.take().what);
    if (!arrived || !nodes_[arrived->to.value].core) return true;
    message_type message;
    synod::wire_reader in(arrived->frame.bytes());
    if (!wire_.read(in, message)) return complain("a message cannot be decoded"), false;
    node& to = nodes_[arrived->to.value];
    to.core->step(now_, synod::node_id(arrived->from.value + 1U), std::move(message), to.out);
    turn(arrived->to.value);
    return true;
  }
  template <class Done>
  bool run_until(Done&& done, synod::time_ns patience = 60'000'000'000) {
    synod::time_ns const end = now_ + patience;
    while (!done() && complaint_.empty()) {
      if (now_ > end || !step()) return false;
    }
    return complaint_.empty();
  }

  [[nodiscard]] bool is_decided(command what) const {
    for (auto const& [at, content] : agreed_) {
      if (content == what) return true;
    }
    return false;
  }
  // Proposes where it is taken, `first` being asked first, again while it is not decided.
  void decide(command what, unsigned first) {
    for (int tries = 0; tries < 100 && !is_decided(what); ++tries) {
      for (unsigned i = 0; i < count; ++i) {
        unsigned const who = (first + i) % count;
        if (!nodes_[who].core) continue;
        synod::batch<command> made;
        made.add(synod::session_id(9), synod::sequence(what), synod::sequence(), what);
        bool const refused =
            nodes_[who].core->propose(now_, std::move(made), nodes_[who].out).has_value();
        turn(who);
        if (!refused) break;
      }
      run_until([&] { return is_decided(what); }, 500'000'000);
    }
    if (!is_decided(what)) complain(std::to_string(what) + " is not decided");
  }
  // Everybody comes to know everything that anybody knows.
  void all_have(char const* when) {
    bool const good = run_until([&] {
      for (node const& one : nodes_) {
        if (one.decided.size() < agreed_.size()) return false;
      }
      return true;
    });
    if (!good) complain(std::string("not all know all ") + when);
  }

  synod::testing::random_source random_;
  synod::testing::network net_;
  synod::testing::event_queue<std::uint32_t> queue_;
  synod::batch_pool<command> batches_;
  synod::value_coder<command, synod::fixed_codec> values_{batches_};
  typename Protocol::template wire<numbers, synod::fixed_codec> wire_;
  synod::record_coder<command, synod::fixed_codec> records_;
  synod::encoded_records encoded_;
  synod::bytes_pool buffers_;
  std::deque<node> nodes_;
  synod::membership members_;
  std::map<std::uint64_t, std::uint64_t> agreed_;
  std::string complaint_;
  synod::time_ns now_ = 1;
};

}  // namespace support
