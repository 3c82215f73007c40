// SPDX-License-Identifier: BSL-1.0
#include <synod/codec/fixed.hpp>
#include <synod/codec/frame.hpp>
#include <synod/codec/values.hpp>

#include <gtest/gtest.h>

#include <algorithm>

#include "examples.hpp"
#include "hostile.hpp"

namespace {

using example::command;
using example::hex;
using example::text_codec;
using synod::error_code;

static_assert(synod::codec<synod::fixed_codec, command>);
static_assert(synod::bulk_codec<synod::fixed_codec, command>);
static_assert(synod::total_codec<synod::fixed_codec, command>);
static_assert(!synod::total_codec<text_codec, std::string>);
static_assert(synod::codec<text_codec, std::string>);
static_assert(synod::costed_codec<text_codec, std::string>);
static_assert(!synod::bulk_codec<text_codec, std::string>);

// What one replica has.
template <class Command, class Coder>
struct replica {
  synod::batch_pool<Command> batches;
  synod::value_coder<Command, Coder> coder{batches};

  std::vector<std::byte> bytes_of(synod::slot_value<Command> const& value) {
    auto const known = coder.encoded(value);
    EXPECT_TRUE(known) << known.error();
    if (!known) return {};
    return {known->bytes().begin(), known->bytes().end()};
  }
  bool decodes(std::span<std::byte const> bytes, synod::slot_value<Command>& to) {
    synod::decode_allowance allowance(bytes.size());
    return coder.decode(bytes, allowance, to);
  }
};

using numbers = replica<command, synod::fixed_codec>;
using texts = replica<std::string, text_codec>;

synod::slot_value<std::string> text_batch(std::vector<std::string> const& all) {
  return example::batch_of<std::string>(all.size(), [&all](std::size_t i) { return all[i]; });
}

// Empty texts of one session: next to nothing on the wire.
synod::slot_value<std::string> empty_texts(std::size_t count) {
  synod::batch<std::string> made;
  for (std::size_t i = 1; i <= count; ++i) {
    made.add(synod::session_id(1), synod::sequence(i), {}, {});
  }
  return made;
}

template <class Replica, class Command>
void expect_comes_back(Replica& at, synod::slot_value<Command> const& value) {
  synod::slot_value<Command> found;
  ASSERT_TRUE(at.decodes(at.bytes_of(value), found));
  EXPECT_EQ(found, value);
  EXPECT_EQ(found.kind(), value.kind());
  if (!value.is_noop()) {
    EXPECT_EQ(found.stamp(), value.stamp());
  }
  if (value.is_batch()) {
    EXPECT_EQ(synod::list<Command>(found.commands()), value.commands());
    EXPECT_EQ(found.origins(), value.origins());
  }
}

TEST(values, every_kind_comes_back_as_it_was) {
  numbers at;
  expect_comes_back(at, synod::slot_value<command>());
  expect_comes_back(at, synod::slot_value<command>::of(example::members(), 77));
  expect_comes_back(at, synod::slot_value<command>::of(synod::session_change{1, 2}, -3));
  for (std::size_t const count : {0U, 1U, 2U, 64U, 65535U}) {
    expect_comes_back(at, example::commands(count));
  }
}

TEST(values, commands_of_lengths_that_differ_come_back) {
  texts at;
  expect_comes_back(at, text_batch({}));
  expect_comes_back(at, text_batch({""}));
  expect_comes_back(at, text_batch({"", "", ""}));
  expect_comes_back(at, text_batch({"same", "size"}));
  expect_comes_back(at, text_batch({"", "a", std::string(1000, 'x'), "", "bc"}));
}

TEST(values, golden_bytes) {
  numbers at;
  EXPECT_EQ(hex(at.bytes_of({})), "00");
  EXPECT_EQ(hex(at.bytes_of(synod::slot_value<command>::of(synod::session_change{1, 2}, -3))),
            "03fdffffffffffffff01000000000000000200000000000000");
  EXPECT_EQ(hex(at.bytes_of(example::commands(2))),
            "01fbffffffffffffff"  // kind, stamp
            "0200010010000000"    // commands, origins, length of each
            "010000000000000064000000000000005a000000000000000200"
            "00000000000000000000000000000000"
            "01000000000000000100000000000000");
  texts text;
  EXPECT_EQ(hex(text.bytes_of(text_batch({"a", "bcd"}))),
            "01fbffffffffffffff"
            "02000100ffffffff"
            "010000000000000064000000000000005a000000000000000200"
            "61626364"
            "0100000003000000");
  EXPECT_EQ(hex(at.bytes_of(synod::slot_value<command>::of(
                *synod::membership::make(synod::config_number(1), {{synod::node_id(2),
                                                                    {3, 4},
                                                                    synod::node_index(5),
                                                                    synod::member_role::voter,
                                                                    6,
                                                                    7,
                                                                    "a:1"}}),
                9))),
            "020900000000000000"
            "01000000000000000000000000000000010000000200000000000000"
            "030000000000000004000000000000000500060700000003613a31");
}

TEST(values, a_value_is_encoded_once) {
  numbers at;
  auto const value = example::commands(4);
  auto const first = at.coder.encoded(value);
  auto const copy = value;
  auto const second = at.coder.encoded(copy);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->bytes().data(), second->bytes().data());
  EXPECT_EQ(first->checksum, synod::crc32c(first->bytes()));
}

