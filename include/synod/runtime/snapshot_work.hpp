// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/maybe.hpp>
#include <synod/core/snapshot_store.hpp>
#include <synod/runtime/snapshot_stream.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace synod {

// One snapshot being taken: frozen at one slot, written in pieces of bounded size while the node
// goes on. Only when the store has it whole and durably does `advance` say its slot, and only then
// may the log forget what is in it (H22a, H22f, I12).
template <class Executor, snapshot_store Store>
class snapshot_taking {
 public:
  snapshot_taking(Executor& from, Store& store) : frozen_(from) {
    store.begin({frozen_.upto(), 0, 0});
  }

  [[nodiscard]] slot upto() const { return frozen_.upto(); }

  struct progress {
    bool ended = false;
    maybe<slot> durable_upto;  // if it ended well
    error why;
  };

  // Writes at most so many bytes.
  progress advance(Store& store, std::size_t bytes_max) {
    if (SYNOD_MUTATION(h22f_snapshot_told_before_durable) && !told_) {
      told_ = true;
      return {false, frozen_.upto(), {}};
    }
    room_.resize(piece_bytes);
    while (bytes_max > 0) {
      std::size_t const most = bytes_max < room_.size() ? bytes_max : room_.size();
      std::size_t const some = frozen_.read(std::span(room_).first(most));
      if (some == 0) return finish(store);
      if (error const why = store.write(std::span<std::byte const>(room_).first(some))) {
        store.abandon();
        return {true, std::nullopt, why};
      }
      bytes_max -= some;
    }
    return {};
  }

 private:
  static constexpr std::size_t piece_bytes = std::size_t{64} << 10;

  progress finish(Store& store) {
    if (!frozen_.whole()) {
      store.abandon();
      return {
          true, std::nullopt, {error_code::too_large, 0, "snapshot", "give it freeze and thaw"}};
    }
    if (error const why = store.finish()) return {true, std::nullopt, why};
    return {true, frozen_.upto(), {}};
  }

  frozen_state<Executor> frozen_;
  std::vector<std::byte> room_;
  bool told_ = false;
};

// The newest snapshot of the store becomes the state of the executor, read in pieces. An error
// leaves the executor as it was; `superseded` means that it is as far already.
template <class Executor, snapshot_store Store>
error load_newest(Executor& into, Store& store) {
  auto source = store.open();
  if (!source.has_value()) return {error_code::not_ready, 0, "snapshot", "there is none"};
  bool const newer = source->info().upto > into.applied();
  if (!newer && !SYNOD_MUTATION(h22d_install_what_is_older)) {
    return {error_code::superseded, source->info().upto.value, "snapshot", "nothing is lost"};
  }
  thawing_state<Executor> thawing(into);
  std::vector<std::byte> room(std::size_t{64} << 10);
  std::uint64_t offset = 0;
  while (std::size_t const some = source->read(offset, room)) {
    if (!thawing.write(std::span<std::byte const>(room).first(some))) return thawing.finish();
    offset += some;
  }
  if (offset != source->info().length) {
    return {error_code::io_failure, offset, "snapshot", "it cannot be read; take another one"};
  }
  return thawing.finish();
}

}  // namespace synod
