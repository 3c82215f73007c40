// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/codec/records.hpp>

#include <gtest/gtest.h>

#include "codec/examples.hpp"
#include "support/mutated.hpp"

namespace {

using example::command;

struct replica {
  synod::batch_pool<command> batches;
  synod::value_coder<command, synod::fixed_codec> values{batches};
  synod::record_coder<command, synod::fixed_codec> records{values, synod::group_id(0)};
};

TEST(value_mutations, value_checksum_ignored) {
  replica at;
  std::vector<std::byte> message;
  synod::wire_writer out(message);
  ASSERT_TRUE(at.values.write(out, example::commands(3)));
  message[message.size() - 1] ^= std::byte{1};
  auto const passes = [&] {
    synod::wire_reader in(message);
    synod::slot_value<command> found;
    at.values.read(in, found);
    return in.finished();
  };
  EXPECT_FALSE(passes());
  support::mutated const guard("value_checksum_ignored");
  EXPECT_TRUE(passes());
}

// Whoever catches up is told of an applied batch by what the log still has of it.
TEST(value_mutations, commands_released_without_bytes) {
  replica at;
  auto const told = [&] {
    auto const applied = example::commands(3);
    applied.release_commands();
    auto const known = at.values.encoded(applied);
    synod::decode_allowance allowance(known->bytes().size());
    synod::slot_value<command> found;
    bool const read = at.values.decode(known->bytes(), allowance, found);
    return read && found.commands().size() == 3;
  };
  EXPECT_TRUE(told());
  support::mutated const guard("commands_released_without_bytes");
  EXPECT_FALSE(told());
}

TEST(value_mutations, origins_unchecked) {
  replica at;
  auto const known = at.values.encoded(example::commands(3));
  ASSERT_TRUE(known);
  std::vector<std::byte> bytes(known->bytes().begin(), known->bytes().end());
  bytes[17 + 24] = std::byte{2};  // one command belongs to nobody
  auto const passes = [&] {
    synod::decode_allowance allowance(bytes.size());
    synod::slot_value<command> found;
    return at.values.decode(bytes, allowance, found);
  };
  EXPECT_FALSE(passes());
  support::mutated const guard("origins_unchecked");
  EXPECT_TRUE(passes());
}

TEST(value_mutations, record_checksum_ignored) {
  replica at;
  synod::record<command> one;
  one.at_slot = synod::slot(1);
  one.value = example::commands(3);
  synod::encoded_records bytes;
  ASSERT_FALSE(at.records.encode(std::span(&one, 1), bytes));
  synod::record_view view = bytes.views()[0];
  view.checksum ^= 1;
  EXPECT_FALSE(at.records.decode(view));
  support::mutated const guard("record_checksum_ignored");
  EXPECT_TRUE(at.records.decode(view));
}

}  // namespace