TEST(values, what_is_encoded_into_a_frame_keeps_its_slice_of_it) {
  numbers at;
  numbers elsewhere;
  auto const frame_of = [&](synod::slot_value<command> const& one, std::size_t beside) {
    std::vector<std::byte> bytes(beside, std::byte{9});
    synod::wire_writer out(bytes);
    at.coder.begin_frame();
    EXPECT_TRUE(at.coder.write(out, one));
    EXPECT_TRUE(at.coder.write(out, example::commands(3)));
    synod::shared_bytes const frame(bytes);
    at.coder.keep_in(frame);
    return frame;
  };
  auto const value = example::commands(4);
  auto const expected = elsewhere.coder.encoded(example::commands(4));
  auto const frame = frame_of(value, 7);
  auto const kept = at.coder.encoded(value);
  ASSERT_TRUE(kept && expected);
  EXPECT_EQ(kept->bytes().data(), frame.bytes().data() + 7 + 8);
  EXPECT_TRUE(std::ranges::equal(kept->bytes(), expected->bytes()));
  EXPECT_EQ(kept->checksum, expected->checksum);
  EXPECT_TRUE(std::ranges::equal(frame_of(value, 7).bytes(), frame.bytes()));

  // Not of a frame that holds much else, and not once the frame is done.
  auto const other = example::commands(4);
  auto const large = frame_of(other, 1000);
  auto const apart = at.coder.encoded(other);
  EXPECT_FALSE(apart->bytes().data() >= large.bytes().data() &&
               apart->bytes().data() < large.bytes().data() + large.bytes().size());
  EXPECT_TRUE(std::ranges::equal(apart->bytes(), expected->bytes()));
}

TEST(values, who_decodes_keeps_the_slice_of_the_frame) {
  numbers leader;
  numbers follower;
  std::vector<std::byte> message(7, std::byte{9});
  synod::wire_writer out(message);
  auto const value = example::commands(64);
  ASSERT_TRUE(leader.coder.write(out, value));
  ASSERT_TRUE(leader.coder.write(out, {}));
  synod::shared_bytes const received(message);

  auto const length = static_cast<std::uint32_t>(message.size() - 7);
  synod::byte_slice const body{received, 7, length, 0};
  synod::wire_reader in(body);
  synod::slot_value<command> first;
  synod::slot_value<command> second = value;
  follower.coder.read(in, first);
  follower.coder.read(in, second);
  EXPECT_TRUE(in.finished());
  EXPECT_EQ(first, value);
  EXPECT_TRUE(second.is_noop());
  auto const kept = follower.coder.encoded(first);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->bytes().data(), received.bytes().data() + 7 + 8);
  EXPECT_EQ(kept->checksum, leader.coder.encoded(value)->checksum);
}

TEST(values, a_wrong_checksum_or_length_is_refused) {
  numbers at;
  std::vector<std::byte> message;
  synod::wire_writer out(message);
  ASSERT_TRUE(at.coder.write(out, example::commands(3)));
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    auto changed = message;
    changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    synod::wire_reader in(changed);
    synod::slot_value<command> found;
    at.coder.read(in, found);
    ASSERT_FALSE(in.finished()) << bit;
  }
}

