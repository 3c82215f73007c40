// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/generator.hpp>
#include <synod/runtime/founding.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// Machines that boot for the first time, over a network that loses, repeats and reorders, with
// disks that are lost, copied and set back. It counts what must never happen.
namespace support {

struct founding_world {
  struct disk {
    synod::store_id store;
    std::uint64_t lives = 0;
    std::map<std::pair<int, std::uint64_t>, std::vector<std::byte>> records;
  };
  struct box {
    synod::node_id id;
    disk disk_now;
    std::optional<synod::founding> runs;
    synod::incarnation life;
    std::vector<synod::founding_output::numbered_record> unsynced;
    std::vector<synod::founding_output::deferred_send> held;
    std::uint64_t synced = 0;
    synod::list<synod::founding_event> events;
  };
  struct letter {
    synod::node_id from;
    synod::node_id to;
    synod::founding_message what;
  };

  explicit founding_world(std::uint64_t seed, std::uint64_t count = 3) : dice(seed) {
    for (std::uint64_t i = 1; i <= count; ++i) {
      members.push_back({.id = synod::node_id(i)});
      boxes.push_back({synod::node_id(i), fresh_disk(), {}, {}, {}, {}, 0, {}});
    }
  }

  synod::founding_options options(box const& of) const {
    synod::founding_options made;
    made.cluster = "demo";
    made.self = of.id;
    made.store = of.disk_now.store;
    made.life = of.life;
    made.members = members;
    made.ask_again_ns = 100;
    return made;
  }

  disk fresh_disk() {
    disk made;
    made.store = {0x5707e, ++stores};
    return made;
  }

  box& at(std::uint64_t id) { return boxes[id - 1]; }

  void boot(box& one) {
    synod::start const how =
        modes.count(one.id.value) != 0 ? modes[one.id.value] : synod::start::bootstrap;
    one.life = {++one.disk_now.lives, dice.next()};
    synod::founding_options given = options(one);
    given.how = how;
    one.runs.emplace(given);
    one.unsynced.clear();
    one.held.clear();
    one.synced = 0;
    for (auto const& [address, body] : one.disk_now.records) {
      bool const good = one.runs->restore(static_cast<synod::record_kind>(address.first), body);
      if (!good) wrongs.insert("a record did not read back");
    }
    synod::founding_output out;
    one.runs->start(now, out);
    take(one, out);
  }
  void crash(box& one) {
    one.runs.reset();
    one.unsynced.clear();
    one.held.clear();
  }
  void wipe(box& one) {
    crash(one);
    one.disk_now = fresh_disk();
  }

  void sync(box& one) {
    for (auto const& record : one.unsynced) {
      one.disk_now.records[{static_cast<int>(record.what.kind), record.what.at.value}] =
          record.what.body;
      one.synced = record.number;
      if (record.what.kind == synod::host_kind::founding) {
        auto& kept = record_of[one.disk_now.store.low];
        if (!kept.empty() && kept != record.what.body) wrongs.insert("a store changed its record");
        kept = record.what.body;
        adopters[kept].insert(one.id.value);
        quorums();
      }
    }
    one.unsynced.clear();
    synod::founding_output out;
    one.runs->persisted(one.synced, out);
    take(one, out);
    release(one);
  }
  void tick(box& one) {
    synod::founding_output out;
    one.runs->tick(now, out);
    take(one, out);
  }
  void deliver(letter const& what) {
    box& to = at(what.to.value);
    if (!to.runs) return;
    synod::founding_output out;
    to.runs->step(now, what.from, what.what, out);
    take(to, out);
    watch(to);
  }

  // Everything works, until nothing is left to say.
  void settle(int rounds = 50) {
    for (int i = 0; i < rounds; ++i) {
      now += 200;
      for (box& one : boxes) {
        if (one.runs) tick(one);
      }
      while (!letters.empty()) {
        letter const next = letters.front();
        letters.erase(letters.begin());
        deliver(next);
        for (box& one : boxes) {
          if (one.runs) sync(one);
        }
      }
    }
  }

