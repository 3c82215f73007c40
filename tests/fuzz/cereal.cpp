// SPDX-License-Identifier: BSL-1.0
// The first byte chooses the type, the rest is a value of it.
#include <synod/cereal/codec.hpp>

#include "bounded.hpp"
#include "cereal/examples.hpp"
#include "support/allocations.hpp"

namespace {

template <class T>
void decode(std::span<std::byte const> input) {
  synod::cereal_codec codec;
  T found{};
  bool good = false;
  fuzz::bounded(input.size(), [&] { good = codec.decode(input, found); });
  if (!good) return;
  std::vector<std::byte> bytes;
  fuzz::require(codec.encode(found, bytes), "what was decoded can be encoded");
  fuzz::require(bytes.size() == input.size(), "a value takes as much the second time");
  T again{};
  fuzz::require(codec.decode(bytes, again), "what was encoded can be decoded");
}

using choice = std::variant<std::monostate, example::request, std::vector<example::request>>;
using maps = std::map<std::string, std::unordered_map<std::uint8_t, std::set<std::uint16_t>>>;
using lists = std::list<std::forward_list<std::deque<std::vector<bool>>>>;
using texts = std::vector<std::pair<std::u32string, std::optional<std::vector<double>>>>;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  auto const input = fuzz::bytes_of(data + 1, size - 1);
  switch (data[0] % 8) {
    case 0: decode<example::request>(input); break;
    case 1: decode<example::everything>(input); break;
    case 2: decode<example::tree>(input); break;
    case 3: decode<choice>(input); break;
    case 4: decode<maps>(input); break;
    case 5: decode<lists>(input); break;
    case 6: decode<texts>(input); break;
    default: decode<std::vector<example::versioned>>(input); break;
  }
  return 0;
}
