// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>
#include <synod/core/record.hpp>

#include <cstddef>
#include <cstdint>

namespace synod {

// Where the newest record of every address is: a flat hash table from address to one number, 32
// bytes an entry, that allocates only while the number of live records grows.
class address_table {
 public:
  static constexpr std::uint64_t absent = UINT64_MAX;

  [[nodiscard]] std::size_t size() const { return used_; }

  [[nodiscard]] std::uint64_t find(record_address const& address) const {
    if (used_ == 0) return absent;
    entry const& found = entries_[probe(key_of(address))];
    return found.filled() ? found.place : absent;
  }

  // Returns the place it had before, or absent.
  std::uint64_t put(record_address const& address, std::uint64_t place) {
    if ((used_ + 1) * 4 > entries_.size() * 3) grow();
    key const wanted = key_of(address);
    entry& found = entries_[probe(wanted)];
    std::uint64_t const before = found.filled() ? found.place : absent;
    if (!found.filled()) ++used_;
    found = {wanted, place};
    return before;
  }

  // Returns the place it had, or absent.
  std::uint64_t erase(record_address const& address) {
    if (used_ == 0) return absent;
    std::size_t hole = probe(key_of(address));
    if (!entries_[hole].filled()) return absent;
    std::uint64_t const before = entries_[hole].place;
    --used_;
    close(hole);
    return before;
  }

  // Erases every entry for which `gone(address, place)` holds. It visits all; an entry that closing
  // a hole moved may be asked about twice, never not at all.
  template <class Gone>
  void erase_if(Gone&& gone) {
    for (std::size_t at = 0; at < entries_.size();) {
      entry const one = entries_[at];
      if (one.filled() && gone(address_of(one.at), one.place)) {
        --used_;
        close(at);
      } else {
        ++at;
      }
    }
  }

  template <class Visit>
  void each(Visit&& visit) const {
    for (entry const& one : entries_) {
      if (one.filled()) visit(address_of(one.at), one.place);
    }
  }

  void clear() {
    entries_.clear();
    used_ = 0;
  }

 private:
  struct key {
    std::uint32_t group = 0;
    std::uint32_t kind = 0;  // 0 is no record's kind: an empty place
    std::uint64_t lane = 0;
    std::uint64_t at = 0;

    friend constexpr bool operator==(key const&, key const&) = default;
  };
  struct entry {
    key at;
    std::uint64_t place = absent;

    [[nodiscard]] bool filled() const { return at.kind != 0; }
  };

  static key key_of(record_address const& address) {
    return {address.group.value, static_cast<std::uint32_t>(address.kind), address.lane.value,
            address.at.value};
  }
  static record_address address_of(key const& from) {
    return {group_id(from.group), lane_id(from.lane), slot(from.at),
            static_cast<record_kind>(from.kind)};
  }

  static std::uint64_t mix(std::uint64_t bits) {
    bits ^= bits >> 32;
    bits *= 0xd6e8feb86659fd93ULL;
    bits ^= bits >> 32;
    bits *= 0xd6e8feb86659fd93ULL;
    return bits ^ (bits >> 32);
  }
  static std::uint64_t hash_of(key const& from) {
    return mix(mix((std::uint64_t{from.group} << 32 | from.kind) ^ mix(from.lane)) + from.at);
  }

  [[nodiscard]] std::size_t home(key const& of) const {
    return static_cast<std::size_t>(hash_of(of)) & (entries_.size() - 1);
  }

  // The entry of that key, or the empty place where it would go.
  [[nodiscard]] std::size_t probe(key const& wanted) const {
    std::size_t const last = entries_.size() - 1;
    std::size_t at = home(wanted);
    while (entries_[at].filled() && !(entries_[at].at == wanted)) at = (at + 1) & last;
    return at;
  }

  // Linear probing keeps runs without holes: whatever may move back into the hole does.
  void close(std::size_t hole) {
    std::size_t const last = entries_.size() - 1;
    std::size_t next = (hole + 1) & last;
    while (entries_[next].filled()) {
      std::size_t const wish = home(entries_[next].at);
      if (((next - wish) & last) >= ((next - hole) & last)) {
        entries_[hole] = entries_[next];
        hole = next;
      }
      next = (next + 1) & last;
    }
    entries_[hole] = {};
  }

  void grow() {
    list<entry> former(entries_.empty() ? 64 : entries_.size() * 2);
    former.swap(entries_);
    for (entry const& one : former) {
      if (one.filled()) entries_[probe(one.at)] = one;
    }
  }

  list<entry> entries_;
  std::size_t used_ = 0;
};

}  // namespace synod
