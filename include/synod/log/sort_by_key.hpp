// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/list.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace synod {

// An ascending heap sort by `key_of(one)`: no allocation, and no input makes it slow.
template <class KeyOf>
void sort_by_key(list<std::uint32_t>& places, KeyOf&& key_of) {
  auto const sink = [&](std::size_t from, std::size_t end) {
    for (std::size_t child = from * 2 + 1; child < end; child = from * 2 + 1) {
      if (child + 1 < end && key_of(places[child]) < key_of(places[child + 1])) ++child;
      if (key_of(places[from]) >= key_of(places[child])) return;
      std::swap(places[from], places[child]);
      from = child;
    }
  };
  for (std::size_t i = places.size() / 2; i > 0; --i) sink(i - 1, places.size());
  for (std::size_t end = places.size(); end > 1; --end) {
    std::swap(places[0], places[end - 1]);
    sink(0, end - 1);
  }
}

}  // namespace synod
