// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/crash_sweep.hpp>

#include <cstdint>
#include <string>

// Damages a log that was whole, in one place after the other, and sees to it that every recovery
// either yields what was durable or says what is lost.

namespace support {

struct rot_outcome {
  std::uint64_t cases = 0;
  std::uint64_t named = 0;      // told which slots
  std::uint64_t refused = 0;    // told that nothing is certain, by `everything` or by not opening
  std::uint64_t healed = 0;     // nothing that counted was lost
  std::uint64_t silent = 0;     // lost, and called healthy
  std::uint64_t forgotten = 0;  // told once, and no longer after a restart
  std::string first;

  void wrong(std::uint64_t& which, std::string const& what) {
    ++which;
    if (first.empty()) first = what;
  }
};

inline void judge_rot(traced_log const& before, synod::testing::disk rotten,
                      std::string const& what, rot_outcome& outcome) {
  ++outcome.cases;
  rotten.weather = {};
  bool told = false;
  for (int life = 0; life < 2; ++life) {
    auto opened = log_over_disk::open(rotten.mount(), small_log());
    if (!opened) {
      ++outcome.refused;
      return;
    }
    log_over_disk log = std::move(*opened);
    contents const found = read_all(log);
    synod::testing::storage_oracle oracle = before.oracle;
    char const* const wrong = oracle.judge(found.records, before.acknowledged, found.harm);
    if (wrong != nullptr) {
      return outcome.wrong(life == 0 ? outcome.silent : outcome.forgotten, what + ": " + wrong);
    }
    if (life == 1 && told && found.harm.none()) {
      return outcome.wrong(outcome.forgotten, what + ": the damage is forgotten");
    }
    told = !found.harm.none();
    if (life == 0)
      ++(found.harm.everything ? outcome.refused : told ? outcome.named : outcome.healed);
    rotten.kill();
  }
}

// A log whose last records are vouched for by a mark, as it is after a pause or a clean end.
inline traced_log marked_log(synod::testing::disk_shape shape, std::uint64_t entries) {
  traced_log trace(shape);
  trace.open();
  for (std::uint64_t i = 1; i <= entries; ++i) trace.entry(i);
  trace.log->wait();
  trace.acknowledge();
  trace.vouch();
  trace.disk.kill();
  trace.log.reset();
  return trace;
}

// Flips a bit in every `stride`th byte of every file, and loses every one of its sectors in turn.
inline rot_outcome sweep_rot(traced_log const& whole, std::uint64_t stride) {
  rot_outcome outcome;
  synod::testing::disk const& disk = whole.disk;
  for (synod::file_name const& name : disk.names()) {
    std::uint64_t const bytes = disk.size(name);
    for (std::uint64_t at = 0; at < bytes; at += stride) {
      synod::testing::disk rotten = disk;
      rotten.flip_bit(name, at * 8 + at / stride % 8);
      judge_rot(whole, std::move(rotten), name.text() + (" bit at " + std::to_string(at)), outcome);
    }
    for (std::uint64_t at = 0; at < bytes; at += synod::block_bytes) {
      synod::testing::disk rotten = disk;
      rotten.lose_sector(name, at);
      judge_rot(whole, std::move(rotten), name.text() + (" sector " + std::to_string(at)), outcome);
    }
  }
  return outcome;
}

}  // namespace support
