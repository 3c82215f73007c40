// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <synod/codec/wire.hpp>
#include <synod/core/membership.hpp>
#include <synod/core/slot_value.hpp>

#include <cstring>
#include <string>
#include <vector>

// What several codec tests encode.
namespace example {

inline synod::membership members() {
  std::vector<synod::member> all(3);
  for (std::uint8_t i = 0; i < 3; ++i) {
    all[i].id = synod::node_id(0x0a00 + i);
    all[i].store = {0x1100U + i, 0x2200U + i};
    all[i].index = synod::node_index(static_cast<std::uint8_t>(2 * i));
    all[i].zone = i;
    all[i].weight = 10U + i;
    all[i].endpoint = "127.0.0.1:6001";
  }
  all[2].role = synod::member_role::learner;
  auto made = synod::membership::make(synod::config_number(5), all, {2, 1, 3});
  return *made;
}

// 16 bytes, no padding.
struct command {
  std::uint64_t key = 0;
  std::uint64_t value = 0;

  friend bool operator==(command const&, command const&) = default;
};

template <class Command, class Make>
synod::batch<Command> batch_of(std::size_t count, Make&& make) {
  synod::batch<Command> made;
  made.stamp(-5);
  for (std::size_t i = 0; i < count; ++i) {
    // Three sessions that take turns in runs of four.
    std::uint64_t const session = 1 + i / 4 % 3;
    made.add(synod::session_id(session), synod::sequence(100 + i), synod::sequence(90), make(i));
  }
  return made;
}

inline synod::slot_value<command> commands(std::size_t count) {
  return batch_of<command>(count, [](std::size_t i) { return command{i, i * i}; });
}

// A codec of lengths that differ, which says what its values take: text as it is.
struct text_codec {
  bool encode(std::string const& from, std::vector<std::byte>& into, std::size_t& cost) const {
    encode(from, into);
    cost += heap_of(from.size());
    return from.size() != refused_length;
  }
  void encode(std::string const& from, std::vector<std::byte>& into) const {
    auto const bytes = std::as_bytes(std::span(from));
    into.insert(into.end(), bytes.begin(), bytes.end());
  }
  bool decode(std::span<std::byte const> bytes, std::string& to,
              synod::decode_allowance& allowance) const {
    return allowance.take(1, heap_of(bytes.size())) && decode(bytes, to);
  }
  bool decode(std::span<std::byte const> bytes, std::string& to) const {
    to.assign(reinterpret_cast<char const*>(bytes.data()), bytes.size());
    return true;
  }

  static std::size_t heap_of(std::size_t length) { return length < 16 ? 0 : length + 1; }
  static constexpr std::size_t refused_length = 777;  // stands for what the codec cannot write
};

inline std::vector<std::byte> as_bytes(std::initializer_list<int> values) {
  std::vector<std::byte> made;
  for (int const value : values) made.push_back(static_cast<std::byte>(value));
  return made;
}

inline std::string hex(std::span<std::byte const> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::byte const one : bytes) {
    text += digits[std::to_integer<unsigned>(one) >> 4];
    text += digits[std::to_integer<unsigned>(one) & 15];
  }
  return text;
}

}  // namespace example
