// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/assert.hpp>
#include <synod/core/list.hpp>
#include <synod/runtime/founding_messages.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

// Which life of which store each peer is, as far as this node has made durable. A peer counts for
// nothing before that: else a store set back to an older image could come a second time, and its
// votes of the two lives would contradict each other unnoticed (hazards H2, H16). Strangers are
// bounded in number; what does not fit is not verified.
class peer_book {
 public:
  static constexpr std::size_t stores_max = 1024;

  enum class verdict : std::uint8_t {
    known,     // this life is durable here
    news,      // `change` must be made durable first
    outlived,  // a later life, or another one with the same number, was here before
    amnesiac,  // by its own words: it counts for nothing, and does not outlive its original
    full,
  };

  struct page {
    node_id node;
    store_id store;
    incarnation life;
    std::uint64_t written = 0;  // the number of the record that says so; 0: restored
  };

  // The last page of the peer that introduced itself last under this node id; null if none did.
  [[nodiscard]] page const* present(node_id node) const {
    for (presence const& one : present_) {
      if (one.node == node) return &pages_[one.page];
    }
    return nullptr;
  }

  // A message of that life may be believed once everything up to `durable` is on disk.
  [[nodiscard]] page const* verified(node_id from, incarnation life, std::uint64_t durable) const {
    page const* const here = present(from);
    if (here == nullptr || here->life != life) return nullptr;
    bool const written = here->written <= durable || SYNOD_MUTATION(peer_counted_before_durable);
    return written ? here : nullptr;
  }

  // `written` numbers the record that the caller will write if this is news.
  verdict introduce(node_id from, founding_hello const& hello, std::uint64_t written) {
    if (hello.amnesiac) return verdict::amnesiac;
    std::size_t const at = place_of(from, hello.store);
    if (at == pages_.size()) {
      if (pages_.size() >= stores_max) return verdict::full;
      pages_.push_back({from, hello.store, hello.life, written});
      attend(from, at);
      return verdict::news;
    }
    page& here = pages_[at];
    bool const older =
        hello.life.counter < here.life.counter && !SYNOD_MUTATION(h16_older_life_accepted);
    bool const cloned = hello.life.counter == here.life.counter &&
                        hello.life.nonce != here.life.nonce &&
                        !SYNOD_MUTATION(h16_cloned_life_accepted);
    if (older || cloned) return verdict::outlived;
    attend(from, at);
    if (hello.life == here.life) return verdict::known;
    here.life = hello.life;
    here.written = written;
    return verdict::news;
  }

  [[nodiscard]] incarnation remembered(node_id node, store_id store) const {
    std::size_t const at = place_of(node, store);
    return at == pages_.size() ? incarnation() : pages_[at].life;
  }

  static host_record record_of(node_id node, store_id store, incarnation life) {
    std::uint64_t place = node.value * 0x9e3779b97f4a7c15ULL;
    for (std::uint64_t part : {store.high, store.low}) {
      place = (place ^ (place >> 31) ^ part) * 0xbf58476d1ce4e5b9ULL;
    }
    host_record made{host_kind::peer, slot(place ^ (place >> 29)), {}};
    wire_writer out(made.body);
    out(node, store, life);
    return made;
  }

  bool restore(std::span<std::byte const> body) {
    page read;
    wire_reader in(body);
    in(read.node, read.store, read.life);
    if (!in.finished()) return false;
    if (place_of(read.node, read.store) == pages_.size()) pages_.push_back(read);
    return true;
  }

 private:
  struct presence {
    node_id node;
    std::size_t page;
  };

  [[nodiscard]] std::size_t place_of(node_id node, store_id store) const {
    std::size_t at = 0;
    while (at < pages_.size() && (pages_[at].node != node || pages_[at].store != store)) ++at;
    return at;
  }
  void attend(node_id node, std::size_t place) {
    for (presence& one : present_) {
      if (one.node != node) continue;
      one.page = place;
      return;
    }
    present_.push_back({node, place});
  }

  list<page> pages_;
  list<presence> present_;
};

}  // namespace synod