// Of a long value the bytes are summed once on each side: by who encodes it, and as a part of the
// frame by who receives it.
TEST(values, a_wrong_checksum_is_refused_where_that_of_the_frame_tells) {
  numbers at;
  std::vector<std::byte> message;
  auto const begin = synod::begin_frame(message);
  synod::wire_writer out(message);
  out(std::uint64_t{5});
  auto const value = example::commands(4000);
  at.coder.begin_frame();
  ASSERT_TRUE(at.coder.write(out, value));
  ASSERT_TRUE(at.coder.write(out, example::commands(3)));
  EXPECT_GT(at.coder.placed().length, 16'384U);
  auto apart = message;
  synod::end_frame(apart, begin, synod::frame_family::peer, {});
  synod::end_frame(message, begin, synod::frame_family::peer, {}, at.coder.placed());
  EXPECT_EQ(message, apart);
  at.coder.keep_in(synod::shared_bytes(message));

  auto const comes_back = [&](std::vector<std::byte> bytes) {
    synod::end_frame(bytes, begin, synod::frame_family::peer, {});
    auto const got = synod::decode_frame(synod::shared_bytes(std::move(bytes)),
                                         synod::frame_family::peer, 1'000'000);
    EXPECT_TRUE(got);
    synod::wire_reader in(got->body);
    (void)in.get<std::uint64_t>();
    synod::slot_value<command> first;
    synod::slot_value<command> second;
    at.coder.read(in, first);
    at.coder.read(in, second);
    return in.finished() && first == value;
  };
  EXPECT_TRUE(comes_back(message));
  std::size_t const head = synod::frame_header_length + 8;
  for (std::size_t const byte : {head + 4, head + 7, head + 8, head + 9'000, message.size() - 1}) {
    auto changed = message;
    changed[byte] ^= std::byte{16};
    EXPECT_FALSE(comes_back(changed)) << byte;
  }
}

TEST(values, origins_must_cover_the_commands_exactly) {
  numbers at;
  auto const good = at.bytes_of(example::commands(6));  // runs of 4 and 2
  auto const with_counts = [&good](int first, int second) {
    auto changed = good;
    changed[17 + 24] = static_cast<std::byte>(first);
    changed[17 + 26 + 24] = static_cast<std::byte>(second);
    return changed;
  };
  synod::slot_value<command> found;
  EXPECT_TRUE(at.decodes(with_counts(4, 2), found));
  EXPECT_TRUE(at.decodes(with_counts(3, 3), found));
  EXPECT_FALSE(at.decodes(with_counts(4, 1), found));
  EXPECT_FALSE(at.decodes(with_counts(4, 3), found));
  // A run of none is a barrier, and stands where the next run begins.
  EXPECT_TRUE(at.decodes(with_counts(0, 6), found));
  EXPECT_TRUE(at.decodes(with_counts(6, 0), found));
  EXPECT_EQ(found.origins()[1].first, 6U);

  auto wrapping = good;
  for (std::size_t i = 17 + 8; i < 17 + 16; ++i) wrapping[i] = std::byte{0xff};
  EXPECT_FALSE(at.decodes(wrapping, found));
}

TEST(values, unknown_kinds_and_left_over_bytes_are_refused) {
  numbers at;
  synod::slot_value<command> found;
  for (auto const& value :
       {synod::slot_value<command>(), synod::slot_value<command>::of(example::members()),
        synod::slot_value<command>::of(synod::session_change{}, 0), example::commands(3)}) {
    auto bytes = at.bytes_of(value);
    EXPECT_TRUE(at.decodes(bytes, found));
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(at.decodes(bytes, found));
    bytes.pop_back();
    for (int kind = 4; kind < 256; ++kind) {
      bytes[0] = static_cast<std::byte>(kind);
      EXPECT_FALSE(at.decodes(bytes, found));
    }
  }
  EXPECT_FALSE(at.decodes({}, found));
}

TEST(values, hostile_bytes_take_no_more_memory_than_they_are_worth) {
  numbers at;
  for (auto const& value :
       {synod::slot_value<command>::of(example::members()), example::commands(9)}) {
    hostile::feed_variations(at.bytes_of(value), [](std::span<std::byte const> bytes) {
      numbers fresh;
      synod::slot_value<command> found;
      return fresh.decodes(bytes, found);
    });
  }
  texts text;
  auto const bytes = text.bytes_of(text_batch({"a", "bcd", std::string(100, 'x'), ""}));
  hostile::feed_variations(bytes, [](std::span<std::byte const> input) {
    texts fresh;
    synod::slot_value<std::string> found;
    return fresh.decodes(input, found);
  });
}

// 65,535 empty texts would be 2 MiB of strings behind 20 bytes.
TEST(values, many_commands_in_no_bytes_are_refused_at_both_ends) {
  texts at;
  expect_comes_back(at, empty_texts(synod::batch_commands_always_fit<std::string>));
  auto const too_many = empty_texts(65535);
  auto const refused = at.coder.encoded(too_many);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, error_code::too_large);

  auto bytes = at.bytes_of(empty_texts(4));
  bytes[9] = bytes[10] = std::byte{0xff};
  bytes[17 + 24] = bytes[17 + 25] = std::byte{0xff};
  support::allocations const counted;
  synod::slot_value<std::string> found;
  EXPECT_FALSE(at.decodes(bytes, found));
  EXPECT_LE(counted.peak(), 4 * bytes.size() + 65536);
}

TEST(values, what_its_codec_cannot_write_is_refused_and_leaves_nothing_behind) {
  texts at;
  auto const value = text_batch({"fine", std::string(text_codec::refused_length, 'x')});
  std::vector<std::byte> message;
  synod::wire_writer out(message);
  EXPECT_FALSE(at.coder.write(out, value));
  EXPECT_TRUE(message.empty());
  EXPECT_EQ(at.coder.encoded(value).error().code, error_code::too_large);
}

TEST(values, the_memory_of_several_values_in_one_message_is_counted_together) {
  texts at;
  std::vector<std::byte> message;
  synod::wire_writer out(message);
  auto const value = empty_texts(synod::batch_commands_always_fit<std::string>);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(at.coder.write(out, value));
  synod::wire_reader in(message);
  synod::slot_value<std::string> found;
  at.coder.read(in, found);
  EXPECT_FALSE(in.failed());
  for (int i = 0; i < 2; ++i) at.coder.read(in, found);
  EXPECT_TRUE(in.failed());
}

TEST(values, the_steady_state_allocates_nothing) {
  numbers leader;
  numbers follower;
  synod::bytes_pool frames;
  std::vector<std::byte> scratch;
  synod::batch_pool<command> pool;
  auto const round = [&] {
    auto batch = pool.take();
    for (std::uint64_t i = 0; i < 64; ++i) {
      batch.add(synod::session_id(1), synod::sequence(i + 1), {}, {i, i});
    }
    synod::slot_value<command> const value(std::move(batch));
    synod::wire_writer out(scratch);
    ASSERT_TRUE(leader.coder.write(out, value));
    auto const length = static_cast<std::uint32_t>(scratch.size());
    synod::byte_slice const body{frames.seal(scratch), 0, length, 0};
    synod::wire_reader in(body);
    synod::slot_value<command> found;
    follower.coder.read(in, found);
    ASSERT_TRUE(in.finished());
    ASSERT_EQ(found, value);
  };
  for (int i = 0; i < 3; ++i) round();
  support::allocations const counted;
  for (int i = 0; i < 10; ++i) round();
  EXPECT_EQ(counted.calls(), 0U);
}

// A batch of so many commands as a follower gets it that leaves long ones in their bytes.
struct folded_batch {
  numbers leader;
  numbers follower;
  synod::slot_value<command> sent;
  synod::slot_value<command> found;
  bool whole = false;

  explicit folded_batch(std::size_t commands, std::size_t cut = 0) {
    synod::batch<command> made;
    for (std::uint64_t i = 0; i < commands; ++i) {
      made.add(synod::session_id(1), synod::sequence(i + 1), {}, {i, i * i});
    }
    sent = synod::slot_value<command>(std::move(made));
    std::vector<std::byte> bytes = leader.bytes_of(sent);
    bytes.resize(bytes.size() - cut);
    std::vector<std::byte> message;
    synod::wire_writer out(message);
    out(static_cast<std::uint32_t>(bytes.size()), synod::crc32c(bytes));
    out.bytes(bytes);
    auto const length = static_cast<std::uint32_t>(message.size());
    synod::byte_slice const body{synod::shared_bytes(std::move(message)), 0, length, 0};
    synod::wire_reader in(body);
    follower.coder.keep_folded();
    follower.coder.read(in, found);
    whole = in.finished();
  }
};

TEST(values, commands_stay_in_their_bytes_until_they_are_wanted) {
  folded_batch one(2048);
  ASSERT_TRUE(one.whole);
  EXPECT_TRUE(one.found.folded());
  EXPECT_TRUE(one.found.commands().empty());
  EXPECT_EQ(one.found.command_count(), 2048U);
  EXPECT_EQ(one.found, one.sent);
  EXPECT_EQ(one.follower.bytes_of(one.found), one.leader.bytes_of(one.sent));
  for (int again = 0; again < 2; ++again) {
    one.follower.coder.unfold(one.found);
    EXPECT_FALSE(one.found.folded());
    ASSERT_EQ(one.found.commands().size(), 2048U);
    for (std::size_t i = 0; i < 2048; ++i) {
      ASSERT_EQ(one.found.commands()[i], one.sent.commands()[i]);
    }
    EXPECT_EQ(one.found, one.sent);
    one.found.release_commands();  // and so they may come and go
    EXPECT_TRUE(one.found.folded());
    EXPECT_EQ(one.found.command_count(), 2048U);
  }
}

TEST(values, short_batches_are_made_at_once) {
  folded_batch const one(64);
  ASSERT_TRUE(one.whole);
  EXPECT_FALSE(one.found.folded());
  EXPECT_EQ(one.found.commands().size(), 64U);
}

TEST(values, what_stays_in_its_bytes_is_checked_before) {
  EXPECT_FALSE(folded_batch(2048, 1).whole);
  EXPECT_FALSE(folded_batch(2048, sizeof(command)).whole);
}

}  // namespace
