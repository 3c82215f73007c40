// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/crash_sweep.hpp>
#include <synod/codec/crc32c.hpp>
#include <synod/storage/file_snapshots.hpp>
#include <synod/testing/disk.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// Snapshots taken one after the other over a simulated disk that stops at every one of its steps,
// and what the next life finds of them.

namespace support {

using snapshots_over_disk = synod::file_snapshots<synod::testing::disk::io>;

inline std::vector<std::byte> snapshot_bytes(std::uint64_t upto, std::size_t length) {
  std::vector<std::byte> made(length);
  for (std::size_t i = 0; i < length; ++i) made[i] = static_cast<std::byte>(upto * 31 + i / 97 + i);
  return made;
}

// Returns whether the snapshot was said to be durable.
inline bool take(snapshots_over_disk& into, std::uint64_t upto, std::size_t length) {
  into.begin({synod::slot(upto), 0, 0});
  return !into.write(snapshot_bytes(upto, length)) && !into.finish();
}
// Returns the same of a life of its own.
inline bool take(synod::testing::disk& on, std::uint64_t upto, std::size_t length) {
  bool done = false;
  {
    auto opened = snapshots_over_disk::open(on.mount());
    done = opened && take(*opened, upto, length);
  }
  on.kill();
  return done;
}

struct snapshot_sweep {
  std::size_t cases = 0;
  std::string wrong;  // the first thing that was
};

inline std::size_t snapshot_length(std::uint64_t upto) { return upto == 3 ? 70000 : upto * 3000; }

// Empty where what a crash left is whole and no older than that.
inline std::string judge_snapshots(synod::testing::disk& after, std::uint64_t acknowledged) {
  auto opened = snapshots_over_disk::open(after.mount());
  if (!opened) return sentence(opened.error());
  if (opened->lost().has_value()) return "the newest is lost";
  auto const newest = opened->newest();
  std::uint64_t const upto = newest.has_value() ? newest->upto.value : 0;
  if (upto < acknowledged) return "an older one came back";
  if (upto == 0) return {};
  auto const bytes = snapshot_bytes(upto, snapshot_length(upto));
  if (newest->length != bytes.size() || newest->checksum != synod::crc32c(bytes)) {
    return "the newest says it is something else";
  }
  std::vector<std::byte> room(bytes.size());
  auto reader = opened->open();
  if (reader->read(0, room) != bytes.size() || room != bytes) return "the newest is not whole";
  return {};
}

inline snapshot_sweep sweep_snapshots() {
  snapshot_sweep outcome;
  for (std::uint64_t step = 0;; ++step) {
    synod::testing::disk on(synod::testing::random_source(5), {4096, 1 << 24});
    on.stop_after(step);
    std::uint64_t acknowledged = 0;
    {
      auto opened = snapshots_over_disk::open(on.mount());
      for (std::uint64_t upto = 1; opened && upto <= 4; ++upto) {
        if (!take(*opened, upto, snapshot_length(upto))) break;
        acknowledged = upto;
      }
    }
    if (!on.stopped()) return outcome;
    on.kill();
    std::size_t const names = on.unsynced_names();
    for (std::size_t kept = 0; kept <= names; ++kept) {
      std::size_t const odd = kept != names ? 0 : on.unsynced() <= 12 ? 3 : 2;
      each_fate(on.unsynced(), odd, [&](auto const& chosen, auto odd_fate, auto other_fate) {
        synod::testing::disk after = on;
        after.crash(
            [&](std::size_t which) {
              for (std::size_t one : chosen) {
                if (one == which) return odd_fate;
              }
              return other_fate;
            },
            kept);
        ++outcome.cases;
        std::string const wrong = judge_snapshots(after, acknowledged);
        if (!wrong.empty() && outcome.wrong.empty()) {
          outcome.wrong = "step " + std::to_string(step) + ": " + wrong;
        }
      });
      if (!outcome.wrong.empty()) return outcome;
    }
  }
}

}  // namespace support
