// SPDX-License-Identifier: BSL-1.0
// The first byte is the kind of the record, the second whether it is of slot 0, the rest its body.
// The checksum is always right: what it guards against needs no fuzzer.
#include <synod/codec/fixed.hpp>
#include <synod/codec/records.hpp>

#include "bounded.hpp"
#include "codec/examples.hpp"
#include "support/allocations.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using command = example::command;
  if (size < 2) return 0;
  synod::record_view view;
  view.address.kind = static_cast<synod::record_kind>(data[0]);
  view.address.at = synod::slot(data[1] & 1);
  view.body = fuzz::bytes_of(data + 2, size - 2);
  view.checksum = synod::crc32c(view.body);

  synod::batch_pool<command> batches;
  synod::value_coder<command, synod::fixed_codec> values(batches);
  synod::record_coder<command, synod::fixed_codec> records(values, synod::group_id(0));
  std::optional<synod::record<command>> found;
  fuzz::bounded(view.body.size(), [&] {
    auto decoded = records.decode(view);
    if (decoded) found = *std::move(decoded);
  });
  if (!found) return 0;
  synod::encoded_records again;
  fuzz::require(!records.encode(std::span(&*found, 1), again), "a record can be written again");
  synod::record_view const& copy = again.views()[0];
  fuzz::require(copy.address == view.address && copy.checksum == view.checksum &&
                    copy.body.size() == view.body.size(),
                "one record has one encoding");
  return 0;
}
