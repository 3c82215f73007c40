// SPDX-License-Identifier: BSL-1.0
// The first byte chooses the codec, the rest is a value.
#include <synod/codec/fixed.hpp>
#include <synod/codec/values.hpp>

#include <string>

#include "bounded.hpp"
#include "codec/examples.hpp"
#include "support/allocations.hpp"

namespace {

// What was accepted is written again as the same bytes, where the codec leaves no choice.
template <class Command, class Coder>
void decode(std::span<std::byte const> input, bool one_encoding) {
  synod::slot_value<Command> found;
  synod::batch_pool<Command> batches;
  synod::value_coder<Command, Coder> coder(batches);
  bool good = false;
  fuzz::bounded(input.size(), [&] {
    synod::decode_allowance allowance(input.size());
    good = coder.decode(input, allowance, found);
  });
  if (!good) return;
  auto const again = coder.encoded(found);
  fuzz::require(bool(again), "what was decoded can be encoded");
  if (!one_encoding) return;
  auto const bytes = again->bytes();
  fuzz::require(bytes.size() == input.size() &&
                    (input.empty() || std::memcmp(bytes.data(), input.data(), bytes.size()) == 0),
                "one value has one encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  auto const input = fuzz::bytes_of(data + 1, size - 1);
  if ((data[0] & 1) == 0) {
    decode<example::command, synod::fixed_codec>(input, true);
  } else {
    decode<std::string, example::text_codec>(input, false);
  }
  return 0;
}
