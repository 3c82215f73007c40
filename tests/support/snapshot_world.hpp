// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/generator.hpp>
#include <synod/runtime/snapshot_donor.hpp>
#include <synod/runtime/snapshot_receiver.hpp>
#include <synod/storage/memory_snapshots.hpp>

#include <optional>
#include <utility>
#include <vector>

// A donor, a receiver, and a network between them that loses, repeats and reorders, while the donor
// goes on taking newer snapshots.
namespace support {

inline std::vector<std::byte> content_of(std::uint64_t upto, std::size_t length) {
  synod::generator from(upto);
  std::vector<std::byte> made(length);
  for (std::byte& one : made) one = static_cast<std::byte>(from.next());
  return made;
}

inline void take_snapshot(synod::memory_snapshots& store, std::uint64_t upto, std::size_t length) {
  store.begin({synod::slot(upto), 0, 0});
  (void)store.write(content_of(upto, length));
  (void)store.finish();
}

struct snapshot_world {
  explicit snapshot_world(std::uint64_t seed) : dice(seed) {}

  synod::generator dice;
  synod::memory_snapshots here;
  synod::memory_snapshots there;
  synod::snapshot_donor<synod::memory_snapshots> donor{
      {.receivers_max = 2, .part_bytes = 100, .bytes_per_second = 1'000'000'000}};
  synod::snapshot_receiver<synod::memory_snapshots> receiver{
      {.credit_bytes = 350, .ask_again_ns = 1000}};
  std::vector<synod::snapshot_message> to_donor;
  std::vector<synod::snapshot_message> to_receiver;
  synod::time_ns now = 0;
  std::optional<synod::snapshot_info> arrived;
  std::uint64_t wanted = 0;

  static std::size_t length_of(std::uint64_t upto) { return 2000 + upto * 7 % 500; }

  void want(std::uint64_t at_least) {
    synod::list<synod::snapshot_send> out;
    receiver.want(now, synod::node_id(1), synod::slot(at_least), out);
    queue(out, to_donor);
  }

  // One event; `rough` is a network that loses, repeats and reorders.
  void step(bool rough) {
    now += 40;
    synod::list<synod::snapshot_send> out;
    if (!to_donor.empty() && dice.below(2) == 0) {
      if (auto const got = pick(to_donor, rough)) {
        donor.asked(now, synod::node_id(2), *got->get_if<synod::snapshot_ask>(), here, out,
                    [this](synod::slot at_least) { wanted = at_least.value; });
        queue(out, to_receiver);
      }
    } else if (!to_receiver.empty()) {
      if (auto const got = pick(to_receiver, rough)) {
        auto const whole = receiver.step(now, synod::node_id(1), *got, there, out);
        if (whole.has_value()) arrived = whole;
        queue(out, to_donor);
      }
    }
    receiver.tick(now, out);
    queue(out, to_donor);
    donor.tick(now, here, out);
    queue(out, to_receiver);
  }

 private:
  static void queue(synod::list<synod::snapshot_send>& from,
                    std::vector<synod::snapshot_message>& into) {
    for (auto& one : from) into.push_back(std::move(one.message));
    from.clear();
  }
  std::optional<synod::snapshot_message> pick(std::vector<synod::snapshot_message>& from,
                                              bool rough) {
    std::size_t const which = rough && dice.below(4) == 0 ? dice.below(from.size()) : 0;
    synod::snapshot_message chosen = from[which];
    if (!rough || dice.below(10) != 0) {
      from.erase(from.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (rough && dice.below(20) == 0) return std::nullopt;
    return chosen;
  }
};

}  // namespace support
