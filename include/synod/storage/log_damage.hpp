// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/core/record.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>

namespace synod {

// One place of a log that was durable and can no longer be read: what a person needs to know of it.
struct log_damage {
  enum class extent : std::uint8_t {
    record,   // the record of `address`
    unknown,  // the records first_sequence..last_sequence, whose addresses are lost too
    segment,  // a whole file
  };

  extent what = extent::unknown;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  record_address address{};

  // Whether it leaves nothing of which the node may be sure: a slot can be named in a promise, lane
  // state and records of unknown address cannot.
  [[nodiscard]] bool is_everything() const {
    return what != extent::record || address.at == slot(0);
  }

  // Writes one sentence with file, offset and what is lost; returns its length, cut to the buffer.
  std::size_t render(std::span<char> into) const {
    if (into.empty()) return 0;
    auto const number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    int wanted = 0;
    if (what == extent::segment) {
      wanted = std::snprintf(into.data(), into.size(), "segment-%016llx: the file is lost",
                             number(segment));
    } else if (what == extent::unknown) {
      wanted = std::snprintf(into.data(), into.size(),
                             "segment-%016llx offset %llu: records %llu to %llu are unreadable",
                             number(segment), number(offset), number(first_sequence),
                             number(last_sequence));
    } else {
      wanted =
          std::snprintf(into.data(), into.size(),
                        "segment-%016llx offset %llu: record %llu (group %llu, lane %llu, slot "
                        "%llu, kind %llu) has a damaged body",
                        number(segment), number(offset), number(first_sequence),
                        number(address.group.value), number(address.lane.value),
                        number(address.at.value), number(static_cast<std::uint64_t>(address.kind)));
    }
    std::size_t const length = wanted < 0 ? 0 : static_cast<std::size_t>(wanted);
    return length < into.size() ? length : into.size() - 1;
  }
};

}  // namespace synod