  // One random thing happens.
  void step(bool wipes, int wipes_max) {
    std::uint64_t const what = dice.below(100);
    box& one = boxes[dice.below(boxes.size())];
    now += 20;
    if (what < 45 && !letters.empty()) {
      std::size_t const which = dice.below(letters.size());
      letter const chosen = letters[which];
      if (dice.below(8) != 0) letters.erase(letters.begin() + static_cast<std::ptrdiff_t>(which));
      deliver(chosen);
    } else if (what < 60) {
      if (one.runs) sync(one);
    } else if (what < 80) {
      if (one.runs) tick(one);
    } else if (what < 85 && !letters.empty()) {
      letters.erase(letters.begin() + static_cast<std::ptrdiff_t>(dice.below(letters.size())));
    } else if (what < 93) {
      if (!one.runs) boot(one);
    } else if (what < 97) {
      crash(one);
    } else if (wipes && dice.below(3) == 0 && wiped.size() < static_cast<std::size_t>(wipes_max)) {
      if (wiped.insert(one.id.value).second) wipe(one);
    }
  }

  synod::generator dice;
  synod::time_ns now = 0;
  std::vector<synod::member> members;
  std::vector<box> boxes;
  std::vector<letter> letters;
  std::map<std::uint64_t, synod::start> modes;
  std::set<std::string> wrongs;
  std::set<std::uint64_t> wiped;
  std::uint64_t stores = 0;

 private:
  void take(box& one, synod::founding_output& out) {
    for (auto& record : out.persist) one.unsynced.push_back(std::move(record));
    for (auto& sent : out.send_now) letters.push_back({one.id, sent.to, std::move(sent.message)});
    for (auto& sent : out.send_after) one.held.push_back(std::move(sent));
    for (auto& event : out.events) one.events.push_back(event);
    release(one);
    watch(one);
  }
  void release(box& one) {
    auto const ready = [&](auto const& sent) { return sent.after <= one.synced; };
    for (auto& sent : one.held) {
      if (ready(sent)) letters.push_back({one.id, sent.to, sent.message});
    }
    std::erase_if(one.held, ready);
  }

  // Two clusters of which each had a quorum: what the first one acknowledged is lost.
  void quorums() {
    int complete = 0;
    for (auto const& [record, who] : adopters) {
      synod::founding_record read;
      synod::wire_reader in{std::span<std::byte const>(record)};
      in(read);
      std::size_t named = 0;
      for (auto const& [store, kept] : record_of) {
        if (kept != record) continue;
        for (synod::member const& one : read.members.members()) {
          named += one.store.low == store ? 1 : 0;
        }
      }
      complete += named * 2 > read.members.members().size() ? 1 : 0;
    }
    if (complete > 1) wrongs.insert("two clusters began");
  }

  void watch(box& one) {
    if (!one.runs || !one.runs->is_founded()) return;
    std::uint64_t const store = one.disk_now.store.low;
    synod::membership const& founders = one.runs->record().members;
    bool const votes = one.runs->may_vote(founders);
    if (votes && record_of[store].empty()) wrongs.insert("voted before the record was durable");
    synod::member const* const me = founders.find(one.id);
    if (votes && (me == nullptr || me->store != one.disk_now.store)) {
      wrongs.insert("a store voted that is not named");
    }
    for (box& other : boxes) {
      if (!other.runs || &other == &one) continue;
      if (!one.runs->verified(other.id, other.life)) continue;
      std::uint64_t& most = believed[{store, other.disk_now.store.low}];
      if (other.life.counter < most) wrongs.insert("believed an older life");
      most = std::max(most, other.life.counter);
    }
  }

  std::map<std::uint64_t, std::vector<std::byte>> record_of;  // by store
  std::map<std::vector<std::byte>, std::set<std::uint64_t>> adopters;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> believed;
};

}  // namespace support
